"""A line of a tool's output -> the error or warning that it announces in MSBuild's canonical form, if any."""

from __future__ import annotations

import re
from dataclasses import dataclass

from server.whole_numbers import magnitude

_LINE = re.compile(
    r"\s*(?:(?P<origin>(?:[A-Za-z]:)?[^:]*?|)\s*:)?\s*(?P<sub>(?:[^\s:]+\s+)?)(?P<category>error|warning)"
    r"(?:\s+(?P<code>[A-Za-z][A-Za-z0-9_.\-]*))?\s*:\s*(?P<text>.*)\Z",
    re.IGNORECASE,
)
_PLACE = re.compile(r"(?P<file>.*?)\s*\((?P<line>\d+)(?:,(?P<column>\d+))?(?:[,-].*)?\)\Z")


@dataclass(frozen=True, slots=True)
class CanonicalError:
    """What the line says; line and column are 0 when it does not say them."""

    origin: str
    line: int
    column: int
    subcategory: str
    is_error: bool
    code: str
    text: str


def parse_canonical(line: str) -> CanonicalError | None:
    """The announcement in `line`, None for ordinary text."""
    match = _LINE.match(line)
    if match is None:
        return None
    origin = (match["origin"] or "").strip()
    number = column = 0
    place = _PLACE.match(origin)
    if place is not None:
        origin, number, column = place["file"], magnitude(place["line"]), magnitude(place["column"] or "0")
    return CanonicalError(
        origin, number, column, match["sub"].strip(), match["category"].lower() == "error", match["code"] or "", match["text"].strip()
    )
