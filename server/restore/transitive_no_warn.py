"""Graphs of a project -> codes of warnings that every path to a library suppresses, by alias of the framework and library.

What a project on the path suppresses, for itself or for one of its package references, counts for what lies behind it. The root's own
properties do not count here: they hold for all of its messages anyway.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from server.restore.graph import GraphItem, TargetGraph
from server.restore.restore_log import Codes

_NONE: Codes = frozenset()


@dataclass(frozen=True, slots=True)
class _OnPath:
    """What the projects of a path suppress: for all libraries, and for single ones."""

    everywhere: Codes = _NONE
    for_library: frozenset[tuple[str, str]] = frozenset()

    def codes(self, library: str) -> Codes:
        return self.everywhere | {code for name, code in self.for_library if name == library}

    def behind(self, item: GraphItem) -> _OnPath:
        if item.project is None:
            return self
        specific = {
            (dependency.name.lower(), code)
            for dependency in (item.project_framework.dependencies if item.project_framework is not None else ())
            for code in dependency.no_warn
        }
        return _OnPath(self.everywhere | frozenset(item.project.restore.warnings.no_warn), self.for_library | specific)


def transitive_no_warn(graphs: Iterable[TargetGraph]) -> Mapping[tuple[str, str], Codes]:
    """See the module; libraries in lower case."""
    found: dict[tuple[str, str], Codes] = {}
    for graph in graphs:
        for library, codes in _of_graph(graph).items():
            key = (graph.target.alias, library)
            found[key] = found[key] & codes if key in found else codes
    return {key: codes for key, codes in found.items() if codes}


def _of_graph(graph: TargetGraph) -> dict[str, Codes]:
    if graph.root is None or graph.root.item is None:
        return {}
    items = {item.library.name.lower(): item for item in graph.flattened}
    found: dict[str, Codes] = {}
    seen: set[tuple[str, _OnPath]] = set()
    queue = deque((dependency.name.lower(), _OnPath()) for dependency in graph.root.item.dependencies)
    while queue:
        library, path = queue.popleft()
        item = items.get(library)
        if item is None or (library, path) in seen:
            continue
        seen.add((library, path))
        if item.project is None:
            codes = path.codes(library)
            found[library] = found[library] & codes if library in found else codes
        behind = path.behind(item)
        queue.extend((dependency.name.lower(), behind) for dependency in item.dependencies)
    return found
