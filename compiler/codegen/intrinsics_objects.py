"""What the class library asks about the layout of objects, arrays and strings: RuntimeHelpers, MemoryMarshal, String.get_Chars."""

from __future__ import annotations

from compiler.codegen.emitter import Emit, MethodEmitter, Unsupported, V
from compiler.codegen.ops_arith import compare
from compiler.codegen.ops_fields import rva_data
from compiler.codegen.ops_memory import copy_block
from compiler.metadata.signatures import ElementType
from compiler.types.layout import gc_offsets_of, type_layout, value_size
from compiler.types.type_desc import FieldDesc, MethodDesc, NamedType, PointerType


def _has_references(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    m.push(V("i", "1" if gc_offsets_of(m.universe, method.args[0]) else "0"))
    return True


def _bitwise_equatable(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    desc = method.args[0]
    known = False
    if isinstance(desc, NamedType):
        known = desc.is_enum or (desc.is_primitive and desc.element not in (ElementType.R4, ElementType.R8))
        known = known or desc.full_name in ("System.Text.Rune", "System.Int128", "System.UInt128")
    elif isinstance(desc, PointerType):
        known = True
    m.push(V("i", "1" if known else "0"))
    return True


def _false(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    m.push(V("i", "0"))
    return True


def _method_table(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    pointer = m.coerce(values[0], "p")
    m.null_check(values[0], pointer)
    m.push(V("p", m.value(f"load ptr, ptr {pointer}, align 8"), nonnull=True))
    return True


def _initialize_array(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    field = values[1].extra
    if not isinstance(field, FieldDesc):
        raise Unsupported("AOTD2001", f"{m.method!r}: RuntimeHelpers.InitializeArray with a handle that is not constant")
    size, _ = value_size(m.universe, m.universe.field_type(field))
    array = m.coerce(values[0], "p")
    table = m.value(f"load ptr, ptr {array}, align 8")
    base_size = m.value(f"zext i32 {m.value(f'load i32, ptr {m.gep(table, 4)}, align 4')} to i64")
    start = m.value(f"getelementptr i8, ptr {array}, i64 {m.value(f'sub i64 {base_size}, 8')}")
    copy_block(m, start, rva_data(m, field), str(size))
    return True


def _create_span(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    field = values[0].extra
    if not isinstance(field, FieldDesc):
        raise Unsupported("AOTD2001", f"{m.method!r}: RuntimeHelpers.CreateSpan with a handle that is not constant")
    size, _ = value_size(m.universe, m.universe.field_type(field))
    item, _ = value_size(m.universe, method.args[0])
    span = m.universe.signature(method).return_type
    assert isinstance(span, NamedType)
    offsets = {f.name: o for f, o in type_layout(m.universe, span).offsets.items()}
    temp = m.struct_temp(span)
    m.emit(f"store ptr {rva_data(m, field)}, ptr {m.gep(temp, offsets['_reference'])}, align 8")
    m.emit(f"store i32 {size // item}, ptr {m.gep(temp, offsets['_length'])}, align 4")
    m.push(V("s", temp, span))
    return True


def _enum_equals(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    bit = compare(m, "eq", values[0], values[1])
    m.push(V("i", m.value(f"zext i1 {bit} to i32")))
    return True


def _string_chars(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    pointer = m.coerce(values[0], "p")
    m.null_check(values[0], pointer)
    index = m.coerce(values[1], "i")
    length = m.value(f"load i32, ptr {m.gep(pointer, 8)}, align 8")
    m.throw_if(m.value(f"icmp uge i32 {index}, {length}"), "rt_throw_index_out_of_range")
    wide = m.value(f"zext i32 {index} to i64") if values[1].constant is None else index
    address = m.value(f"getelementptr i16, ptr {m.gep(pointer, 12)}, i64 {wide}")
    m.push(m.load(m.universe.primitive(ElementType.CHAR), address))
    return True


def _array_data(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    if not method.args:
        return False
    pointer = m.coerce(values[0], "p")
    m.null_check(values[0], pointer)
    m.push(V("p", m.gep(pointer, 16), m.universe.byref(method.args[0]), nonnull=True))
    return True


_VECTOR: dict[str, Emit] = {"get_IsHardwareAccelerated": _false}
OBJECT_TABLES: dict[str, dict[str, Emit]] = {
    "System.Runtime.CompilerServices.RuntimeHelpers": {
        "IsReferenceOrContainsReferences": _has_references, "IsBitwiseEquatable": _bitwise_equatable, "IsKnownConstant": _false,
        "GetMethodTable": _method_table, "InitializeArray": _initialize_array, "CreateSpan": _create_span, "EnumEquals": _enum_equals,
    },
    "System.Runtime.InteropServices.MemoryMarshal": {"GetArrayDataReference": _array_data},
    "System.String": {"get_Chars": _string_chars},
    **dict.fromkeys((f"System.Runtime.Intrinsics.Vector{bits}" for bits in (64, 128, 256, 512)), _VECTOR),
    "System.Numerics.Vector": _VECTOR,
}
