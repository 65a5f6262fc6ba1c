"""Opcodes that read and write memory through pointers (ECMA-335 III.3, III.4), and blocks of memory for the others."""

from __future__ import annotations

from compiler.codegen.emitter import MethodEmitter, V
from compiler.codegen.ops_arith import Op
from compiler.il.decode import Instruction
from compiler.metadata.signatures import ElementType
from compiler.types.layout import value_size
from compiler.types.type_desc import PointerType, TypeDesc

# The suffix of ldind, stind, ldelem and stelem -> the type in memory.
IND_ELEMENTS = {
    "i1": ElementType.I1, "u1": ElementType.U1, "i2": ElementType.I2, "u2": ElementType.U2, "i4": ElementType.I4, "u4": ElementType.U4,
    "i8": ElementType.I8, "i": ElementType.I, "r4": ElementType.R4, "r8": ElementType.R8, "ref": ElementType.OBJECT,
}


def _align(m: MethodEmitter) -> int:
    return 1 if "unaligned." in m.prefixes else 0


def _ind_type(m: MethodEmitter, suffix: str, pointer: V) -> TypeDesc:
    if suffix == "ref" and isinstance(pointer.type, PointerType) and pointer.type.item.is_reference:
        return pointer.type.item
    return m.universe.primitive(IND_ELEMENTS[suffix])


def _ldind(m: MethodEmitter, ins: Instruction) -> None:
    pointer = m.pop()
    desc = _ind_type(m, ins.name[6:], pointer)
    m.push(m.load(desc, m.coerce(pointer, "p"), align=_align(m), volatile="volatile." in m.prefixes))


def _stind(m: MethodEmitter, ins: Instruction) -> None:
    value = m.pop()
    pointer = m.pop()
    desc = _ind_type(m, ins.name[6:], pointer)
    m.store(desc, m.coerce(pointer, "p"), value, align=_align(m), volatile="volatile." in m.prefixes)


def _ldobj(m: MethodEmitter, ins: Instruction) -> None:
    m.push(m.load(m.type_of(ins.operand), m.pop_as("p"), align=_align(m), volatile="volatile." in m.prefixes))


def _stobj(m: MethodEmitter, ins: Instruction) -> None:
    value = m.pop()
    m.store(m.type_of(ins.operand), m.pop_as("p"), value, align=_align(m), volatile="volatile." in m.prefixes)


def _cpobj(m: MethodEmitter, ins: Instruction) -> None:
    source = m.pop_as("p")
    target = m.pop_as("p")
    desc = m.type_of(ins.operand)
    m.store(desc, target, m.load(desc, source))


def zero(m: MethodEmitter, pointer: str, desc: TypeDesc) -> None:
    """Stores default(T) at `pointer`."""
    kind = m.kind_of(desc)
    if kind == "s":
        size, align = value_size(m.universe, desc)
        m.declares["llvm.memset.p0.i64"] = "declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)"
        m.emit(f"call void @llvm.memset.p0.i64(ptr align {min(align, 8)} {pointer}, i8 0, i64 {size}, i1 false)")
    else:
        literal = {"i": V("i", "0"), "l": V("l", "0"), "p": V("p", "null"), "f": V("f", "0.0"), "d": V("d", "0.0")}[kind]
        m.store(desc, pointer, literal)


def _initobj(m: MethodEmitter, ins: Instruction) -> None:
    zero(m, m.pop_as("p"), m.type_of(ins.operand))


def _cpblk(m: MethodEmitter, ins: Instruction) -> None:
    size = m.pop_as("i")
    source = m.pop_as("p")
    target = m.pop_as("p")
    copy_block(m, target, source, m.value(f"zext i32 {size} to i64"))


def copy_block(m: MethodEmitter, target: str, source: str, n_bytes: str) -> None:
    """memmove of `n_bytes` (an i64 operand); overlap is allowed, as the class library expects."""
    m.declares["llvm.memmove.p0.p0.i64"] = "declare void @llvm.memmove.p0.p0.i64(ptr, ptr, i64, i1)"
    m.emit(f"call void @llvm.memmove.p0.p0.i64(ptr {target}, ptr {source}, i64 {n_bytes}, i1 false)")


def _initblk(m: MethodEmitter, ins: Instruction) -> None:
    size = m.pop_as("i")
    value = m.pop_as("i")
    target = m.pop_as("p")
    set_block(m, target, value, m.value(f"zext i32 {size} to i64"))


def set_block(m: MethodEmitter, target: str, value: str, n_bytes: str) -> None:
    """memset of `n_bytes` (i64) with the low byte of `value` (i32)."""
    m.declares["llvm.memset.p0.i64"] = "declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)"
    m.emit(f"call void @llvm.memset.p0.i64(ptr {target}, i8 {m.value(f'trunc i32 {value} to i8')}, i64 {n_bytes}, i1 false)")


def _localloc(m: MethodEmitter, ins: Instruction) -> None:
    size = m.pop_as("l")
    name = m.value(f"alloca i8, i64 {size}, align 16")
    if m.body.init_locals:
        m.declares["llvm.memset.p0.i64"] = "declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)"
        m.emit(f"call void @llvm.memset.p0.i64(ptr align 16 {name}, i8 0, i64 {size}, i1 false)")
    m.push(V("p", name, None, nonnull=True))


TABLE: dict[str, Op] = {
    **{f"ldind.{s}": _ldind for s in IND_ELEMENTS},
    **{f"stind.{s}": _stind for s in ("ref", "i1", "i2", "i4", "i8", "r4", "r8", "i")},
    "ldobj": _ldobj, "stobj": _stobj, "cpobj": _cpobj, "initobj": _initobj, "cpblk": _cpblk, "initblk": _initblk, "localloc": _localloc,
}
