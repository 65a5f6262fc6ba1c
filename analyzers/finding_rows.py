"""Findings <-> rows of plain data, for what is kept on disk. A row that is not what was written is refused, never guessed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from analyzers.finding import Finding, Reporter, Suppression
from compiler.diagnostics import Explanation, Fix, FixKind, Location, Related, Severity

Row = Sequence[object]


class MalformedRow(Exception):
    """A row that no finding was written as."""


def to_row(finding: Finding) -> Row:
    """A finding as lists, texts, numbers and None."""
    return [
        finding.id,
        finding.severity.value,
        finding.message,
        _place_row(finding.location),
        finding.member,
        [each.value for each in finding.reported_by],
        [[each.message, _place_row(each.location)] for each in finding.related],
        finding.help_link,
        finding.suppression.value if finding.suppression is not None else None,
        _explanation_row(finding.explanation),
    ]


def from_row(row: object) -> Finding:
    """The finding that was written as `row`. Raises MalformedRow."""
    try:
        id_, severity, message, place, member, reporters, related, help_link, suppression, explanation = cast("Row", row)
        return Finding(
            _text(id_),
            Severity(severity),
            _text(message),
            _place(place),
            _text(member),
            tuple(Reporter(each) for each in cast("Row", reporters)),
            tuple(_related(each) for each in cast("Row", related)),
            _text(help_link),
            Suppression(suppression) if suppression is not None else None,
            _explanation(explanation),
        )
    except (TypeError, ValueError) as error:
        raise MalformedRow(str(error)) from error


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise MalformedRow(f"{value!r} is no text")
    return value


def _place_row(place: Location | None) -> Row | None:
    return [place.file, place.line, place.column, place.end_line, place.end_column] if place is not None else None


def _place(row: object) -> Location | None:
    if row is None:
        return None
    file, *numbers = cast("Row", row)
    line, column, end_line, end_column = numbers
    if not all(isinstance(number, int) for number in numbers):
        raise MalformedRow("a place has numbers")
    return Location(_text(file), cast(int, line), cast(int, column), cast(int, end_line), cast(int, end_column))


def _related(row: object) -> Related:
    message, place = cast("Row", row)
    found = _place(place)
    if found is None:
        raise MalformedRow("a second place is a place")
    return Related(_text(message), found)


def _explanation_row(why: Explanation | None) -> Row | None:
    if why is None:
        return None
    fixes = [[fix.kind.value, fix.title, fix.member, fix.text, _place_row(fix.place), _place_row(fix.attributes)] for fix in why.fixes]
    return [why.assembly, why.member, why.asked, _place_row(why.asked_at), fixes]


def _explanation(row: object) -> Explanation | None:
    if row is None:
        return None
    assembly, member, asked, asked_at, fixes = cast("Row", row)
    return Explanation(_text(assembly), _text(member), _text(asked), _place(asked_at), tuple(_fix(each) for each in cast("Row", fixes)))


def _fix(row: object) -> Fix:
    kind, title, member, text, place, attributes = cast("Row", row)
    return Fix(FixKind(kind), _text(title), _text(member), _text(text), _place(place), _place(attributes))
