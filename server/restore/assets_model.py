"""Resolved graphs with what is installed -> the assets of a project: entries of every library in every target. Typed, before any text."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from server.restore.asset_selection import AssetItem, AssetTarget, PackageContent, TargetLibrary, exclude, select_assets
from server.restore.framework_compatibility import is_compatible
from server.restore.frameworks import UNSUPPORTED
from server.restore.graph import GraphItem, GraphNode, TargetGraph
from server.restore.graph_messages import fallback_message
from server.restore.include_flags import flow_of_assets
from server.restore.library import ALL_BUT_CONTENT, Assets, Dependency, Library, LibraryKind, Target
from server.restore.package_spec import PackageSpec
from server.restore.packages_folder import METADATA_FILE, InstalledPackage
from server.restore.pruning import is_prunable
from server.restore.restore_log import RestoreLog, warning
from server.restore.versions import ALL_VERSIONS, NuGetVersion, VersionRange


@dataclass(frozen=True, slots=True)
class AssetsLibrary:
    """A library of any target. A package has its folder and files, a project the path of its file relative to the root's folder."""

    library: Library
    path: str
    sha512: str = ""
    files: tuple[str, ...] = ()
    folder: str = ""

    @property
    def has_tools(self) -> bool:
        """Whether the package has anything below tools/."""
        return any(file.lower().startswith("tools/") for file in self.files)


@dataclass(frozen=True, slots=True)
class TargetAssets:
    """One target: its graph and its libraries in order; which assets flow from each."""

    graph: TargetGraph
    libraries: tuple[TargetLibrary, ...]
    flows: Mapping[str, Assets]


@dataclass(slots=True)
class ProjectAssets:
    """All that an assets file says beside the project's input and the messages."""

    spec: PackageSpec
    targets: list[TargetAssets]
    libraries: list[AssetsLibrary]
    package_folders: list[str]
    groups: dict[str, list[str]] = field(default_factory=dict)
    pinned_groups: dict[str, list[Dependency]] = field(default_factory=dict)


Installed = Mapping[tuple[str, NuGetVersion], InstalledPackage]


def build_assets(
    spec: PackageSpec, graphs: Sequence[TargetGraph], installed: Installed, package_folders: Sequence[str], log: RestoreLog
) -> ProjectAssets:
    """The assets of a project. Raises PackageError for a manifest that cannot be used."""
    contents: dict[tuple[str, NuGetVersion], PackageContent] = {}
    assets = ProjectAssets(spec, [], _libraries(spec, graphs, installed, contents), list(package_folders))
    warned: set[Library] = set()
    for graph in sorted(graphs, key=lambda one: (one.target.alias, one.rid)):
        flows = flow_of_assets(graph)
        entries = []
        for item in sorted(graph.flattened, key=lambda one: one.library.order):
            entry = _entry(spec, graph, item, flows, contents)
            if entry is None:
                continue
            entries.append(entry)
            if entry.used_fallback and graph.target.warn and item.library not in warned:
                warned.add(item.library)
                text = fallback_message(item.library.shown, graph.target)
                log.add(warning("NU1701", text, item.library.name, (graph.name,)))
        assets.targets.append(TargetAssets(graph, tuple(entries), flows))
    _add_groups(assets, graphs)
    return assets


def _key(library: Library) -> tuple[str, NuGetVersion]:
    assert library.version is not None
    return library.name.lower(), library.version


def _libraries(
    spec: PackageSpec, graphs: Sequence[TargetGraph], installed: Installed, contents: dict[tuple[str, NuGetVersion], PackageContent]
) -> list[AssetsLibrary]:
    items = {item.library: item for graph in graphs for item in graph.flattened}
    root_folder = os.path.dirname(spec.restore.project_path)
    found = []
    for library in sorted(items, key=lambda one: one.order):
        item = items[library]
        if library.kind is LibraryKind.PROJECT and item.project is not None and library.name.lower() != spec.name.lower():
            path = os.path.relpath(item.project.restore.project_path, root_folder).replace(os.sep, "/")
            found.append(AssetsLibrary(library, path))
        elif library.kind is LibraryKind.PACKAGE:
            package = installed.get(_key(library))
            if package is not None:
                found.append(_package_library(library, package))
                contents[_key(library)] = PackageContent(library, package.nuspec(), found[-1].files)
    return found


def _package_library(library: Library, package: InstalledPackage) -> AssetsLibrary:
    files = (METADATA_FILE, package.hash_file.name, *package.files())
    path = f"{library.name.lower()}/{package.version.normalized.lower()}"
    return AssetsLibrary(library, path, package.content_hash, tuple(sorted(files, key=str.lower)), str(package.folder))


