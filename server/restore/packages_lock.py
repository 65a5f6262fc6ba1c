"""packages.lock.json: text -> what is locked; a project and its lock file -> whether it still fits and why not; assets -> new text.

Reasons are in NuGet's words. In one of them NuGet mixes up which frameworks are the project's and which the lock file's; it stays so here.
"""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from server.restore.asset_selection import TargetLibrary
from server.restore.assets_file import json_text
from server.restore.assets_model import ProjectAssets, TargetAssets
from server.restore.framework_compatibility import nearest
from server.restore.frameworks import NuGetFramework, parse_framework
from server.restore.library import Assets, Dependency, LibraryKind
from server.restore.library_finder import Projects
from server.restore.package_spec import PackageSpec, ProjectReference, TargetFramework
from server.restore.spec_json import Json
from server.restore.versions import NuGetVersion, VersionRange, parse_range, parse_version

LATEST_VERSION = 3
_FILE_NAME = "packages.lock.json"


class LockedKind(Enum):
    """How a locked library came into the graph; in the order of the file."""

    DIRECT = "Direct"
    TRANSITIVE = "Transitive"
    PROJECT = "Project"
    CENTRAL_TRANSITIVE = "CentralTransitive"


@dataclass(frozen=True, slots=True)
class LockedLibrary:
    """One entry. A project has neither version nor hash."""

    id: str
    kind: LockedKind
    requested: VersionRange | None = None
    resolved: NuGetVersion | None = None
    content_hash: str = ""
    dependencies: Mapping[str, VersionRange] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LockedTarget:
    """The entries of one framework and runtime."""

    framework: NuGetFramework
    rid: str
    libraries: tuple[LockedLibrary, ...]

    def of_kind(self, kind: LockedKind) -> list[LockedLibrary]:
        """The entries of one kind."""
        return [library for library in self.libraries if library.kind is kind]


@dataclass(frozen=True, slots=True)
class PackagesLock:
    """A lock file."""

    version: int
    targets: tuple[LockedTarget, ...]

    def versions_for(self, framework: NuGetFramework, rid: str) -> dict[str, NuGetVersion] | None:
        """Locked versions by lower-case id, None when the target is not in the file. A runtime's target only adds to its framework's."""
        found: dict[str, NuGetVersion] = {}
        known = False
        for target in self.targets:
            if target.framework == framework and target.rid in ("", rid):
                known = True
                found.update((one.id.lower(), one.resolved) for one in target.libraries if one.resolved is not None)
        return found if known else None


def lock_file_path(spec: PackageSpec) -> str:
    """Where the project's lock file is or would be."""
    folder = os.path.dirname(spec.restore.project_path)
    if spec.restore.lock.path:
        return os.path.normpath(os.path.join(folder, spec.restore.lock.path))
    name = os.path.splitext(os.path.basename(spec.restore.project_path))[0]
    named = os.path.join(folder, f"packages.{name.replace(' ', '_')}.lock.json")
    return named if os.path.isfile(named) else os.path.join(folder, _FILE_NAME)


def uses_lock_file(spec: PackageSpec) -> bool:
    """Whether restore reads and writes a lock file: the property says so, or there is one."""
    return spec.restore.lock.with_lock_file.lower() == "true" or os.path.isfile(lock_file_path(spec))


def parse_lock(text: str) -> PackagesLock:
    """The lock file of `text`; what is no lock file has no targets, as NuGet reads it."""
    try:
        values: object = json.loads(text)
    except ValueError:
        return PackagesLock(1, ())
    if not isinstance(values, dict):
        return PackagesLock(1, ())
    version = values.get("version")
    dependencies = values.get("dependencies")
    targets = []
    for name, libraries in dependencies.items() if isinstance(dependencies, dict) else ():
        framework, _, rid = name.partition("/")
        if isinstance(libraries, dict):
            entries = tuple(_library(key, value) for key, value in libraries.items() if isinstance(value, dict))
            targets.append(LockedTarget(parse_framework(framework), rid, entries))
    return PackagesLock(version if isinstance(version, int) else 1, tuple(targets))


def _library(name: str, values: Mapping[str, object]) -> LockedLibrary:
    kinds = {kind.value.lower(): kind for kind in LockedKind}
    dependencies = values.get("dependencies")
    ranges = {key: parse_range(str(text)) for key, text in dependencies.items()} if isinstance(dependencies, dict) else {}
    return LockedLibrary(
        name,
        kinds.get(str(values.get("type")).lower(), LockedKind.TRANSITIVE),
        parse_range(str(values["requested"])) if "requested" in values else None,
        parse_version(str(values["resolved"])) if "resolved" in values else None,
        str(values.get("contentHash", "")),
        {key: versions for key, versions in ranges.items() if versions is not None},
    )


