"""The projects of a restore graph, restored: what is current is left alone, the others are resolved, installed and written.

All projects are resolved before anything is installed: an error that ends the restore leaves nothing behind.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from server.restore.assets_file import stub_text
from server.restore.build_files import empty_build_files
from server.restore.errors import NO_SOURCE
from server.restore.feeds import SourceOptions, open_sources
from server.restore.library_finder import Projects
from server.restore.package_spec import PackageSpec
from server.restore.products import Products, cache_text, graph_text, messages_when_current, write_products
from server.restore.project_restore import PendingProject, begin_project, finish_project
from server.restore.restore_graph import RestoreGraph
from server.restore.restore_log import LogMessage, warning
from server.restore.restore_settings import RestoreSettings, settings_of_project
from server.restore.settings import settings_from_files
from server.restore.sources import PackageSources

_NO_SOURCE_TEXT = (
    "No package source is configured. Name one in <packageSources> of a NuGet.Config beside the project, above it or in the user's "
    "NuGet folder, in the property RestoreSources, or with --source"
)

# A message and the project that it is about; None when it is about the restore as a whole.
Report = Callable[[LogMessage, PackageSpec | None], None]


@dataclass(frozen=True, slots=True)
class RestoreOptions:
    """How a restore goes: `force` restores what is current, `force_evaluate` makes lock files anew."""

    force: bool = False
    force_evaluate: bool = False
    sources: SourceOptions = SourceOptions()


@dataclass(frozen=True, slots=True)
class RestoreListener:
    """Where a restore tells what happens: messages, and lines of progress."""

    message: Report
    line: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class RestoreCounts:
    """What became of the projects."""

    restored: int
    current: int
    failed: int


def run_restore(graph: RestoreGraph, environment: Mapping[str, str], options: RestoreOptions, listener: RestoreListener) -> RestoreCounts:
    """Restores the wanted projects of the graph. Raises RestoreError for what ends the restore, ConfigError, OSError."""
    projects = Projects(graph.specs)
    opened: dict[tuple[object, ...], PackageSources] = {}
    pending: list[tuple[str, str, PendingProject | None, float]] = []
    n_current = 0
    for path in graph.wanted:
        start = time.monotonic()
        spec, text = graph.specs[path], graph_text(path, graph.specs)
        if path in graph.unreadable:
            pending.append((path, text, None, start))
            continue
        known = None if options.force or options.force_evaluate else messages_when_current(spec, text)
        if known is not None:
            n_current += 1
            for message in known:
                listener.message(message, spec)
            continue
        sources = _sources(spec, environment, options, opened)
        pending.append((path, text, begin_project(spec, projects, sources, force_evaluate=options.force_evaluate), start))
    n_failed, without_source = 0, False
    for path, text, project, start in pending:
        succeeded = _finish(graph, path, text, project, listener)
        n_failed += not succeeded
        without_source = without_source or (project is not None and not succeeded and _names_no_source(graph.specs[path], environment))
        verb = "Restored" if succeeded else "Failed to restore"
        listener.line(f"{verb} {path} (in {_duration(time.monotonic() - start)}).")
    if without_source:
        listener.message(warning(NO_SOURCE, _NO_SOURCE_TEXT, "", ()), None)
    _tell_current(n_current, len(graph.wanted), listener)
    return RestoreCounts(len(pending) - n_failed, n_current, n_failed)


def _names_no_source(spec: PackageSpec, environment: Mapping[str, str]) -> bool:
    """Whether nobody has said where packages come from. NuGet's own tools write a public source into the user's file; this one does not."""
    files = tuple(Path(file) for file in spec.restore.config_files)
    return not spec.restore.sources and "packageSources" not in settings_from_files(files, environment).sections


def _tell_current(n_current: int, n_projects: int, listener: RestoreListener) -> None:
    if n_projects and n_current == n_projects:
        listener.line("All projects are up-to-date for restore.")
    elif n_current:
        listener.line(f"{n_current} of {n_projects} projects are up-to-date for restore.")


def _duration(seconds: float) -> str:
    """`12 ms`, `1.23 sec` or `2.5 min`."""
    if seconds < 1:
        return f"{max(1, round(seconds * 1000))} ms"
    return f"{seconds:.2f} sec" if seconds < 60 else f"{seconds / 60:.1f} min"


def _sources(
    spec: PackageSpec, environment: Mapping[str, str], options: RestoreOptions, opened: dict[tuple[object, ...], PackageSources]
) -> PackageSources:
    """The sources of a project; projects with the same ones share what they learned."""
    restore = spec.restore
    key = (restore.config_files, restore.sources, restore.packages_path, restore.fallback_folders)
    if key not in opened:
        settings: RestoreSettings = settings_of_project(
            tuple(Path(file) for file in restore.config_files),
            restore.sources,
            restore.packages_path,
            restore.fallback_folders,
            environment,
        )
        opened[key] = open_sources(settings, environment, options.sources)
    return opened[key]


def _finish(graph: RestoreGraph, path: str, text: str, project: PendingProject | None, listener: RestoreListener) -> bool:
    spec = graph.specs[path]
    if project is None:
        messages = [graph.unreadable[path]]
        cache = cache_text(spec, text, (), messages, success=False)
        write_products(spec, Products(stub_text(spec, messages), empty_build_files(), text, cache, None))
        return False
    restored = finish_project(project)
    for message in restored.messages:
        listener.message(message, spec)
    for message in restored.unlisted:
        listener.message(message, None)
    cache = cache_text(spec, text, restored.hash_files, restored.messages, success=restored.success)
    write_products(spec, Products(restored.assets, restored.build_files, text, cache, restored.lock))
    return restored.success
