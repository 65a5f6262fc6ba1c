"""The findings of many units in the order of output, each once; a unit's are put in and taken out as the unit changes."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable

from analyzers.finding import Finding

SortKey = tuple[str, int, int, str, str, str, int, int]
# Up to so many findings are put in one by one.
_FEW = 200


def sort_key(finding: Finding) -> SortKey:
    """Tells findings apart, and sorts them: by place, id, message and member."""
    place = finding.location
    return (*finding.sort_key, finding.member, place.end_line if place is not None else 0, place.end_column if place is not None else 0)


class SortedFindings:
    """Invariant: `_keys` is sorted, and `_found` has under each of them the findings that say the same, at least one."""

    def __init__(self) -> None:
        self._keys: list[SortKey] = []
        self._found: dict[SortKey, list[Finding]] = {}

    def add_all(self, findings: Iterable[tuple[SortKey, Finding]]) -> None:
        """Puts findings in."""
        new: list[SortKey] = []
        for key, finding in findings:
            same = self._found.get(key)
            if same is None:
                self._found[key] = [finding]
                new.append(key)
            else:
                same.append(finding)
        if len(new) < _FEW:
            for key in new:
                insort(self._keys, key)
        else:
            self._keys.extend(new)
            self._keys.sort()

    def remove_all(self, findings: Iterable[tuple[SortKey, Finding]]) -> None:
        """Takes findings out that are in."""
        for key, finding in findings:
            same = self._found[key]
            same.remove(finding)
            if not same:
                del self._found[key]
                del self._keys[bisect_left(self._keys, key)]

    def clear(self) -> None:
        """Takes all findings out."""
        self._keys.clear()
        self._found.clear()

    def findings(self) -> list[Finding]:
        """All findings in order; of several that say the same the one that is not suppressed."""
        return [same[0] if len(same) == 1 else min(same, key=_rank) for same in (self._found[key] for key in self._keys)]


def _rank(finding: Finding) -> tuple[bool, str]:
    """Which of two findings that say the same stands for both, whatever the order in which they come."""
    return (finding.suppression is not None, repr(finding.related) + repr(finding.explanation))
