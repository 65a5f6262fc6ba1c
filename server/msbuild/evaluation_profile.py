"""How long the parts of evaluations take: passes, files and item elements, as `-profileEvaluation` reports them in Markdown or in columns.

Times of a part include those of the parts inside it; what is left over is its own. What the same part takes again is added up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from server.msbuild import paths
from server.msbuild.xml import XmlElement

TOTAL = "Total evaluation"
INITIAL = "Initial properties (pass 0)"
PROPERTIES = "Properties (pass 1)"
DEFINITIONS = "Item definition groups (pass 2)"
ITEMS = "Lazy items (pass 3.1)"
USING_TASKS = "Using tasks (pass 4)"
TARGETS = "Targets (pass 5)"
_HEAD = ("Id", "ParentId", "Pass", "File", "Line #", "Expression", "Inc (ms)", "Inc (%)", "Exc (ms)", "Exc (%)", "#", "Kind", "Bug")
_MARKDOWN_RULE = "---|---|---|---|---:|---|---:|---:|---:|---:|---:|---:|---"


@dataclass(frozen=True, slots=True)
class _Part:
    """A pass, a file in it, or an element in that: what is not there is "" or 0."""

    name: str
    file: str = ""
    line: int = 0
    expression: str = ""


@dataclass(slots=True)
class _Time:
    number: int
    parent: int
    inclusive: float = 0.0
    inside: float = 0.0


@dataclass(slots=True, eq=False)
class EvaluationProfile:
    """Times by part, of all evaluations that got it. `clock` gives seconds; one evaluation at a time."""

    clock: Callable[[], float]
    times: dict[_Part, _Time] = field(default_factory=dict)
    _open: list[_Time] = field(default_factory=list)

    @contextmanager
    def timing(self, name: str, element: XmlElement | None = None, *, is_file: bool = False) -> Iterator[None]:
        """Times the block: a pass, a file by its root, or an element."""
        part = _Part(name)
        if element is not None:
            part = _Part(name, element.file) if is_file else _Part(name, element.file, element.line, _start_tag(element))
        time = self.times.get(part)
        if time is None:
            time = self.times[part] = _Time(len(self.times) + 1, self._open[-1].number if self._open else 0)
        self._open.append(time)
        began = self.clock()
        try:
            yield
        finally:
            taken = self.clock() - began
            self._open.pop()
            time.inclusive += taken
            if self._open:
                self._open[-1].inside += taken

    def report(self, *, markdown: bool) -> str:
        """The parts that took a millisecond or more, passes first, those that took longest by themselves before the others."""
        total = self.times.get(_Part(TOTAL))
        whole = total.inclusive if total is not None else 0.0
        parts = [(part, time) for part, time in self.times.items() if not part.file]
        others = [(part, time) for part, time in self.times.items() if part.file and time.inclusive >= 0.001]  # noqa: PLR2004
        parts += sorted(others, key=lambda entry: entry[1].inside - entry[1].inclusive)
        rows = [_row(part, time, whole, markdown=markdown) for part, time in parts]
        separator = "|" if markdown else "\t"
        lines = [separator.join(_HEAD), *([_MARKDOWN_RULE] if markdown else []), *(separator.join(row) for row in rows)]
        return "".join(line + "\n" for line in lines)


def _row(part: _Part, time: _Time, whole: float, *, markdown: bool) -> list[str]:
    own = time.inclusive - time.inside
    shares = [f"{round(100 * value / whole, 1) if whole else 0:g}%" for value in (time.inclusive, own)]
    expression = f"`{part.expression}`" if markdown and part.expression else part.expression
    return [
        *(str(time.number), str(time.parent or ""), part.name, paths.file_name(part.file), str(part.line or ""), expression),
        *(str(round(1000 * time.inclusive)), shares[0], str(round(1000 * own)), shares[1], "0", "Element"),
        *([""] if markdown else []),
    ]


def _start_tag(element: XmlElement) -> str:
    attributes = "".join(f' {one.name}="{one.value}"' for one in element.attributes)
    return f"<{element.name}{attributes}{' /' if not element.children else ''}>".replace("\n", " ").replace("\t", " ")
