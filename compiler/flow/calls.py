"""A call and the values passed to it -> the value that comes back, and facts about what the call asks for.

Ordinary methods ask what their annotations say; intrinsics are read by their handlers.
"""

from __future__ import annotations

from compiler.flow.call_reader import Call, CallReader
from compiler.flow.intrinsics import intrinsic_of
from compiler.flow.member_types import ALL, MemberTypes
from compiler.flow.reflection_calls import HANDLERS
from compiler.flow.values import ANNOTATED, NOTHING, THIS, UNKNOWN, AnnotatedArray, ReturnValue, Value, ValueSet
from compiler.metadata.signatures import ElementType


def read_call(reader: CallReader, call: Call) -> ValueSet:
    """The values that the call gives back; NOTHING for a method without result."""
    universe = reader.annotations.universe
    intrinsic = intrinsic_of(universe, call.method.definition)
    result = _ordinary(reader, call) if intrinsic is None else HANDLERS[intrinsic](reader, call)
    if result is None and reader.annotations.rules.follows_interfaces and _gives_interfaces(call):
        return frozenset(AnnotatedArray(_interface(reader, call, value)) for value in call.instance)
    if result is not None:
        return result
    if not call.creates and universe.signature(call.method).return_type.element is ElementType.VOID:
        return NOTHING
    return reader.declared(call)


def _gives_interfaces(call: Call) -> bool:
    return call.method.name == "GetInterfaces" and call.method.owner.full_name == "System.Type"


def _interface(reader: CallReader, call: Call, value: Value) -> ReturnValue:
    """What an item of Type.GetInterfaces is for one value that it is called on."""
    has_all = isinstance(value, ANNOTATED) and value.annotation == ALL
    return reader.annotations.return_value(call.method, ALL if has_all else int(MemberTypes.INTERFACES))


def _ordinary(reader: CallReader, call: Call) -> ValueSet | None:
    reader.use(call, None)
    annotations = reader.annotations
    for index, annotation in annotations.of_method(call.method.definition).parameters.items():
        if annotation and not (index != THIS and annotations.is_out(call.method.definition, index)):
            values = call.instance if index == THIS else call.arguments[index]
            reader.demands.require(values, annotations.parameter_value(call.method, index))
    if call.creates and annotations.is_interesting(call.method.owner):
        # A Type-like object made here: which type it stands for is not known.
        return UNKNOWN
    return None
