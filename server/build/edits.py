"""Fixes of diagnostics -> edits of the texts that they are about.

An edit is a range and a new text; lines and columns count from 1, columns in UTF-16 code units, as in `Location`. A fix whose place is
not known has no edits. Edits of several fixes are joined: each attribute and each `using` is added once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from compiler.diagnostics import Fix, FixKind, Location

_ASSEMBLY = "assembly: "
NAMESPACE = "System.Diagnostics.CodeAnalysis"

_USING = re.compile(r"^\s*(global\s+)?using\s+(?!static\b|var\b)[\w.]+\s*;")
_PREAMBLE = re.compile(r"^\s*(//.*|#\s*(nullable|pragma|define|undef).*|extern\s+alias.*|/\*.*\*/\s*)?$")
_ATTRIBUTE_NAME = re.compile(r"\b(UnconditionalSuppressMessage|DynamicallyAccessedMembers|DynamicallyAccessedMemberTypes|Requires\w+)\b")

# (file) -> its text; raises OSError for one that cannot be read.
TextOf = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Edit:
    """`text` replaces what is at `place`; an insertion has an empty range."""

    place: Location
    text: str


def edits_of(fixes: Iterable[Fix], text_of: TextOf) -> list[Edit]:
    """The edits that carry out `fixes`, sorted by place, none of them overlapping; empty when one of them cannot be carried out."""
    edits: dict[Edit, None] = {}
    for fix in joined(fixes):
        lines = Lines(text_of(fix.place.file)) if fix.place is not None else None
        several = _edits(fix, lines) if lines is not None else []
        if not several:
            return []
        edits.update(dict.fromkeys(several))
    ordered = sorted(edits, key=lambda edit: _start(edit.place))
    overlaps = any(a.place.file == b.place.file and _end(a.place) > _start(b.place)[1:] for a, b in zip(ordered, ordered[1:], strict=False))
    return [] if overlaps else ordered


def joined(fixes: Iterable[Fix]) -> list[Fix]:
    """`fixes`, each once; attributes of one kind on a declaration are one: annotations have all their member types."""
    found: dict[tuple[FixKind, Location | None, str], Fix] = {}
    for fix in fixes:
        is_attribute = fix.kind in (FixKind.ANNOTATE, FixKind.REQUIRE)
        target = fix.text.partition("(")[0] if is_attribute else fix.text
        key = (fix.kind, fix.place, target)
        known = found.get(key)
        if known is None:
            found[key] = fix
        elif fix.kind is FixKind.ANNOTATE:
            found[key] = replace(known, text=_united(known.text, fix.text))
    return list(found.values())


class Lines:
    """A text by lines, addressed in UTF-16 code units."""

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        self.end = "\r\n" if "\r\n" in text else "\n"

    def line(self, number: int) -> str:
        """Line `number`, without its end; empty past the last."""
        return self.lines[number - 1].rstrip("\r") if 0 < number <= len(self.lines) else ""

    def before(self, place: Location) -> str:
        """What stands before `place` on its line."""
        return _units(self.line(place.line), 0, place.column - 1)

    def text(self, place: Location) -> str:
        """The text at `place`, its line ends as they are."""
        if place.line == place.end_line:
            return _units(self.line(place.line), place.column - 1, place.end_column - 1)
        first, last = _units(self.line(place.line), place.column - 1, None), _units(self.line(place.end_line), 0, place.end_column - 1)
        return self.end.join([first, *(self.line(number) for number in range(place.line + 1, place.end_line)), last])


def _edits(fix: Fix, lines: Lines) -> list[Edit]:
    assert fix.place is not None
    match fix.kind:
        case FixKind.GUARD:
            return _guarded(fix, fix.place, lines)
        case FixKind.REPLACE:
            return [Edit(fix.place, fix.text)] if fix.text else []
        case FixKind.ANNOTATE | FixKind.REQUIRE | FixKind.SUPPRESS:
            return _attributed(fix, fix.place, lines)


def _attributed(fix: Fix, place: Location, lines: Lines) -> list[Edit]:
    """An attribute before a declaration, on a line of its own where that begins one; in place of a narrower one that is there."""
    if fix.text.startswith(_ASSEMBLY):
        return _assembly_attribute(fix, place, lines)
    using = _using_edit(lines, place.file)
    text = fix.text if using is not None else _ATTRIBUTE_NAME.sub(rf"{NAMESPACE}.\1", fix.text)
    usings = [using] if using is not None and using.text else []
    if fix.kind is FixKind.ANNOTATE and fix.attributes is not None:
        return [*usings, Edit(fix.attributes, text.partition("(")[2].removesuffix(")"))]
    start = replace(place, end_line=place.line, end_column=place.column)
    indent = lines.before(place)
    if not indent.strip():
        return [*usings, Edit(start, f"[{text}]{lines.end}{indent}")]
    return [*usings, Edit(start, f"[{text}] ")]


def _assembly_attribute(fix: Fix, place: Location, lines: Lines) -> list[Edit]:
    """An attribute of the assembly behind the `using` lines, which have to come first."""
    at, is_behind_usings = _first_line(lines)
    if not at:
        return []
    text = _ATTRIBUTE_NAME.sub(rf"{NAMESPACE}.\1", fix.text, count=1)
    before, after = (lines.end, "") if is_behind_usings else ("", lines.end)
    return [Edit(Location(place.file, at, 1, at, 1), f"{before}[{text}]{lines.end}{after}")]


def _guarded(fix: Fix, place: Location, lines: Lines) -> list[Edit]:
    """A statement in a block behind `if`; only where it begins its line."""
    indent = lines.before(place)
    if indent.strip():
        return []
    step = "\t" if indent.startswith("\t") else "    "
    body = lines.text(place).replace("\n", "\n" + step)
    end = lines.end
    return [Edit(place, f"if ({fix.text}){end}{indent}{{{end}{indent}{step}{body}{end}{indent}}}")]


def _using_edit(lines: Lines, file: str) -> Edit | None:
    """The `using` that attributes need: an edit without text when it is there, None where none can be put safely (conditional code)."""
    at, is_behind_usings = _first_line(lines)
    if not at:
        return None
    before = (line.strip().removeprefix("\ufeff") for line in lines.lines[: at - 1])
    names = (line.rstrip("; ") for line in before if _USING.match(line))
    if any(name.endswith((f" {NAMESPACE}", f"\t{NAMESPACE}")) for name in names):
        return Edit(Location(file, 1, 1, 1, 1), "")
    return Edit(Location(file, at, 1, at, 1), f"using {NAMESPACE};{lines.end}{'' if is_behind_usings else lines.end}")


def _first_line(lines: Lines) -> tuple[int, bool]:
    """The line behind the `using` lines, else the first of code, and which of the two; 0 where conditional code comes before."""
    last, first = 0, 0
    for number, line in enumerate(lines.lines, 1):
        stripped = line.strip().removeprefix("\ufeff")
        if _USING.match(stripped):
            last = number
        elif stripped.startswith("#if"):
            return 0, False
        elif not _PREAMBLE.match(stripped):
            first = number
            break
    return (last + 1, True) if last else (max(first, 1), False)


def _united(one: str, other: str) -> str:
    """An attribute with the member types of both."""
    head, _, flags = one.partition("(")
    several = [flag.strip() for text in (flags, other.partition("(")[2]) for flag in text.removesuffix(")").split("|")]
    return f"{head}({' | '.join(dict.fromkeys(several))})" if flags else one


def _units(text: str, start: int, end: int | None) -> str:
    encoded = text.encode("utf-16-le", "surrogatepass")
    return encoded[2 * start : None if end is None else 2 * end].decode("utf-16-le", "surrogatepass")


def _start(place: Location) -> tuple[str, int, int]:
    return place.file, place.line, place.column


def _end(place: Location) -> tuple[int, int]:
    return place.end_line, place.end_column