# ---- whether it still fits


def reasons_against(lock: PackagesLock, spec: PackageSpec, projects: Projects) -> list[str]:
    """Why the lock file does not fit the project any more; empty when it does."""
    if lock.version > LATEST_VERSION:
        return [
            "Version specified in the packages.lock.json file is incompatible. Current tooling supports version "
            f"{LATEST_VERSION} and previous formats."
        ]
    locked = list(dict.fromkeys(target.framework for target in lock.targets))
    if len(locked) != len(spec.frameworks):
        own = ",".join(target.framework.short_name for target in spec.frameworks)
        return [
            "The project target frameworks are different than the lock file's target frameworks. "
            f"Lock file target frameworks: {own}. Project target frameworks {','.join(one.short_name for one in locked)}."
        ]
    reasons = _runtime_reasons(lock, spec)
    for framework in spec.frameworks:
        target = _target_of(lock, framework.framework)
        if target is None:
            reasons.append(f"The project target framework {framework.framework.short_name} was not found in the lock file.")
            continue
        reasons += _direct_reasons(target, framework)
        reasons += _central_reasons(target, framework)
    for framework in spec.frameworks:
        target = _target_of(lock, framework.framework)
        if target is not None:
            reasons += _project_reasons(target, framework, projects)
    return reasons


def _target_of(lock: PackagesLock, framework: NuGetFramework) -> LockedTarget | None:
    return next((target for target in lock.targets if target.framework == framework), None)


def _runtime_reasons(lock: PackagesLock, spec: PackageSpec) -> list[str]:
    own = sorted(spec.runtimes)
    locked = sorted({target.rid for target in lock.targets if target.rid})
    if [rid.lower() for rid in own] == [rid.lower() for rid in locked]:
        return []
    return [
        "The project's runtime identifiers have changed from. "
        f"Project's runtime identifiers: {';'.join(own)}, lock file's runtime identifiers {';'.join(locked)}."
    ]


def _direct_reasons(target: LockedTarget, framework: TargetFramework) -> list[str]:
    locked = target.of_kind(LockedKind.DIRECT)
    name = target.framework.short_name
    if len(locked) != len(framework.dependencies):
        was = ", ".join(sorted(f"{one.id}:{_normalized(one.requested)}" for one in locked)) or "None"
        now = ", ".join(sorted(f"{one.name}:{_normalized(one.range.versions)}" for one in framework.dependencies)) or "None"
        changed = f"The package references have changed for {name}."
        return [f"{changed} Lock file's package references: {was}, project's package references: {now}."]
    by_id = {one.id.lower(): one for one in locked}
    for dependency in framework.dependencies:
        entry = by_id.get(dependency.name.lower())
        if entry is None:
            return [f"A new package reference was found {dependency.name} for the project target framework {name}."]
        if entry.requested != dependency.range.versions:
            was, now = _normalized(entry.requested), _normalized(dependency.range.versions)
            return [f"The package reference {dependency.name} version has changed from {was} to {now}."]
    return []


def _normalized(versions: VersionRange | None) -> str:
    return versions.normalized if versions is not None else ""


def _central_reasons(target: LockedTarget, framework: TargetFramework) -> list[str]:
    central = {name.lower(): versions for name, versions in framework.central_versions.items()}
    for entry in target.of_kind(LockedKind.CENTRAL_TRANSITIVE):
        versions = central.get(entry.id.lower())
        if versions is None:
            return [
                f"Central package management file(s) doesn't contain version range for {entry.id} package which is specified as "
                "CentralTransitive dependency in the lock file."
            ]
        if versions != entry.requested:
            return [
                "Mistmatch between the requestedVersion of a lock file dependency marked as CentralTransitive and the the version "
                f"specified in the central package management file. Lock file version {_normalized(entry.requested)}, "
                f"central package management version {versions.normalized}."
            ]
    for entry in target.of_kind(LockedKind.TRANSITIVE):
        if entry.id.lower() in central:
            return [f"Transitive dependency {entry.id} moved to be centraly managed invalidated the lock file."]
    return []


def _project_reasons(target: LockedTarget, framework: TargetFramework, projects: Projects) -> list[str]:
    reasons: list[str] = []
    entries = {one.id.lower(): one for one in target.of_kind(LockedKind.PROJECT)}
    waiting = deque(framework.project_references)
    seen: set[str] = set()
    while waiting:
        reference = waiting.popleft()
        spec = projects.find(reference.path)
        if reference.path in seen or spec is None:
            continue
        seen.add(reference.path)
        entry = entries.get(spec.name.lower())
        if entry is None:
            reasons.append(f"A new project reference to {spec.name} was found for {target.framework.short_name} target framework.")
            continue
        by_framework = {one.framework: one for one in reversed(spec.frameworks)}
        best = nearest(framework.framework, by_framework)
        if best is None:
            reasons.append(f"The project {spec.name} has no compatible target framework. ")
            continue
        reasons += _changed_project(entry, by_framework[best], projects)
        waiting.extend(one for one in by_framework[best].project_references if one.private != Assets.ALL)
    return reasons


