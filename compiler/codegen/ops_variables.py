"""Opcodes that read and write arguments and locals (ECMA-335 III.3)."""

from __future__ import annotations

from compiler.codegen.emitter import MethodEmitter, V
from compiler.codegen.ops_arith import Op
from compiler.il.decode import Instruction, InvalidProgram
from compiler.types.type_desc import TypeDesc


def _index(m: MethodEmitter, ins: Instruction, variables: list[tuple[TypeDesc, str]]) -> int:
    assert isinstance(ins.operand, int)
    if ins.operand >= len(variables):
        raise InvalidProgram("AOTD1011", f"{m.method!r}: variable {ins.operand} does not exist at IL offset 0x{ins.offset:04X}")
    return ins.operand


def _ldarg(m: MethodEmitter, ins: Instruction) -> None:
    index = _index(m, ins, m.args)
    desc, slot = m.args[index]
    value = m.load(desc, slot)
    is_this = index == 0 and m.signature.has_this and 0 not in m.arg_written and desc.is_reference
    m.push(V(value.kind, value.ir, desc, nonnull=is_this))


def _ldarga(m: MethodEmitter, ins: Instruction) -> None:
    desc, slot = m.args[_index(m, ins, m.args)]
    m.push(V("p", slot, m.universe.byref(desc), nonnull=True))


def _starg(m: MethodEmitter, ins: Instruction) -> None:
    desc, slot = m.args[_index(m, ins, m.args)]
    m.store(desc, slot, m.pop())


def _ldloc(m: MethodEmitter, ins: Instruction) -> None:
    desc, slot = m.locals[_index(m, ins, m.locals)]
    m.push(m.load(desc, slot))


def _ldloca(m: MethodEmitter, ins: Instruction) -> None:
    desc, slot = m.locals[_index(m, ins, m.locals)]
    m.push(V("p", slot, m.universe.byref(desc), nonnull=True))


def _stloc(m: MethodEmitter, ins: Instruction) -> None:
    desc, slot = m.locals[_index(m, ins, m.locals)]
    m.store(desc, slot, m.pop())


TABLE: dict[str, Op] = {
    "ldarg": _ldarg, "ldarga": _ldarga, "starg": _starg, "ldloc": _ldloc, "ldloca": _ldloca, "stloc": _stloc,
}
