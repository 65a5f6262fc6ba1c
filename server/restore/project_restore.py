"""One project's PackageSpec -> its restored state: graphs resolved, packages installed, texts of all files, messages.

The texts are returned, not written: `products.py` writes them. What cannot be read or found is a message of the project; a few errors
(a client version too old, a broken runtime.json) end the whole restore and are raised.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server.restore.assets_file import assets_text
from server.restore.assets_model import Installed, ProjectAssets, build_assets
from server.restore.audit import audit
from server.restore.build_files import BuildFiles, build_files
from server.restore.compatibility_check import check_compatibility
from server.restore.errors import PackageError, SourceError
from server.restore.graph import TargetGraph
from server.restore.graph_messages import report_analysis, report_unexpected, unresolved_message
from server.restore.legacy_resolver import resolve_legacy
from server.restore.library import LibraryKind, LibraryRange, Target
from server.restore.library_finder import LibraryFinder, Projects
from server.restore.package_spec import PackageSpec, TargetFramework
from server.restore.packages_folder import InstalledPackage
from server.restore.packages_lock import PackagesLock, hash_errors, lock_file_path, lock_text, parse_lock, reasons_against, uses_lock_file
from server.restore.resolver import resolve
from server.restore.restore_log import LogMessage, RestoreLog, error, merge_graphs
from server.restore.runtime_graph import InvalidRuntimeGraph, RuntimeGraph, parse_runtime_graph
from server.restore.source_messages import failed_sources, insecure_sources, unmapped_sources
from server.restore.sources import Match, PackageSources
from server.restore.spec_checks import check_spec
from server.restore.transitive_no_warn import transitive_no_warn
from server.restore.versions import NuGetVersion

_RUNTIME_JSON = "runtime.json"
_ABOUT_SOURCES = ("NU1014", "NU1301", "NU1302")


@dataclass(frozen=True, slots=True)
class RestoredProject:
    """What came of a project. `unlisted` messages are reported, but not kept in the assets file.

    `lock` is path and text of a lock file to write; `hash_files` are there as long as the packages are.
    """

    spec: PackageSpec
    success: bool
    assets: str
    build_files: BuildFiles
    lock: tuple[str, str] | None
    messages: tuple[LogMessage, ...]
    unlisted: tuple[LogMessage, ...]
    hash_files: tuple[str, ...]


@dataclass(slots=True)
class _Restore:
    """One restore under way."""

    spec: PackageSpec
    projects: Projects
    sources: PackageSources
    log: RestoreLog
    lock: PackagesLock | None
    installed: dict[tuple[str, NuGetVersion], InstalledPackage]

    def finder(self, target: TargetFramework, rid: str) -> LibraryFinder:
        locked = self.lock.versions_for(target.framework, rid) if self.lock is not None else None
        legacy = self.spec.restore.legacy_resolver
        return LibraryFinder(target, self.projects, self.sources, locked, adds_central_versions=legacy)

    def resolve(self, target: TargetFramework, rid: str, runtimes: RuntimeGraph) -> TargetGraph:
        finder = self.finder(target, rid)
        if self.spec.restore.legacy_resolver:
            return resolve_legacy(self.spec, finder, rid, runtimes)
        return resolve(self.spec, finder, rid, runtimes)

    def install(self, matches: Sequence[Match]) -> None:
        unique = {(match.id.lower(), match.version): match for match in matches}
        wanted = [(key, match) for key, match in unique.items() if key not in self.installed]
        for (key, _), package in zip(wanted, self.sources.install_all([(match, None) for _, match in wanted]), strict=True):
            self.installed[key] = package


@dataclass(slots=True)
class PendingProject:
    """A project whose framework graphs are resolved and of which nothing is installed yet."""

    state: _Restore
    unlisted: list[LogMessage]
    lock_path: str
    keeps_lock: bool
    graphs: list[TargetGraph]


def begin_project(spec: PackageSpec, projects: Projects, sources: PackageSources, *, force_evaluate: bool) -> PendingProject:
    """The project, checked and resolved for its frameworks. Raises RestoreError for what ends the whole restore; OSError."""
    log = RestoreLog(spec)
    unlisted: list[LogMessage] = []
    log.add_all(unmapped_sources(spec, sources))
    check_spec(spec, log)
    lock, lock_path, keeps_lock = None, lock_file_path(spec), False
    if spec.restore.lock.with_lock_file and spec.restore.lock.with_lock_file.lower() != "true" and os.path.isfile(lock_path):
        text = "Invalid restore input where RestorePackagesWithLockFile property is set to false but a packages lock file exists at "
        unlisted.append(error("NU1005", f"{text}{lock_path}."))
    elif not force_evaluate and os.path.isfile(lock_path):
        lock, keeps_lock = _evaluate_lock(spec, projects, log, lock_path)
    state = _Restore(spec, projects, sources, log, lock, {})
    graphs = [] if log.has_errors or unlisted else _resolve_frameworks(state)
    return PendingProject(state, unlisted, lock_path, keeps_lock, graphs)


def _asked(pending: PendingProject) -> set[str]:
    """Lower-case names of all packages that the project asked its sources for."""
    names = {item.library.name for graph in pending.graphs for item in graph.flattened}
    names |= {wanted.name for graph in pending.graphs for wanted in graph.unresolved}
    names |= {download.name for target in pending.state.spec.frameworks for download in target.downloads}
    return {name.lower() for name in names}


def finish_project(pending: PendingProject) -> RestoredProject:
    """The project with its packages installed and its runtimes resolved. Raises RestoreError for what ends the whole restore; OSError."""
    state, spec, log = pending.state, pending.state.spec, pending.state.log
    graphs = _complete(state, pending.graphs) if pending.graphs else []
    log.add_all(insecure_sources(spec, pending.state.sources))
    log.add_all(failed_sources(_asked(pending), pending.state.sources))
    log.add_all(audit(spec, graphs, pending.state.sources))
    if not graphs:
        graphs = [TargetGraph(target, rid, RuntimeGraph(), None) for target in spec.frameworks for rid in ("", *sorted(spec.runtimes))]
    assets = build_assets(spec, graphs, _installed(state, graphs), _package_folders(spec), log)
    report_analysis(log, graphs, spec)
    log.add_all(check_compatibility(assets))
    # What nuget.g.props says of success is how resolving went: neither warnings made errors nor messages about sources count.
    relevant = [one for one in log.messages if one.is_error and not one.was_warning and one.code not in _ABOUT_SOURCES]
    resolved = not pending.unlisted and not relevant
    files = build_files(assets, success=resolved)
    return _finish(state, assets, files, pending.unlisted, None if pending.keeps_lock else pending.lock_path)


def _evaluate_lock(spec: PackageSpec, projects: Projects, log: RestoreLog, path: str) -> tuple[PackagesLock | None, bool]:
    """The lock file when it still fits, and whether it stays as it is."""
    with open(path, encoding="utf-8-sig", errors="replace") as file:
        lock = parse_lock(file.read())
    reasons = reasons_against(lock, spec, projects)
    if not reasons:
        return lock, True
    if spec.restore.lock.locked:
        advice = (
            "The packages lock file is inconsistent with the project dependencies so restore can't be run in locked mode. Disable the "
            "RestoreLockedMode MSBuild property or pass an explicit --force-evaluate option to run restore to update the lock file."
        )
        log.add(error("NU1004", "\n".join(reasons) + advice))
        return None, True
    return None, False


def _resolve_frameworks(state: _Restore) -> list[TargetGraph]:
    """The graphs of all frameworks; nothing when a source cannot be asked."""
    try:
        return [state.resolve(target, "", RuntimeGraph()) for target in state.spec.frameworks]
    except (SourceError, PackageError) as failure:
        state.log.add(error(failure.code, failure.message))
        return []


def _complete(state: _Restore, plain: list[TargetGraph]) -> list[TargetGraph]:
    """Installs what the graphs need and adds those of the runtimes; nothing when a source cannot be asked."""
    try:
        unresolved = _download(state, plain)
        graphs = list(plain)
        for graph in plain:
            runtimes = _runtime_graph(state, graph) if state.spec.runtimes else None
            for rid in sorted(state.spec.runtimes) if runtimes is not None else ():
                graphs.append(state.resolve(graph.target, rid, runtimes or RuntimeGraph()))
        state.install([match for graph in graphs[len(plain) :] for match in graph.install])
        state.log.transitive = lambda: transitive_no_warn(graphs)
        report_unexpected(state.log, graphs, state.spec, locked=uses_lock_file(state.spec))
        missing = [(wanted, graph.name) for graph in graphs for wanted in graph.unresolved]
        state.log.add_all(merge_graphs(unresolved_message(wanted, name, state.sources) for wanted, name in [*missing, *unresolved]))
    except (SourceError, PackageError) as failure:
        state.log.add(error(failure.code, failure.message))
        return []
    finally:
        state.sources.stop_prefetching()
    return graphs


def _download(state: _Restore, graphs: Sequence[TargetGraph]) -> list[tuple[LibraryRange, str]]:
    """Installs what the graphs and the download dependencies need; download dependencies that were not found, with their target."""
    matches = [match for graph in graphs for match in graph.install]
    unresolved = []
    for target in state.spec.frameworks:
        for download in target.downloads:
            match = state.sources.find(download.name, download.versions)
            if match is None:
                unresolved.append((LibraryRange(download.name, download.versions, Target.PACKAGE), target.alias))
            else:
                matches.append(match)
    state.install(matches)
    return unresolved


def _runtime_graph(state: _Restore, graph: TargetGraph) -> RuntimeGraph | None:
    """The SDK's RID graph with those of all packages merged in; None when the SDK's cannot be read."""
    runtimes = RuntimeGraph()
    path = graph.target.runtime_graph_path
    if path:
        try:
            with open(path, encoding="utf-8-sig") as file:
                runtimes = parse_runtime_graph(file.read())
        except FileNotFoundError:
            state.log.add(error("NU1007", f"The runtime.json specified in the project '{path}' could not be found."))
            return None
        except InvalidRuntimeGraph as failure:
            text = f"The runtime.json specified in the project '{path}' could not be parsed. {failure.message}"
            state.log.add(error("NU1007", text))
            return None
    for item in graph.flattened:
        package = _package_of(state, item.match) if item.library.kind is LibraryKind.PACKAGE and item.match is not None else None
        if package is not None and (package.folder / _RUNTIME_JSON).is_file():
            runtimes = runtimes.merge(parse_runtime_graph((package.folder / _RUNTIME_JSON).read_text(encoding="utf-8-sig")))
    return runtimes


def _package_of(state: _Restore, match: Match) -> InstalledPackage | None:
    return match.installed or state.installed.get((match.id.lower(), match.version))


def _installed(state: _Restore, graphs: Sequence[TargetGraph]) -> Installed:
    found: dict[tuple[str, NuGetVersion], InstalledPackage] = {}
    for graph in graphs:
        for item in graph.flattened:
            package = _package_of(state, item.match) if item.match is not None else None
            if package is not None and item.library.version is not None:
                found[item.library.name.lower(), item.library.version] = package
    return found


def _package_folders(spec: PackageSpec) -> list[str]:
    return [spec.restore.packages_path, *spec.restore.fallback_folders]


def _finish(
    state: _Restore, assets: ProjectAssets, files: BuildFiles, unlisted: Sequence[LogMessage], lock_path: str | None
) -> RestoredProject:
    lock = None
    if state.lock is not None:
        failures = hash_errors(state.lock, assets)
        if failures:
            state.log.add(error("NU1403", "\n".join(failures)))
    elif lock_path is not None and uses_lock_file(state.spec) and not unlisted:
        lock = (lock_path, lock_text(assets))
    success = not state.log.has_errors and not unlisted
    hashes = _hash_files(state, assets)
    return RestoredProject(
        state.spec,
        success,
        assets_text(assets, state.log.messages),
        files,
        lock,
        tuple(state.log.messages),
        tuple(unlisted),
        hashes,
    )


def _hash_files(state: _Restore, assets: ProjectAssets) -> tuple[str, ...]:
    """What a later restore looks for to know that all packages are still there."""
    packages: Mapping[str, InstalledPackage] = {str(package.hash_file): package for package in state.installed.values()}
    from_assets = [
        os.path.join(one.folder, f"{one.library.name.lower()}.{one.path.rpartition('/')[2]}.nupkg.sha512")
        for one in assets.libraries
        if one.folder
    ]
    return tuple(sorted({*packages, *from_assets}))
