"""Code that reflection calls: attributes as their blobs describe them, and where static fields are stored.

An attribute's code makes the object anew at each call, as GetCustomAttributes does; its arguments are constants of the code.
"""

from __future__ import annotations

from compiler.codegen.emitter import ConstantOf, MethodEmitter, Unsupported, V
from compiler.codegen.lltypes import quote
from compiler.codegen.method import CodeItem
from compiler.codegen.ops_call import call_method
from compiler.codegen.ops_fields import static_address
from compiler.codegen.ops_object import allocate, box, new_array, runtime_type
from compiler.codegen.ops_stack import float_literal, string_literal
from compiler.codegen.synthesized import finished, open_function
from compiler.flow.associations import AccessorKind, members_of
from compiler.flow.attribute_values import NamedArgument, TypedValue, read_typed_arguments
from compiler.metadata.signatures import ElementType
from compiler.metadata.tokens import TableId
from compiler.reach.world import AttributeUse
from compiler.types.definitions import Module
from compiler.types.layout import type_layout, value_size
from compiler.types.naming import field_key, symbol
from compiler.types.type_desc import ArrayType, FieldDesc, NamedType, TypeDesc
from compiler.types.universe import TypeUniverse


def attribute_symbol(use: AttributeUse) -> str:
    """The symbol of an attribute's code."""
    return symbol("attr", f"{use.module.name}#{use.row}")


def storage_symbol(field: FieldDesc) -> str:
    """The symbol of the code that gives a static field's address."""
    return symbol("storage", field_key(field))


def _emitter(universe: TypeUniverse, module: Module, constants: ConstantOf) -> MethodEmitter:
    """An emitter for code that belongs to no method; Object.ToString stands for one."""
    method = universe.find_method(universe.primitive(ElementType.OBJECT), "ToString")
    return open_function(universe, method, module, constants)


def field_storage(universe: TypeUniverse, field: FieldDesc, constants: ConstantOf) -> CodeItem:
    """`ptr storage()`: the address of a static field, after its type's initializer."""
    m = _emitter(universe, field.definition.module, constants)
    if field.owner.element is ElementType.STRING and field.name == "Empty":
        cell = quote("storage.empty")
        m.globals["storage.empty"] = f"{cell} = linkonce_odr global ptr {string_literal(m, '').ir}, comdat, align 8"
        m.emit(f"ret ptr {cell}")
    else:
        m.emit(f"ret ptr {static_address(m, field)}")
    return finished(m, storage_symbol(field), "ptr", "")


def make_attribute(universe: TypeUniverse, use: AttributeUse, constants: ConstantOf) -> CodeItem:
    """`ptr attr()`: a new attribute object. Raises InputError when its blob says nothing that can be made."""
    m = _emitter(universe, use.module, constants)
    image = use.module.image
    blob = image.blob(image.column(TableId.CUSTOM_ATTRIBUTE, "Value")[use.row - 1])
    parameters = universe.signature(use.constructor).parameters
    arguments = read_typed_arguments(universe, use.module, parameters, blob)
    owner = use.constructor.owner
    made = V("p", allocate(m, owner), owner, nonnull=True)
    call_method(m, use.constructor, made, [_value(m, value, desc) for value, desc in zip(arguments.fixed, parameters, strict=True)])
    for named in arguments.named:
        _set(m, made, owner, named)
    m.emit(f"ret ptr {made.ir}")
    return finished(m, attribute_symbol(use), "ptr", "")


def _set(m: MethodEmitter, made: V, owner: NamedType, named: NamedArgument) -> None:
    universe = m.universe
    current: NamedType | None = owner
    while current is not None:
        if named.is_field:
            for field in universe.fields(current):
                if field.name == named.name and not field.is_static:
                    desc = universe.field_type(field)
                    m.store(desc, m.gep(made.ir, type_layout(universe, current).offsets[field]), _value(m, named.argument, desc))
                    return
        else:
            for member in members_of(current.definition, events=False):
                setter = member.accessors.get(AccessorKind.SETTER)
                if member.name == named.name and setter is not None and not setter.is_static and not setter.is_abstract:
                    method = universe.method(setter, current, ())
                    call_method(m, method, made, [_value(m, named.argument, universe.signature(method).parameters[-1])])
                    return
        current = universe.base_type(current)
    raise Unsupported("AOTD2006", f"attribute '{owner!r}' has no settable '{named.name}'")


def _value(m: MethodEmitter, argument: TypedValue, wanted: TypeDesc) -> V:
    """An argument as a stack value of type `wanted`: its own type, or object."""
    value = argument.value
    if value is None:
        return V("p", "null", wanted)
    if isinstance(value, str):
        return string_literal(m, value)
    if isinstance(value, TypeDesc):
        return runtime_type(m, value)
    if isinstance(value, tuple):
        assert isinstance(argument.type, ArrayType)
        return _array(m, argument.type, value)
    number = _number(m, argument.type, value)
    return box(m, argument.type, number) if wanted.is_reference else number


def _number(m: MethodEmitter, desc: TypeDesc, value: float) -> V:
    kind = m.kind_of(desc)
    if kind in ("f", "d"):
        return V(kind, float_literal(value, kind), desc)
    assert isinstance(value, int)
    bits = 64 if kind == "l" else 32
    wrapped = (value + (1 << (bits - 1))) % (1 << bits) - (1 << (bits - 1))
    return V(kind, str(wrapped), desc)


def _array(m: MethodEmitter, desc: ArrayType, items: tuple[TypedValue, ...]) -> V:
    made = new_array(m, desc, V("i", str(len(items))))
    size, _ = value_size(m.universe, desc.item)
    for index, item in enumerate(items):
        m.store(desc.item, m.gep(made.ir, 16 + size * index), _value(m, item, desc.item))
    return made

