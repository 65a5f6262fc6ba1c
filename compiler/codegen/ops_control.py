"""Opcodes that end a block: branches, switch and ret (ECMA-335 III.3)."""

from __future__ import annotations

from compiler.codegen.emitter import MethodEmitter, V
from compiler.codegen.lltypes import leaves, scalar
from compiler.codegen.ops_arith import Op, compare
from compiler.il.decode import Instruction


def _branch(m: MethodEmitter, ins: Instruction) -> None:
    assert isinstance(ins.operand, int)
    m.go_to(ins.operand)


def _conditional(m: MethodEmitter, ins: Instruction, condition: str) -> None:
    assert isinstance(ins.operand, int)
    if condition in ("true", "false"):
        m.go_to(ins.operand if condition == "true" else ins.next_offset)
        return
    m.spill(ins.operand)
    m.spill(ins.next_offset)
    m.emit(f"br i1 {condition}, label %b{ins.operand}, label %b{ins.next_offset}")
    m.terminated = True


def _compare_branch(m: MethodEmitter, ins: Instruction) -> None:
    b, a = m.pop(), m.pop()
    predicate = ins.name[1:]
    condition = compare(m, predicate, a, b)
    _conditional(m, ins, condition)


def _test_branch(m: MethodEmitter, ins: Instruction) -> None:
    value = m.pop()
    zero_value = V(value.kind, {"p": "null", "f": "0.0", "d": "0.0"}.get(value.kind, "0"))
    condition = compare(m, "ne.un" if ins.name == "brtrue" else "eq", value, zero_value)
    _conditional(m, ins, condition)


def _switch(m: MethodEmitter, ins: Instruction) -> None:
    assert isinstance(ins.operand, tuple)
    value = m.pop()
    if value.constant is not None:
        index = value.constant
        m.go_to(ins.operand[index] if 0 <= index < len(ins.operand) else ins.next_offset)
        return
    for target in dict.fromkeys((*ins.operand, ins.next_offset)):
        m.spill(target)
    operand = m.coerce(value, "i")
    cases = " ".join(f"i32 {i}, label %b{t}" for i, t in enumerate(ins.operand))
    m.emit(f"switch i32 {operand}, label %b{ins.next_offset} [ {cases} ]")
    m.terminated = True


def _ret(m: MethodEmitter, ins: Instruction) -> None:
    if m.has_filters:
        m.emit(f"call void {m.runtime('rt_filter_pop', 'void', 'ptr', 'nounwind')}(ptr %filter.record)")
    m.terminated = True
    emit_return(m)


def emit_return(m: MethodEmitter) -> None:
    """Returns the value on the stack, if the signature has one, as the calling convention says."""
    desc = m.signature.return_type
    if m.is_void(desc):
        m.emit("ret void")
        return
    value = m.pop()
    assert m.shape is not None
    if m.shape.returns_in_memory:
        m.copy_bytes("%ret", value.ir, desc)
        m.emit("ret void")
        return
    one = scalar(m.universe, desc)
    if one is not None:
        m.emit(f"ret {one[0]} {m.to_memory(desc, value)}")
        return
    parts = leaves(m.universe, desc)
    assert parts is not None
    loaded = [(t, m.value(f"load {t}, ptr {m.gep(value.ir, o)}, align 1")) for o, t in parts]
    if len(loaded) == 1:
        m.emit(f"ret {loaded[0][0]} {loaded[0][1]}")
        return
    pair = "poison"
    for index, (ll_type, operand) in enumerate(loaded):
        pair = m.value(f"insertvalue {m.shape.result} {pair}, {ll_type} {operand}, {index}")
    m.emit(f"ret {m.shape.result} {pair}")


TABLE: dict[str, Op] = {
    "br": _branch, "brtrue": _test_branch, "brfalse": _test_branch, "switch": _switch, "ret": _ret,
    **{f"b{p}": _compare_branch for p in ("eq", "ge", "gt", "le", "lt", "ne.un", "ge.un", "gt.un", "le.un", "lt.un")},
}
