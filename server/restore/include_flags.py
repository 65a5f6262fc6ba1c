"""A resolved graph -> for each library the kinds of assets that reach the project.

Along a path flags only get fewer, over several paths they add up; what the project says of a direct reference holds alone.
"""

from __future__ import annotations

from collections import deque

from server.restore.graph import GraphItem, GraphNode, TargetGraph
from server.restore.library import ALL_BUT_CONTENT, Assets, LibraryKind


def flow_of_assets(graph: TargetGraph) -> dict[str, Assets]:
    """Lower-case names of libraries -> kinds of assets that flow."""
    flows: dict[str, Assets] = {}
    if graph.root is None or graph.root.item is None:
        return flows
    unified: dict[str, GraphItem] = {}
    # A project of a package's name stands for both.
    for item in sorted(graph.flattened, key=lambda each: each.library.kind is not LibraryKind.PROJECT):
        if item.library.kind is not LibraryKind.UNRESOLVED:
            unified.setdefault(item.library.name.lower(), item)
    queue: deque[tuple[GraphItem, Assets]] = deque()
    for node in graph.root.inner:
        if node.item is not None and not node.item.pinned and node.range.name.lower() in unified:
            queue.append((node.item, _root_flags(graph.root, node)))
    while queue:
        item, flags = queue.popleft()
        name = item.library.name.lower()
        known = flows.get(name)
        if known is not None and flags & known == flags:
            continue
        flows[name] = flags if known is None else known | flags
        for dependency in item.dependencies:
            child = unified.get(dependency.name.lower())
            if dependency.listed and child is not None and dependency.private != Assets.ALL:
                queue.append((child, flags & dependency.include & ~dependency.private))
    for dependency in graph.target.dependencies:
        flows[dependency.name.lower()] = dependency.include
    return flows


def _root_flags(root: GraphNode, node: GraphNode) -> Assets:
    assert root.item is not None
    for dependency in root.item.dependencies:
        if dependency.name.lower() == node.range.name.lower():
            return dependency.include
    return ALL_BUT_CONTENT