def _entry(
    spec: PackageSpec,
    graph: TargetGraph,
    item: GraphItem,
    flows: Mapping[str, Assets],
    contents: Mapping[tuple[str, NuGetVersion], PackageContent],
) -> TargetLibrary | None:
    flow = flows.get(item.library.name.lower(), ALL_BUT_CONTENT)
    if item.library.kind is LibraryKind.PROJECT:
        return _project_entry(graph, item, flow) if item.library.name.lower() != spec.name.lower() else None
    content = contents.get(_key(item.library)) if item.library.kind is LibraryKind.PACKAGE else None
    if content is None:
        return None
    direct = next((one for one in graph.target.dependencies if one.name.lower() == item.library.name.lower()), None)
    if direct is not None and is_prunable(direct, graph.target):
        flow = Assets.NONE
    dependencies = [
        (dependency.name, dependency.range.versions or ALL_VERSIONS) for dependency in item.dependencies if dependency.range.targets
    ]
    target = AssetTarget(graph.target.framework, graph.rid, graph.runtimes, graph.target.imports, graph.target.asset_fallback)
    return select_assets(content, target, flow, direct.aliases if direct is not None else "", dependencies)


def _project_entry(graph: TargetGraph, item: GraphItem, flow: Assets) -> TargetLibrary:
    framework = item.project_framework
    entry = TargetLibrary(item.library, framework.framework.full_name if framework is not None else UNSUPPORTED.full_name)
    entry.dependencies = [
        (dependency.name, _project_range(dependency))
        for dependency in item.dependencies
        if dependency.private != Assets.ALL and dependency.listed
    ]
    # The assembly's place is not known to restore: what reads the assets file asks the project.
    own = graph.target.framework
    if framework is None or is_compatible(own, own):
        assembly = AssetItem(f"bin/placeholder/{item.library.name}.dll")
        entry.compile, entry.runtime = [assembly], [assembly]
    if framework is not None:
        entry.framework_references = [reference.name for reference in framework.framework_references if not reference.private]
    exclude(entry, flow)
    return entry


def _project_range(dependency: Dependency) -> VersionRange:
    versions = dependency.range.versions
    if versions is None or (versions == ALL_VERSIONS and Target.EXTERNAL_PROJECT in dependency.range.targets):
        return VersionRange(NuGetVersion((1, 0, 0, 0)))
    return versions


def _add_groups(assets: ProjectAssets, graphs: Sequence[TargetGraph]) -> None:
    spec = assets.spec
    for target in spec.frameworks:
        graph = next((one for one in graphs if one.target is target and not one.rid), None)
        ranges = [dependency.range for dependency in target.dependencies]
        if graph is not None and graph.root is not None and graph.root.item is not None:
            ranges += [one.range for one in graph.root.item.dependencies if one.range.targets == Target.EXTERNAL_PROJECT]
        unique = {wanted.name.lower(): wanted for wanted in reversed(ranges)}
        assets.groups[target.alias] = sorted(wanted.group_text for wanted in unique.values())
    if spec.restore.central.enabled and spec.restore.central.transitive_pinning:
        for each in assets.targets:
            pinned = _pinned_dependencies(each) if not each.graph.rid else []
            if pinned:
                assets.pinned_groups[each.graph.target.alias] = pinned


def _pinned_dependencies(target: TargetAssets) -> list[Dependency]:
    """Packages that the central versions pinned, with the private assets that all who brought them in share."""
    graph = target.graph
    root = graph.root
    if root is None or root.item is None:
        return []
    private_of = {dependency.name.lower(): dependency.private for dependency in root.item.dependencies}
    central = {name.lower(): (name, versions) for name, versions in graph.target.central_versions.items()}
    found = []
    for node in root.inner:
        name = node.range.name.lower()
        if node.item is None or not node.item.pinned or name not in central:
            continue
        private = Assets.ALL
        for direct in _direct_dependents(root, node):
            private &= private_of.get(direct.range.name.lower(), Assets.NONE)
        if private != Assets.ALL:
            wanted = node.range
            found.append(Dependency(wanted, target.flows.get(name, ALL_BUT_CONTENT), private, centrally_managed=True))
    return found


def _direct_dependents(root: GraphNode, pinned: GraphNode) -> list[GraphNode]:
    """The root's own dependencies through which a pinned package comes."""
    found, waiting, seen = [], [pinned], set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if node.item is not None and node.item.pinned:
            waiting.extend(node.parents)
        elif node.outer is root:
            found.append(node)
        elif node.outer is not None:
            waiting.append(node.outer)
    return found
