"""Findings <-> rows of plain data, for what is kept on disk. A row that is not what was written is refused, never guessed."""

from __future__ import annotations

from typing import cast

from analyzers.finding import Finding, Reporter, Suppression
from compiler.diagnostic_rows import MalformedRow, Row, explanation_row, place_row, read_explanation, read_place, read_related, read_text
from compiler.diagnostics import Severity


def to_row(finding: Finding) -> Row:
    """A finding as lists, texts, numbers and None."""
    return [
        finding.id,
        finding.severity.value,
        finding.message,
        place_row(finding.location),
        finding.member,
        [each.value for each in finding.reported_by],
        [[each.message, place_row(each.location)] for each in finding.related],
        finding.help_link,
        finding.suppression.value if finding.suppression is not None else None,
        explanation_row(finding.explanation),
    ]


def from_row(row: object) -> Finding:
    """The finding that was written as `row`. Raises MalformedRow."""
    try:
        id_, severity, message, place, member, reporters, related, help_link, suppression, explanation = cast("Row", row)
        return Finding(
            read_text(id_),
            Severity(severity),
            read_text(message),
            read_place(place),
            read_text(member),
            tuple(Reporter(each) for each in cast("Row", reporters)),
            tuple(read_related(each) for each in cast("Row", related)),
            read_text(help_link),
            Suppression(suppression) if suppression is not None else None,
            read_explanation(explanation),
        )
    except (TypeError, ValueError) as error:
        raise MalformedRow(str(error)) from error
