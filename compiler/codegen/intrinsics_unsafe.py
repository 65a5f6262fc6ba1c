"""The methods of System.Runtime.CompilerServices.Unsafe: arguments -> address arithmetic, loads and stores."""

from __future__ import annotations

from compiler.codegen.emitter import Emit, MethodEmitter, V
from compiler.codegen.lltypes import storage
from compiler.codegen.ops_memory import copy_block, set_block
from compiler.types.layout import value_size
from compiler.types.type_desc import MethodDesc, PointerType, TypeDesc


def _pointer(m: MethodEmitter, value: V, desc: TypeDesc | None = None) -> V:
    return V("p", m.coerce(value, "p"), desc)


def _as(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    if len(method.args) == 1:
        m.push(V("p", m.coerce(values[0], "p"), method.args[0], nonnull=values[0].nonnull))
    else:
        m.push(V("p", m.coerce(values[0], "p"), m.universe.byref(method.args[1]), nonnull=values[0].nonnull))
    return True


def _same_pointer(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    return_type = m.universe.signature(method).return_type
    m.push(_pointer(m, values[0], return_type if isinstance(return_type, PointerType) else None))
    return True


def _scaled_offset(m: MethodEmitter, method: MethodDesc, value: V) -> str:
    size, _ = value_size(m.universe, method.args[0])
    if value.constant is not None:
        return str(value.constant * size)
    index = m.coerce(value, "l")
    return index if size == 1 else m.value(f"mul i64 {index}, {size}")


def _move(m: MethodEmitter, method: MethodDesc, values: list[V], offset: str, *, negative: bool) -> bool:
    if negative:
        offset = m.value(f"sub i64 0, {offset}")
    pointer = m.coerce(values[0], "p")
    m.push(V("p", m.value(f"getelementptr i8, ptr {pointer}, i64 {offset}"), m.universe.byref(method.args[0]) if method.args else None))
    return True


def _add(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    return _move(m, method, values, _scaled_offset(m, method, values[1]), negative=False)


def _subtract(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    return _move(m, method, values, _scaled_offset(m, method, values[1]), negative=True)


def _add_bytes(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    return _move(m, method, values, m.coerce(values[1], "l"), negative=False)


def _subtract_bytes(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    return _move(m, method, values, m.coerce(values[1], "l"), negative=True)


def _byte_offset(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    origin, target = m.coerce(values[0], "l"), m.coerce(values[1], "l")
    m.push(V("l", m.value(f"sub i64 {target}, {origin}")))
    return True


def _address_compare(predicate: str) -> Emit:
    def emit(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
        bit = m.value(f"icmp {predicate} ptr {m.coerce(values[0], 'p')}, {m.coerce(values[1], 'p')}")
        m.push(V("i", m.value(f"zext i1 {bit} to i32")))
        return True

    return emit


def _is_null_ref(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    bit = m.value(f"icmp eq ptr {m.coerce(values[0], 'p')}, null")
    m.push(V("i", m.value(f"zext i1 {bit} to i32")))
    return True


def _null_ref(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    m.push(V("p", "null", m.universe.byref(method.args[0])))
    return True


def _nothing(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    return True


def _size_of(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    m.push(V("i", str(value_size(m.universe, method.args[0])[0])))
    return True


def _read(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    m.push(m.load(method.args[0], m.coerce(values[0], "p"), align=1))
    return True


def _write(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    m.store(method.args[0], m.coerce(values[0], "p"), values[1], align=1)
    return True


def _copy(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    value = m.load(method.args[0], m.coerce(values[1], "p"), align=1)
    m.store(method.args[0], m.coerce(values[0], "p"), value, align=1)
    return True


def _copy_block(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    size = m.value(f"zext i32 {m.coerce(values[2], 'i')} to i64")
    copy_block(m, m.coerce(values[0], "p"), m.coerce(values[1], "p"), size)
    return True


def _init_block(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    size = m.value(f"zext i32 {m.coerce(values[2], 'i')} to i64")
    set_block(m, m.coerce(values[0], "p"), m.coerce(values[1], "i"), size)
    return True


def _unbox(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    pointer = m.coerce(values[0], "p")
    m.null_check(values[0], pointer)
    m.push(V("p", m.gep(pointer, 8), m.universe.byref(method.args[0]), nonnull=True))
    return True


def _bit_cast(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    source, target = method.args
    if value_size(m.universe, source)[0] != value_size(m.universe, target)[0]:
        return False
    size = max(storage(m.universe, source)[1], storage(m.universe, target)[1])
    temp = m.alloca(f"[{size} x i8]", 8)
    m.store(source, temp, values[0])
    m.push(m.load(target, temp) if m.kind_of(target) != "s" else V("s", temp, target))
    return True


UNSAFE_TABLES: dict[str, dict[str, Emit]] = {
    "System.Runtime.CompilerServices.Unsafe": {
        "As": _as, "AsPointer": _same_pointer, "AsRef": _same_pointer, "Add": _add, "Subtract": _subtract, "AddByteOffset": _add_bytes,
        "SubtractByteOffset": _subtract_bytes, "ByteOffset": _byte_offset, "AreSame": _address_compare("eq"),
        "IsAddressGreaterThan": _address_compare("ugt"), "IsAddressLessThan": _address_compare("ult"),
        "IsAddressGreaterThanOrEqualTo": _address_compare("uge"), "IsAddressLessThanOrEqualTo": _address_compare("ule"),
        "IsNullRef": _is_null_ref, "NullRef": _null_ref, "SkipInit": _nothing, "SizeOf": _size_of, "Read": _read, "ReadUnaligned": _read,
        "Write": _write, "WriteUnaligned": _write, "Copy": _copy, "CopyBlock": _copy_block, "CopyBlockUnaligned": _copy_block,
        "InitBlock": _init_block, "InitBlockUnaligned": _init_block, "Unbox": _unbox, "BitCast": _bit_cast,
    },
}
