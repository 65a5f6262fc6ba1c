"""Text of a RID graph (runtime.json) -> RuntimeGraph: which runtime identifiers carry which, and packages that a runtime adds.

A description of an earlier graph keeps its imports when another is merged into it; dependency sets of the later one win.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from server.restore.errors import RestoreError
from server.restore.versions import VersionRange, parse_range


class InvalidRuntimeGraph(RestoreError):
    """A runtime.json that cannot be read; ends the restore, and NuGet gives it no code."""

    def __init__(self, message: str) -> None:
        super().__init__("", message)


@dataclass(frozen=True, slots=True)
class RuntimeDescription:
    """One runtime: what it imports, nearest first; lower-case package id -> what depending on it adds for this runtime."""

    imports: tuple[str, ...] = ()
    dependencies: Mapping[str, tuple[tuple[str, VersionRange], ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RuntimeGraph:
    """Runtimes by identifier, case-sensitive. Empty when none is known: then each identifier carries itself alone."""

    runtimes: Mapping[str, RuntimeDescription] = field(default_factory=dict)

    def expand(self, rid: str) -> list[str]:
        """`rid` and all that it carries, breadth first, so nearest first."""
        found = [rid]
        for current in found:
            description = self.runtimes.get(current)
            if description is not None:
                found.extend(one for one in dict.fromkeys(description.imports) if one not in found)
        return found

    def is_compatible(self, rid: str, provided: str) -> bool:
        """Whether assets for `provided` serve on `rid`."""
        return rid == provided or provided in self.expand(rid)

    def dependencies_for(self, rid: str, package: str) -> tuple[tuple[str, VersionRange], ...]:
        """What `package` needs in addition on `rid`: of the nearest runtime that says something about it."""
        for current in self.expand(rid):
            description = self.runtimes.get(current)
            if description is not None and package.lower() in description.dependencies:
                return description.dependencies[package.lower()]
        return ()

    def merge(self, other: RuntimeGraph) -> RuntimeGraph:
        """Both graphs as one."""
        merged = dict(self.runtimes)
        for rid, right in other.runtimes.items():
            left = merged.get(rid)
            if left is not None:
                right = RuntimeDescription(left.imports or right.imports, {**left.dependencies, **right.dependencies})
            merged[rid] = right
        return RuntimeGraph(merged)


def parse_runtime_graph(text: str) -> RuntimeGraph:
    """The graph of a runtime.json. Raises InvalidRuntimeGraph."""
    try:
        values: object = json.loads(text)
    except ValueError as error:
        raise InvalidRuntimeGraph(str(error)) from error
    runtimes = values.get("runtimes") if isinstance(values, dict) else None
    if not isinstance(runtimes, dict):
        return RuntimeGraph()
    return RuntimeGraph({rid: _description(value) for rid, value in runtimes.items()})


def _description(value: object) -> RuntimeDescription:
    if not isinstance(value, dict):
        return RuntimeDescription()
    imports = value.get("#import", [])
    if not isinstance(imports, list):
        raise InvalidRuntimeGraph("'#import' of a runtime is no list.")
    dependencies: dict[str, tuple[tuple[str, VersionRange], ...]] = {}
    for package, added in value.items():
        if package != "#import" and isinstance(added, dict):
            dependencies[package.lower()] = tuple((name, _range(text)) for name, text in added.items())
    return RuntimeDescription(tuple(str(one) for one in imports), dependencies)


def _range(value: object) -> VersionRange:
    versions = parse_range(value) if isinstance(value, str) else None
    if versions is None:
        raise InvalidRuntimeGraph(f"'{value}' is not a valid version string.")
    return versions
