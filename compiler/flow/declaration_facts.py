"""Declarations of a type -> facts that hold without any code: its base types, the types in its signatures, and all attributes."""

from __future__ import annotations

from compiler.diagnostics import InputError
from compiler.flow.annotations import Annotations
from compiler.flow.associations import members_of
from compiler.flow.attribute_facts import read_attributes
from compiler.flow.call_reader import Call, CallReader
from compiler.flow.calls import read_call
from compiler.flow.contexts import open_context, open_type_context
from compiler.flow.custom_attributes import AttributeReader, int_argument
from compiler.flow.demands import Demands, Emit
from compiler.flow.facts import Member, Origin
from compiler.flow.generated import is_generated_name
from compiler.flow.instantiations import check_instantiation
from compiler.flow.parameters import parameter_rows
from compiler.flow.reader_kind import ReaderKind
from compiler.flow.values import NOTHING, single
from compiler.metadata.signatures import SigType
from compiler.metadata.tokens import TableId, make_token
from compiler.types.definitions import MethodDefinition, TypeDefinition
from compiler.types.type_desc import NamedType, PointerType
from compiler.types.universe import GenericContext

_UNSAFE_ACCESSOR = "System.Runtime.CompilerServices.UnsafeAccessorAttribute"
_CONSTRUCTOR, _METHOD, _STATIC_METHOD = 0, 1, 2


def read_declarations(annotations: Annotations, attributes: AttributeReader, definition: TypeDefinition, emit: Emit) -> None:
    """Emits the facts of a type's declaration and of its members' declarations."""
    context = open_type_context(annotations.universe, definition)
    for token in (definition.extends, *definition.interface_tokens):
        if token:
            demands = Demands(annotations, Origin(definition, -1), emit)
            try:
                check_instantiation(demands, annotations.universe.resolve_type(definition.module, token, context))
            except InputError:
                continue
    read_attributes(annotations, attributes, definition, definition.token, emit)
    _generic_parameters(annotations, attributes, definition, definition.token, emit)
    is_build = annotations.reader is ReaderKind.BUILD
    for field in definition.fields:
        if is_build and is_generated_name(field.name) and not field.name.endswith(">k__BackingField"):
            continue
        _signature(annotations, field, [field.sig], context, emit)
        read_attributes(annotations, attributes, field, field.token, emit)
    for method in definition.methods:
        if not (is_build and is_generated_name(method.name)):
            _method(annotations, attributes, method, emit)
    for events in (False, True):
        for member in members_of(definition, events=events):
            read_attributes(annotations, attributes, member, member.token, emit)


def _method(annotations: Annotations, attributes: AttributeReader, method: MethodDefinition, emit: Emit) -> None:
    context = open_context(annotations.universe, method)
    _signature(annotations, method, [method.sig.return_type, *method.sig.parameters], context, emit)
    read_attributes(annotations, attributes, method, method.token, emit)
    for row in parameter_rows(method).values():
        read_attributes(annotations, attributes, method, row.token, emit)
    _generic_parameters(annotations, attributes, method, method.token, emit)
    is_accessor = method.rva == 0 and method.has_attribute(_UNSAFE_ACCESSOR)
    if is_accessor and annotations.reader is ReaderKind.PUBLISH:
        _unsafe_accessor(annotations, attributes, method, emit)


def _generic_parameters(annotations: Annotations, attributes: AttributeReader, member: Member, owner: int, emit: Emit) -> None:
    for rid in member.module.generic_params(owner):
        read_attributes(annotations, attributes, member, make_token(TableId.GENERIC_PARAM, rid), emit)


def _signature(annotations: Annotations, member: Member, sigs: list[SigType], context: GenericContext, emit: Emit) -> None:
    if annotations.reader is ReaderKind.BUILD:
        # The build's analyzers look at base types alone; a signature does nothing before code uses it.
        return
    demands = Demands(annotations, Origin(member, -1), emit)
    for sig in sigs:
        if not sig.args:
            continue
        try:
            check_instantiation(demands, annotations.universe.resolve_sig(member.module, sig, context))
        except InputError:
            continue


def _unsafe_accessor(annotations: Annotations, attributes: AttributeReader, method: MethodDefinition, emit: Emit) -> None:
    """An UnsafeAccessor method is a call of what it names, with its own parameters."""
    attribute = attributes.first(method.module, method.token, _UNSAFE_ACCESSOR)
    kind = int_argument(attribute.value.fixed[0]) if attribute is not None and attribute.value.fixed else None
    if attribute is None or kind not in (_CONSTRUCTOR, _METHOD, _STATIC_METHOD):
        return
    universe = annotations.universe
    desc = universe.method(method, universe.named(method.owner, ()), ())
    signature = universe.signature(desc)
    first = signature.return_type if kind == _CONSTRUCTOR else signature.parameters[0] if signature.parameters else None
    owner = first.item if isinstance(first, PointerType) else first
    if not isinstance(owner, NamedType):
        return
    skipped = 0 if kind == _CONSTRUCTOR else 1
    name = ".ctor" if kind == _CONSTRUCTOR else attribute.named_text("Name") or method.name
    wanted = signature.parameters[skipped:]
    for candidate in owner.definition.methods_named(name):
        target = universe.method(candidate, owner, ())
        if candidate.is_static == (kind == _STATIC_METHOD) and universe.signature(target).parameters == wanted:
            values = [single(annotations.parameter_value(desc, index)) for index in range(len(signature.parameters))]
            instance = values[0] if kind == _METHOD else NOTHING
            demands = Demands(annotations, Origin(method, -1), emit)
            read_call(CallReader(demands), Call(target, kind == _CONSTRUCTOR, instance, tuple(values[skipped:])))
            return
