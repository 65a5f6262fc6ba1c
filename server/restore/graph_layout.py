"""The choices of a walk -> the graph: every chosen library once, below who asked for it first; cycles, conflicts and downgrades."""

from __future__ import annotations

from collections import deque
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
from server.restore.library import Assets, Dependency, Library, LibraryKind, LibraryRange
from server.restore.versions import ALL_VERSIONS, VersionRange
from server.restore.walk import Chosen, Walk


@dataclass(frozen=True, slots=True)
class _FoundDowngrade:
    from_parent: LibraryRange
    asked: Dependency
    to_parent: LibraryRange
    got: Dependency
    pinned: bool


@dataclass(slots=True)
class _Layout:
    """The tree so far. `nodes` by the range chosen; `visited` names have a place already."""

    walk: Walk
    root: GraphNode
    graph: TargetGraph
    queue: deque[tuple[str, LibraryRange, GraphNode]] = field(default_factory=deque)
    nodes: dict[LibraryRange, GraphNode] = field(default_factory=dict)
    visited: set[str] = field(default_factory=set)
    downgrades: dict[LibraryRange, _FoundDowngrade] = field(default_factory=dict)
    conflicts: dict[LibraryRange, GraphNode] = field(default_factory=dict)


def lay_out(walk: Walk) -> TargetGraph:
    """The graph of a walk that came to its end."""
    root_choice = walk.chosen[walk.root.name.lower()]
    root_item = walk.item(root_choice.range)
    root = GraphNode(root_choice.range, root_item)
    layout = _Layout(walk, root, TargetGraph(walk.finder.target, walk.rid, walk.runtimes, root))
    layout.queue.append((walk.root.name.lower(), root_choice.range, root))
    layout.nodes[root_choice.range] = root
    while layout.queue:
        name, wanted, node = layout.queue.popleft()
        chosen = walk.chosen.get(name)
        if chosen is not None:
            _lay_out_dependencies(layout, chosen, wanted, node)
    _finish(layout)
    return layout.graph


def _lay_out_dependencies(layout: _Layout, chosen: Chosen, wanted: LibraryRange, node: GraphNode) -> None:
    item = layout.walk.item(chosen.range)
    if item not in layout.graph.flattened:
        layout.graph.flattened.append(item)
    for dependency in item.dependencies:
        if dependency.range.versions is None:
            continue
        name = dependency.name.lower()
        if name in (item.library.name.lower(), layout.root.name.lower()):
            _add_cycle(layout, dependency, node)
            continue
        child = layout.walk.chosen.get(name)
        if child is None:
            continue
        if name in layout.visited:
            _check_visited(layout, chosen, item, dependency, child, node)
        else:
            layout.visited.add(name)
            _add_child(layout, dependency, child, wanted, node)


def _add_cycle(layout: _Layout, dependency: Dependency, node: GraphNode) -> None:
    layout.graph.analysis.cycles.append(GraphNode(dependency.range, None, node, disposition=Disposition.CYCLE))


def _check_visited(layout: _Layout, chosen: Chosen, item: GraphItem, dependency: Dependency, child: Chosen, node: GraphNode) -> None:
    """A dependency whose library has its place already: a cycle, a downgrade, or a second who asks for a version in conflict."""
    if dependency.range in chosen.path:
        _add_cycle(layout, dependency, node)
        return
    asked, got = dependency.range.versions or ALL_VERSIONS, child.range.versions or ALL_VERSIONS
    if not at_least(got, asked):
        _check_downgrade(layout, chosen, item, dependency, child)
    elif child.range in layout.conflicts and dependency.range not in layout.nodes:
        selected = GraphNode(child.range, layout.walk.item(child.range), node)
        node.inner.append(selected)
        layout.nodes[dependency.range] = selected


