"""A project, a target and a finder of libraries -> the resolved graph, as NuGet resolved before (RestoreUseLegacyDependencyResolver).

The whole tree is laid out first: below a node everything that no nearer dependency of its ancestors eclipses. Then versions of one name
compete in rounds: what is disputed makes all below it ambiguous until the dispute is decided, the highest version is accepted, the others
are rejected with all below them.
"""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from server.restore.graph import (
    Analysis,
    Disposition,
    Downgrade,
    GraphItem,
    GraphNode,
    ResolvedDependency,
    TargetGraph,
    VersionConflict,
    at_least,
)
from server.restore.library import Assets, Dependency, LibraryKind, LibraryRange, Target
from server.restore.library_finder import LibraryFinder
from server.restore.package_spec import PackageSpec
from server.restore.pruning import prune
from server.restore.runtime_graph import RuntimeGraph
from server.restore.versions import NuGetVersion, VersionRange
from server.restore.walk import Walk, runtime_dependencies

_MOST_ROUNDS = 1000


class _Result(enum.Enum):
    ACCEPTABLE = "acceptable"
    ECLIPSED = "eclipsed"
    DOWNGRADED = "potentially downgraded"
    CYCLE = "cycle"


@dataclass(frozen=True, slots=True)
class _Edge:
    """A dependency on the way to a node: whose, which, and the edge above."""

    outer: _Edge | None
    item: GraphItem
    dependency: Dependency


@dataclass(slots=True)
class _Tree:
    walk: Walk
    root: GraphNode
    # Central versions that something in the tree asked for, by lower-case name, with who asked.
    central: dict[str, tuple[Dependency, list[GraphNode]]] = field(default_factory=dict)


def resolve_legacy(spec: PackageSpec, finder: LibraryFinder, rid: str, runtimes: RuntimeGraph) -> TargetGraph:
    """The graph for the finder's target framework and `rid` ("" for none). Raises SourceError, PackageError."""
    wanted = LibraryRange(spec.name, VersionRange(spec.version), Target.PROJECT | Target.EXTERNAL_PROJECT)
    walk = Walk(finder, Dependency(wanted), rid, runtimes, {}, pins=False)
    root = GraphNode(wanted, prune(finder.find(wanted), finder.target, is_root=True))
    tree = _Tree(walk, root)
    _build(tree, root, None)
    _add_central_nodes(tree)
    graph = TargetGraph(finder.target, rid, runtimes, root)
    _analyze(root, graph.analysis)
    _flatten(graph)
    return graph


# ---- the tree


def _build(tree: _Tree, start: GraphNode, outer: _Edge | None) -> None:
    waiting = [(start, outer)]
    while waiting:
        node, edge = waiting.pop()
        assert node.item is not None
        for dependency in node.item.dependencies:
            if not dependency.listed or dependency.range.versions is None or (edge is not None and dependency.private == Assets.ALL):
                continue
            result, rival = _against_ancestors(edge, dependency)
            if dependency.name.lower() == node.range.name.lower():
                result = _Result.CYCLE
            if result is _Result.ACCEPTABLE:
                child = _child(tree, node, dependency)
                waiting.append((child, _Edge(edge, node.item, dependency)))
                continue
            if rival is not None and rival.centrally_managed and not rival.listed:
                tree.central.setdefault(rival.name.lower(), (rival, []))[1].append(node)
            if result in (_Result.DOWNGRADED, _Result.CYCLE):
                kind = Disposition.CYCLE if result is _Result.CYCLE else Disposition.POTENTIALLY_DOWNGRADED
                node.inner.append(GraphNode(dependency.range, None, node, disposition=kind))


def _child(tree: _Tree, node: GraphNode, dependency: Dependency) -> GraphNode:
    walk, added = tree.walk, list[Dependency]()
    if walk.rid:
        dependency, added = runtime_dependencies(walk, dependency)
    item = prune(walk.finder.find(dependency.range), walk.finder.target, is_root=False)
    if added:
        names = {one.name.lower() for one in added}
        item = replace(item, dependencies=[one for one in item.dependencies if one.name.lower() not in names] + added)
    child = GraphNode(dependency.range, item, node)
    node.inner.append(child)
    return child