def _changed_project(entry: LockedLibrary, framework: TargetFramework, projects: Projects) -> list[str]:
    packages = [one for one in framework.dependencies if one.private != Assets.ALL]
    references = [one for one in framework.project_references if one.private != Assets.ALL]
    if len(packages) + len(references) != len(entry.dependencies):
        now = ",".join(sorted([one.name for one in packages] + [one.path for one in framework.project_references]))
        was = ",".join(sorted(entry.dependencies)) or "None"
        return [f"The project reference {entry.id} has changed. Current dependencies: {now or 'None'} lock file's dependencies: {was}."]
    locked = {name.lower(): versions for name, versions in entry.dependencies.items()}
    if _all_locked(packages, references, locked, projects):
        return []
    return [f"The project references {entry.id} whose dependencies has changed."]


def _all_locked(
    packages: Sequence[Dependency], references: Sequence[ProjectReference], locked: Mapping[str, VersionRange], projects: Projects
) -> bool:
    if any(locked.get(one.name.lower()) != one.range.versions for one in packages):
        return False
    names = [spec.name.lower() if (spec := projects.find(one.path)) is not None else "" for one in references]
    return all(name in locked for name in names)


# ---- a new one


def lock_text(assets: ProjectAssets) -> str:
    """The lock file that says what `assets` have. A runtime's target has only what differs from its framework's."""
    central = assets.spec.restore.central.enabled
    hashes = {one.library: one.sha512 for one in assets.libraries}
    written: dict[str, Json] = {}
    for target in assets.targets:
        entries = list(target.libraries)
        if target.graph.rid:
            plain = next(one for one in assets.targets if one.graph.target is target.graph.target and not one.graph.rid)
            entries = [entry for entry in entries if entry not in plain.libraries]
        name = target.graph.target.framework.short_name
        rows = [_lock_row(assets, target, entry, hashes.get(entry.library, "")) for entry in entries]
        order = list(LockedKind)
        rows.sort(key=lambda row: order.index(row[1]))
        written[f"{name}/{target.graph.rid}" if target.graph.rid else name] = {key: values for key, _, values in rows}
    return json_text({"version": 2 if central else 1, "dependencies": written})


def _lock_row(assets: ProjectAssets, target: TargetAssets, entry: TargetLibrary, content_hash: str) -> tuple[str, LockedKind, Json]:
    framework, name = target.graph.target, entry.library.name
    dependencies = sorted(entry.dependencies, key=lambda pair: pair[0])
    if entry.library.kind is LibraryKind.PROJECT:
        path = next(one.path for one in assets.libraries if one.library == entry.library)
        same = os.path.splitext(os.path.basename(path))[0] == name
        project: dict[str, Json] = {"type": LockedKind.PROJECT.value}
        if dependencies:
            project["dependencies"] = {key: versions.normalized for key, versions in dependencies}
        return name.lower() if same else name, LockedKind.PROJECT, project
    direct = next((one for one in framework.dependencies if one.name.lower() == name.lower()), None)
    central = next((versions for key, versions in framework.central_versions.items() if key.lower() == name.lower()), None)
    kind, requested = LockedKind.TRANSITIVE, None
    if direct is not None:
        kind, requested = LockedKind.DIRECT, direct.range.versions
    elif central is not None:
        kind, requested = LockedKind.CENTRAL_TRANSITIVE, central
    values: dict[str, Json] = {"type": kind.value}
    if requested is not None:
        values["requested"] = requested.normalized
    assert entry.library.version is not None
    values["resolved"] = entry.library.version.normalized
    values["contentHash"] = content_hash
    if dependencies:
        values["dependencies"] = {key: versions.legacy_short for key, versions in dependencies}
    return name, kind, values


def hash_errors(lock: PackagesLock, assets: ProjectAssets) -> list[str]:
    """Packages whose content is not what the lock file has: one text each."""
    locked = {(one.id.lower(), one.resolved): one.content_hash for target in lock.targets for one in target.libraries}
    return [
        f"Package content hash validation failed for {one.library.name}.{one.library.version}. "
        "The package is different than the last restore."
        for one in assets.libraries
        if one.library.kind is LibraryKind.PACKAGE and locked.get((one.library.name.lower(), one.library.version)) != one.sha512
    ]
