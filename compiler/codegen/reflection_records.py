"""What reflection knows of a type: names, attributes, arguments, enum members, as the records that reflection.c reads."""

from __future__ import annotations

from compiler.codegen.data_text import DataText, method_table, signed
from compiler.codegen.lltypes import quote
from compiler.codegen.member_records import MemberIndex, method_record
from compiler.metadata.signatures import ElementType
from compiler.reach.world import World, default_constructor, is_bare
from compiler.types.casting import enum_underlying
from compiler.types.definitions import MethodDefinition, TypeDefinition
from compiler.types.layout import value_size
from compiler.types.naming import module_display_name, reflection_name, symbol, type_key
from compiler.types.type_desc import ArrayType, DeclaredParameter, FunctionPointerType, GenericParameter, NamedType, PointerType, TypeDesc
from compiler.types.universe import TypeUniverse

_COR_CLASS = int(ElementType.CLASS)
_COR_VALUETYPE = int(ElementType.VALUETYPE)


def _cor_element(desc: TypeDesc) -> int:
    """The element type that RuntimeTypeHandle.GetCorElementType reports."""
    if isinstance(desc, NamedType):
        if desc.element in (ElementType.STRING, ElementType.OBJECT):
            return _COR_CLASS
        if desc.is_value_type and desc.element is ElementType.VALUETYPE:
            return _COR_VALUETYPE
    return int(desc.element)


def reflection_record(universe: TypeUniverse, world: World, members: MemberIndex, desc: TypeDesc, out: DataText) -> str:
    """The record that reflection.c reads: names, attributes, arguments, enum members."""
    name, namespace, attributes, token, assembly = _identity(desc)
    n_arguments, arguments, definition = _instantiation(universe, world, desc, out)
    enum_values = _enum_record(universe, desc, out) if isinstance(desc, NamedType) and desc.is_enum and not is_bare(desc) else "null"
    rank = desc.rank if isinstance(desc, ArrayType) else desc.index if isinstance(desc, DeclaredParameter) else 0
    size = 0
    if not is_bare(desc) and desc.is_value_type and desc.element is not ElementType.VOID:
        size = value_size(universe, desc)[0]
    fields = [
        f"ptr {out.text(name)}",
        f"ptr {out.text(namespace)}",
        f"ptr {out.text(reflection_name(desc, qualified=False))}",
        f"ptr {out.text(assembly)}",
        f"i32 {signed(attributes)}",
        f"i32 {token}",
        f"i16 {_cor_element(desc)}",
        f"i16 {rank}",
        f"i32 {n_arguments}",
        f"ptr {arguments}",
        f"ptr {definition}",
        f"ptr {_declaring(universe, world, desc)}",
        f"ptr {enum_values}",
        f"i32 {members.numbers.get(desc, 0)}",
        f"i32 {size}",
        f"ptr {_vector_of(universe, world, desc)}",
        f"ptr {_default_constructor(universe, world, desc, out)}",
        f"ptr {_initializer(world, desc)}",
    ]
    ll_type = f"{{ {', '.join(f.partition(' ')[0] for f in fields)} }}"
    return out.constant(ll_type, f"{{ {', '.join(fields)} }}", 8)


def _instantiation(universe: TypeUniverse, world: World, desc: TypeDesc, out: DataText) -> tuple[int, str, str]:
    """(count, list of MethodTables, MethodTable of the bare definition) of a constructed generic type's arguments."""
    if not isinstance(desc, NamedType) or not desc.definition.generic_count:
        return 0, "null", "null"
    arguments = desc.args or universe.declared_parameters(desc.definition)
    if not all(argument in world.types for argument in arguments):
        return 0, "null", "null"
    items = ", ".join(f"ptr {method_table(a)}" for a in arguments)
    bare = universe.named(desc.definition, ())
    definition = method_table(bare) if desc.args and bare in world.types else "null"
    return len(arguments), out.constant(f"[{len(arguments)} x ptr]", f"[{items}]", 8), definition


def _declaring(universe: TypeUniverse, world: World, desc: TypeDesc) -> str:
    """The MethodTable of the enclosing type, when the program has it; of a type parameter the type that it belongs to."""
    if isinstance(desc, DeclaredParameter):
        owner = desc.owner if isinstance(desc.owner, TypeDefinition) else desc.owner.owner
        return method_table(universe.named(owner, ()))
    if not isinstance(desc, NamedType) or desc.definition.enclosing is None:
        return "null"
    outer = universe.named(desc.definition.enclosing, ())
    return method_table(outer) if outer in world.types else "null"


