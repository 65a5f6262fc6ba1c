"""The data that the runtime knows types by: MethodTables, GC descriptors, interface lists, statics.

Input is the closed world; output is LLVM text of constants and globals. Layouts are those of `compiler/runtime/rt.h`.
"""

from __future__ import annotations

from compiler.codegen.data_text import DataText, method_table, signed
from compiler.codegen.lltypes import quote
from compiler.codegen.member_records import MemberIndex
from compiler.codegen.reflection_records import reflection_record
from compiler.codegen.statics import class_constructor, static_layout
from compiler.metadata.signatures import ElementType
from compiler.reach.world import World, dispatch_symbol_kind, is_bare
from compiler.types.casting import can_cast, enum_underlying
from compiler.types.definitions import TypeDefinition
from compiler.types.interfaces import all_interfaces
from compiler.types.layout import gc_offsets_of, type_layout, value_size
from compiler.types.naming import reflection_name, symbol, type_key
from compiler.types.type_desc import ArrayType, NamedType, PointerType, TypeDesc
from compiler.types.universe import TypeUniverse

Candidates = dict[TypeDefinition, list[NamedType]]

HAS_COMPONENT_SIZE = 0x80000000
CONTAINS_GC_POINTERS = 0x01000000
HAS_FINALIZER = 0x00100000
HAS_DEFAULT_CTOR = 0x200
GENERIC_INST = 0x10
GENERIC_TYPICAL = 0x30
CATEGORY_VALUETYPE = 0x00040000
CATEGORY_NULLABLE = 0x00050000
CATEGORY_PRIMITIVE = 0x00060000
CATEGORY_TRUE_PRIMITIVE = 0x00070000
CATEGORY_ARRAY = 0x00080000
CATEGORY_SZARRAY = 0x000A0000
CATEGORY_INTERFACE = 0x000C0000


def emit_types(universe: TypeUniverse, world: World, type_ids: dict[TypeDesc, int], members: MemberIndex, out: DataText) -> None:
    """Emits every type of the world, in order of their names."""
    candidates = _variant_candidates(world)
    for desc in sorted(world.types, key=type_key):
        _emit_type(universe, world, type_ids.get(desc, 0), desc, candidates, out)
        _emit_auxiliary(universe, world, type_ids.get(desc, 0), desc, members, out)


def _emit_type(universe: TypeUniverse, world: World, type_id: int, desc: TypeDesc, candidates: Candidates, out: DataText) -> None:
    key = type_key(desc)
    flags, base_size, gc_offsets = _shape(universe, desc)
    if desc in world.finalizers:
        flags |= HAS_FINALIZER
    if gc_offsets:
        flags |= CONTAINS_GC_POINTERS
    gc = _gc_descriptor(gc_offsets, out)
    interfaces = _interfaces(universe, world, desc, candidates)
    interface_list = _interface_list(interfaces, out)
    base = universe.reflected_base_type(desc) if is_bare(desc) else universe.base_type(desc)
    parent = method_table(base) if base is not None and base in world.types else "null"
    n_exact = 0 if is_bare(desc) else sum(i in world.types for i in all_interfaces(universe, desc))
    slots = _slots(universe, world, desc, out)
    vtable_type = f"[{len(slots)} x ptr]"
    vtable_value = f"[{', '.join(slots)}]" if slots else "zeroinitializer"
    out.lines.append(
        f"{quote(symbol('mt', key))} = constant <{{ i32, i32, i32, i16, i16, ptr, ptr, ptr, i64, ptr, ptr, {vtable_type} }}> <{{ "
        f"i32 {signed(flags)}, i32 {base_size}, i32 {type_id}, i16 {len(slots)}, i16 {len(interfaces)}, ptr {parent}, "
        f"ptr {gc}, ptr {_auxiliary(desc)}, i64 {n_exact}, ptr {_element(universe, desc)}, ptr {interface_list}, "
        f"{vtable_type} {vtable_value} }}>, align 8"
    )


def _gc_descriptor(gc_offsets: tuple[int, ...], out: DataText) -> str:
    """`{ i32 count, [count x i32] }`: where object references lie; null without any."""
    if not gc_offsets:
        return "null"
    offsets = ", ".join(f"i32 {o}" for o in gc_offsets)
    count = len(gc_offsets)
    return out.constant(f"{{ i32, [{count} x i32] }}", f"{{ i32 {count}, [{count} x i32] [{offsets}] }}", 4)


