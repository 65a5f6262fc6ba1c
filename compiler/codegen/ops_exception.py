"""Protected regions (ECMA-335 I.12.4.2, II.19): leave, throw, landing pads and the dispatch between handlers.

Zero-cost: nothing runs unless an exception is thrown. A landing pad names every clause of the enclosing regions, inner
first; the runtime's personality routine runs filters in the first phase and then lands here with the clause's number.
From there each clause's dispatch block either enters its handler or goes to the next outer clause.
"""

from __future__ import annotations

from compiler.codegen.emitter import MethodEmitter, Unsupported, V
from compiler.codegen.lltypes import quote
from compiler.codegen.ops_arith import Op
from compiler.codegen.ops_stack import type_symbol
from compiler.il.decode import Instruction
from compiler.metadata.method_body import ClauseKind
from compiler.types.naming import method_key, symbol, type_key

_EXN = "{ptr, i32}"


def _leave(m: MethodEmitter, ins: Instruction) -> None:
    assert isinstance(ins.operand, int)
    m.stack.clear()
    target = ins.operand
    left = [
        i
        for i in m.clause_chain(ins.offset)
        if m.clause(i).kind is ClauseKind.FINALLY and not m.clause(i).try_start <= target < m.clause(i).try_end
    ]
    m.queue(target)
    _run_finally_chain(m, left, target)


def _run_finally_chain(m: MethodEmitter, left: list[int], target: int) -> None:
    """Jumps through the finally handlers in `left`, then to `target`."""
    if not left:
        m.branch(f"b{target}")
        return
    following = f"b{target}"
    for index in reversed(left[1:]):
        hop = m.label("hop")
        m.finally_hops.append((hop, index, _exit_number(m, index, following)))
        following = hop
    first = left[0]
    m.emit(f"store i32 {_exit_number(m, first, following)}, ptr {_finally_slot(m, first)}, align 4")
    m.queue(m.clause(first).handler_start)
    m.entry_stacks.setdefault(m.clause(first).handler_start, [])
    m.branch(f"b{m.clause(first).handler_start}")


def _exit_number(m: MethodEmitter, index: int, label: str) -> int:
    """The number of `label` among the normal exits of finally clause `index`; 0 is the exceptional exit."""
    exits = m.finally_exits.setdefault(index, [])
    if label not in exits:
        exits.append(label)
    return exits.index(label) + 1


def _finally_slot(m: MethodEmitter, index: int) -> str:
    name = f"%fin.{index}"
    if index not in m.finally_slots:
        m.finally_slots.add(index)
        m.entry.append(f"{name} = alloca i32, align 4")
        m.entry.append(f"%exn.{index} = alloca ptr, align 8")
        m.entry.append(f"%sel.{index} = alloca i32, align 4")
    return name


def _endfinally(m: MethodEmitter, ins: Instruction) -> None:
    for index, clause in enumerate(m.body.clauses):
        if clause.kind in (ClauseKind.FINALLY, ClauseKind.FAULT) and clause.handler_start <= ins.offset < clause.handler_end:
            _finally_slot(m, index)
            m.ended_finally.add(index)
            m.branch(f"endfin.{index}")
            return
    raise Unsupported("AOTD2001", f"{m.method!r}: endfinally outside a finally handler")


def _throw(m: MethodEmitter, ins: Instruction) -> None:
    m.call("void", m.runtime("rt_throw", "void", "ptr", "noreturn cold"), [f"ptr {m.pop_as('p')}"])
    m.emit("unreachable")
    m.terminated = True


def _rethrow(m: MethodEmitter, ins: Instruction) -> None:
    best = -1
    for index, clause in enumerate(m.body.clauses):
        if clause.kind in (ClauseKind.CATCH, ClauseKind.FILTER) and clause.handler_start <= ins.offset < clause.handler_end:
            if best < 0 or clause.handler_start >= m.clause(best).handler_start:
                best = index
    if best < 0:
        raise Unsupported("AOTD2001", f"{m.method!r}: rethrow outside a catch handler")
    exception = m.value(f"load ptr, ptr {catch_slot(m, best)}, align 8")
    m.call("void", m.runtime("rt_rethrow", "void", "ptr", "noreturn cold"), [f"ptr {exception}"])
    m.emit("unreachable")
    m.terminated = True


def catch_slot(m: MethodEmitter, index: int) -> str:
    """The slot that holds the exception of catch clause `index`."""
    name = f"%catch.{index}"
    if index not in m.catch_slots:
        m.catch_slots.add(index)
        m.entry.append(f"{name} = alloca ptr, align 8")
    return name


def _endfilter(m: MethodEmitter, ins: Instruction) -> None:
    m.emit(f"ret i32 {m.pop_as('i')}")
    m.terminated = True


def clause_symbol(m: MethodEmitter, index: int) -> str:
    """The descriptor that the personality routine reads for clause `index`: kind, and MethodTable or filter code."""
    clause = m.clause(index)
    if clause.kind is ClauseKind.FILTER:
        name = symbol("ehf", f"{method_key(m.universe, m.method)}#{index}")
        code = quote(symbol("filter", f"{method_key(m.universe, m.method)}#{index}"))
        m.globals[name] = f"{quote(name)} = internal constant {{ i64, ptr }} {{ i64 1, ptr {code} }}"
        return quote(name)
    desc = m.type_of(clause.class_token)
    name = symbol("ehc", type_key(desc))
    m.globals[name] = f"{quote(name)} = linkonce_odr constant {{ i64, ptr }} {{ i64 0, ptr {type_symbol(m, desc)} }}, comdat"
    return quote(name)


