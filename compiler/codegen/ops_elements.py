"""Opcodes that read and write elements of vectors (ECMA-335 III.4)."""

from __future__ import annotations

from compiler.codegen.emitter import MethodEmitter, V, is_sealed
from compiler.codegen.ops_arith import Op
from compiler.codegen.ops_memory import IND_ELEMENTS
from compiler.codegen.ops_stack import type_symbol
from compiler.il.decode import Instruction
from compiler.metadata.signatures import ElementType
from compiler.types.layout import value_size
from compiler.types.type_desc import ArrayType, TypeDesc


def element_address(m: MethodEmitter, array: V, index: V, item: TypeDesc) -> str:
    """The address of an element of a vector, after null and bounds checks (ECMA-335 III.4.7)."""
    pointer = m.coerce(array, "p")
    m.null_check(array, pointer)
    length = m.value(f"load i32, ptr {m.gep(pointer, 8)}, align 8")
    if index.kind == "i":
        m.throw_if(m.value(f"icmp uge i32 {index.ir}, {length}"), "rt_throw_index_out_of_range")
        wide = m.value(f"zext i32 {index.ir} to i64") if index.constant is None else index.ir
    else:
        wide = m.coerce(index, "l")
        m.throw_if(m.value(f"icmp uge i64 {wide}, {m.value(f'zext i32 {length} to i64')}"), "rt_throw_index_out_of_range")
    size, _ = value_size(m.universe, item)
    start = m.gep(pointer, 16)
    if size in (1, 2, 4, 8):
        return m.value(f"getelementptr i{size * 8}, ptr {start}, i64 {wide}", "g")
    return m.value(f"getelementptr [{size} x i8], ptr {start}, i64 {wide}", "g")


def _item_type(m: MethodEmitter, ins: Instruction, array: V) -> TypeDesc:
    if ins.name in ("ldelem", "stelem", "ldelema"):
        return m.type_of(ins.operand)
    suffix = ins.name[7:]
    if suffix == "ref":
        return array.type.item if isinstance(array.type, ArrayType) else m.universe.primitive(ElementType.OBJECT)
    return m.universe.primitive(IND_ELEMENTS[suffix])


def _ldelem(m: MethodEmitter, ins: Instruction) -> None:
    index = m.pop()
    array = m.pop()
    item = _item_type(m, ins, array)
    m.push(m.load(item, element_address(m, array, index, item)))


def _ldelema(m: MethodEmitter, ins: Instruction) -> None:
    index = m.pop()
    array = m.pop()
    item = m.type_of(ins.operand)
    address = element_address(m, array, index, item)
    if item.is_reference and not is_sealed(item) and "readonly." not in m.prefixes:
        check = m.runtime("rt_check_element_address", "void", "ptr, ptr")
        m.call("void", check, [f"ptr {m.coerce(array, 'p')}", f"ptr {type_symbol(m, item)}"])
    m.push(V("p", address, m.universe.byref(item), nonnull=True))


def _stelem(m: MethodEmitter, ins: Instruction) -> None:
    value = m.pop()
    index = m.pop()
    array = m.pop()
    item = _item_type(m, ins, array)
    address = element_address(m, array, index, item)
    if item.is_reference and value.ir != "null":
        known = isinstance(array.type, ArrayType) and is_sealed(array.type.item)
        if not known:
            check = m.runtime("rt_check_array_store", "void", "ptr, ptr")
            m.call("void", check, [f"ptr {m.coerce(array, 'p')}", f"ptr {m.coerce(value, 'p')}"])
    m.store(item, address, value)


def _ldlen(m: MethodEmitter, ins: Instruction) -> None:
    array = m.pop()
    pointer = m.coerce(array, "p")
    m.null_check(array, pointer)
    length = m.value(f"load i32, ptr {m.gep(pointer, 8)}, align 8")
    m.push(V("l", m.value(f"zext i32 {length} to i64")))


TABLE: dict[str, Op] = {
    **{f"ldelem.{s}": _ldelem for s in IND_ELEMENTS}, "ldelem": _ldelem, "ldelema": _ldelema,
    **{f"stelem.{s}": _stelem for s in ("i", "i1", "i2", "i4", "i8", "r4", "r8", "ref")}, "stelem": _stelem, "ldlen": _ldlen,
}
