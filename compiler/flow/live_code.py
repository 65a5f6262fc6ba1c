"""Instructions and known constants -> the instructions that can run: branches on feature switches are decided before analysis.

Only what one basic block shows is evaluated: constants, calls whose result is known, comparisons and Boolean operations on them,
and locals stored in the same block. An exception handler can run when its protected region can.
"""

from __future__ import annotations

from collections.abc import Callable

from compiler.flow.stack_effects import BLOCK_ENDS
from compiler.il.decode import Instruction
from compiler.metadata.method_body import MethodBody

# A method token -> the integer that a call of it always gives and the number of values that the call takes, or None.
ConstantOf = Callable[[int], tuple[int, int] | None]
_NO_FALL_THROUGH = frozenset({"br", "leave", "ret", "throw", "rethrow", "endfinally", "endfilter", "jmp"})
_ENDS_WITHOUT_TARGET = frozenset({"ret", "throw", "rethrow", "endfinally", "endfilter", "jmp"})
_COMPARES: dict[str, Callable[[int, int], bool]] = {
    "beq": lambda a, b: a == b,
    "bne.un": lambda a, b: a != b,
    "bge": lambda a, b: a >= b,
    "bgt": lambda a, b: a > b,
    "ble": lambda a, b: a <= b,
    "blt": lambda a, b: a < b,
}
_CONDITIONS = frozenset({"brtrue", "brfalse", *_COMPARES})
_OPERATIONS: dict[str, Callable[[int, int], int]] = {
    "ceq": lambda a, b: int(a == b),
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "xor": lambda a, b: a ^ b,
}


def live_instructions(instructions: list[Instruction], body: MethodBody, constant_of: ConstantOf) -> list[Instruction]:
    """The instructions that can run, in order; the same list when no branch is decided."""
    index_of = {instruction.offset: index for index, instruction in enumerate(instructions)}
    starts = _block_starts(instructions, body)
    outcomes = _decided_branches(instructions, starts, constant_of)
    if not outcomes:
        return instructions
    live: set[int] = set()
    pending = [0]
    pending_clauses = list(body.clauses)
    while pending:
        index: int | None = pending.pop()
        while index is not None and index < len(instructions) and index not in live:
            live.add(index)
            index = _follow(instructions, index, outcomes, index_of, pending)
        if not pending:
            for clause in list(pending_clauses):
                if any(clause.try_start <= instructions[i].offset < clause.try_end for i in live):
                    pending_clauses.remove(clause)
                    pending.extend(index_of[o] for o in (clause.handler_start, clause.filter_start) if o and o in index_of)
    return [instruction for index, instruction in enumerate(instructions) if index in live]


def _follow(
    instructions: list[Instruction], index: int, outcomes: dict[int, bool], index_of: dict[int, int], pending: list[int]
) -> int | None:
    """The index where control goes next by falling through, or None; other ways go to `pending`."""
    instruction = instructions[index]
    name, operand = instruction.name, instruction.operand
    if name not in BLOCK_ENDS:
        return index + 1
    if name in _ENDS_WITHOUT_TARGET:
        return None
    outcome = outcomes.get(index)
    if outcome is not False:
        targets = operand if isinstance(operand, tuple) else (int(operand),)
        pending.extend(index_of[target] for target in targets if target in index_of)
    return None if name in _NO_FALL_THROUGH or outcome is True else index + 1


def _block_starts(instructions: list[Instruction], body: MethodBody) -> set[int]:
    starts: set[int] = set()
    for instruction in instructions:
        if instruction.name in BLOCK_ENDS:
            starts.add(instruction.next_offset)
            if instruction.name not in _ENDS_WITHOUT_TARGET:
                operand = instruction.operand
                starts.update(operand if isinstance(operand, tuple) else (int(operand),))
    for clause in body.clauses:
        starts.update((clause.try_start, clause.handler_start))
    return starts


def _decided_branches(instructions: list[Instruction], starts: set[int], constant_of: ConstantOf) -> dict[int, bool]:
    """Index of a conditional branch -> whether it is taken, for those that are decided."""
    outcomes: dict[int, bool] = {}
    begin = 0
    for index, instruction in enumerate(instructions):
        if instruction.offset in starts:
            begin = index
        if instruction.name in _CONDITIONS:
            outcome = _decided(instructions[begin : index + 1], constant_of)
            if outcome is not None:
                outcomes[index] = outcome
    return outcomes


def _decided(block: list[Instruction], constant_of: ConstantOf) -> bool | None:
    """Whether the conditional branch at the end of a block is taken; None when that is not known."""
    stack: list[int | None] = []
    stored: dict[int, int | None] = {}
    for instruction in block[:-1]:
        _evaluate(instruction, stack, stored, constant_of)
    name = block[-1].name
    right = stack.pop() if stack else None
    if name not in _COMPARES:
        return None if right is None else bool(right) == (name == "brtrue")
    left = stack.pop() if stack else None
    return None if left is None or right is None else _COMPARES[name](left, right)


def _evaluate(instruction: Instruction, stack: list[int | None], stored: dict[int, int | None], constant_of: ConstantOf) -> None:
    """Tracks constants over one instruction. What is not known to keep the stack aligned empties it: nothing below is relied on."""
    name, operand = instruction.name, instruction.operand
    if name == "ldc.i4":
        stack.append(int(operand) if isinstance(operand, int) else None)
    elif name in ("call", "callvirt") and isinstance(operand, int) and (value := constant_of(operand)) is not None:
        del stack[len(stack) - min(value[1], len(stack)) :]
        stack.append(value[0])
    elif name == "ldarg":
        stack.append(None)
    elif name in _OPERATIONS and len(stack) >= 2:
        right, left = stack.pop(), stack.pop()
        stack.append(_OPERATIONS[name](left, right) if left is not None and right is not None else None)
    elif name == "stloc" and isinstance(operand, int):
        stored[operand] = stack.pop() if stack else None
    elif name == "ldloc" and isinstance(operand, int):
        stack.append(stored.get(operand))
    elif name == "dup" and stack:
        stack.append(stack[-1])
    elif name != "nop":
        stack.clear()
