"""IL3054: generic code that asks for ever deeper instantiations of itself; compiling it stops at a depth, past which the code throws."""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.context import ModuleContext
from analyzers.finding import RawFinding
from analyzers.rule import RULES
from compiler.flow.generic_cycles import Expansion, GenericCycles, Owner, generic_cycles
from compiler.types.definitions import MethodDefinition, TypeDefinition
from compiler.types.type_desc import MethodDesc, NamedType, TypeDesc
from compiler.types.universe import GenericContext

# How deep .NET's compiler follows an instantiation of itself.
_DEPTH = 4


def check_generic_recursion(context: ModuleContext) -> Iterator[RawFinding]:
    """The findings of a module, one for each method or type that expands."""
    cycles = generic_cycles(context.lookups.universe, context.module)
    reported: set[Owner] = set()
    for expansion in cycles.expansions:
        if expansion.owner not in reported:
            reported.add(expansion.owner)
            yield _finding(context, cycles, expansion)


def _finding(context: ModuleContext, cycles: GenericCycles, expansion: Expansion) -> RawFinding:
    universe, names, owner = context.lookups.universe, context.names, expansion.owner
    canonical: TypeDesc = universe.corlib_type("System", "__Canon")
    type_owner = owner.owner if isinstance(owner, MethodDefinition) else owner
    type_args: tuple[TypeDesc, ...] = (canonical,) * type_owner.generic_count
    method_args: tuple[TypeDesc, ...] = (canonical,) * (owner.generic_count if isinstance(owner, MethodDefinition) else 0)
    referent = _instantiate(context, expansion, type_args, method_args)
    for _ in range(_DEPTH):
        if referent.definition is not owner:
            break
        if isinstance(referent, MethodDesc):
            type_args, method_args = referent.owner.args, referent.args
        else:
            type_args = referent.args
        referent = _instantiate(context, expansion, type_args, method_args)
    sources = ", ".join(f"'{_declared(context, member)}'" for member in cycles.members)
    message = RULES["IL3054"].message(_used(context, referent, owner), sources)
    place: MethodDesc | NamedType = universe.named(type_owner, type_args)
    if isinstance(owner, MethodDefinition):
        assert isinstance(place, NamedType)
        place = universe.method(owner, place, method_args)
    name = names.called(place, owner) if isinstance(place, MethodDesc) else names.base_type(type_owner, place)
    return RawFinding(RULES["IL3054"], message, owner, None, member_name=name)


def _instantiate(
    context: ModuleContext, expansion: Expansion, type_args: tuple[TypeDesc, ...], method_args: tuple[TypeDesc, ...]
) -> MethodDesc | NamedType:
    universe, arguments = context.lookups.universe, GenericContext(type_args, method_args)
    referent = expansion.referent
    if isinstance(referent, NamedType):
        return universe.named(referent.definition, tuple(universe.substitute(arg, arguments) for arg in referent.args))
    owner = universe.named(referent.owner.definition, tuple(universe.substitute(arg, arguments) for arg in referent.owner.args))
    return universe.method(referent.definition, owner, tuple(universe.substitute(arg, arguments) for arg in referent.args))


def _used(context: ModuleContext, referent: MethodDesc | NamedType, owner: Owner) -> str:
    if isinstance(referent, MethodDesc):
        return context.names.called(referent, owner)
    type_owner = owner.owner if isinstance(owner, MethodDefinition) else owner
    return context.names.base_type(type_owner, referent)


def _declared(context: ModuleContext, member: Owner) -> str:
    return context.names.definition(member) if isinstance(member, TypeDefinition) else context.names.method(member)
