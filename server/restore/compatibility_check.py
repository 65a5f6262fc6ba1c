"""Assets of a project -> errors for libraries that have nothing for a target: NU1201, NU1202, NU1203, NU1204, NU1212, NU1213."""

from __future__ import annotations

from collections.abc import Sequence

from server.restore.asset_selection import TOOL_PACKAGE, TargetLibrary, available_frameworks
from server.restore.assets_model import ProjectAssets, TargetAssets
from server.restore.frameworks import NuGetFramework
from server.restore.graph import GraphItem, TargetGraph
from server.restore.library import Assets, LibraryKind
from server.restore.restore_log import LogMessage, error


def check_compatibility(assets: ProjectAssets) -> list[LogMessage]:
    """The errors of all targets. Nothing is checked while libraries are missing."""
    if any(target.graph.unresolved for target in assets.targets):
        return []
    return [message for target in assets.targets for message in _check_target(assets, target)]


def _check_target(assets: ProjectAssets, target: TargetAssets) -> list[LogMessage]:
    graph, found = target.graph, []
    entries = {entry.library: entry for entry in target.libraries}
    files = {one.library: one.files for one in assets.libraries}
    compiled: dict[str, TargetLibrary] = {}
    run: set[str] = set()
    for item in graph.flattened:
        entry = entries.get(item.library)
        if item.project is not None:
            if item.project_framework is None:
                found.append(_project_error(graph, item))
            continue
        flow = target.flows.get(item.library.name.lower(), Assets.ALL)
        if entry is None or not flow & (Assets.COMPILE | Assets.RUNTIME):
            continue
        found += _package_errors(graph, entry, files.get(item.library, ()))
        if assets.spec.restore.validate_runtime_assets and graph.rid and flow & Assets.RUNTIME:
            _match_runtime(entry, compiled, run)
    for name, entry in compiled.items():
        text = (
            f"{entry.library.shown} provides a compile-time reference assembly for {name} on {graph.target.framework}, "
            f"but there is no run-time assembly compatible with {graph.rid}."
        )
        found.append(error("NU1203", text, entry.library.name, (graph.name,)))
    return found


def _match_runtime(entry: TargetLibrary, compiled: dict[str, TargetLibrary], run: set[str]) -> None:
    for item in entry.compile:
        name = item.file_name.lower().removesuffix(".dll")
        if item.file_name.lower().endswith(".dll") and name not in run:
            compiled.setdefault(name, entry)
    for item in entry.runtime:
        if item.file_name.lower().endswith(".dll"):
            for name in {item.file_name.lower().removesuffix(".dll"), item.file_name.lower().removesuffix(".dll").removesuffix(".ni")}:
                run.add(name)
                compiled.pop(name, None)


def _project_error(graph: TargetGraph, item: GraphItem) -> LogMessage:
    assert item.project is not None
    name = item.library.name
    text = _with_frameworks(
        f"Project {name} is not compatible with {_shown(graph.target.framework, graph.rid)}.",
        f"Project {name} supports:",
        f"Project {name} does not support any target frameworks.",
        [one.framework for one in item.project.frameworks if one.framework.is_specific],
    )
    return error("NU1201", text, name, (graph.name,))


def _package_errors(graph: TargetGraph, entry: TargetLibrary, files: Sequence[str]) -> list[LogMessage]:
    library, found = entry.library, []
    is_tool = TOOL_PACKAGE in entry.package_types
    folders = ("tools/",) if is_tool else ("lib/", "ref/")
    has_assets = bool(entry.tools) if is_tool else entry.has_assets
    if library.kind is LibraryKind.PACKAGE and not has_assets and any(file.lower().startswith(folders) for file in files):
        text = _with_frameworks(
            f"Package {library.shown} is not compatible with {_shown(graph.target.framework, graph.rid)}.",
            f"Package {library.shown} supports:",
            f"Package {library.shown} does not support any target frameworks.",
            available_frameworks(files),
        )
        found.append(error("NU1202", text, library.name, (graph.name,)))
    if "DotnetPlatform" in entry.package_types:
        text = f"The package {library.shown} has a package type DotnetPlatform that is incompatible with this project."
        found.append(error("NU1213", text, library.name, (graph.name,)))
    if is_tool and len(entry.package_types) != 1:
        text = f"Invalid tools package {library.shown}. Tools packages cannot contain more than one PackageType."
        found.append(error("NU1204", text, library.name, (graph.name,)))
    if is_tool:
        text = (
            f"Invalid project-package combination for {library.shown}. DotnetToolReference project style can only contain "
            "references of the DotnetTool type"
        )
        found.append(error("NU1212", text, library.name, (graph.name,)))
    return found


def _shown(framework: NuGetFramework, rid: str = "") -> str:
    text = f"{framework.short_name} ({framework.full_name})"
    return f"{text} / {rid}" if rid else text


def _with_frameworks(message: str, supports: str, supports_none: str, frameworks: Sequence[NuGetFramework]) -> str:
    if not frameworks:
        return f"{message} {supports_none}"
    shown = sorted((_shown(framework) for framework in frameworks), key=str.lower)
    if len(shown) == 1:
        return f"{message} {supports} {shown[0]}"
    return f"{message} {supports}" + "".join(f"\n  - {one}" for one in shown)
