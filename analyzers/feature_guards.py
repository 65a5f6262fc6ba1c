"""FeatureGuard properties: what they prove where they are asked, and whether they keep their promise (IL4000, IL4001).

For the build's analyzers a guard proves its feature on the branch where it is true. For a native program a guard of what native code
never does is false wherever it is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from analyzers.context import Lookups, ModuleContext
from analyzers.finding import RawFinding
from analyzers.rule import RULES
from compiler.diagnostics import InputError
from compiler.flow.associations import AccessorKind, Association, SemanticMember, association, member_owner, members_of
from compiler.flow.body_reader import Constants
from compiler.flow.contexts import open_context
from compiler.flow.custom_attributes import TypeName
from compiler.flow.facts import Origin
from compiler.flow.generated import is_state_machine_type
from compiler.flow.guards import Callee, Features, Machine, guarded_offsets
from compiler.flow.parameters import parameter_rows
from compiler.flow.requirements import Requires
from compiler.il.decode import Instruction, decode
from compiler.metadata.signatures import ElementType
from compiler.metadata.tokens import TableId, Token, decode_coded
from compiler.types.definitions import MethodDefinition, Module, TypeDefinition
from compiler.types.reads import GUARDS
from compiler.types.type_desc import MethodDesc

_COMPILER_GENERATED = "System.Runtime.CompilerServices.CompilerGeneratedAttribute"
_GUARD = "System.Diagnostics.CodeAnalysis.FeatureGuardAttribute"
_DOES_NOT_RETURN = "System.Diagnostics.CodeAnalysis.DoesNotReturnAttribute"
_DOES_NOT_RETURN_IF = "System.Diagnostics.CodeAnalysis.DoesNotReturnIfAttribute"
_RUNTIME_FEATURE = "System.Runtime.CompilerServices.RuntimeFeature"
_DYNAMIC_CODE = ("get_IsDynamicCodeSupported", "get_IsDynamicCodeCompiled")
_KIND_OF = {kind.full_name: kind for kind in Requires}
# Trimmed code is not a thing that a program asks for: a guard of unreferenced code holds only by its switch.
_NEVER_IN_NATIVE_CODE = frozenset((Requires.DYNAMIC_CODE, Requires.ASSEMBLY_FILES))


def with_guards(lookups: Lookups, constants: Constants) -> Constants:
    """`constants`, and false for the getters of properties that guard dynamic code or assembly files."""

    def constant(method: MethodDesc) -> int | None:
        return 0 if guards_native(lookups, method.definition) else constants(method)

    return constant


def guards_native(lookups: Lookups, method: MethodDefinition) -> bool:
    """Whether `method` is the getter of a guard that is false in native code: its body is replaced."""
    member = association(method)
    return member is not None and member.is_property and bool(_declared(lookups, member) & _NEVER_IN_NATIVE_CODE)


def guard_properties(context: ModuleContext, kind: Requires) -> list[str]:
    """The full names of the module's own static properties that guard `kind`, sorted."""
    module = context.module
    if module.reads is not None:
        module.reads.facts.add(GUARDS)
    found = module.sig_cache.get("guard properties")
    if found is None:
        reads, module.reads = module.reads, None
        members = [each for definition in _with_attribute(module, _GUARD) for each in members_of(definition, events=False)]
        guards = [(each, _declared(context.lookups, each)) for each in members]
        found = module.sig_cache["guard properties"] = [(_full_name(each), features) for each, features in guards if features]
        module.reads = reads
    assert isinstance(found, list)
    return sorted(name for name, features in found if kind in features)


def _with_attribute(module: Module, name: str) -> list[TypeDefinition]:
    """The types of a module of which a property has an attribute of that type, in order."""
    constructors = module.image.column(TableId.CUSTOM_ATTRIBUTE, "Type")
    wanted = {each for each in set(constructors) if module.constructor_type_name(decode_coded("CustomAttributeType", each)) == name}
    parents = module.image.column(TableId.CUSTOM_ATTRIBUTE, "Parent") if wanted else []
    tokens = [decode_coded("HasCustomAttribute", parent) for parent, each in zip(parents, constructors, strict=False) if each in wanted]
    owners = {member_owner(module, token).rid for token in tokens if token >> 24 == TableId.PROPERTY}
    return [module.type_definition(rid) for rid in sorted(owners)]


def _full_name(member: SemanticMember) -> str:
    return f"{member.owner.full_name.replace('+', '.')}.{member.name}"


def _declared(lookups: Lookups, member: Association | SemanticMember) -> Features:
    """The features that the FeatureGuard attributes of a property name."""
    found: set[Requires] = set()
    for attribute in lookups.attributes.named(member.module, member.token, _GUARD):
        guarded = attribute.value.fixed[0] if attribute.value.fixed else None
        if isinstance(guarded, TypeName):
            kind = _KIND_OF.get(guarded.name.partition(",")[0])
            if kind is not None:
                found.add(kind)
    return frozenset(found)


