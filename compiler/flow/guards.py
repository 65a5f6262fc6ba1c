"""Branches on feature guards -> what is known to be supported at each instruction, as the build's analyzers see it.

A guard is a static Boolean property with [FeatureGuard(typeof(Requires...))]. Where only its true branch leads, the feature is there.
This is a forward analysis over basic blocks whose join is intersection; loops converge because sets only shrink.
"""

from __future__ import annotations

from collections.abc import Callable

from compiler.flow.requirements import Requires
from compiler.flow.stack_effects import BLOCK_ENDS
from compiler.il.decode import Instruction
from compiler.metadata.method_body import MethodBody

Features = frozenset[Requires]
# A method token -> the features that a call of it guards when it returns true (empty: no guard), and whether it returns at all.
GuardOf = Callable[[int], tuple[Features, bool]]
_NONE: Features = frozenset()
_ALL: Features = frozenset(Requires)
_NO_FALL_THROUGH = frozenset({"br", "leave", "ret", "throw", "rethrow", "endfinally", "endfilter", "jmp"})
_NO_TARGET = frozenset({"ret", "throw", "rethrow", "endfinally", "endfilter", "jmp"})


def guarded_offsets(instructions: list[Instruction], body: MethodBody, guard_of: GuardOf) -> dict[int, Features]:
    """IL offset -> features that are there, for the instructions where any is; code that is not reached counts as fully guarded."""
    blocks = _blocks(instructions, body)
    index_of = {instructions[start].offset: number for number, (start, _) in enumerate(blocks)}
    entry: list[Features] = [_ALL] * len(blocks)
    if not blocks:
        return {}
    entry[0] = _NONE
    handlers = [index_of[o] for clause in body.clauses for o in (clause.handler_start, clause.filter_start) if o in index_of and o]
    for handler in handlers:
        entry[handler] = _NONE
    pending = list(range(len(blocks)))
    reached = {0, *handlers}
    while pending:
        number = pending.pop(0)
        if number not in reached:
            continue
        for successor, features in _successors(instructions, blocks, number, entry[number], guard_of, index_of):
            joined = entry[successor] & features
            if successor not in reached or joined != entry[successor]:
                reached.add(successor)
                entry[successor] = joined
                if successor not in pending:
                    pending.append(successor)
    return {
        instructions[i].offset: entry[number]
        for number, (start, end) in enumerate(blocks)
        if entry[number]
        for i in range(start, end)
    }


def _blocks(instructions: list[Instruction], body: MethodBody) -> list[tuple[int, int]]:
    """Half-open index ranges of the basic blocks."""
    starts = {0}
    offsets: set[int] = set()
    for index, instruction in enumerate(instructions):
        if instruction.name in BLOCK_ENDS:
            starts.add(index + 1)
            if instruction.name not in _NO_TARGET:
                operand = instruction.operand
                offsets.update(operand if isinstance(operand, tuple) else (int(operand),))
    for clause in body.clauses:
        offsets.update((clause.try_start, clause.handler_start, clause.filter_start))
    starts.update(index for index, instruction in enumerate(instructions) if instruction.offset in offsets)
    ordered = sorted(start for start in starts if start < len(instructions))
    return list(zip(ordered, [*ordered[1:], len(instructions)], strict=True))


def _successors(
    instructions: list[Instruction], blocks: list[tuple[int, int]], number: int, known: Features, guard_of: GuardOf,
    index_of: dict[int, int],
) -> list[tuple[int, Features]]:
    start, end = blocks[number]
    last = instructions[end - 1]
    for instruction in instructions[start:end]:
        if instruction.name == "call" and isinstance(instruction.operand, int) and not guard_of(instruction.operand)[1]:
            return []
    found: list[tuple[int, Features]] = []
    if_true, if_false = _branch_features(instructions[start : end - 1], guard_of) if last.name in ("brtrue", "brfalse") else (_NONE, _NONE)
    if last.name in BLOCK_ENDS and last.name not in _NO_TARGET:
        taken = if_true if last.name == "brtrue" else if_false
        targets = last.operand if isinstance(last.operand, tuple) else (int(last.operand),)
        found.extend((index_of[target], known | taken) for target in targets if target in index_of)
    if last.name not in _NO_FALL_THROUGH and number + 1 < len(blocks):
        found.append((number + 1, known | (if_false if last.name == "brtrue" else if_true if last.name == "brfalse" else _NONE)))
    return found


def _branch_features(before: list[Instruction], guard_of: GuardOf) -> tuple[Features, Features]:
    """What is there when the value on the stack is true, and when it is false; the value is a guard, or its negation."""
    negated = False
    position = len(before) - 1
    while position >= 1 and before[position].name == "ceq" and before[position - 1].name == "ldc.i4":
        negated ^= before[position - 1].operand == 0
        position -= 2
    if position < 0 or before[position].name != "call":
        return _NONE, _NONE
    operand = before[position].operand
    features = guard_of(operand)[0] if isinstance(operand, int) else _NONE
    return (_NONE, features) if negated else (features, _NONE)