def _vector_of(universe: TypeUniverse, world: World, desc: TypeDesc) -> str:
    """The MethodTable of T[] when the program has such arrays, for Array.CreateInstance."""
    if is_bare(desc) or desc.is_pointer_like or desc.element is ElementType.VOID:
        return "null"
    vector = universe.array(desc, 0)
    return method_table(vector) if vector in world.constructed else "null"


def _initializer(world: World, desc: TypeDesc) -> str:
    """The record of the type's initializer, for RuntimeHelpers.RunClassConstructor."""
    return quote(symbol("cctor", type_key(desc))) if desc in world.class_constructors else "null"


def _default_constructor(universe: TypeUniverse, world: World, desc: TypeDesc, out: DataText) -> str:
    """The code of a class's parameterless constructor when it is kept for Activator.CreateInstance."""
    if isinstance(desc, DeclaredParameter) and isinstance(desc.owner, MethodDefinition):
        # In its place: the method that declares a type parameter.
        declaring = universe.named(desc.owner.owner, ())
        return quote(method_record(universe, universe.method(desc.owner, declaring, ())))
    found = default_constructor(universe, desc)
    if found is None or desc not in world.constructed or ("method", found) not in world.code:
        return "null"
    return out.method(universe, found, "m")


def _identity(desc: TypeDesc) -> tuple[str, str, int, int, str]:
    """(name, namespace, attributes, token, assembly) of a type as reflection shows it."""
    if isinstance(desc, NamedType):
        return _identity_of(desc.definition)
    if isinstance(desc, ArrayType):
        name, namespace, _, _, assembly = _identity(desc.item)
        suffix = "[]" if desc.rank == 0 else "[*]" if desc.rank == 1 else "[" + "," * (desc.rank - 1) + "]"
        return name + suffix, namespace, 0x102101, 0x02000000, assembly
    if isinstance(desc, PointerType):
        name, namespace, _, _, assembly = _identity(desc.item)
        return name + ("&" if desc.element is ElementType.BYREF else "*"), namespace, 0, 0x02000000, assembly
    if isinstance(desc, DeclaredParameter):
        declared = desc.owner if isinstance(desc.owner, TypeDefinition) else desc.owner.owner
        _, namespace, _, _, assembly = _identity_of(declared)
        return desc.name, namespace, 1, desc.token, assembly
    if isinstance(desc, GenericParameter):
        return f"T{desc.index}", "", 1, 0x2A000000, ""
    assert isinstance(desc, FunctionPointerType)
    return "", "", 0, 0x02000000, ""


def _identity_of(definition: TypeDefinition) -> tuple[str, str, int, int, str]:
    outer = definition
    while outer.enclosing is not None:
        outer = outer.enclosing
    return definition.name, outer.namespace, definition.flags, int(definition.token), module_display_name(definition.module)


def _enum_record(universe: TypeUniverse, desc: NamedType, out: DataText) -> str:
    """`{ i32 count, i32 has_flags, [count x { i64 value, ptr name }] }`, members in metadata order."""
    underlying = enum_underlying(universe, desc)
    size, _ = value_size(universe, underlying)
    signed = underlying.element in (ElementType.I1, ElementType.I2, ElementType.I4, ElementType.I8)
    rows = []
    for definition in desc.definition.fields:
        if not definition.is_literal:
            continue
        constant = definition.module.constant(definition.token)
        if constant is None:
            continue
        number = int.from_bytes(constant[1][:size], "little", signed=signed)
        rows.append(f"{{ i64, ptr }} {{ i64 {number - (1 << 64) if number >> 63 > 0 else number}, ptr {out.text(definition.name)} }}")
    flags = int(desc.definition.has_attribute("System.FlagsAttribute"))
    count = len(rows)
    ll_type = f"{{ i32, i32, [{count} x {{ i64, ptr }}] }}"
    items = f"[{', '.join(rows)}]" if rows else "zeroinitializer"
    return out.constant(ll_type, f"{{ i32 {count}, i32 {flags}, [{count} x {{ i64, ptr }}] {items} }}", 8)
