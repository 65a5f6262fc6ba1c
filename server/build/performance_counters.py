"""Starts and ends with their times -> the performance summary: how long each evaluation, project, target and task took, and how often."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

_TICKS_PER_MS = 10_000
_NAME_WIDTH = 40
_INDENT = 4
_ENTRY_POINT_INDENT = 14


@dataclass(slots=True)
class Counter:
    """What was measured under one name. `entry_points` are the lists of targets that a project was built for."""

    name: str
    n_calls: int = 0
    elapsed_ticks: int = 0
    entry_points: dict[str, Counter] = field(default_factory=dict)
    _started: dict[Hashable, int] = field(default_factory=dict)

    def start(self, key: Hashable, ticks: int, entry_point: str = "") -> None:
        """Something called `key` begins."""
        if entry_point:
            self.entry_points.setdefault(entry_point.lower(), Counter(entry_point)).start(key, ticks)
        if key not in self._started:
            self._started[key] = ticks
            self.n_calls += 1

    def finish(self, key: Hashable, ticks: int, entry_point: str = "") -> None:
        """It ends."""
        if entry_point and entry_point.lower() in self.entry_points:
            self.entry_points[entry_point.lower()].finish(key, ticks)
        began = self._started.pop(key, None)
        if began is not None:
            self.elapsed_ticks += ticks - began

    def lines(self, indent: int = _INDENT) -> list[str]:
        """The line of the counter, then those of its entry points."""
        milliseconds = round(self.elapsed_ticks / _TICKS_PER_MS)
        found = [f"{' ' * indent}{milliseconds:5} ms  {self.name:<{_NAME_WIDTH}} {self.n_calls:3} calls"]
        for counter in self.entry_points.values():
            found += counter.lines(_ENTRY_POINT_INDENT)
        return found


@dataclass(slots=True)
class PerformanceSummary:
    """The counters of a build by what they measure, then by name without case."""

    tables: dict[str, dict[str, Counter]] = field(default_factory=dict)

    def counter(self, kind: str, name: str) -> Counter:
        """The counter of a name, made when it is first asked for."""
        return self.tables.setdefault(kind, {}).setdefault(name.lower(), Counter(name))

    def lines(self) -> list[str]:
        """All tables, the quickest entries first, an empty line before each table."""
        found: list[str] = []
        for kind in ("Project Evaluation", "Project", "Target", "Task"):
            counters = self.tables.get(kind)
            if counters:
                found += ["", f"{kind} Performance Summary:"]
                for counter in sorted(counters.values(), key=lambda one: one.elapsed_ticks):
                    found += counter.lines()
        return found