@dataclass(slots=True)
class Guards:
    """What is proved at places of bodies. Answers depend on metadata and IL alone, so they are kept."""

    lookups: Lookups
    statements_of: Callable[[MethodDefinition], frozenset[int]]
    _bodies: dict[MethodDefinition, dict[int, Features]] = field(default_factory=dict)

    def proves(self, origin: Origin, kind: Requires) -> bool:
        """Whether the code at `origin` runs only where the feature behind `kind` is there."""
        method = origin.member
        if origin.il_offset < 0 or not isinstance(method, MethodDefinition):
            return False
        found = self._bodies.get(method)
        if found is None:
            found = self._bodies[method] = self._read(method)
        return kind in found.get(origin.il_offset, frozenset())

    def features(self, method: MethodDefinition) -> Features:
        """The features that the getter `method` guards."""
        if method.owner.full_name == _RUNTIME_FEATURE and method.name in _DYNAMIC_CODE:
            return frozenset((Requires.DYNAMIC_CODE,))
        member = association(method)
        if member is None or member.kind is not AccessorKind.GETTER or not method.is_static:
            return frozenset()
        return _declared(self.lookups, member) if method.sig.return_type.element is ElementType.BOOLEAN else frozenset()

    def _read(self, method: MethodDefinition) -> dict[int, Features]:
        try:
            body = method.body
            if body is None:
                return {}
            statements = self.statements_of(method)
            return guarded_offsets(decode(body.code), body, lambda token: self.callee(method, token), _machine(method), statements)
        except InputError:
            return {}

    def callee(self, method: MethodDefinition, token: int) -> Callee:
        """What the method of `token`, called in `method`, means for guards."""
        try:
            found = self.lookups.universe.resolve_method(method.module, Token(token), open_context(self.lookups.universe, method))
        except InputError:
            return Callee()
        if not isinstance(found, MethodDesc):
            return Callee()
        definition = found.definition
        return Callee(self.features(definition), not definition.has_attribute(_DOES_NOT_RETURN), self._tests(definition))

    def _tests(self, method: MethodDefinition) -> bool | None:
        """The value of its first argument without which `method` does not return."""
        row = parameter_rows(method).get(1)
        if row is None or len(method.sig.parameters) != 1:
            return None
        attribute = self.lookups.attributes.first(method.module, row.token, _DOES_NOT_RETURN_IF)
        value = attribute.value.fixed[0] if attribute is not None and attribute.value.fixed else None
        return not value if isinstance(value, bool) else None


def _machine(method: MethodDefinition) -> Machine:
    if not is_state_machine_type(method.owner) or method.name != "MoveNext":
        return Machine.NONE
    is_async = any(each.name == "SetStateMachine" or each.name.endswith(".SetStateMachine") for each in method.owner.methods)
    return Machine.ASYNC if is_async else Machine.ITERATOR


def check_guards(context: ModuleContext, guards: Guards, definition: TypeDefinition) -> Iterator[RawFinding]:
    """The findings for the guard properties of a type."""
    for member in members_of(definition, events=False):
        declared = _declared(context.lookups, member)
        getter = member.accessors.get(AccessorKind.GETTER)
        if not declared or getter is None or getter.body is None:
            continue
        instructions = decode(getter.body.code)
        if len(instructions) > 1 and instructions[-2].name == "ldsfld" and getter.has_attribute(_COMPILER_GENERATED):
            # An automatic property: the value that its initializer gives is not looked at.
            continue
        returns = _returns(instructions)
        is_valid = getter.is_static and getter.sig.return_type.element is ElementType.BOOLEAN
        for index in returns:
            if not is_valid:
                yield _at_return(context, getter, instructions[index], "IL4001", "")
                continue
            for kind in sorted(declared, key=lambda each: each.value):
                if not _returns_guard(guards, getter, instructions, index, kind):
                    yield _at_return(context, getter, instructions[index], "IL4000", kind.full_name)


def _returns(instructions: list[Instruction]) -> list[int]:
    """The indexes of the instructions that return a value: debug code stores each in a local that its only `ret` loads."""
    returns = [index for index, instruction in enumerate(instructions) if instruction.name == "ret"]
    if len(instructions) > 1 and returns == [len(instructions) - 1] and instructions[-2].name == "ldloc":
        local = instructions[-2].operand
        return [i for i, instruction in enumerate(instructions) if instruction.name == "stloc" and instruction.operand == local]
    return returns


def _returns_guard(guards: Guards, getter: MethodDefinition, instructions: list[Instruction], index: int, kind: Requires) -> bool:
    """Whether the value returned is false or a guard of the same feature. Where it is returned proves nothing."""
    value = instructions[index - 1] if index else instructions[index]
    if value.name == "ldc.i4" and value.operand == 0:
        return True
    is_whole = index == 1 or instructions[index - 2].name in ("ret", "brtrue", "brfalse", "br", "nop")
    return value.name == "call" and is_whole and isinstance(value.operand, int) and kind in guards.callee(getter, value.operand).guards


def _at_return(context: ModuleContext, getter: MethodDefinition, instruction: Instruction, rule_id: str, argument: str) -> RawFinding:
    rule = RULES[rule_id]
    return RawFinding(rule, rule.message(argument), getter, context.positions.at(Origin(getter, instruction.offset)))