def _interface_list(interfaces: list[NamedType], out: DataText) -> str:
    if not interfaces:
        return "null"
    items = ", ".join(f"ptr {method_table(i)}" for i in interfaces)
    return out.constant(f"[{len(interfaces)} x ptr]", f"[{items}]", 8)


def _auxiliary(desc: TypeDesc) -> str:
    return quote(symbol("aux", type_key(desc)))


def _emit_auxiliary(universe: TypeUniverse, world: World, type_id: int, desc: TypeDesc, members: MemberIndex, out: DataText) -> None:
    """What a MethodTable refers to and few programs' hot paths read: finalizer, names, reflection record; and the Type object."""
    key = type_key(desc)
    finalizer = out.method(universe, world.finalizers[desc], "m") if desc in world.finalizers else "null"
    runtime_type = quote(symbol("rtype", key))
    record = reflection_record(universe, world, members, desc, out)
    multicast = "null"
    if isinstance(desc, NamedType) and desc.is_delegate and desc in world.constructed:
        thunk = symbol("mcast", key)
        out.declares[thunk] = f"declare void {quote(thunk)}()"
        multicast = quote(thunk)
    n_fields, fields = _value_fields(universe, world, desc, out)
    out.lines.append(
        f"{_auxiliary(desc)} = internal global {{ i32, i32, ptr, ptr, ptr, ptr, ptr, i64, ptr }} {{ i32 0, i32 {type_id}, "
        f"ptr getelementptr (i8, ptr {runtime_type}, i64 8), ptr {finalizer}, ptr {out.text(reflection_name(desc, qualified=True))}, "
        f"ptr {record}, ptr {multicast}, i64 {n_fields}, ptr {fields} }}, align 8"
    )
    handle_table = method_table(universe.corlib_type("System", "RuntimeType"))
    out.lines.append(
        f"{runtime_type} = global <{{ i64, ptr, ptr, i64, ptr }}> <{{ i64 0, ptr {handle_table}, ptr null, i64 0, "
        f'ptr {method_table(desc)} }}>, section "rt_statics", align 16'
    )


def _shape(universe: TypeUniverse, desc: TypeDesc) -> tuple[int, int, tuple[int, ...]]:
    """(flags, base size, GC offsets) of a MethodTable."""
    if isinstance(desc, ArrayType):
        item_size, _ = value_size(universe, desc.item) if not is_bare(desc) else (8, 8)
        category = CATEGORY_ARRAY if desc.rank else CATEGORY_SZARRAY
        offsets = () if is_bare(desc) else gc_offsets_of(universe, desc.item)
        if item_size > 0xFFFF:
            item_size = 0
        return HAS_COMPONENT_SIZE | category | item_size, 24 + 8 * desc.rank, offsets
    if not isinstance(desc, NamedType) or is_bare(desc):
        flags = 0
        if isinstance(desc, NamedType):
            flags = GENERIC_TYPICAL | (CATEGORY_INTERFACE if desc.is_interface else CATEGORY_VALUETYPE if desc.is_value_type else 0)
        return flags, 24, ()
    flags = GENERIC_INST if desc.args else 0
    if any(not d.sig.parameters and not d.is_static for d in desc.definition.methods_named(".ctor")):
        flags |= HAS_DEFAULT_CTOR
    if desc.is_interface:
        return flags | CATEGORY_INTERFACE, 24, ()
    if desc.element is ElementType.STRING:
        return (flags & ~0xFFFF) | HAS_COMPONENT_SIZE | 2, 22, ()
    if desc.element is ElementType.VOID:
        return flags | CATEGORY_TRUE_PRIMITIVE, 24, ()
    layout = type_layout(universe, desc)
    if desc.is_value_type:
        category = CATEGORY_VALUETYPE
        if desc.is_nullable:
            category = CATEGORY_NULLABLE
        elif desc.is_enum:
            category = CATEGORY_PRIMITIVE
        elif desc.is_primitive:
            category = CATEGORY_TRUE_PRIMITIVE
        size = 16 + ((layout.size_bytes + 7) & -8)
        return flags | category, max(size, 24), tuple(8 + o for o in layout.gc_offsets)
    return flags, max(8 + ((layout.size_bytes + 7) & -8), 24), layout.gc_offsets