def _check_downgrade(layout: _Layout, chosen: Chosen, item: GraphItem, dependency: Dependency, child: Chosen) -> None:
    is_root = item is layout.root.item
    if not is_root and dependency.private == Assets.ALL:
        return
    if dependency.name.lower() in chosen.suppressions[0]:
        return
    resolved = layout.walk.item(child.range).library
    asked = dependency.range.versions or ALL_VERSIONS
    if resolved.kind is not LibraryKind.UNRESOLVED and resolved.version is not None and asked.satisfies(resolved.version):
        return
    if child.range in layout.downgrades or any(wanted in chosen.path for wanted in child.eclipsed):
        return
    to_parent = next((wanted for wanted in child.parents if wanted in chosen.path), child.path[-1])
    layout.downgrades[child.range] = _FoundDowngrade(chosen.range, dependency, to_parent, child.dependency, False)


def _add_child(layout: _Layout, dependency: Dependency, child: Chosen, wanted: LibraryRange, node: GraphNode) -> None:
    item = layout.walk.item(child.range)
    new = GraphNode(child.range, item)
    if child.pinned:
        new.disposition, new.outer = Disposition.ACCEPTED, layout.root
        item.pinned = True
    else:
        new.outer = node
    new.outer.inner.append(new)
    asked, got = dependency.range.versions or ALL_VERSIONS, child.range.versions or ALL_VERSIONS
    if dependency.private != Assets.ALL and layout.walk.pins and child.range not in layout.downgrades and not at_least(got, asked):
        layout.downgrades[child.range] = _FoundDowngrade(wanted, dependency, layout.walk.root.range, child.dependency, True)
    if _is_conflict(layout, dependency, child, item, asked):
        new.outer.inner.remove(new)
        missing = GraphItem(Library(dependency.name, asked.minimum, LibraryKind.PACKAGE))
        conflicting = GraphNode(dependency.range, missing, node)
        node.inner.append(conflicting)
        layout.conflicts[child.range] = conflicting
        return
    layout.nodes[child.range] = new
    layout.queue.append((dependency.name.lower(), child.range, new))
    if item.library.kind is LibraryKind.UNRESOLVED:
        if child.range not in layout.graph.unresolved:
            layout.graph.unresolved.append(child.range)
        return
    assert new.outer.item is not None, "nodes of a layout have items"
    layout.graph.resolved.append(ResolvedDependency(new.outer.item.library, got, item.library))


def _is_conflict(layout: _Layout, dependency: Dependency, child: Chosen, item: GraphItem, asked: VersionRange) -> bool:
    return (
        item.library.kind is LibraryKind.PACKAGE
        and item.library.version is not None
        and child.range not in layout.conflicts
        and dependency.private != Assets.ALL
        and not asked.satisfies(item.library.version)
        and child.range not in layout.downgrades
    )


def _finish(layout: _Layout) -> None:
    walk, analysis = layout.walk, layout.graph.analysis
    for wanted, conflicting in layout.conflicts.items():
        if wanted in layout.nodes:
            analysis.conflicts.append(VersionConflict(layout.nodes[wanted], conflicting))
    for wanted, found in layout.downgrades.items():
        _add_downgrade(layout, analysis, wanted, found)
    for chosen in walk.chosen.values():
        node = layout.nodes.get(chosen.range)
        if chosen.pinned and node is not None:
            node.parents = [layout.nodes[parent] for parent in chosen.parents if parent in layout.nodes]
    for item in walk.items.values():
        if item.match is not None and item.match.installed is None and item.match not in layout.graph.install:
            layout.graph.install.append(item.match)


def _add_downgrade(layout: _Layout, analysis: Analysis, wanted: LibraryRange, found: _FoundDowngrade) -> None:
    from_node, to_node = layout.nodes.get(found.from_parent), layout.nodes.get(found.to_parent)
    if from_node is None or to_node is None:
        return
    minimum = found.asked.range.versions.minimum if found.asked.range.versions is not None else None
    asked = GraphNode(found.asked.range, GraphItem(Library(found.asked.name, minimum, LibraryKind.PACKAGE)), from_node)
    resolved = layout.walk.item(wanted)
    got = GraphNode(found.got.range, replace(resolved, pinned=found.pinned), to_node)
    analysis.downgrades.append(Downgrade(asked, got))
