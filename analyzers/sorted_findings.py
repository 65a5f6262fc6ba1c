"""The findings of many units in the order of output, each once; a unit's are put in and taken out as the unit changes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

from analyzers.finding import Finding

SortKey = tuple[str, int, int, str, str, str, int, int]
# Up to so many findings are put in one by one.
_FEW = 200


def sort_key(finding: Finding) -> SortKey:
    """Tells findings apart, and sorts them: by place, id, message and member."""
    place = finding.location
    return (*finding.sort_key, finding.member, place.end_line if place is not None else 0, place.end_column if place is not None else 0)


class _Rows:
    """Invariant: `keys` is sorted, and `findings` has beside each key what stands for it."""

    def __init__(self) -> None:
        self.keys: list[SortKey] = []
        self.findings: list[Finding] = []

    def put(self, key: SortKey, finding: Finding | None) -> None:
        """What stands for a key from now on, None for nothing."""
        index = bisect_left(self.keys, key)
        is_there = index < len(self.keys) and self.keys[index] == key
        if is_there and finding is not None:
            self.findings[index] = finding
        elif is_there:
            del self.keys[index]
            del self.findings[index]
        elif finding is not None:
            self.keys.insert(index, key)
            self.findings.insert(index, finding)

    def replace(self, findings: dict[SortKey, Finding]) -> None:
        """What stands for all keys from now on."""
        self.keys = sorted(findings)
        self.findings = [findings[key] for key in self.keys]


class SortedFindings:
    """Invariant: `_found` has under each key the findings that say the same, at least one; `_all` and `_heard` (what is not suppressed)
    have the one that stands for them."""

    def __init__(self) -> None:
        self._found: dict[SortKey, list[Finding]] = {}
        self._all = _Rows()
        self._heard = _Rows()

    def add_all(self, findings: Iterable[tuple[SortKey, Finding]]) -> None:
        """Puts findings in."""
        changed: dict[SortKey, None] = {}
        for key, finding in findings:
            self._found.setdefault(key, []).append(finding)
            changed[key] = None
        self._take(changed)

    def remove_all(self, findings: Iterable[tuple[SortKey, Finding]]) -> None:
        """Takes findings out that are in."""
        changed: dict[SortKey, None] = {}
        for key, finding in findings:
            same = self._found[key]
            same.remove(finding)
            if not same:
                del self._found[key]
            changed[key] = None
        self._take(changed)

    def clear(self) -> None:
        """Takes all findings out."""
        self._found.clear()
        self._all, self._heard = _Rows(), _Rows()

    def _take(self, changed: dict[SortKey, None]) -> None:
        if len(changed) < _FEW:
            for key in changed:
                same = self._found.get(key)
                chosen = _chosen(same) if same is not None else None
                self._all.put(key, chosen)
                self._heard.put(key, chosen if chosen is not None and chosen.suppression is None else None)
            return
        every = {key: _chosen(same) for key, same in self._found.items()}
        self._all.replace(every)
        self._heard.replace({key: finding for key, finding in every.items() if finding.suppression is None})

    def findings(self, *, with_suppressed: bool) -> tuple[Finding, ...]:
        """The findings in order; of several that say the same the one that is not suppressed."""
        return tuple((self._all if with_suppressed else self._heard).findings)


def _chosen(same: list[Finding]) -> Finding:
    return same[0] if len(same) == 1 else min(same, key=_rank)


def _rank(finding: Finding) -> tuple[bool, str]:
    """Which of two findings that say the same stands for both, whatever the order in which they come."""
    return (finding.suppression is not None, repr(finding.related) + repr(finding.explanation))
