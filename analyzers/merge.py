"""The findings of .NET's two reporters -> one list in which each stands once, in the words and at the place of the build."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from analyzers.finding import BOTH, Finding
from compiler.diagnostics import Location, Severity

_SEVERITIES = list(Severity)


def merge_findings(build: Sequence[Finding], publish: Sequence[Finding]) -> tuple[Finding, ...]:
    """All of `build`, and those of `publish` that are no finding of the build about the same place, sorted.

    A finding of both has the higher severity of the two.
    Two findings are the same when they have the same id, both are shown or both suppressed, and the place of one encloses that of
    the other.
    """
    merged = list(build)
    by_file: dict[tuple[str, str, bool], list[int]] = {}
    for index, finding in enumerate(build):
        by_file.setdefault(_key(finding), []).append(index)
    for finding in publish:
        candidates = by_file.get(_key(finding), [])
        same = [i for i in candidates if build[i].location == finding.location and build[i].location is not None]
        same = same or [i for i in candidates if _overlap(build[i], finding)]
        for index in same:
            merged[index] = replace(merged[index], reported_by=BOTH, severity=_more_severe(merged[index], finding))
        if not same:
            merged.append(finding)
    return tuple(sorted(merged, key=lambda each: (each.sort_key, each.member)))


def _key(finding: Finding) -> tuple[str, str, bool]:
    file = finding.location.file if finding.location is not None else ""
    return finding.id, file, finding.suppression is None


def _more_severe(one: Finding, other: Finding) -> Severity:
    """What both reporters make of a finding: an error of either fails what is done last."""
    return min(one.severity, other.severity, key=_SEVERITIES.index)


def _overlap(one: Finding, other: Finding) -> bool:
    if one.location is None or other.location is None:
        return one.location is other.location and one.member == other.member
    return _encloses(one.location, other.location) or _encloses(other.location, one.location)


def _encloses(outer: Location, inner: Location) -> bool:
    starts = (outer.line, outer.column) <= (inner.line, inner.column)
    return starts and (inner.end_line, inner.end_column) <= (outer.end_line, outer.end_column)