def _against_ancestors(edge: _Edge | None, dependency: Dependency) -> tuple[_Result, Dependency | None]:
    """Whether a dependency of an ancestor, but for the one on the way here, decides already."""
    while edge is not None:
        if edge.item.library.name.lower() == dependency.name.lower():
            return _Result.CYCLE, None
        for rival in edge.item.dependencies:
            if rival is edge.dependency or rival.name.lower() != dependency.name.lower() or (edge.outer is not None and not rival.listed):
                continue
            near, far = rival.range.versions, dependency.range.versions
            if near is not None and far is not None and not at_least(near, far):
                return _Result.DOWNGRADED, rival
            return _Result.ECLIPSED, rival
        edge = edge.outer
    return _Result.ACCEPTABLE, None


def _add_central_nodes(tree: _Tree) -> None:
    """Packages that a central version pins stand below the root, as long as something that is accepted asks for them."""
    assert tree.root.item is not None
    done: set[str] = set()
    while True:
        waiting = [name for name in tree.central if name not in done]
        if not waiting:
            return
        for name in waiting:
            done.add(name)
            dependency, parents = tree.central[name]
            node = _child(tree, tree.root, replace(dependency, listed=True))
            assert node.item is not None
            node.item = replace(node.item, pinned=True)
            node.parents = parents
            _build(tree, node, _Edge(None, tree.root.item, dependency))


# ---- who wins


def _nodes(root: GraphNode) -> Iterator[GraphNode]:
    """All nodes, breadth first; a node that is taken out of its parent on the way is still given once."""
    queue = deque([root])
    while queue:
        node = queue.popleft()
        yield node
        queue.extend(node.inner)


def _analyze(root: GraphNode, analysis: Analysis) -> None:
    downgrades: list[Downgrade] = []
    for node in list(_nodes(root)):
        if node.disposition is Disposition.CYCLE:
            analysis.cycles.append(node)
        elif node.disposition is Disposition.POTENTIALLY_DOWNGRADED:
            got = _downgraded_to(node)
            if got is not None:
                downgrades.append(Downgrade(node, got))
        else:
            continue
        assert node.outer is not None
        node.outer.inner.remove(node)
    accepted = _resolve_disputes(root)
    _find_conflicts(root, accepted, analysis)
    analysis.downgrades += [one for one in downgrades if one.got.disposition is Disposition.ACCEPTED and _is_reached(one.asked)]


def _downgraded_to(node: GraphNode) -> GraphNode | None:
    """The nearer node of the same name that gives less than `node` asks for."""
    found, ancestor = None, node.outer
    while ancestor is not None:
        for side in ancestor.inner:
            if side is node or side.range.name.lower() != node.range.name.lower() or side.disposition is Disposition.POTENTIALLY_DOWNGRADED:
                continue
            version = side.item.library.version if side.item is not None and side.item.match is not None else None
            if at_least(side.versions, node.versions):
                found = None
            elif version is None or not node.versions.satisfies(version):
                found = side
        ancestor = ancestor.outer
    return found


def _is_reached(node: GraphNode) -> bool:
    ancestor = node.outer
    while ancestor is not None:
        if ancestor.disposition is not Disposition.ACCEPTED:
            return False
        ancestor = ancestor.outer
    return True


@dataclass(slots=True)
class _Round:
    """What one round has seen of each name: the versions in dispute, and whether something disputed stands above."""

    items: dict[str, set[tuple[NuGetVersion | None, LibraryKind]]] = field(default_factory=dict)
    ambiguous: set[str] = field(default_factory=set)

    def is_best(self, item: GraphItem) -> bool:
        version = item.library.version
        known = [other for other, _ in self.items.get(item.library.name.lower(), ()) if other is not None]
        return version is None or all(other <= version for other in known)


