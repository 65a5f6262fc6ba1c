"""The resolved graph of one target: nodes as they were reached, and what is wrong with it. Data that both resolvers make.

`flattened` has each library once, the root project first. Names of libraries compare without case.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from server.restore.library import Dependency, Library, LibraryKind, LibraryRange, Target
from server.restore.package_spec import PackageSpec, TargetFramework
from server.restore.runtime_graph import RuntimeGraph
from server.restore.sources import Match
from server.restore.versions import ALL_VERSIONS, VersionRange


@dataclass(slots=True, eq=False)
class GraphItem:
    """A library that was found (or not) and what it depends on. `match` is a package's, `project` a project's."""

    library: Library
    dependencies: list[Dependency] = field(default_factory=list)
    match: Match | None = None
    project: PackageSpec | None = None
    project_framework: TargetFramework | None = None
    pinned: bool = False


class Disposition(enum.Enum):
    """What has become of a node."""

    ACCEPTABLE = "acceptable"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    POTENTIALLY_DOWNGRADED = "potentially downgraded"
    CYCLE = "cycle"


@dataclass(slots=True, eq=False)
class GraphNode:
    """A dependency in the graph: what was asked for, what was found, by whom. `parents` are those of a pinned package."""

    range: LibraryRange
    item: GraphItem | None = None
    outer: GraphNode | None = None
    inner: list[GraphNode] = field(default_factory=list)
    disposition: Disposition = Disposition.ACCEPTABLE
    parents: list[GraphNode] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The library's name, in its own spelling once it is found."""
        return self.item.library.name if self.item is not None else self.range.name

    @property
    def is_package(self) -> bool:
        """Whether versions say something about it."""
        if self.item is not None and self.item.library.kind is LibraryKind.PACKAGE:
            return True
        return Target.PACKAGE in self.range.targets

    @property
    def versions(self) -> VersionRange:
        """The range asked for."""
        return self.range.versions if self.range.versions is not None else ALL_VERSIONS

    @property
    def with_range(self) -> str:
        """Name and range; a project has none."""
        versions = self.versions.without_floating()
        if self.is_package and (versions.minimum is not None or versions.maximum is not None):
            return f"{self.name} {versions.pretty}"
        return self.name

    @property
    def with_version(self) -> str:
        """Name and version, the range when it was not found."""
        if not self.is_package:
            return self.name
        if self.item is not None and self.item.library.version is not None:
            return f"{self.name} {self.item.library.version.normalized}"
        return self.with_range

    def _outer_path(self) -> list[str]:
        path, node = [], self.outer
        while node is not None:
            path.append(node.with_version)
            node = node.outer
        return path[::-1]

    @property
    def path(self) -> str:
        """`App -> A 1.0.0 -> B 2.0.0`."""
        return " -> ".join([*self._outer_path(), self.with_version])

    @property
    def path_with_range(self) -> str:
        """`App -> A 1.0.0 -> B (>= 2.0.0)`."""
        return " -> ".join([*self._outer_path(), self.with_range])


@dataclass(frozen=True, slots=True)
class VersionConflict:
    """Two dependents that no version satisfies."""

    selected: GraphNode
    conflicting: GraphNode


@dataclass(frozen=True, slots=True)
class Downgrade:
    """A dependency that got less than it asked for."""

    asked: GraphNode
    got: GraphNode


@dataclass(slots=True)
class Analysis:
    """What is wrong with a graph."""

    cycles: list[GraphNode] = field(default_factory=list)
    conflicts: list[VersionConflict] = field(default_factory=list)
    downgrades: list[Downgrade] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ResolvedDependency:
    """A range somebody asked for and the library that was chosen."""

    parent: Library
    versions: VersionRange
    child: Library


@dataclass(slots=True, eq=False)
class TargetGraph:
    """The graph for one target framework and runtime; `rid` is "" for none."""

    target: TargetFramework
    rid: str
    runtimes: RuntimeGraph
    root: GraphNode | None
    flattened: list[GraphItem] = field(default_factory=list)
    unresolved: list[LibraryRange] = field(default_factory=list)
    analysis: Analysis = field(default_factory=Analysis)
    resolved: list[ResolvedDependency] = field(default_factory=list)
    install: list[Match] = field(default_factory=list)

    @property
    def name(self) -> str:
        """`net10.0` or `net10.0/linux-x64`, by the framework's alias."""
        return f"{self.target.alias}/{self.rid}" if self.rid else self.target.alias

    def find(self, name: str) -> GraphItem | None:
        """The library of that name."""
        return next((item for item in self.flattened if item.library.name.lower() == name.lower()), None)


def at_least(near: VersionRange, far: VersionRange) -> bool:
    """Whether who asks for `near` gets at least what `far` asks for (NuGet's order of lower bounds, floating ones included)."""
    if near.minimum is None:
        return True
    if far.minimum is None:
        return False
    if not (near.is_floating or far.is_floating):
        return near.minimum >= far.minimum
    if near.floats is not None and str(near.floats) == "*":
        return True
    if far.floats is not None and str(far.floats) == "*":
        return False
    if near.minimum.numbers != far.minimum.numbers:
        return near.minimum.numbers > far.minimum.numbers
    near_label, far_label = _label(near), _label(far)
    if not near_label or not far_label:
        return not near_label
    length = min(len(near_label), len(far_label))
    return near_label[:length].upper() >= far_label[:length].upper()


def _label(versions: VersionRange) -> str:
    if versions.floats is not None and versions.is_floating:
        return versions.floats.prefix
    return versions.minimum.release if versions.minimum is not None else ""
