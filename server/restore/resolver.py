"""A project, a target and a finder of libraries -> the resolved graph: NuGet's dependency resolver.

One walk over the dependencies, breadth first, keeps for each name the version chosen so far. A direct reference of the root wins always; of
others the higher wins, unless a nearer dependent on the same path decided. When a chosen library is replaced, everything that came only
through it is evicted and the walk begins anew with that knowledge. Then the chosen libraries are laid out as a tree, and cycles,
conflicts and downgrades are those seen while doing so. `legacy_resolver.py` is the one NuGet had before.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from server.restore.graph import GraphItem, TargetGraph, at_least
from server.restore.graph_layout import lay_out
from server.restore.library import Assets, Dependency, LibraryKind, LibraryRange, Target
from server.restore.library_finder import LibraryFinder
from server.restore.package_spec import PackageSpec
from server.restore.runtime_graph import RuntimeGraph
from server.restore.versions import ALL_VERSIONS, VersionRange
from server.restore.walk import Chosen, Evicted, Eviction, Path, Queued, Walk, runtime_dependencies


def resolve(spec: PackageSpec, finder: LibraryFinder, rid: str, runtimes: RuntimeGraph) -> TargetGraph:
    """The graph for the finder's target framework and `rid` ("" for none). Raises SourceError, PackageError."""
    central = spec.restore.central
    pins = central.enabled and central.transitive_pinning
    root = Dependency(LibraryRange(spec.name, VersionRange(spec.version), Target.PROJECT | Target.EXTERNAL_PROJECT))
    pinned_versions = {name.lower(): versions for name, versions in finder.target.central_versions.items()} if pins else {}
    walk = Walk(finder, root, rid, runtimes, pinned_versions, pins)
    while not _walk_once(walk):
        pass
    return lay_out(walk)


def _walk_once(walk: Walk) -> bool:
    """Whether the walk came to its end; false when it has to begin anew."""
    walk.chosen.clear()
    walk.queue.clear()
    walk.queue.append(Queued(walk.root, (), frozenset(), False, False))
    try:
        while walk.queue:
            _visit(walk, walk.queue.popleft())
    except Evicted:
        return False
    return True


def _visit(walk: Walk, queued: Queued) -> None:
    eviction = walk.evictions.get(queued.dependency.range)
    if eviction is not None:
        # What was evicted as possibly a project is visited again when only a package will do now.
        was_open = Target.EXTERNAL_PROJECT in eviction.targets
        if not (was_open and queued.dependency.range.targets == Target.PACKAGE):
            return
    added: list[Dependency] = []
    if walk.rid:
        redirected, added = runtime_dependencies(walk, queued.dependency)
        queued = replace(queued, dependency=redirected)
    chosen = walk.chosen.get(queued.dependency.name.lower())
    if chosen is not None and chosen.direct:
        return
    item = walk.item(queued.dependency.range)
    if chosen is None:
        walk.chosen[queued.dependency.name.lower()] = _choice(queued)
    elif not _reconsider(walk, queued, chosen):
        return
    else:
        item = walk.item(queued.dependency.range)
    suppressions = _suppressions(walk, queued, item)
    _enqueue_dependencies(walk, queued, item, suppressions)
    if added:
        _enqueue_runtime_dependencies(walk, queued, item, suppressions, added)


def _choice(queued: Queued) -> Chosen:
    chosen = Chosen(queued.dependency, queued.path, [queued.suppressions], queued.direct, queued.pinned)
    if queued.pinned:
        chosen.parents.add(queued.path[-1])
    return chosen


def _reconsider(walk: Walk, queued: Queued, chosen: Chosen) -> bool:
    """Whether to go on below `queued`, of whose name something is chosen already."""
    wanted = queued.dependency.range.targets
    if chosen.range.targets == Target.EXTERNAL_PROJECT and Target.PACKAGE in wanted:
        # A project that is chosen as one stays, also where a package of its name is asked for.
        if walk.item(queued.dependency.range).library.kind is LibraryKind.PROJECT:
            return False
    by_targets = (chosen.range.targets == Target.ANY and wanted == Target.EXTERNAL_PROJECT) or (
        chosen.range == queued.dependency.range
        and _is_stricter(queued.dependency.range.targets, chosen.range.targets)
        and walk.item(chosen.range).library.kind is LibraryKind.PROJECT
    )
    new, old = queued.dependency.range.versions or ALL_VERSIONS, chosen.range.versions or ALL_VERSIONS
    if by_targets or not at_least(old, new):
        if Target.PACKAGE in chosen.range.targets and Target.PACKAGE in queued.dependency.range.targets and _stays(walk, queued, chosen):
            return False
        _replace(walk, queued, chosen, refresh=by_targets)
        return True
    if old != new:
        if not _common_path(chosen.path, queued.path):
            chosen.eclipsed.add(queued.path[-1])
        return False
    return _merge_same(walk, queued, chosen)


