"""Opcodes that put constants on the evaluation stack or rearrange it (ECMA-335 III.3); literals and type symbols for the others."""

from __future__ import annotations

import hashlib
import struct

from compiler.codegen.emitter import MethodEmitter, V
from compiler.codegen.lltypes import quote
from compiler.codegen.ops_arith import Op
from compiler.il.decode import Instruction
from compiler.metadata.signatures import ElementType
from compiler.types.layout import value_size
from compiler.types.naming import symbol, type_key
from compiler.types.type_desc import TypeDesc


def _ldc_int(m: MethodEmitter, ins: Instruction) -> None:
    m.push(V("i" if ins.name == "ldc.i4" else "l", str(ins.operand)))


def float_literal(value: float, kind: str) -> str:
    """A float constant in IR syntax: the bits of the double."""
    if kind == "f":
        value = struct.unpack("<f", struct.pack("<f", value))[0]
    return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"


def _ldc_float(m: MethodEmitter, ins: Instruction) -> None:
    assert isinstance(ins.operand, float)
    kind = "f" if ins.name == "ldc.r4" else "d"
    m.push(V(kind, float_literal(ins.operand, kind)))


def _ldnull(m: MethodEmitter, ins: Instruction) -> None:
    m.push(V("p", "null"))


def _ldstr(m: MethodEmitter, ins: Instruction) -> None:
    assert isinstance(ins.operand, int)
    m.push(string_literal(m, m.module.image.user_string(ins.operand & 0xFFFFFF)))


def string_literal(m: MethodEmitter, text: str) -> V:
    """A frozen string object; equal literals are one object in the whole program."""
    raw = text.encode("utf-16-le", "surrogatepass")
    name = "str." + hashlib.blake2b(raw, digest_size=12).hexdigest()
    string = m.universe.primitive(ElementType.STRING)
    table = type_symbol(m, string)
    n_chars = len(raw) // 2
    units = ", ".join(f"i16 {int.from_bytes(raw[i : i + 2], 'little', signed=True)}" for i in range(0, len(raw), 2))
    units = f"{units}, i16 0" if units else "i16 0"
    ll_type = f"<{{ i64, ptr, i32, [{n_chars + 1} x i16] }}>"
    m.globals[name] = (
        f"{quote(name)} = linkonce_odr global {ll_type} <{{ i64 0, ptr {table}, i32 {n_chars}, [{n_chars + 1} x i16] [{units}] }}>, "
        "comdat, align 16"
    )
    return V("p", f"getelementptr (i8, ptr {quote(name)}, i64 8)", string, nonnull=True, extra=text)


def _sizeof(m: MethodEmitter, ins: Instruction) -> None:
    m.push(V("i", str(value_size(m.universe, m.type_of(ins.operand))[0])))


def type_symbol(m: MethodEmitter, desc: TypeDesc) -> str:
    """The MethodTable of `desc`, in IR syntax; recorded as needed."""
    m.need("type", desc)
    name = symbol("mt", type_key(desc))
    return m.declare(name, f"{quote(name)} = external global i8")


def _dup(m: MethodEmitter, ins: Instruction) -> None:
    value = m.pop()
    m.push(value)
    m.push(value)


def _pop(m: MethodEmitter, ins: Instruction) -> None:
    m.pop()


def _nop(m: MethodEmitter, ins: Instruction) -> None:
    return


TABLE: dict[str, Op] = {
    "ldc.i4": _ldc_int, "ldc.i8": _ldc_int, "ldc.r4": _ldc_float, "ldc.r8": _ldc_float, "ldnull": _ldnull, "ldstr": _ldstr,
    "sizeof": _sizeof, "dup": _dup, "pop": _pop, "nop": _nop, "break": _nop,
}
