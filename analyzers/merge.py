"""The findings of .NET's two reporters -> one list in which each stands once, in the words and at the place of the build."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from operator import is_

from analyzers.finding import BOTH, Finding
from compiler.diagnostics import Location, Severity

_SEVERITIES = list(Severity)
# The findings of the build and of the publish in one file, and those of both.
_OfFile = tuple[list[Finding], list[Finding], tuple[Finding, ...]]


class MergedFindings:
    """The findings of both reporters as one list, per file; a file where neither has another finding than before keeps its own.

    Two findings are the same when they have the same id, both are shown or both suppressed, and the place of one encloses that of
    the other. A finding of both has the higher severity of the two.
    """

    def __init__(self) -> None:
        self._known: dict[str, _OfFile] = {}

    def merge(self, build: Sequence[Finding], publish: Sequence[Finding]) -> dict[str, tuple[Finding, ...]]:
        """All of `build`, and those of `publish` that are no finding of the build about the same place, sorted, by file in order."""
        of_build, of_publish = _by_file(build), _by_file(publish)
        now: dict[str, _OfFile] = {}
        for file in sorted(of_build.keys() | of_publish.keys()):
            ours, theirs = of_build.get(file, []), of_publish.get(file, [])
            known = self._known.get(file)
            is_known = known is not None and _are_same(known[0], ours) and _are_same(known[1], theirs)
            now[file] = known if known is not None and is_known else (ours, theirs, _merge(ours, theirs))
        self._known = now
        return {file: merged for file, (_, _, merged) in now.items()}


def merge_findings(build: Sequence[Finding], publish: Sequence[Finding]) -> tuple[Finding, ...]:
    """The same, once and as one list."""
    return tuple(finding for several in MergedFindings().merge(build, publish).values() for finding in several)


def _by_file(findings: Sequence[Finding]) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        found.setdefault(_file(finding), []).append(finding)
    return found


def _are_same(old: list[Finding], new: list[Finding]) -> bool:
    """Whether two lists have the same objects."""
    return len(old) == len(new) and all(map(is_, old, new))


def _merge(build: list[Finding], publish: list[Finding]) -> tuple[Finding, ...]:
    """The findings of one file."""
    merged = list(build)
    alike: dict[tuple[str, bool], list[int]] = {}
    for index, finding in enumerate(build):
        alike.setdefault(_key(finding), []).append(index)
    for finding in publish:
        candidates = alike.get(_key(finding), [])
        same = [i for i in candidates if build[i].location == finding.location and build[i].location is not None]
        same = same or [i for i in candidates if _overlap(build[i], finding)]
        for index in same:
            merged[index] = replace(merged[index], reported_by=BOTH, severity=_more_severe(merged[index], finding))
        if not same:
            merged.append(finding)
    return tuple(sorted(merged, key=lambda each: (each.sort_key, each.member)))


def _file(finding: Finding) -> str:
    return finding.location.file if finding.location is not None else ""


def _key(finding: Finding) -> tuple[str, bool]:
    return finding.id, finding.suppression is None


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