def _is_stricter(new: Target, old: Target) -> bool:
    return new != old and old == Target.ANY and new != Target.NONE


def _common_path(left: Path, right: Path) -> bool:
    return all(one == other for one, other in zip(left, right, strict=False))


def _stays(walk: Walk, queued: Queued, chosen: Chosen) -> bool:
    """Whether the lower version stays because who asked for it stands nearer to the root on the same path."""
    if walk.pins and any(_is_pinned(walk, wanted) for wanted in queued.path[1:]):
        return False
    if len(queued.path) > 2 and queued.path[-2] in chosen.parents:
        return True
    return _common_path(chosen.path, queued.path) or any(wanted in queued.path for wanted in chosen.eclipsed)


def _is_pinned(walk: Walk, wanted: LibraryRange) -> bool:
    parent = walk.chosen.get(wanted.name.lower())
    return parent is not None and parent.pinned


def _replace(walk: Walk, queued: Queued, chosen: Chosen, *, refresh: bool) -> None:
    name, evicted = queued.dependency.name.lower(), chosen.range
    del walk.chosen[name]
    if refresh:
        walk.refresh(queued.dependency.range)
    undone = [
        wanted
        for wanted, eviction in walk.evictions.items()
        if evicted in eviction.path and not (eviction.name == name and Target.EXTERNAL_PROJECT in eviction.targets)
    ]
    for wanted in undone:
        del walk.evictions[wanted]
    walk.evictions[evicted] = Eviction((*queued.path, queued.dependency.range), name, evicted.targets)
    if undone or any(evicted in other.path for other in walk.chosen.values()):
        raise Evicted
    walk.chosen[name] = _choice(queued)
    walk.queue = deque(waiting for waiting in walk.queue if evicted not in waiting.path)


def _merge_same(walk: Walk, queued: Queued, chosen: Chosen) -> bool:
    """The same version from another dependent: whether that one lets through what was kept private before."""
    chosen.parents.add(queued.path[-1])
    if len(chosen.suppressions) == 1 and not chosen.suppressions[0]:
        return False
    if not queued.suppressions:
        suppressions = [queued.suppressions]
    elif any(queued.suppressions >= kept for kept in chosen.suppressions):
        return False
    else:
        suppressions = [queued.suppressions, *chosen.suppressions]
    walk.chosen[queued.dependency.name.lower()] = Chosen(
        queued.dependency, queued.path, suppressions, chosen.direct, chosen.pinned, chosen.parents
    )
    return True


def _suppressions(walk: Walk, queued: Queued, item: GraphItem) -> frozenset[str]:
    if queued.dependency.range == walk.root.range:
        return queued.suppressions
    private = frozenset(
        dependency.name.lower()
        for dependency in item.dependencies
        if dependency.range.versions is not None and dependency.private == Assets.ALL
    )
    return queued.suppressions | private if private else queued.suppressions


def _enqueue_dependencies(walk: Walk, queued: Queued, item: GraphItem, suppressions: frozenset[str]) -> None:
    is_root = queued.dependency.range == walk.root.range
    path = (*queued.path, queued.dependency.range)
    for dependency in item.dependencies:
        name = dependency.name.lower()
        if dependency.range.versions is None or (not queued.pinned and name in suppressions):
            continue
        is_package = Target.PACKAGE in dependency.range.targets
        direct = is_root and is_package
        pinned = walk.pins and not direct and is_package and name in walk.pinned_versions
        if pinned:
            versions = walk.pinned_versions[name]
            dependency = replace(dependency, range=replace(dependency.range, versions=versions))
        walk.queue.append(Queued(dependency, path, suppressions, direct, pinned))


def _enqueue_runtime_dependencies(
    walk: Walk, queued: Queued, item: GraphItem, suppressions: frozenset[str], added: Sequence[Dependency]
) -> None:
    names = {dependency.name.lower() for dependency in added}
    merged = [dependency for dependency in item.dependencies if dependency.name.lower() not in names] + list(added)
    walk.items[queued.dependency.range] = replace(item, dependencies=merged)
    if len(merged) != len(item.dependencies) + len(added):
        return
    path = (*queued.path, queued.dependency.range)
    walk.queue.extend(Queued(dependency, path, suppressions, False, False) for dependency in added)
