"""The text of one LLVM function: instructions in order, in labelled blocks, with names that occur once.

Knows no IL; `emitter` builds on it. Invariant: instructions go to the block that was opened last.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from compiler.codegen.lltypes import quote


@dataclass(slots=True)
class Block:
    """A basic block of IR text."""

    label: str
    lines: list[str] = field(default_factory=list)


class FunctionText:
    """One function in the making.

    `entry` holds what stands before the first block: stack slots and what initializes them. `declares` and `globals` map the
    symbols that the text uses to their declarations, and to definitions that every module may repeat.
    """

    def __init__(self) -> None:
        self.entry: list[str] = []
        self.blocks: list[Block] = []
        self.cur: list[str] = []
        self.declares: dict[str, str] = {}
        self.globals: dict[str, str] = {}
        self.counter = 0
        self.terminated = False

    def fresh(self, hint: str = "v") -> str:
        """A new SSA name."""
        self.counter += 1
        return f"%{hint}{self.counter}"

    def label(self, hint: str) -> str:
        """A new block label, without sigil."""
        self.counter += 1
        return f"{hint}{self.counter}"

    def emit(self, line: str) -> None:
        """Appends an instruction to the current block."""
        self.cur.append(line)

    def value(self, expression: str, hint: str = "v") -> str:
        """Appends `%new = expression` and returns the new name."""
        self.counter += 1
        name = f"%{hint}{self.counter}"
        self.cur.append(f"{name} = {expression}")
        return name

    def start_block(self, label: str) -> None:
        """Opens block `label`; following instructions go there."""
        block = Block(label)
        self.blocks.append(block)
        self.cur = block.lines
        self.terminated = False

    def branch(self, label: str) -> None:
        """Ends the block with a jump."""
        self.emit(f"br label %{label}")
        self.terminated = True

    def alloca(self, ll_type: str, align: int, hint: str = "t") -> str:
        """A stack slot that lives for the whole call."""
        name = self.fresh(hint)
        self.entry.append(f"{name} = alloca {ll_type}, align {align}")
        return name

    def gep(self, pointer: str, offset: int) -> str:
        """`pointer` + `offset` bytes."""
        return pointer if offset == 0 else self.value(f"getelementptr i8, ptr {pointer}, i64 {offset}", "g")

    def declare(self, name: str, text: str) -> str:
        """Records the declaration of a global that the code refers to; returns it in IR syntax."""
        self.declares[name] = text
        return quote(name)

    def runtime(self, name: str, result: str, parameters: str, attributes: str = "") -> str:
        """A C function of the runtime, in IR syntax."""
        return self.declare(name, f"declare {result} {quote(name)}({parameters}) {attributes}".rstrip())
