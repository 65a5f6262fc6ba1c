"""Resolved graphs -> NuGet's messages: what was not found, what was found otherwise than asked, cycles, conflicts, downgrades."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from server.restore.graph import ResolvedDependency, TargetGraph
from server.restore.library import Dependency, LibraryKind, LibraryRange, Target
from server.restore.package_spec import PackageSpec, TargetFramework
from server.restore.restore_log import LogMessage, RestoreLog, error, merge_graphs, warning
from server.restore.sources import PackageSources, SourceVersions
from server.restore.versions import ALL_VERSIONS, NuGetVersion, VersionRange


def unresolved_message(wanted: LibraryRange, graph_name: str, sources: PackageSources) -> LogMessage:
    """Why a library was not found. Raises SourceError."""
    if Target.PACKAGE not in wanted.targets:
        text = f"Unable to find project '{wanted.name}'. Check that the project reference is valid and that the project file exists."
        return error("NU1104", text, wanted.name, (graph_name,))
    considered = sources.feeds_for(wanted.name)
    left_out = sorted((feed.name for feed in sources.feeds if feed not in considered), key=str.lower)
    if not considered:
        text = f"Unable to resolve '{wanted}' for '{graph_name}'."
        return error("NU1100", text + _not_considered(" ", left_out), wanted.name, (graph_name,))
    found = sorted(sources.versions_by_source(wanted.name), key=lambda one: (-len(one.versions), one.source.lower()))
    versions = wanted.versions if wanted.versions is not None else ALL_VERSIONS
    known = [version for one in found for version in one.versions]
    if not known:
        names = ", ".join(sorted((one.source for one in found), key=str.lower))
        text = f"Unable to find package {wanted.name}. No packages exist with this id in source(s): {names}"
        return error("NU1101", text + _not_considered(". ", left_out), wanted.name, (graph_name,))
    in_range = [version for version in known if versions.satisfies(version)]
    bounds_allow = any(bound is not None and bound.is_prerelease for bound in (versions.minimum, versions.maximum))
    only_prerelease = bool(in_range) and all(version.is_prerelease for version in in_range) and not bounds_allow
    shown = versions.without_floating().pretty
    kind = "a stable package" if only_prerelease else "package"
    lines = [f"Unable to find {kind} {wanted.name} with version {shown}"]
    lines += [f"  - {_source_line(one, versions)}" for one in found]
    lines += [f"  - Versions from {name} were not considered" for name in left_out]
    return error("NU1103" if only_prerelease else "NU1102", "\n".join(lines), wanted.name, (graph_name,))


def _not_considered(before: str, names: Sequence[str]) -> str:
    if not names:
        return ""
    return f"{before}PackageSourceMapping is enabled, the following source(s) were not considered: {', '.join(names)}."


def _source_line(found: SourceVersions, versions: VersionRange) -> str:
    text = f"Found {len(found.versions)} version(s) in {found.source}"
    best = _nearest_version(sorted(found.versions), versions)
    return f"{text} [ Nearest version: {best.normalized} ]" if best is not None else text


def _nearest_version(known: Sequence[NuGetVersion], versions: VersionRange) -> NuGetVersion | None:
    """The first at or above the bound that the range has; the highest when there is none, or when the range floats freely."""
    if not known:
        return None
    pivot = versions.minimum or versions.maximum
    if pivot is not None and (not versions.is_floating or versions.maximum is not None):
        for version in known:
            if version >= pivot:
                return version
    return known[-1]


def report_unexpected(log: RestoreLog, graphs: Sequence[TargetGraph], spec: PackageSpec, *, locked: bool) -> None:
    """Warnings about versions that differ from what was asked for: NU1604, NU1602, NU1603, NU1601, NU1608."""
    missing = _missing_lower_bounds(spec)
    log.add_all(merge_graphs(missing))
    ignored = {message.library.lower() for message in missing}
    if not locked:
        approximate = [message for graph in graphs for message in _approximate(graph, ignored)]
        log.add_all(merge_graphs(approximate))
        ignored |= {message.library.lower() for message in approximate}
    log.add_all(merge_graphs(message for graph in graphs for message in _bumped(graph, ignored)))
    log.add_all(merge_graphs(message for graph in graphs for message in _above_upper_bound(graph)))


def _lacks_lower_bound(versions: VersionRange) -> bool:
    return not versions.is_floating and not versions.has_inclusive_minimum


def _shown_dependency(name: str, versions: VersionRange) -> str:
    pretty = versions.without_floating().pretty
    return f"{name} {pretty}" if pretty else name


def _missing_lower_bounds(spec: PackageSpec) -> list[LogMessage]:
    found = []
    for target in spec.frameworks:
        for dependency in sorted(target.dependencies, key=lambda one: one.name.lower()):
            versions = dependency.range.versions
            if versions is not None and _lacks_lower_bound(versions):
                text = (
                    f"Project dependency {_shown_dependency(dependency.name, versions)} does not contain an inclusive lower bound. "
                    "Include a lower bound in the dependency version to ensure consistent restore results."
                )
                found.append(warning("NU1604", text, dependency.name, (target.alias,)))
    return found


def _approximate(graph: TargetGraph, ignored: set[str]) -> list[LogMessage]:
    resolved = [one for one in graph.resolved if one.child.name.lower() not in ignored and _is_approximate(one)]
    return [_approximate_message(one, graph.name) for one in sorted(resolved, key=lambda one: (one.child.order, one.parent.name.lower()))]


def _is_approximate(one: ResolvedDependency) -> bool:
    if one.versions.is_floating or one.child.kind is not LibraryKind.PACKAGE:
        return False
    return not one.versions.has_inclusive_minimum or one.versions.minimum != one.child.version


def _approximate_message(one: ResolvedDependency, graph_name: str) -> LogMessage:
    dependency = _shown_dependency(one.child.name, one.versions)
    if _lacks_lower_bound(one.versions):
        text = (
            f"{one.parent.shown} does not provide an inclusive lower bound for dependency {dependency}. "
            f"{one.child.shown} was resolved instead."
        )
        return warning("NU1602", text, one.child.name, (graph_name,))
    assert one.versions.minimum is not None
    missing = f"{one.child.name} {one.versions.minimum.normalized}"
    text = f"{one.parent.shown} depends on {dependency} but {missing} was not found. {one.child.shown} was resolved instead."
    return warning("NU1603", text, one.child.name, (graph_name,))


def _bumped(graph: TargetGraph, ignored: set[str]) -> list[LogMessage]:
    found = []
    for dependency in graph.target.dependencies:
        versions = dependency.range.versions
        item = graph.find(dependency.name)
        if versions is None or versions.is_floating or item is None or item.library.kind is not LibraryKind.PACKAGE:
            continue
        version = item.library.version
        if dependency.name.lower() in ignored or version is None or versions.minimum is None or not versions.includes_minimum:
            continue
        if version > versions.minimum:
            text = f"Dependency specified was {dependency.name} {versions.pretty} but ended up with {item.library.shown}."
            found.append(warning("NU1601", text, item.library.name, (graph.name,)))
    return found


def _above_upper_bound(graph: TargetGraph) -> list[LogMessage]:
    # Of a name with an error of its own there is nothing to warn of.
    failed = {conflict.selected.name.lower() for conflict in graph.analysis.conflicts}
    failed |= {cycle.range.name.lower() for cycle in graph.analysis.cycles}
    found = []
    for item in graph.flattened:
        for dependency in item.dependencies:
            actual = graph.find(dependency.name)
            if dependency.name.lower() in failed or actual is None or not _is_above(dependency, actual.library.version):
                continue
            if actual.library.kind is not LibraryKind.PACKAGE:
                continue
            assert dependency.range.versions is not None
            text = (
                f"Detected package version outside of dependency constraint: {item.library.shown} requires "
                f"{_shown_dependency(dependency.name, dependency.range.versions)} but version {actual.library.shown} was resolved."
            )
            found.append(warning("NU1608", text, dependency.name, (graph.name,)))
    return found


def _is_above(dependency: Dependency, version: NuGetVersion | None) -> bool:
    versions = dependency.range.versions
    if versions is None or versions.maximum is None or version is None:
        return False
    return version > versions.maximum or (version == versions.maximum and not versions.includes_maximum)


def report_analysis(log: RestoreLog, graphs: Sequence[TargetGraph], spec: PackageSpec) -> bool:
    """The first cycle, else the first conflict, else all downgrades; whether there was neither cycle nor conflict."""
    for graph in graphs:
        for cycle in graph.analysis.cycles[:1]:
            log.add(error("NU1108", f"Cycle detected. \n  {cycle.path}.", cycle.range.name, (graph.name,)))
            return False
    for graph in graphs:
        for conflict in graph.analysis.conflicts[:1]:
            selected = conflict.selected
            text = (
                f"Version conflict detected for {selected.range.name}. Install/reference {selected.with_version} directly to project "
                f"{spec.name} to resolve this issue. \n {selected.path_with_range} \n {conflict.conflicting.path_with_range}."
            )
            log.add(error("NU1107", text, selected.range.name, (graph.name,)))
            return False
    log.add_all(merge_graphs(message for graph in graphs for message in _downgrades(graph)))
    return True


def _downgrades(graph: TargetGraph) -> Iterable[LogMessage]:
    others = {item.library.name.lower() for item in graph.flattened if item.library.kind is not LibraryKind.PACKAGE}
    zero = NuGetVersion((0, 0, 0, 0))
    for downgrade in graph.analysis.downgrades:
        asked, got = downgrade.asked, downgrade.got
        if asked.range.name.lower() in others or got.item is None:
            continue
        from_version = asked.versions.minimum or zero
        to_version = got.item.library.version or got.versions.minimum or zero
        paths = f" \n {asked.path_with_range} \n {got.path_with_range}"
        start = f"Detected package downgrade: {asked.range.name} from {from_version.normalized} to "
        if got.item.pinned:
            advice = "Update the centrally managed package version to a higher version."
            yield error("NU1109", f"{start}centrally defined {to_version.normalized}. {advice}{paths}", asked.range.name, (graph.name,))
        else:
            advice = "Reference the package directly from the project to select a different version."
            yield warning("NU1605", f"{start}{to_version.normalized}. {advice}{paths}", asked.range.name, (graph.name,))


def fallback_message(library: str, target: TargetFramework) -> str:
    """The text of NU1701."""
    fallbacks = ", ".join(framework.full_name if not framework.is_net5_era else framework.short_name for framework in target.imports)
    return (
        f"Package '{library}' was restored using '{fallbacks}' instead of the project target framework '{target.framework}'. "
        "This package may not be fully compatible with your project."
    )
