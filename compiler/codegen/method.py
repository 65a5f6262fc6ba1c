"""One IL body -> one LLVM function as text, with everything that it refers to.

Blocks are generated from the entry along reachable edges only, so that branches folded by feature switches and by
generic arguments leave nothing behind. The result does not depend on anything else in the program.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

from compiler.codegen import (
    ops_arith,
    ops_call,
    ops_control,
    ops_elements,
    ops_exception,
    ops_fields,
    ops_memory,
    ops_object,
    ops_stack,
    ops_variables,
)
from compiler.codegen.emitter import ConstantOf, Dependency, MethodEmitter, Unsupported, V, method_declaration
from compiler.codegen.lltypes import LL_OF_KIND, call_shape, leaves, quote, storage
from compiler.codegen.ops_arith import Op
from compiler.codegen.ops_memory import zero
from compiler.il.decode import Instruction, InvalidProgram, decode
from compiler.metadata.method_body import ClauseKind
from compiler.types.definitions import IMPL_AGGRESSIVE_INLINING, IMPL_NO_INLINING
from compiler.types.naming import method_key, symbol
from compiler.types.type_desc import MethodDesc, TypeDesc
from compiler.types.universe import GenericContext, TypeUniverse

_MAX_INSTRUCTIONS = 60_000


@dataclass(frozen=True, slots=True)
class CodeItem:
    """Generated code. `text` defines `name`; `declares` and `globals` map the symbols it uses to their declarations and to
    definitions that every unit may repeat; `dependencies` say what else the program needs."""

    name: str
    text: str
    declares: dict[str, str]
    globals: dict[str, str]
    dependencies: tuple[Dependency, ...]
    n_instructions: int


def _prefix(m: MethodEmitter, ins: Instruction) -> None:
    m.prefixes[ins.name] = ins.operand if isinstance(ins.operand, int) else 0


_PREFIXES = frozenset({"constrained.", "volatile.", "unaligned.", "tail.", "readonly.", "no."})
TABLE: dict[str, Op] = {
    **ops_stack.TABLE, **ops_variables.TABLE, **ops_arith.TABLE, **ops_memory.TABLE, **ops_fields.TABLE, **ops_elements.TABLE,
    **ops_object.TABLE, **ops_call.TABLE, **ops_exception.TABLE, **ops_control.TABLE,
    **dict.fromkeys(_PREFIXES, _prefix),
}


def compile_body(universe: TypeUniverse, method: MethodDesc, constants: ConstantOf) -> CodeItem:
    """The code of a method that has IL. Raises InputError subclasses for invalid or unsupported IL."""
    m = _emitter(universe, method, constants)
    instructions = decode(m.body.code)
    if len(instructions) > _MAX_INSTRUCTIONS:
        raise Unsupported("AOTD2003", f"{method!r}: a method of {len(instructions)} instructions is too large")
    m.has_filters = any(c.kind is ClauseKind.FILTER for c in m.body.clauses)
    _declare_variables(m, instructions)
    ops_call.attach_foreign_thread(m)
    ops_call.prologue_class_init(m)
    _drive(m, instructions, 0)
    name = method_declaration(universe, method, "m")[0]
    text = _function_text(m, name, m.entry_head)
    for index in m.filters_used:
        text += "\n" + _compile_filter(m, instructions, index)
    return CodeItem(name, text, m.declares, m.globals, tuple(m.dependencies), len(instructions))


def _emitter(universe: TypeUniverse, method: MethodDesc, constants: ConstantOf) -> MethodEmitter:
    definition = method.definition
    body = definition.body
    if body is None:
        raise Unsupported("AOTD2001", f"{method!r} has no IL body")
    m = MethodEmitter(universe, method, definition.module, body, GenericContext(method.owner.args, method.args), constants)
    m.shape = call_shape(universe, m.signature, has_this=m.signature.has_this)
    return m


def _declare_variables(m: MethodEmitter, instructions: list[Instruction]) -> None:
    """Slots for arguments and locals; parameters are copied in, except structs in memory that the body never writes."""
    m.arg_written = {i.operand for i in instructions if i.name in ("starg", "ldarga") and isinstance(i.operand, int)}
    m.start_block("start")
    assert m.shape is not None
    parameters: list[str] = []
    if m.shape.returns_in_memory:
        parameters.append("ptr %ret")
    types = list(m.signature.parameters)
    if m.signature.has_this:
        owner = m.method.owner
        types.insert(0, m.universe.byref(owner) if owner.is_value_type else owner)
    frame = _Frame(m)
    for index, desc in enumerate(types):
        parts = leaves(m.universe, desc)
        if parts is None:
            parameters.append(f"ptr %p{index}")
            if index in m.arg_written or m.has_filters:
                slot = frame.slot(f"a{index}", desc)
                m.copy_bytes(slot, f"%p{index}", desc)
            else:
                slot = f"%p{index}"
        else:
            slot = frame.slot(f"a{index}", desc)
            for leaf, (offset, memory) in enumerate(parts):
                parameters.append(f"{memory} %p{index}.{leaf}")
                m.emit(f"store {memory} %p{index}.{leaf}, ptr {m.gep(slot, offset)}, align 1")
        m.args.append((desc, slot))
    for index, (desc, _) in enumerate(m.universe.locals_of(m.module, m.body.local_sig, m.context)):
        slot = frame.slot(f"l{index}", desc)
        m.locals.append((desc, slot))
        if m.body.init_locals:
            zero(m, slot, desc)
    frame.finish()
    m.entry_head = ", ".join(parameters)


class _Frame:
    """Places variables: apart in plain methods; in one block, whose address filters get, in methods with filters."""

    def __init__(self, m: MethodEmitter) -> None:
        self.m = m
        self.size_bytes = 0
        self.offsets: dict[str, int] = {}

    def slot(self, name: str, desc: TypeDesc) -> str:
        """The address of a new variable."""
        m = self.m
        ll_type, size, align = storage(m.universe, desc)
        if not m.has_filters:
            m.entry.append(f"%{name} = alloca {ll_type}, align {align}")
            return f"%{name}"
        start = (self.size_bytes + align - 1) & -align
        self.size_bytes = start + size
        self.offsets[name] = start
        m.frame_lines.append(f"%{name} = getelementptr i8, ptr %frame, i64 {start}")
        return f"%{name}"

    def finish(self) -> None:
        """Emits the block and registers it with the runtime."""
        m = self.m
        if not m.has_filters:
            return
        m.entry.insert(0, f"%frame = alloca [{max(self.size_bytes, 8)} x i8], align 16")
        m.entry.insert(1, "%filter.record = alloca [4 x i64], align 8")
        m.entry.extend(m.frame_lines)
        push = m.runtime("rt_filter_push", "void", "ptr, ptr", "nounwind")
        m.entry.append(f"call void {push}(ptr %filter.record, ptr %frame)")


def _drive(m: MethodEmitter, instructions: list[Instruction], start: int) -> None:
    """Generates all reachable blocks from IL offset `start`, then pads, dispatch and throw blocks, to a fix point."""
    index_of = {ins.offset: i for i, ins in enumerate(instructions)}
    leaders = _leaders(m, instructions)
    m.go_to(start)
    done: set[object] = set()
    while True:
        while m.worklist:
            offset = heapq.heappop(m.worklist)
            if offset not in index_of:
                raise InvalidProgram("AOTD1011", f"{m.method!r}: a branch goes to IL offset 0x{offset:04X}, inside an instruction")
            _emit_block(m, instructions, index_of[offset], leaders)
        if not _emit_pending(m, done):
            break
    if m.needs_resume:
        ops_exception.emit_resume(m)


def _emit_pending(m: MethodEmitter, done: set[object]) -> bool:
    """Emits throw blocks, landing pads, dispatch blocks and finally ends that were asked for; whether there were any."""
    progress = False
    for key, label in list(m.throw_blocks.items()):
        if label not in done:
            done.add(label)
            progress = True
            m.start_block(label)
            m.pads = key[1]
            m.call("void", m.runtime(key[0], "void", "", "noreturn cold"), [])
            m.emit("unreachable")
    for pads, label in list(m.landing_pads.items()):
        if label not in done:
            done.add(label)
            progress = True
            if m.in_filter:
                _emit_filter_pad(m, label)
            else:
                ops_exception.emit_landing_pad(m, pads, label)
    for index in list(m.dispatches):
        if not m.dispatches[index]:
            m.dispatches[index] = True
            progress = True
            if m.clause(index).kind is ClauseKind.FILTER:
                m.filters_used[index] = None
            ops_exception.emit_dispatch(m, index)
    for label, index, number in list(m.finally_hops):
        if label not in done:
            done.add(label)
            progress = True
            ops_exception.emit_hop(m, label, index, number)
    if not progress and not m.worklist:
        for index in sorted(m.ended_finally):
            if ("end", index) not in done:
                done.add(("end", index))
                progress = True
                ops_exception.emit_finally_end(m, index)
                break
    return progress or bool(m.worklist)


def _leaders(m: MethodEmitter, instructions: list[Instruction]) -> set[int]:
    leaders = {0}
    for ins in instructions:
        if isinstance(ins.operand, tuple):
            leaders.update(ins.operand)
            leaders.add(ins.next_offset)
        elif ins.name in ops_control.TABLE and ins.name != "ret":
            assert isinstance(ins.operand, int)
            leaders.add(ins.operand)
            leaders.add(ins.next_offset)
        elif ins.name == "leave":
            assert isinstance(ins.operand, int)
            leaders.add(ins.operand)
    for clause in m.body.clauses:
        leaders.update((clause.try_start, clause.handler_start))
        if clause.kind is ClauseKind.FILTER:
            leaders.add(clause.filter_start)
    return leaders


def _emit_block(m: MethodEmitter, instructions: list[Instruction], index: int, leaders: set[int]) -> None:
    first = instructions[index].offset
    m.start_block(f"b{first}")
    m.stack = []
    for slot in m.entry_stacks.get(first, []):
        if slot.kind == "s":
            m.stack.append(slot)
        else:
            ir = m.value(f"load {LL_OF_KIND[slot.kind]}, ptr {slot.ir}, align 8")
            m.stack.append(V(slot.kind, ir, slot.type, slot.nonnull))
    position = index
    while True:
        ins = instructions[position]
        m.offset = ins.offset
        m.pads = (-1,) if m.in_filter else m.clause_chain(ins.offset)
        m.next_instruction = [(i.name, i.operand) for i in instructions[position + 1 : position + 3]]
        emit = TABLE.get(ins.name)
        if emit is None:
            raise Unsupported("AOTD2001", f"{m.method!r}: opcode '{ins.name}' is not supported yet")
        emit(m, ins)
        if ins.name not in _PREFIXES and m.prefixes:
            m.prefixes.clear()
        if m.terminated:
            return
        position += 1 + m.skip
        m.skip = 0
        if position >= len(instructions):
            raise InvalidProgram("AOTD1011", f"{m.method!r}: control runs past the end of the method")
        if instructions[position].offset in leaders:
            m.go_to(instructions[position].offset)
            return


def _attributes(m: MethodEmitter) -> str:
    flags = m.method.definition.impl_flags
    if flags & IMPL_NO_INLINING or m.has_filters:
        return "noinline "
    if flags & IMPL_AGGRESSIVE_INLINING:
        return "alwaysinline "
    return ""


def _function_text(m: MethodEmitter, name: str, parameters: str) -> str:
    assert m.shape is not None
    personality = ""
    if m.landing_pads:
        m.declares["rt_personality"] = 'declare i32 @"rt_personality"(...)'
        personality = 'personality ptr @"rt_personality" '
        m.entry.insert(0, "%eh.exn = alloca ptr, align 8")
        m.entry.insert(1, "%eh.sel = alloca i32, align 4")
    result = "i32" if m.in_filter else m.shape.result
    linkage = "internal " if m.in_filter else ""
    lines = [f"define {linkage}{result} {quote(name)}({parameters}) {_attributes(m)}uwtable {personality}{{", "entry:"]
    lines.extend(m.entry)
    lines.append(f"br label %{m.blocks[0].label}")
    for block in m.blocks:
        lines.append(f"{block.label}:")
        lines.extend(block.lines)
    lines.append("}")
    return "\n".join(lines)


def _compile_filter(outer: MethodEmitter, instructions: list[Instruction], index: int) -> str:
    """The filter of clause `index` as a function of the frame and the exception.

    An exception inside counts as "no" (ECMA-335 I.12.4.2.5).
    """
    m = _emitter(outer.universe, outer.method, outer.constants)
    m.in_filter = True
    m.declares, m.globals, m.dependencies = outer.declares, outer.globals, outer.dependencies
    m.args, m.locals, m.arg_written = outer.args, outer.locals, outer.arg_written
    m.entry.extend(outer.frame_lines)
    slot = m.alloca("ptr", 8)
    m.entry.append(f"store ptr %exception, ptr {slot}, align 8")
    start = outer.clause(index).filter_start
    m.entry_stacks[start] = [V("p", slot, None, nonnull=True)]
    m.start_block("start")
    m.queue(start)
    m.branch(f"b{start}")
    _drive_from_queue(m, instructions)
    name = symbol("filter", f"{method_key(m.universe, m.method)}#{index}")
    return _function_text(m, name, "ptr %frame, ptr %exception")


def _drive_from_queue(m: MethodEmitter, instructions: list[Instruction]) -> None:
    index_of = {ins.offset: i for i, ins in enumerate(instructions)}
    leaders = _leaders(m, instructions)
    done: set[object] = set()
    while m.worklist or _emit_pending(m, done):
        while m.worklist:
            _emit_block(m, instructions, index_of[heapq.heappop(m.worklist)], leaders)


def _emit_filter_pad(m: MethodEmitter, label: str) -> None:
    m.start_block(label)
    m.pads = ()
    pair = m.value("landingpad {ptr, i32} catch ptr null")
    m.emit(f"call ptr {m.runtime('rt_begin_catch', 'ptr', 'ptr', 'nounwind')}(ptr {m.value(f'extractvalue {{ptr, i32}} {pair}, 0')})")
    m.emit("ret i32 0")
