"""[UnsafeAccessor] methods: a body that reaches a private member of another type (System.Runtime.CompilerServices.UnsafeAccessorAttribute).

The accessor's first parameter names the type; the member is found by name, and a method also by its other parameters.
"""

from __future__ import annotations

from compiler.codegen.emitter import ConstantOf, MethodEmitter, Unsupported, V, method_declaration
from compiler.codegen.method import CodeItem
from compiler.codegen.ops_call import call_method
from compiler.codegen.ops_control import emit_return
from compiler.codegen.ops_fields import static_address
from compiler.codegen.ops_object import allocate
from compiler.codegen.synthesized import finished, incoming, open_function
from compiler.metadata.tokens import TableId
from compiler.types.layout import type_layout
from compiler.types.type_desc import MethodDesc, NamedType, PointerType, TypeDesc
from compiler.types.universe import TypeUniverse

ATTRIBUTE = "System.Runtime.CompilerServices.UnsafeAccessorAttribute"
_CONSTRUCTOR, _METHOD, _STATIC_METHOD, _FIELD, _STATIC_FIELD = range(5)


def _request(method: MethodDesc) -> tuple[int, str]:
    """(kind, member name) that the attribute asks for; the name defaults to the accessor's own."""
    module = method.definition.module
    for rid in module.attribute_rows(method.definition.token):
        if module.attribute_type_name(rid) == ATTRIBUTE:
            blob = module.image.blob(module.image.column(TableId.CUSTOM_ATTRIBUTE, "Value")[rid - 1])
            kind = int.from_bytes(blob[2:6], "little")
            marker = blob.find(b"\x04Name")
            name = blob[marker + 6 : marker + 6 + blob[marker + 5]].decode("utf-8", "replace") if marker >= 0 else method.name
            return kind, name
    raise Unsupported("AOTD2001", f"'{method!r}' has no body that can be compiled")


def unsafe_accessor(universe: TypeUniverse, method: MethodDesc, constants: ConstantOf) -> CodeItem:
    """The accessor's code. Raises Unsupported when the member does not exist."""
    kind, name = _request(method)
    m = open_function(universe, method, method.definition.module, constants)
    header, values = incoming(m, "")
    assert m.shape is not None
    if kind == _CONSTRUCTOR:
        owner = _named(method, m.signature.return_type)
        target = _find_method(m, owner, ".ctor", m.signature.parameters)
        made = V("p", allocate(m, owner), owner, nonnull=True)
        call_method(m, target, made, values)
        m.push(made)
    else:
        _member(m, kind, name, values)
    emit_return(m)
    symbol = method_declaration(universe, method, "m")[0]
    return finished(m, symbol, m.shape.result, header)


def _member(m: MethodEmitter, kind: int, name: str, values: list[V]) -> None:
    first = m.signature.parameters[0]
    owner = _named(m.method, first.item if isinstance(first, PointerType) else first)
    if kind in (_METHOD, _STATIC_METHOD):
        target = _find_method(m, owner, name, m.signature.parameters[1:])
        call_method(m, target, values[0] if kind == _METHOD else None, values[1:])
        return
    for field in m.universe.fields(owner):
        if field.name == name and field.is_static == (kind == _STATIC_FIELD):
            if field.is_static:
                address = static_address(m, field)
            else:
                pointer = m.coerce(values[0], "p")
                m.null_check(values[0], pointer)
                address = m.gep(pointer, type_layout(m.universe, owner).offsets[field])
            m.push(V("p", address, m.signature.return_type, nonnull=True))
            return
    raise Unsupported("AOTD2005", f"'{m.method!r}': '{owner!r}' has no field '{name}'")


def _named(method: MethodDesc, desc: TypeDesc) -> NamedType:
    if not isinstance(desc, NamedType):
        raise Unsupported("AOTD2005", f"'{method!r}': an unsafe accessor needs a class or a struct, not '{desc!r}'")
    return desc


def _find_method(m: MethodEmitter, owner: NamedType, name: str, parameters: tuple[TypeDesc, ...]) -> MethodDesc:
    for definition in owner.definition.methods_named(name):
        candidate = m.universe.method(definition, owner, m.method.args if definition.generic_count else ())
        found = m.universe.signature(candidate).parameters
        if len(found) == len(parameters) and all(a is b for a, b in zip(found, parameters, strict=True)):
            return candidate
    raise Unsupported("AOTD2005", f"'{m.method!r}': '{owner!r}' has no method '{name}' with such parameters")