def _resolve_disputes(root: GraphNode) -> dict[str, GraphNode]:
    accepted: dict[str, GraphNode] = {}
    for _ in range(_MOST_ROUNDS):
        seen = _Round()
        _reject_below_rejected(root, seen)
        _mark_ambiguous(root, seen)
        _decide(root, seen, accepted)
        if all(node.disposition is not Disposition.ACCEPTABLE for node in _nodes(root)):
            break
    return accepted


def _each_with_state(root: GraphNode, start: bool, visit: Callable[[GraphNode, bool], bool]) -> None:
    """Visits breadth first; what a visit returns is the state of the nodes below."""
    queue = deque([(root, start)])
    while queue:
        node, state = queue.popleft()
        below = visit(node, state)
        queue.extend((child, below) for child in node.inner)


def _reject_below_rejected(root: GraphNode, seen: _Round) -> None:
    def visit(node: GraphNode, state: bool) -> bool:
        orphaned = bool(node.parents) and all(parent.disposition is Disposition.REJECTED for parent in node.parents)
        if not state or orphaned or node.disposition is Disposition.REJECTED:
            node.disposition = Disposition.REJECTED
            return False
        if node.item is not None:
            library = node.item.library
            seen.items.setdefault(library.name.lower(), set()).add((library.version, library.kind))
        return True

    _each_with_state(root, True, visit)


def _mark_ambiguous(root: GraphNode, seen: _Round) -> None:
    def visit(node: GraphNode, below_dispute: bool) -> bool:
        if node.disposition is Disposition.REJECTED or node.item is None:
            return False
        name = node.item.library.name.lower()
        if below_dispute:
            seen.ambiguous.add(name)
            return True
        return len(seen.items.get(name, ())) > 1

    _each_with_state(root, False, visit)


def _decide(root: GraphNode, seen: _Round, accepted: dict[str, GraphNode]) -> None:
    def visit(node: GraphNode, state: bool) -> bool:
        if not state or node.disposition is Disposition.REJECTED or node.item is None:
            return False
        if node.item.library.name.lower() in seen.ambiguous:
            return False
        if node.disposition is Disposition.ACCEPTABLE:
            if seen.is_best(node.item):
                node.disposition = Disposition.ACCEPTED
                accepted[node.range.name.lower()] = node
            else:
                node.disposition = Disposition.REJECTED
        return node.disposition is Disposition.ACCEPTED

    _each_with_state(root, True, visit)


def _find_conflicts(root: GraphNode, accepted: dict[str, GraphNode], analysis: Analysis) -> None:
    for node in _nodes(root):
        if node.disposition is not Disposition.ACCEPTED:
            continue
        for child in node.inner:
            chosen = accepted.get(child.range.name.lower())
            if chosen is None or chosen is child or chosen.item is None or chosen.item.library.kind is not LibraryKind.PACKAGE:
                continue
            version = chosen.item.library.version
            if Target.PACKAGE in child.range.targets and version is not None and not child.versions.satisfies(version):
                analysis.conflicts.append(VersionConflict(chosen, child))


def _flatten(graph: TargetGraph) -> None:
    assert graph.root is not None
    seen: set[tuple[str, NuGetVersion | None, LibraryKind]] = set()
    for node in _nodes(graph.root):
        if node.item is None:
            continue
        library, is_rejected = node.item.library, node.disposition is Disposition.REJECTED
        if library.kind is LibraryKind.UNRESOLVED:
            if not is_rejected and node.range not in graph.unresolved:
                graph.unresolved.append(node.range)
            continue
        if node.outer is not None and node.outer.item is not None:
            graph.resolved.append(ResolvedDependency(node.outer.item.library, node.versions, library))
        # Rejected packages are installed as well, so that the next restore need not ask for them.
        match = node.item.match
        if match is not None and match.installed is None and match not in graph.install:
            graph.install.append(match)
        if not is_rejected and library.key not in seen:
            seen.add(library.key)
            graph.flattened.append(node.item)
