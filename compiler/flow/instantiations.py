"""Type arguments given to a generic type or method -> demands on them, where the type parameter is annotated; nested ones included."""

from __future__ import annotations

from compiler.flow.demands import Demands
from compiler.flow.facts import ConstructibleArgument, Member
from compiler.flow.member_types import MemberTypes
from compiler.flow.reader_kind import ReaderKind
from compiler.flow.source_functions import SourceFunction
from compiler.flow.values import GenericParameterValue, KnownType, NullableOf, Value, single
from compiler.metadata.signatures import ElementType
from compiler.types.definitions import MethodDefinition, TypeDefinition
from compiler.types.type_desc import FieldDesc, GenericParameter, MethodDesc, NamedType, TypeDesc


def check_instantiation(demands: Demands, of: TypeDesc | MethodDesc | FieldDesc) -> None:
    """Applies the demands of every annotated type parameter in `of` to its argument."""
    if isinstance(of, MethodDesc):
        if of.name == ".ctor" and of.owner.is_delegate and demands.annotations.reader is ReaderKind.BUILD:
            return
        _check_arguments(demands, of.definition, of.args, 0)
        check_instantiation(demands, of.owner)
    elif isinstance(of, FieldDesc):
        check_instantiation(demands, of.owner)
    elif isinstance(of, NamedType):
        outer = of.definition.enclosing
        # The build's first analyzers look at the type that the source names last, not at the types around it.
        is_last_alone = demands.annotations.reader is ReaderKind.BUILD and not demands.annotations.rules.checks_enclosing_types
        skipped = outer.generic_count if outer is not None and is_last_alone else 0
        _check_arguments(demands, of.definition, of.args, skipped)


def _check_arguments(demands: Demands, owner: TypeDefinition | MethodDefinition, args: tuple[TypeDesc, ...], skipped: int) -> None:
    for index, arg in enumerate(args):
        if index < skipped:
            continue
        parameter = demands.annotations.generic_parameter(owner, index)
        if parameter.annotation:
            demands.require(single(argument_value(demands, arg)), parameter)
        if parameter.has_new and isinstance(arg, NamedType) and not parameter.annotation:
            demands.keep(arg, MemberTypes.PUBLIC_PARAMETERLESS_CONSTRUCTOR)
        if parameter.has_new and isinstance(arg, NamedType) and demands.emit is not None:
            demands.emit(ConstructibleArgument(demands.origin, owner, arg.definition))
        if isinstance(arg, NamedType) and arg.args:
            check_instantiation(demands, arg)


def argument_value(demands: Demands, arg: TypeDesc) -> Value:
    """A type argument as a value: typeof(arg) in the code that gives it."""
    if isinstance(arg, GenericParameter):
        return type_parameter(demands, arg)
    if isinstance(arg, NamedType) and arg.is_nullable and arg.args:
        inner = arg.args[0]
        if isinstance(inner, GenericParameter):
            return NullableOf(arg, type_parameter(demands, inner))
        return NullableOf(arg, KnownType(inner))
    return KnownType(arg)


def _parameter_of_function(function: SourceFunction, index: int) -> tuple[SourceFunction, int] | None:
    """The function, from `function` outwards, that declares type parameter `index` of those that functions declare, and its index there."""
    chain: list[SourceFunction] = []
    current: SourceFunction | None = function
    while current is not None:
        chain.insert(0, current)
        current = current.outer
    for each in chain:
        if 0 <= index < each.generic_count:
            return each, index
        index -= each.generic_count
    return None


def type_parameter(demands: Demands, desc: GenericParameter) -> GenericParameterValue:
    """The type parameter that `desc` is in the code at the demands' place."""
    member: Member = demands.origin.member
    owner: TypeDefinition | MethodDefinition
    if desc.element is ElementType.MVAR and demands.origin.function is not None:
        outer = member.generic_count if isinstance(member, MethodDefinition) else 0
        found = _parameter_of_function(demands.origin.function, desc.index - outer)
        if found is not None:
            return demands.annotations.generic_parameter(*found)
    if isinstance(member, MethodDefinition):
        owner = member.owner if desc.element is ElementType.VAR else member
    else:
        owner = member if isinstance(member, TypeDefinition) else member.owner
    return demands.annotations.generic_parameter(owner, desc.index)
