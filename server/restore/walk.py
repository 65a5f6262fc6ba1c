"""The state of one walk over a dependency graph: what is chosen for each name, what is evicted, what waits. `resolver.py` moves it."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from server.restore.graph import GraphItem
from server.restore.library import Dependency, LibraryRange, Target
from server.restore.library_finder import LibraryFinder
from server.restore.pruning import prune
from server.restore.runtime_graph import RuntimeGraph
from server.restore.versions import VersionRange

Path = tuple[LibraryRange, ...]


@dataclass(slots=True)
class Chosen:
    """The choice for one name so far. `parents` and `eclipsed` are ranges of dependents; suppressions are names kept private above."""

    dependency: Dependency
    path: Path
    suppressions: list[frozenset[str]]
    direct: bool
    pinned: bool
    parents: set[LibraryRange] = field(default_factory=set)
    eclipsed: set[LibraryRange] = field(default_factory=set)

    @property
    def range(self) -> LibraryRange:
        """The range chosen."""
        return self.dependency.range


@dataclass(frozen=True, slots=True)
class Queued:
    """A dependency to visit. `path` are the ranges above it."""

    dependency: Dependency
    path: Path
    suppressions: frozenset[str]
    direct: bool
    pinned: bool


@dataclass(frozen=True, slots=True)
class Eviction:
    """Why a range is out: what replaced it, on which path, and what it would have taken."""

    path: Path
    name: str
    targets: Target


class Evicted(Exception):
    """What was chosen through a replaced library no longer holds: the walk begins anew."""


@dataclass(slots=True)
class Walk:
    """One graph being resolved. `items` are what ranges resolved to, with dependencies that a runtime adds."""

    finder: LibraryFinder
    root: Dependency
    rid: str
    runtimes: RuntimeGraph
    pinned_versions: Mapping[str, VersionRange]
    pins: bool
    items: dict[LibraryRange, GraphItem] = field(default_factory=dict)
    chosen: dict[str, Chosen] = field(default_factory=dict)
    evictions: dict[LibraryRange, Eviction] = field(default_factory=dict)
    queue: deque[Queued] = field(default_factory=deque)

    def item(self, wanted: LibraryRange) -> GraphItem:
        """What a range resolves to, pruned dependencies left out."""
        found = self.items.get(wanted)
        if found is None:
            found = self.items[wanted] = self._pruned(wanted)
        return found

    def refresh(self, wanted: LibraryRange) -> GraphItem:
        """The same, found anew because the range is now for packages only."""
        found = self.items[wanted] = self._pruned(wanted)
        return found

    def _pruned(self, wanted: LibraryRange) -> GraphItem:
        found = prune(self.finder.find(wanted), self.finder.target, is_root=wanted == self.root.range)
        self.finder.prefetch(found.dependencies)
        return found


def runtime_dependencies(walk: Walk, dependency: Dependency) -> tuple[Dependency, list[Dependency]]:
    """`dependency` as runtime.json files redirect it, and what they add to it."""
    added = []
    for name, versions in walk.runtimes.dependencies_for(walk.rid, dependency.name):
        wanted = LibraryRange(name, versions, Target.ANY)
        if name.lower() != dependency.name.lower():
            added.append(Dependency(wanted))
            continue
        own = dependency.range.versions
        if own is not None and own.minimum is not None and versions.minimum is not None and own.minimum < versions.minimum:
            dependency = replace(dependency, range=wanted)
    return dependency, added