def _interfaces(universe: TypeUniverse, world: World, desc: TypeDesc, candidates: Candidates) -> list[NamedType]:
    """The interfaces that a cast can ask for: exact ones and, for constructed types, those that hold by variance; for a delegate type
    the delegate types that it converts to."""
    if is_bare(desc):
        return []
    exact = [i for i in all_interfaces(universe, desc) if i in world.types]
    found = dict.fromkeys(exact)
    definitions = dict.fromkeys(i.definition for i in all_interfaces(universe, desc) if i.args)
    if isinstance(desc, NamedType) and desc.is_delegate and desc.args:
        definitions[desc.definition] = None
    for definition in definitions:
        for candidate in candidates.get(definition, []):
            if candidate is not desc and candidate not in found and can_cast(universe, desc, candidate):
                found[candidate] = None
    return list(found)


def _variant_candidates(world: World) -> Candidates:
    """Interface definition -> the closed instances of it in the world, in order of their names."""
    table: Candidates = {}
    for desc in sorted(world.types, key=type_key):
        if isinstance(desc, NamedType) and (desc.is_interface or desc.is_delegate) and desc.args and not desc.is_open:
            table.setdefault(desc.definition, []).append(desc)
    return table


def _element(universe: TypeUniverse, desc: TypeDesc) -> str:
    if isinstance(desc, (ArrayType, PointerType)):
        return method_table(desc.item)
    if isinstance(desc, NamedType) and not is_bare(desc):
        if desc.is_nullable:
            return method_table(desc.args[0])
        if desc.is_enum:
            return method_table(enum_underlying(universe, desc))
    return "null"


def _slots(universe: TypeUniverse, world: World, desc: TypeDesc, out: DataText) -> list[str]:
    if desc not in world.constructed:
        return []
    used = world.slots.get(desc, {})
    if not used:
        return []
    result = []
    for slot in range(max(used) + 1):
        method = used.get(slot)
        result.append(f"ptr {out.method(universe, method, dispatch_symbol_kind(method))}" if method is not None else "ptr null")
    return result


def _value_fields(universe: TypeUniverse, world: World, desc: TypeDesc, out: DataText) -> tuple[int, str]:
    """(count, table of { i32 offset, i32, ptr type }) of a boxed value type's instance fields, for ValueType.Equals; the parameter
    count and the DynamicInvoke code of a delegate type."""
    if isinstance(desc, NamedType) and ("dynamic_thunk", desc) in world.code:
        thunk = symbol("dyn", type_key(desc))
        out.declares[thunk] = f"declare ptr {quote(thunk)}(ptr, ptr)"
        return len(universe.signature(universe.find_method(desc, "Invoke")).parameters), quote(thunk)
    if desc not in world.constructed or not isinstance(desc, NamedType) or not desc.is_value_type or desc.is_enum or desc.is_primitive:
        return 0, "null"
    layout = type_layout(universe, desc)
    rows = []
    for field_desc, offset in layout.offsets.items():
        field_type = universe.field_type(field_desc)
        shown = field_type if field_type in world.types else universe.primitive(ElementType.OBJECT)
        if field_type.is_pointer_like:
            shown = universe.primitive(ElementType.I)
        rows.append(f"{{ i32, i32, ptr }} {{ i32 {offset}, i32 0, ptr {method_table(shown)} }}")
    if not rows:
        return 0, "null"
    return len(rows), out.constant(f"[{len(rows)} x {{ i32, i32, ptr }}]", f"[{', '.join(rows)}]", 8)


def emit_statics(universe: TypeUniverse, world: World, out: DataText) -> int:
    """Emits static blocks, thread offsets and initializer records; returns the bytes of a thread's block."""
    for owner in sorted(world.statics, key=type_key):
        size = max(static_layout(universe, owner).size_bytes, 8)
        block = quote(symbol("statics", type_key(owner)))
        out.lines.append(f'{block} = global [{size} x i8] zeroinitializer, section "rt_statics", align 16')
    offset = 0
    for owner in sorted(world.thread_statics, key=type_key):
        out.lines.append(f'{quote(symbol("tls", type_key(owner)))} = constant i64 {offset}, align 8')
        offset += (static_layout(universe, owner).thread_size_bytes + 15) & -16
    for owner in sorted(world.class_constructors, key=type_key):
        definition = class_constructor(owner)
        assert definition is not None
        code = out.method(universe, universe.method(definition, owner, ()), "m")
        out.lines.append(
            f'{quote(symbol("cctor", type_key(owner)))} = global {{ i32, i32, ptr, ptr, ptr }} {{ i32 0, i32 0, ptr {code}, '
            f'ptr {method_table(owner)}, ptr null }}, section "rt_statics", align 8'
        )
    return offset
