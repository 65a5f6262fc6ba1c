"""The IL opcodes (ECMA-335 III, Partition VI Annex C.1): one row per opcode.

A row is: code (two-byte codes are 0xFE00 + second byte), name, operand kind, flow kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Operand(Enum):
    """What follows an opcode; `value` is its size in bytes (SWITCH: of its count)."""

    NONE = "none"
    I8 = "i8"
    U8 = "u8"
    U16 = "u16"
    I32 = "i32"
    I64 = "i64"
    R4 = "r4"
    R8 = "r8"
    TOKEN = "token"
    STRING = "string"
    BRANCH8 = "branch8"
    BRANCH32 = "branch32"
    SWITCH = "switch"


class Flow(Enum):
    """Where control goes after an instruction."""

    NEXT = "next"
    BRANCH = "branch"
    CONDITIONAL = "conditional"
    END = "end"
    PREFIX = "prefix"


@dataclass(frozen=True, slots=True)
class Opcode:
    """One opcode of the instruction set."""

    code: int
    name: str
    operand: Operand
    flow: Flow


_N, _E, _B, _C, _P = Flow.NEXT, Flow.END, Flow.BRANCH, Flow.CONDITIONAL, Flow.PREFIX
_O = Operand


# First code, names of it and the following codes, operand, flow (ECMA-335 III.3, III.4).
_ROWS: tuple[tuple[int, str, Operand, Flow], ...] = (
    (0x00, "nop break ldarg.0 ldarg.1 ldarg.2 ldarg.3 ldloc.0 ldloc.1 ldloc.2 ldloc.3 stloc.0 stloc.1 stloc.2 stloc.3", _O.NONE, _N),
    (0x0E, "ldarg.s ldarga.s starg.s ldloc.s ldloca.s stloc.s", _O.U8, _N),
    (0x14, "ldnull ldc.i4.m1 ldc.i4.0 ldc.i4.1 ldc.i4.2 ldc.i4.3 ldc.i4.4 ldc.i4.5 ldc.i4.6 ldc.i4.7 ldc.i4.8", _O.NONE, _N),
    (0x1F, "ldc.i4.s", _O.I8, _N),
    (0x20, "ldc.i4", _O.I32, _N),
    (0x21, "ldc.i8", _O.I64, _N),
    (0x22, "ldc.r4", _O.R4, _N),
    (0x23, "ldc.r8", _O.R8, _N),
    (0x25, "dup pop", _O.NONE, _N),
    (0x27, "jmp", _O.TOKEN, _E),
    (0x28, "call calli", _O.TOKEN, _N),
    (0x2A, "ret", _O.NONE, _E),
    (0x2B, "br.s", _O.BRANCH8, _B),
    (0x2C, "brfalse.s brtrue.s beq.s bge.s bgt.s ble.s blt.s bne.un.s bge.un.s bgt.un.s ble.un.s blt.un.s", _O.BRANCH8, _C),
    (0x38, "br", _O.BRANCH32, _B),
    (0x39, "brfalse brtrue beq bge bgt ble blt bne.un bge.un bgt.un ble.un blt.un", _O.BRANCH32, _C),
    (0x45, "switch", _O.SWITCH, _C),
    (0x46, "ldind.i1 ldind.u1 ldind.i2 ldind.u2 ldind.i4 ldind.u4 ldind.i8 ldind.i ldind.r4 ldind.r8 ldind.ref", _O.NONE, _N),
    (0x51, "stind.ref stind.i1 stind.i2 stind.i4 stind.i8 stind.r4 stind.r8", _O.NONE, _N),
    (0x58, "add sub mul div div.un rem rem.un and or xor shl shr shr.un neg not", _O.NONE, _N),
    (0x67, "conv.i1 conv.i2 conv.i4 conv.i8 conv.r4 conv.r8 conv.u4 conv.u8", _O.NONE, _N),
    (0x6F, "callvirt cpobj ldobj", _O.TOKEN, _N),
    (0x72, "ldstr", _O.STRING, _N),
    (0x73, "newobj castclass isinst", _O.TOKEN, _N),
    (0x76, "conv.r.un", _O.NONE, _N),
    (0x79, "unbox", _O.TOKEN, _N),
    (0x7A, "throw", _O.NONE, _E),
    (0x7B, "ldfld ldflda stfld ldsfld ldsflda stsfld stobj", _O.TOKEN, _N),
    (
        0x82,
        "conv.ovf.i1.un conv.ovf.i2.un conv.ovf.i4.un conv.ovf.i8.un conv.ovf.u1.un conv.ovf.u2.un conv.ovf.u4.un conv.ovf.u8.un "
        "conv.ovf.i.un conv.ovf.u.un",
        _O.NONE,
        _N,
    ),
    (0x8C, "box newarr", _O.TOKEN, _N),
    (0x8E, "ldlen", _O.NONE, _N),
    (0x8F, "ldelema", _O.TOKEN, _N),
    (
        0x90,
        "ldelem.i1 ldelem.u1 ldelem.i2 ldelem.u2 ldelem.i4 ldelem.u4 ldelem.i8 ldelem.i ldelem.r4 ldelem.r8 ldelem.ref "
        "stelem.i stelem.i1 stelem.i2 stelem.i4 stelem.i8 stelem.r4 stelem.r8 stelem.ref",
        _O.NONE,
        _N,
    ),
    (0xA3, "ldelem stelem unbox.any", _O.TOKEN, _N),
    (0xB3, "conv.ovf.i1 conv.ovf.u1 conv.ovf.i2 conv.ovf.u2 conv.ovf.i4 conv.ovf.u4 conv.ovf.i8 conv.ovf.u8", _O.NONE, _N),
    (0xC2, "refanyval", _O.TOKEN, _N),
    (0xC3, "ckfinite", _O.NONE, _N),
    (0xC6, "mkrefany", _O.TOKEN, _N),
    (0xD0, "ldtoken", _O.TOKEN, _N),
    (0xD1, "conv.u2 conv.u1 conv.i conv.ovf.i conv.ovf.u add.ovf add.ovf.un mul.ovf mul.ovf.un sub.ovf sub.ovf.un", _O.NONE, _N),
    (0xDC, "endfinally", _O.NONE, _E),
    (0xDD, "leave", _O.BRANCH32, _B),
    (0xDE, "leave.s", _O.BRANCH8, _B),
    (0xDF, "stind.i conv.u", _O.NONE, _N),
    (0xFE00, "arglist ceq cgt cgt.un clt clt.un", _O.NONE, _N),
    (0xFE06, "ldftn ldvirtftn", _O.TOKEN, _N),
    (0xFE09, "ldarg ldarga starg ldloc ldloca stloc", _O.U16, _N),
    (0xFE0F, "localloc", _O.NONE, _N),
    (0xFE11, "endfilter", _O.NONE, _E),
    (0xFE12, "unaligned.", _O.U8, _P),
    (0xFE13, "volatile. tail.", _O.NONE, _P),
    (0xFE15, "initobj", _O.TOKEN, _N),
    (0xFE16, "constrained.", _O.TOKEN, _P),
    (0xFE17, "cpblk initblk", _O.NONE, _N),
    (0xFE19, "no.", _O.U8, _P),
    (0xFE1A, "rethrow", _O.NONE, _E),
    (0xFE1C, "sizeof", _O.TOKEN, _N),
    (0xFE1D, "refanytype", _O.NONE, _N),
    (0xFE1E, "readonly.", _O.NONE, _P),
)


def _by_code() -> dict[int, Opcode]:
    table: dict[int, Opcode] = {}
    for first, names, operand, flow in _ROWS:
        for code, name in enumerate(names.split(), first):
            table[code] = Opcode(code, name, operand, flow)
    return table


OPCODES: dict[int, Opcode] = _by_code()
BY_NAME: dict[str, Opcode] = {row.name: row for row in OPCODES.values()}
