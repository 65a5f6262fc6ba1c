"""IL bytes -> instructions (ECMA-335 III.1.2): offsets, opcodes and operands; branch operands become target offsets.

Short forms are folded into their long names (`ldarg.0` and `ldarg.s` give `ldarg` with a number), so that readers have
one row per operation. Nothing is resolved.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from compiler.diagnostics import InputError
from compiler.il.opcodes import OPCODES, Operand
from compiler.metadata.body_digests import SWITCH, TOKEN
from compiler.metadata.tokens import Token


class InvalidProgram(InputError):
    """IL that ECMA-335 III does not allow."""


OperandValue = int | float | tuple[int, ...]


class Instruction(NamedTuple):
    """One instruction. `operand` is a token, a number, or target offsets for branches (one) and switches (several)."""

    offset: int
    name: str
    operand: OperandValue
    next_offset: int

    @property
    def token(self) -> Token:
        """The operand of an opcode that takes a metadata token."""
        assert isinstance(self.operand, int)
        return Token(self.operand)


_FIXED: dict[str, tuple[str, int]] = {}
for _i in range(4):
    _FIXED[f"ldarg.{_i}"] = ("ldarg", _i)
    _FIXED[f"ldloc.{_i}"] = ("ldloc", _i)
    _FIXED[f"stloc.{_i}"] = ("stloc", _i)
for _i in range(9):
    _FIXED[f"ldc.i4.{_i}"] = ("ldc.i4", _i)
_FIXED["ldc.i4.m1"] = ("ldc.i4", -1)
_SHORT = {
    name: name[:-2]
    for name in (
        "ldarg.s ldarga.s starg.s ldloc.s ldloca.s stloc.s ldc.i4.s br.s brfalse.s brtrue.s beq.s bge.s bgt.s ble.s blt.s bne.un.s "
        "bge.un.s bgt.un.s ble.un.s blt.un.s leave.s"
    ).split()
}
_FORMATS = {
    Operand.I8: ("<b", 1), Operand.U8: ("<B", 1), Operand.U16: ("<H", 2), Operand.I32: ("<i", 4), Operand.I64: ("<q", 8),
    Operand.R4: ("<f", 4), Operand.R8: ("<d", 8), Operand.TOKEN: ("<I", 4), Operand.STRING: ("<I", 4),
    Operand.BRANCH8: ("<b", 1), Operand.BRANCH32: ("<i", 4),
}


def _compile_table() -> list[tuple[str, int, struct.Struct | None, int, bool] | None]:
    """Per opcode (index: code, or 256 + second byte): name, fixed operand, reader, operand size, is a branch."""
    table: list[tuple[str, int, struct.Struct | None, int, bool] | None] = [None] * 512
    for code, row in OPCODES.items():
        index = code if code < 0x100 else 256 + (code & 0xFF)
        name, value = _FIXED.get(row.name, (_SHORT.get(row.name, row.name), 0))
        if row.operand is Operand.NONE or row.operand is Operand.SWITCH:
            table[index] = (name, value, None, 0, row.operand is Operand.SWITCH)
        else:
            fmt, size = _FORMATS[row.operand]
            table[index] = (name, value, struct.Struct(fmt), size, row.operand in (Operand.BRANCH8, Operand.BRANCH32))
    return table


_TABLE = _compile_table()


def decode(code: bytes) -> list[Instruction]:
    """The instructions of `code` in order. Raises InvalidProgram on an unknown opcode or a cut operand."""
    result: list[Instruction] = []
    pos = 0
    size = len(code)
    append = result.append
    try:
        while pos < size:
            start = pos
            index = code[pos]
            pos += 1
            if index == 0xFE:
                index = 256 + code[pos]
                pos += 1
            row = _TABLE[index]
            if row is None:
                raise InvalidProgram("AOTD1010", f"unknown opcode at IL offset 0x{start:04X}")
            name, operand, reader, n_bytes, is_branch = row
            value: OperandValue = operand
            if reader is not None:
                value = reader.unpack_from(code, pos)[0]
                pos += n_bytes
                if is_branch:
                    assert isinstance(value, int)
                    value += pos
            elif is_branch:
                (count,) = struct.unpack_from("<I", code, pos)
                pos += 4
                if count > size:
                    raise InvalidProgram("AOTD1010", f"switch with {count} targets at IL offset 0x{start:04X}")
                end = pos + 4 * count
                value = tuple(end + t for t in struct.unpack_from(f"<{count}i", code, pos))
                pos = end
            append(Instruction(start, name, value, pos))
    except (struct.error, IndexError):
        raise InvalidProgram("AOTD1010", f"the instruction at IL offset 0x{start:04X} is cut short") from None
    return result


def operand_sizes() -> tuple[int, ...]:
    """The bytes behind each opcode, as `body_digests.read_bodies` wants them; 0 where there is no such opcode."""
    sizes = [0] * 512
    for code, row in OPCODES.items():
        size = SWITCH if row.operand is Operand.SWITCH else 0 if row.operand is Operand.NONE else _FORMATS[row.operand][1]
        is_token = row.operand in (Operand.TOKEN, Operand.STRING)
        sizes[code if code < 0x100 else 256 + (code & 0xFF)] = TOKEN if is_token else size
    return tuple(sizes)
