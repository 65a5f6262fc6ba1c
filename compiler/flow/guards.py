"""Branches on feature guards -> what is known to be supported at each instruction, as the build's analyzers see it.

A guard is a static Boolean property with [FeatureGuard(typeof(Requires...))]. Where only its true branch leads, the feature is there.
This is a forward analysis over basic blocks whose join is intersection; loops converge because sets only shrink.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from compiler.flow.requirements import Requires
from compiler.flow.stack_effects import BLOCK_ENDS
from compiler.il.decode import Instruction
from compiler.metadata.method_body import Clause, ClauseKind, MethodBody

Features = frozenset[Requires]
_NONE: Features = frozenset()


@dataclass(frozen=True, slots=True)
class Callee:
    """What a called method means here: the features that it guards when it returns true; whether it returns; and, when it
    returns only for one value of its only Boolean argument, that value."""

    guards: Features = _NONE
    returns: bool = True
    tests: bool | None = None


# A method token -> what it means.
GuardOf = Callable[[int], Callee]
_ORDINARY = Callee()
_ALL: Features = frozenset(Requires)
_NO_FALL_THROUGH = frozenset({"br", "leave", "ret", "throw", "rethrow", "endfinally", "endfilter", "jmp"})
_NO_TARGET = frozenset({"ret", "throw", "rethrow", "endfinally", "endfilter", "jmp"})


class Machine(Enum):
    """What makes a body a state machine's: jumps to the places after an `await` or `yield` are none of the source's."""

    NONE = "none"
    ITERATOR = "iterator"
    ASYNC = "async"


def guarded_offsets(
    instructions: list[Instruction], body: MethodBody, guard_of: GuardOf, machine: Machine, statements: frozenset[int]
) -> dict[int, Features]:
    """IL offset -> features that are there, for the instructions where any is; code that is not reached counts as fully guarded.

    `statements` are the IL offsets where statements begin: a condition never reaches back into the one before.
    """
    blocks = _blocks(instructions, body, guard_of)
    if not blocks:
        return {}
    flow = _Flow(instructions, body, blocks, guard_of, machine, statements)
    entry: list[Features] = [_ALL] * len(blocks)
    entry[0] = _NONE
    pending, reached = [0], {0}
    while pending:
        number = pending.pop(0)
        for successor, features in flow.successors(number, entry[number]):
            joined = entry[successor] & features
            if successor not in reached or joined != entry[successor]:
                reached.add(successor)
                entry[successor] = joined
                if successor not in pending:
                    pending.append(successor)
    return {instructions[i].offset: entry[number] for number, (start, end) in enumerate(blocks) if entry[number] for i in range(start, end)}


def _blocks(instructions: list[Instruction], body: MethodBody, guard_of: GuardOf) -> list[tuple[int, int]]:
    """Half-open index ranges of the basic blocks; a call that tests a guard ends one."""
    starts = {0}
    offsets: set[int] = set()
    for index, instruction in enumerate(instructions):
        if instruction.name in BLOCK_ENDS:
            starts.add(index + 1)
            if instruction.name not in _NO_TARGET:
                operand = instruction.operand
                offsets.update(operand if isinstance(operand, tuple) else (int(operand),))
        elif instruction.name == "call" and isinstance(instruction.operand, int) and guard_of(instruction.operand).tests is not None:
            starts.add(index + 1)
    for clause in body.clauses:
        offsets.update((clause.try_start, clause.handler_start, clause.filter_start))
    starts.update(index for index, instruction in enumerate(instructions) if instruction.offset in offsets)
    ordered = sorted(start for start in starts if start < len(instructions))
    return list(zip(ordered, [*ordered[1:], len(instructions)], strict=True))


@dataclass(frozen=True, slots=True)
class _Flow:
    """The control flow of one body."""

    instructions: list[Instruction]
    body: MethodBody
    blocks: list[tuple[int, int]]
    guard_of: GuardOf
    machine: Machine
    statements: frozenset[int]

    def successors(self, number: int, known: Features) -> list[tuple[int, Features]]:
        """Blocks where control goes from block `number`, with what is there on the way."""
        start, end = self.blocks[number]
        last = self.instructions[end - 1]
        found = self._handlers(self.instructions[start].offset, known)
        if any(not self._called(instruction).returns for instruction in self.instructions[start:end]):
            return found
        before = self._condition(start, end)
        if_true, if_false = _value_features(before, self.guard_of) if last.name in ("brtrue", "brfalse", "endfilter") else (_NONE, _NONE)
        is_dispatch = self.machine is not Machine.NONE and any(_is_state(each) for each in self.instructions[max(start, end - 3) : end - 1])
        if last.name == "endfilter":
            found.extend((self._block_at(c.handler_start), known | if_true) for c in self.body.clauses if self._is_filter(c, last))
        elif last.name in BLOCK_ENDS and last.name not in _NO_TARGET:
            taken = if_true if last.name == "brtrue" else if_false
            targets = last.operand if isinstance(last.operand, tuple) else (int(last.operand),)
            if is_dispatch and last.name != "br":
                # An iterator starts in the state 0, an async method in another one.
                starts = self.machine is Machine.ITERATOR and last.name in ("brfalse", "switch")
                targets = targets[:1] if starts else ()
            found.extend((self._block_at(target), known | taken) for target in targets)
        if last.name not in _NO_FALL_THROUGH and number + 1 < len(self.blocks):
            falling = if_false if last.name == "brtrue" else if_true if last.name == "brfalse" else self._tested(last, before)
            found.append((number + 1, known | falling))
        if last.name == "br" or last.name not in BLOCK_ENDS:
            found = [each for block, features in found for each in self._through_decision(number, block, features)]
        return [(block, features) for block, features in found if block >= 0]

    def _through_decision(self, number: int, block: int, features: Features) -> list[tuple[int, Features]]:
        """Where control goes after `block`, when all it does is to branch on the Boolean that block `number` leaves on the stack."""
        if block < 0:
            return []
        start, end = self.blocks[block]
        decision = [each for each in self.instructions[start:end] if each.name != "nop"]
        names = [each.name for each in decision]
        is_plain = len(names) == 1 or (names[:-1] == ["stloc", "ldloc"] and decision[0].operand == decision[1].operand)
        if names[-1:] not in (["brtrue"], ["brfalse"]) or not is_plain or block + 1 >= len(self.blocks):
            return [(block, features)]
        own_start, own_end = self.blocks[number]
        value = self.instructions[own_start:own_end]
        if value[-1].name == "br":
            value = value[:-1]
        if_true, if_false = _value_features(value, self.guard_of)
        constant = value[-1].operand if value and value[-1].name == "ldc.i4" else None
        jump = self.instructions[end - 1].operand
        assert isinstance(jump, int), "these branches have one target"
        target, next_block = self._block_at(jump), block + 1
        on_true, on_false = (target, next_block) if names[-1] == "brtrue" else (next_block, target)
        ways = [(on_true, features | if_true)] if constant != 0 else []
        return ways + ([(on_false, features | if_false)] if constant in (None, 0) else [])

    def _condition(self, start: int, end: int) -> list[Instruction]:
        """The instructions before the last one, of its statement alone."""
        if self.instructions[end - 1].name == "endfilter":
            # The last block joins the ways on which the filter's condition, which stands before it, was not asked.
            start = next((i for i in range(end - 1, -1, -1) if self.instructions[i].offset in self._filter_starts()), start)
            return self.instructions[start : end - 1]
        first = next((i for i in range(end - 1, start, -1) if self.instructions[i].offset in self.statements), start)
        return self.instructions[first : end - 1]

    def _filter_starts(self) -> frozenset[int]:
        return frozenset(clause.filter_start for clause in self.body.clauses if clause.kind is ClauseKind.FILTER)

    def _handlers(self, offset: int, known: Features) -> list[tuple[int, Features]]:
        """The handlers of the protected regions around a block: they may run with what was there at its start."""
        found: list[tuple[int, Features]] = []
        for clause in self.body.clauses:
            if clause.try_start <= offset < clause.try_end:
                found.append((self._block_at(clause.filter_start or clause.handler_start), known))
        return found

    def _is_filter(self, clause: Clause, end: Instruction) -> bool:
        return clause.kind is ClauseKind.FILTER and clause.filter_start <= end.offset < clause.handler_start

    def _tested(self, last: Instruction, before: list[Instruction]) -> Features:
        """What is there after a call that returns only for one value of its argument."""
        tests = self._called(last).tests
        if tests is None:
            return _NONE
        if_true, if_false = _value_features(before, self.guard_of)
        return if_true if tests else if_false

    def _called(self, instruction: Instruction) -> Callee:
        operand = instruction.operand
        return self.guard_of(operand) if instruction.name == "call" and isinstance(operand, int) else _ORDINARY

    def _block_at(self, offset: int) -> int:
        return next((number for number, (start, _) in enumerate(self.blocks) if self.instructions[start].offset == offset), -1)


def _is_state(instruction: Instruction) -> bool:
    """Whether an instruction of a state machine loads its state."""
    return instruction.name == "ldloc" and instruction.operand == 0


def _value_features(before: list[Instruction], guard_of: GuardOf) -> tuple[Features, Features]:
    """What is there when the value on top of the stack after `before` is true, and when it is false."""
    return _Expression(before, guard_of).read()


class _Expression:
    """Reads the code of a Boolean expression backwards. Invariant: `_end` is the index behind what was not read yet."""

    def __init__(self, code: list[Instruction], guard_of: GuardOf) -> None:
        self._code = code
        self._guard_of = guard_of
        self._end = len(code)

    def read(self) -> tuple[Features, Features]:
        """(features when true, features when false) of the expression that ends here."""
        while self._end > 0 and (n_read := self._passed_over()):
            self._end -= n_read
        if self._end <= 0:
            return _NONE, _NONE
        self._end -= 1
        instruction = self._code[self._end]
        name = instruction.name
        previous = self._code[self._end - 1] if self._end else instruction
        if name in ("ceq", "cgt.un") and previous.name == "ldc.i4" and previous.operand == 0:
            self._end -= 1
            if_true, if_false = self.read()
            return (if_false, if_true) if name == "ceq" else (if_true, if_false)
        if name in ("and", "or"):
            right, left = self.read(), self.read()
            if name == "and":
                return left[0] | right[0], left[1] & right[1]
            return left[0] & right[0], left[1] | right[1]
        if name == "call" and isinstance(instruction.operand, int):
            features = self._guard_of(instruction.operand).guards
            if features:
                return features, _NONE
        if name not in ("ldarg", "ldloc", "ldc.i4", "ldsfld"):
            # What this pops is not known: nothing before it can be read.
            self._end = 0
        return _NONE, _NONE

    def _passed_over(self) -> int:
        """How many of the last instructions change nothing: `nop`, or a value that is stored and loaded again as debug code does."""
        last = self._code[self._end - 1]
        if last.name == "nop":
            return 1
        before = self._code[self._end - 2] if self._end > 1 else last
        return 2 if last.name == "ldloc" and before.name == "stloc" and last.operand == before.operand else 0