def _next_clause(m: MethodEmitter, index: int) -> int:
    """The clause that an exception meets after clause `index`, or -1."""
    inner = m.clause(index)
    for other in range(index + 1, len(m.body.clauses)):
        outer = m.clause(other)
        if outer.try_start <= inner.try_start and inner.try_end <= outer.try_end:
            return other
    return -1


def emit_landing_pad(m: MethodEmitter, pads: tuple[int, ...], label: str) -> None:
    """The landing pad of the region that `pads` protects."""
    m.start_block(label)
    m.pads = ()
    clauses: list[str] = []
    cleanup = False
    for index in pads:
        if m.clause(index).kind in (ClauseKind.CATCH, ClauseKind.FILTER):
            clauses.append(f"catch ptr {clause_symbol(m, index)}")
        else:
            cleanup = True
    text = f"landingpad {_EXN} {'cleanup ' if cleanup else ''}{' '.join(clauses)}"
    pair = m.value(text)
    m.emit(f"store ptr {m.value(f'extractvalue {_EXN} {pair}, 0')}, ptr %eh.exn, align 8")
    m.emit(f"store i32 {m.value(f'extractvalue {_EXN} {pair}, 1')}, ptr %eh.sel, align 4")
    _go_to_dispatch(m, pads[0])


def _go_to_dispatch(m: MethodEmitter, index: int) -> None:
    if index < 0:
        m.needs_resume = True
        m.branch("eh.resume")
        return
    if index not in m.dispatches:
        m.dispatches[index] = False
    m.branch(f"disp.{index}")


def emit_dispatch(m: MethodEmitter, index: int) -> None:
    """The dispatch block of clause `index`; queues its handler."""
    clause = m.clause(index)
    m.start_block(f"disp.{index}")
    m.pads = ()
    if clause.kind in (ClauseKind.FINALLY, ClauseKind.FAULT):
        slot = _finally_slot(m, index)
        m.emit(f"store i32 0, ptr {slot}, align 4")
        m.emit(f"store ptr {m.value('load ptr, ptr %eh.exn, align 8')}, ptr %exn.{index}, align 8")
        m.emit(f"store i32 {m.value('load i32, ptr %eh.sel, align 4')}, ptr %sel.{index}, align 4")
        m.entry_stacks.setdefault(clause.handler_start, [])
        m.queue(clause.handler_start)
        m.branch(f"b{clause.handler_start}")
        return
    m.declares["llvm.eh.typeid.for.p0"] = "declare i32 @llvm.eh.typeid.for.p0(ptr)"
    wanted = m.value(f"call i32 @llvm.eh.typeid.for.p0(ptr {clause_symbol(m, index)})")
    selector = m.value("load i32, ptr %eh.sel, align 4")
    enter, other = m.label("enter"), m.label("other")
    m.emit(f"br i1 {m.value(f'icmp eq i32 {selector}, {wanted}')}, label %{enter}, label %{other}")
    m.start_block(other)
    _go_to_dispatch(m, _next_clause(m, index))
    m.start_block(enter)
    exception = m.value("load ptr, ptr %eh.exn, align 8")
    caught = m.value(f"call ptr {m.runtime('rt_begin_catch', 'ptr', 'ptr', 'nounwind')}(ptr {exception})")
    slot = catch_slot(m, index)
    m.emit(f"store ptr {caught}, ptr {slot}, align 8")
    m.entry_stacks[clause.handler_start] = [V("p", slot, None, nonnull=True)]
    m.queue(clause.handler_start)
    m.branch(f"b{clause.handler_start}")


def emit_finally_end(m: MethodEmitter, index: int) -> None:
    """What follows endfinally of clause `index`: the next exit, or the next outer handler."""
    m.start_block(f"endfin.{index}")
    m.pads = ()
    number = m.value(f"load i32, ptr %fin.{index}, align 4")
    cases = " ".join(f"i32 {i}, label %{label}" for i, label in enumerate(m.finally_exits.get(index, []), 1))
    onward = m.label("onward")
    m.emit(f"switch i32 {number}, label %{onward} [ {cases} ]")
    m.start_block(onward)
    if index in m.dispatches:
        m.emit(f"store ptr {m.value(f'load ptr, ptr %exn.{index}, align 8')}, ptr %eh.exn, align 8")
        m.emit(f"store i32 {m.value(f'load i32, ptr %sel.{index}, align 4')}, ptr %eh.sel, align 4")
        _go_to_dispatch(m, _next_clause(m, index))
    else:
        m.emit("unreachable")
        m.terminated = True


def emit_hop(m: MethodEmitter, label: str, index: int, number: int) -> None:
    """Between two finally handlers on the way of one leave: enters the handler of clause `index` with exit `number`."""
    m.start_block(label)
    m.pads = ()
    m.emit(f"store i32 {number}, ptr {_finally_slot(m, index)}, align 4")
    handler = m.clause(index).handler_start
    m.entry_stacks.setdefault(handler, [])
    m.queue(handler)
    m.branch(f"b{handler}")


def emit_resume(m: MethodEmitter) -> None:
    """Goes on unwinding into the caller."""
    m.start_block("eh.resume")
    first = m.value(f"insertvalue {_EXN} poison, ptr {m.value('load ptr, ptr %eh.exn, align 8')}, 0")
    both = m.value(f"insertvalue {_EXN} {first}, i32 {m.value('load i32, ptr %eh.sel, align 4')}, 1")
    m.emit(f"resume {_EXN} {both}")
    m.terminated = True


TABLE: dict[str, Op] = {
    "leave": _leave, "endfinally": _endfinally, "throw": _throw, "rethrow": _rethrow, "endfilter": _endfilter,
}
