"""A library and what the framework brings itself (PrunePackageReference) -> the library without the dependencies it does not need.

A direct reference of the restored project is never pruned; whoever has one gets a warning and no assets of it.
"""

from __future__ import annotations

from dataclasses import replace

from server.restore.graph import GraphItem
from server.restore.library import Dependency, Target
from server.restore.package_spec import TargetFramework


def is_prunable(dependency: Dependency, target: TargetFramework) -> bool:
    """Whether the framework has all that the dependency asks for."""
    if Target.PACKAGE not in dependency.range.targets or dependency.range.versions is None:
        return False
    for name, pruned in target.prune.items():
        if name.lower() == dependency.name.lower() and pruned.maximum is not None:
            return dependency.range.versions.satisfies(pruned.maximum)
    return False


def prune(item: GraphItem, target: TargetFramework, *, is_root: bool) -> GraphItem:
    """The library without prunable dependencies; the root as it is."""
    if is_root or not target.prune:
        return item
    kept = [dependency for dependency in item.dependencies if not is_prunable(dependency, target)]
    return item if len(kept) == len(item.dependencies) else replace(item, dependencies=kept)
