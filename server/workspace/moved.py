"""Places in an old text to places in a new one: where a finding is after the text around it was edited.

Works on whole lines: a line that is in both texts moves, one that was edited has no place any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from compiler.diagnostics import Explanation, Fix, Location

# Above this many edited lines the lines between the first and the last edit are not matched one by one.
MOST_LINES_TO_MATCH = 3000


class LineMap:
    """Line numbers, counted from 1, of an old text in a new one."""

    def __init__(self, old: Sequence[str], new: Sequence[str]) -> None:
        prefix = _common(old, new)
        suffix = _common(old[prefix:][::-1], new[prefix:][::-1])
        self._prefix = prefix
        self._first_after = len(old) - suffix
        self._shift = len(new) - len(old)
        self._between: dict[int, int] = {}
        inner_old, inner_new = old[prefix : len(old) - suffix], new[prefix : len(new) - suffix]
        if len(inner_old) + len(inner_new) <= MOST_LINES_TO_MATCH:
            for block in SequenceMatcher(None, inner_old, inner_new, autojunk=False).get_matching_blocks():
                for offset in range(block.size):
                    self._between[prefix + block.a + offset] = prefix + block.b + offset

    def line(self, old_line: int) -> int | None:
        """The number of the same line in the new text; None when it was edited or removed."""
        index = old_line - 1
        if index < self._prefix:
            return old_line
        if index >= self._first_after:
            return old_line + self._shift
        found = self._between.get(index)
        return None if found is None else found + 1

    def location(self, old: Location) -> Location | None:
        """`old` in the new text; None when its first line was edited. A range over edited lines ends with its first line."""
        line = self.line(old.line)
        if line is None:
            return None
        end = self.line(old.end_line) if old.end_line else 0
        if end is None or end < line:
            return replace(old, line=line, end_line=0, end_column=0)
        return replace(old, line=line, end_line=end)


class Moves:
    """Places in the files of an old set of texts, by path, in a new one."""

    def __init__(self, old: Mapping[str, str], new: Mapping[str, str]) -> None:
        self._old = old
        self._new = new
        self._maps: dict[str, LineMap] = {}
        self._edited: dict[str, bool] = {}

    def location(self, place: Location) -> Location | None:
        """`place` in the new texts; None when its line was edited or its file is in one of the sets alone."""
        if place.file not in self._old or place.file not in self._new:
            return None
        if not self._is_edited(place.file):
            return place
        if place.file not in self._maps:
            self._maps[place.file] = LineMap(self._old[place.file].splitlines(), self._new[place.file].splitlines())
        return self._maps[place.file].location(place)

    def _is_edited(self, file: str) -> bool:
        """Whether the texts of a file differ, or one of the sets does not have it."""
        found = self._edited.get(file)
        if found is None:
            text = self._old.get(file)
            found = self._edited[file] = text is None or text != self._new.get(file)
        return found

    def explanation(self, why: Explanation) -> Explanation:
        """An explanation with the places that moved; fixes of edited code have no place any more."""
        places = (why.asked_at, *(place for fix in why.fixes for place in (fix.place, fix.attributes)))
        if not any(place is not None and self._is_edited(place.file) for place in places):
            return why
        asked_at = self.location(why.asked_at) if why.asked_at is not None else None
        return replace(why, asked_at=asked_at, fixes=tuple(self._fix(fix) for fix in why.fixes))

    def _fix(self, fix: Fix) -> Fix:
        place = self.location(fix.place) if fix.place is not None else None
        attributes = self.location(fix.attributes) if fix.attributes is not None else None
        is_whole = place is not None and place.end_line and (fix.attributes is None or (attributes is not None and attributes.end_line))
        return replace(fix, place=place, attributes=attributes) if is_whole else replace(fix, place=None, attributes=None)


def _common(left: Sequence[str], right: Sequence[str]) -> int:
    """How many elements at the beginning are equal."""
    count = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        count += 1
    return count
