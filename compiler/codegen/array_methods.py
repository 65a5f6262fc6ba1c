"""Get, Set, Address and the constructors of general arrays (ECMA-335 II.14.2), which have no IL anywhere."""

from __future__ import annotations

from compiler.codegen.emitter import MethodEmitter, Unsupported, V
from compiler.codegen.ops_stack import type_symbol
from compiler.types.layout import value_size
from compiler.types.type_desc import ArrayMethod


def emit_array_method(m: MethodEmitter, method: ArrayMethod, this: V | None, arguments: list[V]) -> None:
    """Get, Set, Address and .ctor of a general array (ECMA-335 II.14.2); pushes the result."""
    array = method.owner
    if method.name == ".ctor":
        _new_general_array(m, method, arguments)
        return
    assert this is not None
    pointer = m.coerce(this, "p")
    m.null_check(this, pointer)
    rank = array.rank
    linear = "0"
    for dimension in range(rank):
        length = m.value(f"load i32, ptr {m.gep(pointer, 16 + 4 * dimension)}, align 4")
        lower = m.value(f"load i32, ptr {m.gep(pointer, 16 + 4 * rank + 4 * dimension)}, align 4")
        index = m.value(f"sub i32 {m.coerce(arguments[dimension], 'i')}, {lower}")
        m.throw_if(m.value(f"icmp uge i32 {index}, {length}"), "rt_throw_index_out_of_range")
        wide = m.value(f"zext i32 {index} to i64")
        scaled = linear if linear == "0" else m.value(f"mul i64 {linear}, {m.value(f'zext i32 {length} to i64')}")
        linear = wide if scaled == "0" else m.value(f"add i64 {scaled}, {wide}")
    size, _ = value_size(m.universe, array.item)
    address = m.value(f"getelementptr [{size} x i8], ptr {m.gep(pointer, 16 + 8 * rank)}, i64 {linear}")
    if method.name == "Get":
        m.push(m.load(array.item, address))
    elif method.name == "Address":
        m.push(V("p", address, m.universe.byref(array.item), nonnull=True))
    else:
        value = arguments[rank]
        if array.item.is_reference and value.ir != "null":
            check = m.runtime("rt_check_array_store", "void", "ptr, ptr")
            m.call("void", check, [f"ptr {pointer}", f"ptr {m.coerce(value, 'p')}"])
        m.store(array.item, address, value)


def _new_general_array(m: MethodEmitter, method: ArrayMethod, arguments: list[V]) -> None:
    array = method.owner
    if array.rank == 0:
        what = f"a constructor of the jagged array '{array!r}' with several lengths"
        raise Unsupported("AOTD2001", f"{m.method!r}: {what} is not supported yet")
    count = len(arguments)
    slot = m.alloca(f"[{count} x i32]", 4)
    for index, value in enumerate(arguments):
        m.emit(f"store i32 {m.coerce(value, 'i')}, ptr {m.gep(slot, 4 * index)}, align 4")
    m.need("constructed", array)
    helper = m.runtime("rt_new_general_array", "ptr", "ptr, ptr, i32")
    result = m.call("ptr", helper, [f"ptr {type_symbol(m, array)}", f"ptr {slot}", f"i32 {count}"])
    m.push(V("p", result, array, nonnull=True))
