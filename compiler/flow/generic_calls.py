"""MakeGenericType and MakeGenericMethod: type arguments in arrays against the annotations and constraints of type parameters."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

from compiler.flow.call_reader import Call, CallReader
from compiler.flow.facts import MadeInstance, Unanalyzable
from compiler.flow.member_types import MemberTypes
from compiler.flow.reader_kind import ReaderKind
from compiler.flow.requirements import Requires
from compiler.flow.values import (
    ANNOTATED,
    NOTHING,
    ArrayValue,
    GenericParameterValue,
    KnownMethod,
    KnownType,
    Null,
    NullableOf,
    Unknown,
    Value,
    ValueSet,
    const_int,
    only,
)
from compiler.metadata.signatures import ElementType
from compiler.metadata.tokens import TableId
from compiler.types.definitions import MethodDefinition, TypeDefinition
from compiler.types.type_desc import ArrayType, MethodDesc, NamedType, TypeDesc

_REFERENCE_CONSTRAINT = 0x04
_MOST_INSTANCES = 64


def make_generic_type(reader: CallReader, call: Call) -> ValueSet | None:
    """Type.MakeGenericType: the definition stays known; its arguments are checked."""
    if not call.instance or not call.arguments[0]:
        return NOTHING
    if any(_type_needs_code(value, call.arguments[0]) for value in call.instance):
        reader.use(call, Requires.DYNAMIC_CODE)
    result: set[Value] = set()
    for value in call.instance:
        if isinstance(value, Null):
            continue
        if isinstance(value, KnownType) and isinstance(value.type, NamedType) and value.type.is_nullable and not value.type.args:
            result |= _nullables(value, call.arguments[0])
            continue
        if isinstance(value, KnownType):
            if isinstance(value.type, NamedType) and value.type.definition.generic_count and not value.type.args:
                _note_type(reader, value.type.definition, call.arguments[0])
            if isinstance(value.type, NamedType) and not _fits(reader, value.type.definition, call.arguments[0]):
                reader.unanalyzable(call, Unanalyzable.MAKE_GENERIC_TYPE)
        else:
            reader.unanalyzable(call, Unanalyzable.MAKE_GENERIC_TYPE)
        result.add(value)
    return frozenset(result)


def make_generic_method(reader: CallReader, call: Call) -> ValueSet | None:
    """MethodInfo.MakeGenericMethod: the method stays known; its arguments are checked."""
    if not call.instance:
        return NOTHING
    is_build = reader.annotations.reader is ReaderKind.BUILD
    # A method that was not found is null, for which the build's analyzers ask as for any other.
    if any((is_build and isinstance(value, Null)) or _method_needs_code(value, call.arguments[0]) for value in call.instance):
        reader.use(call, Requires.DYNAMIC_CODE)
    for value in call.instance:
        if isinstance(value, KnownMethod):
            _note_method(reader, value.method, call.arguments[0])
            validate_method_arguments(reader, call, value.method.definition, call.arguments[0])
        elif not isinstance(value, Null):
            reader.unanalyzable(call, Unanalyzable.MAKE_GENERIC_METHOD)
    return call.instance


def _note_type(reader: CallReader, definition: TypeDefinition, arrays: ValueSet) -> None:
    _note_instances(reader, definition, arrays, lambda args: reader.annotations.universe.named(definition, args))


def _note_method(reader: CallReader, method: MethodDesc, arrays: ValueSet) -> None:
    if method.definition.generic_count and not method.args:
        universe = reader.annotations.universe
        _note_instances(reader, method.definition, arrays, lambda args: universe.method(method.definition, method.owner, args))


def _note_instances(
    reader: CallReader,
    owner: TypeDefinition | MethodDefinition,
    arrays: ValueSet,
    make: Callable[[tuple[TypeDesc, ...]], TypeDesc | MethodDesc],
) -> None:
    """Facts for the instances that arrays of known types make."""
    if reader.demands.emit is None:
        return
    for array in arrays:
        if not isinstance(array, ArrayValue):
            continue
        choices = [_known_arguments(reader, array, index) for index in range(owner.generic_count)]
        if math.prod(len(each) for each in choices) <= _MOST_INSTANCES:
            for args in itertools.product(*choices):
                reader.demands.emit(MadeInstance(reader.demands.origin, make(args)))


def _known_arguments(reader: CallReader, array: ArrayValue, index: int) -> list[TypeDesc]:
    """The types that an element of an array of types may be, as far as they are known."""
    universe = reader.annotations.universe
    item = array.items.get(index)
    found: list[TypeDesc] = []
    for value in item[0] if item is not None else ():
        if isinstance(value, KnownType):
            found.append(value.type)
        elif isinstance(value, GenericParameterValue):
            element = ElementType.VAR if isinstance(value.owner, TypeDefinition) else ElementType.MVAR
            found.append(universe.parameter(element, value.index))
    return found


def validate_method_arguments(reader: CallReader, call: Call, method: MethodDefinition, arrays: ValueSet) -> None:
    """Reports when `arrays` are not certain to meet what the type parameters of `method` ask for."""
    if method.generic_count and not _fits(reader, method, arrays):
        reader.unanalyzable(call, Unanalyzable.MAKE_GENERIC_METHOD)


def _nullables(definition: KnownType, arrays: ValueSet) -> set[Value]:
    result: set[Value] = set()
    for array in arrays:
        items = array.items.get(0) if isinstance(array, ArrayValue) else None
        if items is None:
            result.add(definition)
            continue
        for item in items[0]:
            if isinstance(item, KnownType):
                if not isinstance(item.type, ArrayType):
                    result.add(NullableOf(definition.type, item))
            elif isinstance(item, ANNOTATED):
                result.add(NullableOf(definition.type, item))
            elif not isinstance(item, NullableOf):
                result.add(definition)
    return result


def _parameters(reader: CallReader, owner: TypeDefinition | MethodDefinition) -> list[GenericParameterValue]:
    """The parameters of a definition; a new() or struct constraint counts as an annotation here, where arguments come by reflection."""
    found: list[GenericParameterValue] = []
    for index in range(owner.generic_count):
        value = reader.annotations.generic_parameter(owner, index)
        extra = MemberTypes.PUBLIC_PARAMETERLESS_CONSTRUCTOR if value.has_new else 0
        found.append(GenericParameterValue(owner, index, value.annotation | extra, value.has_new))
    return found


def _fits(reader: CallReader, owner: TypeDefinition | MethodDefinition, arrays: ValueSet) -> bool:
    """Whether the arguments are known one by one, so that each could be checked; checks them."""
    parameters = _parameters(reader, owner)
    if not any(parameter.annotation for parameter in parameters):
        return True
    for array in arrays:
        if not isinstance(array, ArrayValue) or const_int(array.size) != len(parameters):
            return False
        items = [array.items.get(index) for index in range(len(parameters))]
        known = [item[0] for item in items if item is not None and not isinstance(only(item[0]), Unknown)]
        if len(known) != len(parameters):
            return False
        for parameter, values in zip(parameters, known, strict=True):
            reader.demands.require(values, parameter)
    return True


def _type_needs_code(value: Value, arrays: ValueSet) -> bool:
    """Whether making the instantiation may need code that was not compiled."""
    if isinstance(value, Null):
        return False
    if not isinstance(value, KnownType):
        return True
    if not isinstance(value.type, NamedType) or not value.type.definition.generic_count or value.type.args:
        return False
    return not are_known_arguments(arrays) and not _only_references(value.type.definition)


def _method_needs_code(value: Value, arrays: ValueSet) -> bool:
    if isinstance(value, Null):
        return False
    if not isinstance(value, KnownMethod):
        return True
    definition = value.method.definition
    if not definition.generic_count:
        return False
    open_owner = bool(definition.owner.generic_count) and not value.method.owner.args
    if not open_owner and are_known_arguments(arrays):
        return False
    return not _only_references(definition)


def are_known_arguments(arrays: ValueSet) -> bool:
    """Whether the set is one array of known length whose every element is one known type or type parameter."""
    array = only(arrays)
    if isinstance(array, Null):
        return True
    if not isinstance(array, ArrayValue):
        return False
    size = const_int(array.size)
    if size is None:
        return False
    for index in range(size):
        item = array.items.get(index)
        value = only(item[0]) if item is not None else None
        if isinstance(value, NullableOf):
            value = value.underlying
        if not isinstance(value, KnownType | GenericParameterValue):
            return False
    return True


def _only_references(owner: TypeDefinition | MethodDefinition) -> bool:
    """Whether every type parameter is constrained to reference types, whose code is shared."""
    flags = owner.module.image.column(TableId.GENERIC_PARAM, "Flags")
    rows = owner.module.generic_params(owner.token)
    return bool(rows) and all(flags[rid - 1] & _REFERENCE_CONSTRAINT for rid in rows)
