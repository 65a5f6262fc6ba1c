"""Diagnostics <-> rows of plain data, for what is kept on disk. A row that is not what was written is refused, never guessed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from compiler.diagnostics import Diagnostic, Explanation, Fix, FixKind, Location, Related, Severity

Row = Sequence[object]


class MalformedRow(Exception):
    """A row that nothing was written as."""


def diagnostic_row(diagnostic: Diagnostic) -> Row:
    """A diagnostic as lists, texts, numbers and None."""
    return [
        diagnostic.code,
        diagnostic.severity.value,
        diagnostic.message,
        place_row(diagnostic.location),
        diagnostic.subcategory,
        [[each.message, place_row(each.location)] for each in diagnostic.related],
        diagnostic.hint,
        diagnostic.project,
        explanation_row(diagnostic.explanation),
    ]


def diagnostic_of(row: object) -> Diagnostic:
    """The diagnostic that was written as `row`. Raises MalformedRow."""
    try:
        code, severity, message, location, subcategory, others, hint, project, why = cast("Row", row)
        return Diagnostic(
            read_text(code),
            Severity(severity),
            read_text(message),
            read_place(location),
            read_text(subcategory),
            tuple(read_related(each) for each in cast("Row", others)),
            read_text(hint),
            read_text(project),
            read_explanation(why),
        )
    except (TypeError, ValueError) as error:
        raise MalformedRow(str(error)) from error


def read_text(value: object) -> str:
    """The value, which is a text. Raises MalformedRow."""
    if not isinstance(value, str):
        raise MalformedRow(f"{value!r} is no text")
    return value


def place_row(place: Location | None) -> Row | None:
    """A place as a file and numbers."""
    return [place.file, place.line, place.column, place.end_line, place.end_column] if place is not None else None


def read_place(row: object) -> Location | None:
    """The place that was written as `row`. Raises MalformedRow, TypeError, ValueError."""
    if row is None:
        return None
    file, *numbers = cast("Row", row)
    line, column, end_line, end_column = numbers
    if not all(isinstance(number, int) for number in numbers):
        raise MalformedRow("a place has numbers")
    return Location(read_text(file), cast(int, line), cast(int, column), cast(int, end_line), cast(int, end_column))


def read_related(row: object) -> Related:
    """The second place that was written as `row`. Raises as `read_place`."""
    message, place = cast("Row", row)
    found = read_place(place)
    if found is None:
        raise MalformedRow("a second place is a place")
    return Related(read_text(message), found)


def explanation_row(why: Explanation | None) -> Row | None:
    """An explanation as lists and texts."""
    if why is None:
        return None
    fixes = [[fix.kind.value, fix.title, fix.member, fix.text, place_row(fix.place), place_row(fix.attributes)] for fix in why.fixes]
    return [why.assembly, why.member, why.asked, place_row(why.asked_at), fixes]


def read_explanation(row: object) -> Explanation | None:
    """The explanation that was written as `row`. Raises as `read_place`."""
    if row is None:
        return None
    assembly, member, asked, asked_at, fixes = cast("Row", row)
    ways = tuple(_fix(each) for each in cast("Row", fixes))
    return Explanation(read_text(assembly), read_text(member), read_text(asked), read_place(asked_at), ways)


def _fix(row: object) -> Fix:
    kind, title, member, text, place, attributes = cast("Row", row)
    return Fix(FixKind(kind), read_text(title), read_text(member), read_text(text), read_place(place), read_place(attributes))
