"""Custom attributes on a member -> facts: the constructor that runs, the properties that are set, and what annotated parameters get."""

from __future__ import annotations

from compiler.diagnostics import InputError
from compiler.flow.annotations import Annotations
from compiler.flow.associations import AccessorKind, members_of
from compiler.flow.binder import hierarchy
from compiler.flow.call_reader import Call, CallReader
from compiler.flow.calls import read_call
from compiler.flow.custom_attributes import AttributeReader, CustomAttribute
from compiler.flow.demands import Demands, Emit
from compiler.flow.facts import Member, Origin
from compiler.flow.instantiations import check_instantiation
from compiler.flow.reader_kind import ReaderKind
from compiler.flow.type_names import resolve_type_name
from compiler.flow.values import NULL, UNKNOWN, KnownString, KnownType, ValueSet, single
from compiler.metadata.attributes import TypeName, Value
from compiler.types.type_desc import MethodDesc
from compiler.types.universe import EMPTY_CONTEXT


def read_attributes(annotations: Annotations, attributes: AttributeReader, member: Member, token: int, emit: Emit) -> None:
    """Emits the facts of the attributes on the entity of `token`, which belongs to `member` (itself, or a parameter of it)."""
    for attribute in attributes.everything(member.module, token):
        try:
            _read(annotations, attribute, member, emit)
        except InputError:
            # The attribute's type is missing: the compiler that made the assembly had other references.
            continue


def _read(annotations: Annotations, attribute: CustomAttribute, member: Member, emit: Emit) -> None:
    universe, module = annotations.universe, member.module
    constructor = universe.resolve_method(module, attribute.constructor, EMPTY_CONTEXT)
    if not isinstance(constructor, MethodDesc):
        return
    demands = Demands(annotations, Origin(member, -1, attribute.row), emit)
    reader = CallReader(demands)
    arguments = tuple(_value(annotations, member, value) for value in attribute.value.fixed)
    if len(arguments) == len(constructor.definition.sig.parameters):
        read_call(reader, Call(constructor, True, UNKNOWN, arguments))  # noqa: FBT003 (creates)
        if annotations.reader is ReaderKind.BUILD:
            check_instantiation(demands, constructor)
    for name, value in attribute.value.named.items():
        named = CallReader(Demands(annotations, Origin(member, -1, attribute.row, name), emit))
        _set_named(annotations, named, constructor, name, _value(annotations, member, value))


def _set_named(annotations: Annotations, reader: CallReader, constructor: MethodDesc, name: str, values: ValueSet) -> None:
    universe = annotations.universe
    for definition in hierarchy(universe, constructor.owner):
        for found in members_of(definition, events=False):
            setter = found.accessors.get(AccessorKind.SETTER)
            if found.name == name and setter is not None:
                read_call(reader, Call(universe.method(setter, universe.named(definition, ()), ()), False, UNKNOWN, (values,)))  # noqa: FBT003
                return
        for field in universe.fields(universe.named(definition, ())):
            if field.name == name:
                reader.demands.require(values, annotations.field_value(field))
                return


def _value(annotations: Annotations, member: Member, value: Value) -> ValueSet:
    if value is None:
        return NULL
    if isinstance(value, TypeName):
        found = resolve_type_name(annotations.universe, value.name, member.module)
        return single(KnownType(found)) if found is not None else UNKNOWN
    return single(KnownString(value)) if isinstance(value, str) else UNKNOWN
