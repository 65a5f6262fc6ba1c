"""A baseline: the findings that a project has accepted, as a file that people read and merge.

Entries say what is found in which member, not at which line, so that edits elsewhere change nothing. Findings beyond those of the
baseline are new; entries that no finding matches are fixed.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from analyzers.finding import Finding, Suppression
from analyzers.fingerprint import identities
from compiler.diagnostics import InputError, Location

_VERSION = 1
UNREADABLE = "AOTD1101"


@dataclass(frozen=True, slots=True)
class Accepted:
    """What is accepted so and so often: a finding's id, member and message, in the assembly of a project."""

    project: str
    id: str
    member: str
    message: str


@dataclass(frozen=True, slots=True)
class Baseline:
    """The accepted findings of `reporter` with their numbers. Each reporter has words of its own, so a baseline belongs to one."""

    reporter: str
    accepted: Mapping[Accepted, int]


def baseline_of(reporter: str, projects: Mapping[str, Sequence[Finding]]) -> Baseline:
    """The baseline that accepts the findings of each project, by its name, that are shown."""
    accepted: Counter[Accepted] = Counter()
    for project, findings in projects.items():
        accepted.update(_entries(project, [each for each in findings if each.suppression is None]))
    return Baseline(reporter, accepted)


def accept(baseline: Baseline, projects: Mapping[str, Sequence[Finding]]) -> tuple[dict[str, tuple[Finding, ...]], list[Accepted]]:
    """The findings of each project, the accepted ones marked as suppressed by the baseline; and what is fixed, once for each time."""
    left = Counter(baseline.accepted)
    marked: dict[str, tuple[Finding, ...]] = {}
    for project, findings in projects.items():
        shown = [each for each in findings if each.suppression is None]
        known: set[int] = set()
        for finding, entry in zip(shown, _entries(project, shown), strict=True):
            if left[entry] > 0:
                left[entry] -= 1
                known.add(id(finding))
        marked[project] = tuple(replace(each, suppression=Suppression.BASELINE) if id(each) in known else each for each in findings)
    return marked, sorted(left.elements(), key=_order)


def write_baseline(baseline: Baseline) -> str:
    """The file's text: JSON with one finding a line, sorted, so that versions of it merge line by line."""
    rows = []
    for entry in sorted(baseline.accepted, key=_order):
        row = {"project": entry.project, "id": entry.id, "member": entry.member, "message": entry.message}
        count = baseline.accepted[entry]
        rows.append(json.dumps(row | ({"count": count} if count > 1 else {}), ensure_ascii=False))
    listed = "".join(f"    {row}{',' if index < len(rows) - 1 else ''}\n" for index, row in enumerate(rows))
    return f'{{\n  "version": {_VERSION},\n  "reporter": {json.dumps(baseline.reporter)},\n  "findings": [\n{listed}  ]\n}}\n'


def read_baseline(file: str, text: str) -> Baseline:
    """The baseline in `text`. Raises InputError when `file` is none, or one that a later version wrote."""
    try:
        content = json.loads(text)
        if content["version"] != _VERSION:
            raise InputError(UNREADABLE, f"the baseline has version {content['version']}, not {_VERSION}", Location(file))
        accepted: Counter[Accepted] = Counter()
        for row in content["findings"]:
            entry = Accepted(*(str(row[name]) for name in ("project", "id", "member", "message")))
            accepted[entry] += int(row.get("count", 1))
        return Baseline(str(content["reporter"]), accepted)
    except ValueError as error:
        raise InputError(UNREADABLE, f"the file is no baseline of findings: {error}", Location(file)) from error
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(UNREADABLE, "the file is no baseline of findings: it has another shape", Location(file)) from error


def _entries(project: str, findings: Sequence[Finding]) -> list[Accepted]:
    return [Accepted(project, found.id, found.member, found.message) for found in identities(findings)]


def _order(entry: Accepted) -> tuple[str, str, str, str]:
    return entry.project, entry.member, entry.id, entry.message
