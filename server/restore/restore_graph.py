"""Entries that the targets of restore gather (one per project, framework, package, reference ...) -> a PackageSpec for every project.

Each entry is a set of texts by name, as MSBuild items carry them; `Type` and `ProjectUniqueName` say what it is and whose. A project whose
texts say no versions is unreadable: it has a message and nothing else.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from server.restore.frameworks import NuGetFramework, parse_framework, parse_full_name, with_platform
from server.restore.library import Assets, Dependency, LibraryRange, Target, split_assets
from server.restore.package_spec import (
    AuditProperties,
    CentralPackages,
    DownloadDependency,
    FrameworkReference,
    LockProperties,
    PackageSpec,
    ProjectReference,
    RestoreMetadata,
    TargetFramework,
    WarningProperties,
)
from server.restore.restore_log import LogMessage, error
from server.restore.versions import ALL_VERSIONS, NuGetVersion, VersionRange, parse_range, parse_version

# The text of a name, "" when there is none; names have no case.
Entry = Callable[[str], str]

PACKAGE_REFERENCE = "PackageReference"
_CODE = re.compile(r"NU\d{4}", re.IGNORECASE)
_DEFAULT_PRIVATE = Assets.BUILD | Assets.CONTENT_FILES | Assets.ANALYZERS


class _Unreadable(Exception):
    """A text of a project that means nothing."""


@dataclass(slots=True)
class RestoreGraph:
    """The projects by path, those to restore in order, and the message of each that could not be read."""

    specs: dict[str, PackageSpec] = field(default_factory=dict)
    wanted: list[str] = field(default_factory=list)
    unreadable: dict[str, LogMessage] = field(default_factory=dict)


def read_restore_graph(entries: Iterable[Entry]) -> RestoreGraph:
    """The graph that the entries describe."""
    graph = RestoreGraph()
    by_project: dict[str, list[Entry]] = {}
    wanted: dict[str, None] = {}
    for entry in entries:
        project = entry("ProjectUniqueName")
        if entry("Type").lower() == "restorespec":
            wanted.setdefault(project)
        elif project:
            by_project.setdefault(project, []).append(entry)
    for project, own in by_project.items():
        spec_entry = next((entry for entry in own if entry("Type").lower() == "projectspec"), None)
        if spec_entry is None or spec_entry("ProjectStyle").lower() != PACKAGE_REFERENCE.lower():
            continue
        try:
            graph.specs[project] = _spec(spec_entry, own)
        except _Unreadable as failure:
            name = spec_entry("ProjectName")
            graph.unreadable[project] = error("NU1105", f"Unable to read project information for '{name}': {failure}")
            graph.specs[project] = _stub(spec_entry)
    graph.specs = {path: _without_missing(spec, graph) for path, spec in graph.specs.items()}
    graph.wanted = [project for project in wanted if project in graph.specs]
    return graph


def _without_missing(spec: PackageSpec, graph: RestoreGraph) -> PackageSpec:
    """Without references to projects that take no part in restore."""
    frameworks = []
    for one in spec.frameworks:
        kept = tuple(reference for reference in one.project_references if reference.path in graph.specs)
        frameworks.append(replace(one, project_references=kept))
    return replace(spec, frameworks=tuple(frameworks))


def _stub(entry: Entry) -> PackageSpec:
    path = entry("ProjectPath")
    restore = RestoreMetadata(path, entry("ProjectName"), entry("PackagesPath"), entry("OutputPath"), uses_sdk=False)
    return PackageSpec(NuGetVersion((1, 0, 0, 0)), restore, ())


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip()]


def _is_true(text: str) -> bool:
    return text.strip().lower() == "true"


def _of_type(entries: Iterable[Entry], kind: str) -> list[Entry]:
    return [entry for entry in entries if entry("Type").lower() == kind]


def _range(text: str) -> VersionRange | None:
    if not text.strip():
        return None
    versions = parse_range(text)
    if versions is None:
        raise _Unreadable(f"'{text}' is not a valid version string.")
    return versions


def _spec(entry: Entry, entries: Sequence[Entry]) -> PackageSpec:
    central = _central(entry)
    versions = parse_version(entry("Version") or "1.0.0")
    if versions is None:
        raise _Unreadable(f"'{entry('Version')}' is not a valid version string.")
    targets = _of_type(entries, "targetframeworkinformation")
    frameworks = tuple(_framework(target, entries, central, prunes=_prunes(target, targets)) for target in targets)
    runtimes = tuple(sorted(set(_split(entry("RuntimeIdentifiers")))))
    restore = _restore(entry, entries, central, tuple(one.alias for one in frameworks))
    return PackageSpec(versions, restore, frameworks, runtimes)


def _central(entry: Entry) -> CentralPackages:
    if not _is_true(entry("_CentralPackageVersionsEnabled")):
        return CentralPackages()
    return CentralPackages(
        enabled=True,
        floating=_is_true(entry("CentralPackageFloatingVersionsEnabled")),
        override_disabled=entry("CentralPackageVersionOverrideEnabled").strip().lower() == "false",
        transitive_pinning=_is_true(entry("CentralPackageTransitivePinningEnabled")),
    )


def _restore(entry: Entry, entries: Sequence[Entry], central: CentralPackages, aliases: tuple[str, ...]) -> RestoreMetadata:
    output = entry("OutputPath")
    modes = [entry("NuGetAuditMode"), *(target("NuGetAuditMode") for target in _of_type(entries, "targetframeworkinformation"))]
    return RestoreMetadata(
        project_path=entry("ProjectPath"),
        project_name=entry("ProjectName"),
        packages_path=entry("PackagesPath"),
        output_path=output,
        style=PACKAGE_REFERENCE,
        fallback_folders=tuple(_split(entry("FallbackFolders"))),
        config_files=tuple(_split(entry("ConfigFilePaths"))),
        original_frameworks=aliases,
        sources=tuple(sorted(_split(entry("Sources")))),
        cross_targeting=_is_true(entry("CrossTargeting")),
        legacy_resolver=_is_true(entry("RestoreUseLegacyDependencyResolver")),
        skip_content_files=_is_true(entry("SkipContentFileWrite")),
        validate_runtime_assets=_is_true(entry("ValidateRuntimeAssets")),
        central=central,
        warnings=WarningProperties(
            tuple(_codes(entry("NoWarn"))),
            tuple(_codes(entry("WarningsAsErrors"))),
            tuple(_codes(entry("WarningsNotAsErrors"))),
            _is_true(entry("TreatWarningsAsErrors")),
        ),
        lock=LockProperties(entry("RestorePackagesWithLockFile"), entry("NuGetLockFilePath"), _is_true(entry("RestoreLockedMode"))),
        audit=AuditProperties(
            entry("NuGetAudit"),
            entry("NuGetAuditLevel"),
            "all" if any(mode.lower() == "all" for mode in modes) else entry("NuGetAuditMode"),
            tuple(sorted({each("Id") for each in _of_type(entries, "nugetauditsuppress")})),
        ),
        analysis_level=entry("SdkAnalysisLevel"),
        uses_sdk=_is_true(entry("UsingMicrosoftNETSdk")),
    )


def _codes(text: str) -> list[str]:
    """NuGet's codes in a list separated by commas, semicolons or space; others do not concern it."""
    found = (part.upper() for part in re.split(r"[\s,;]+", text) if _CODE.fullmatch(part))
    return list(dict.fromkeys(found))


def _prunes(target: Entry, targets: Sequence[Entry]) -> bool:
    """Whether packages of the framework are pruned; what says nothing follows the other frameworks of its project."""
    said = target("RestoreEnablePackagePruning").strip().lower()
    return said == "true" or (not said and any(_is_true(one("RestorePackagePruningDefault")) for one in targets))


def _framework(target: Entry, entries: Sequence[Entry], central: CentralPackages, *, prunes: bool) -> TargetFramework:
    alias = target("TargetFramework")
    mine = [entry for entry in entries if not entry("TargetFrameworks") or alias in _split(entry("TargetFrameworks"))]
    imports, asset_fallback = _imports(target)
    central_versions = _central_versions(mine) if central.enabled else {}
    pruned = _of_type(mine, "prunepackagereference") if prunes else []
    return TargetFramework(
        framework=_moniker(target, alias),
        alias=alias,
        dependencies=tuple(_dependencies(mine, central, central_versions)),
        project_references=tuple(_project_references(mine)),
        central_versions=central_versions,
        imports=imports,
        asset_fallback=asset_fallback,
        warn=bool(imports),
        downloads=tuple(_downloads(mine)),
        framework_references=tuple(
            FrameworkReference(entry("Id"), "all" in (flag.lower() for flag in _split(entry("PrivateAssets").replace(",", ";"))))
            for entry in _unique(_of_type(mine, "frameworkreference"))
        ),
        runtime_graph_path=target("RuntimeIdentifierGraphPath"),
        prune={entry("Id"): _up_to(entry("VersionRange")) for entry in pruned},
    )


def _moniker(target: Entry, alias: str) -> NuGetFramework:
    moniker = target("TargetFrameworkMoniker")
    if not moniker:
        return parse_framework(alias)
    return with_platform(parse_full_name(moniker), target("TargetPlatformMoniker"))


def _up_to(text: str) -> VersionRange:
    version = parse_version(text)
    if version is None:
        raise _Unreadable(f"'{text}' is not a valid version string.")
    return VersionRange(None, False, version, True)


def _imports(target: Entry) -> tuple[tuple[NuGetFramework, ...], bool]:
    package = [parse_framework(name) for name in _split(target("PackageTargetFallback").replace(",", ";"))]
    asset = [parse_framework(name) for name in _split(target("AssetTargetFallback").replace(",", ";"))]
    if package and asset:
        raise _Unreadable(
            "PackageTargetFallback and AssetTargetFallback cannot be used together. "
            "Remove PackageTargetFallback(deprecated) references from the project environment."
        )
    return tuple(dict.fromkeys(asset or package)), bool(asset)


def _unique(entries: Iterable[Entry]) -> list[Entry]:
    """The first entry of each id."""
    return list({entry("Id").lower(): entry for entry in reversed(list(entries))}.values())[::-1]


def _central_versions(entries: Sequence[Entry]) -> dict[str, VersionRange]:
    found: dict[str, tuple[str, VersionRange]] = {}
    for entry in _of_type(entries, "centralpackageversion"):
        found[entry("Id").lower()] = (entry("Id"), _range(entry("VersionRange")) or ALL_VERSIONS)
    return dict(found.values())


def _dependencies(entries: Sequence[Entry], central: CentralPackages, versions: dict[str, VersionRange]) -> list[Dependency]:
    by_name = {name.lower(): one for name, one in versions.items()}
    found: dict[str, Dependency] = {}
    for entry in _of_type(entries, "dependency"):
        name = entry("Id")
        own, override = _range(entry("VersionRange")), _range(entry("VersionOverride"))
        automatic = _is_true(entry("IsImplicitlyDefined"))
        managed = central.enabled and not automatic and own is None and override is None and name.lower() in by_name
        if central.enabled and not automatic:
            own = override or own or by_name.get(name.lower())
        exclude = split_assets(entry("ExcludeAssets"), Assets.NONE)
        found.setdefault(
            name.lower(),
            Dependency(
                LibraryRange(name, own, Target.PACKAGE),
                include=split_assets(entry("IncludeAssets"), Assets.ALL) & ~exclude,
                private=split_assets(entry("PrivateAssets"), _DEFAULT_PRIVATE),
                no_warn=tuple(_codes(entry("NoWarn"))),
                auto_referenced=automatic,
                generate_path=_is_true(entry("GeneratePathProperty")),
                centrally_managed=managed,
                version_override=override if central.enabled else None,
                aliases=entry("Aliases"),
            ),
        )
    return list(found.values())


def _project_references(entries: Sequence[Entry]) -> list[ProjectReference]:
    found: dict[str, ProjectReference] = {}
    for entry in _of_type(entries, "projectreference"):
        path = os.path.normpath(entry("ProjectPath"))
        reference = ProjectReference(
            path,
            split_assets(entry("IncludeAssets"), Assets.ALL),
            split_assets(entry("ExcludeAssets"), Assets.NONE),
            split_assets(entry("PrivateAssets"), _DEFAULT_PRIVATE),
        )
        found.setdefault(path, reference)
    return list(found.values())


def _downloads(entries: Sequence[Entry]) -> list[DownloadDependency]:
    found: dict[tuple[str, VersionRange], DownloadDependency] = {}
    for entry in _of_type(entries, "downloaddependency"):
        name, text = entry("Id"), entry("VersionRange")
        for part in _split(text) or [""]:
            versions = _range(part)
            if versions is None or versions.exact is None:
                shown = f"{name} {part}" if part else name
                wish = "Only exact versions are allowed with PackageDownload."
                raise _Unreadable(f"Package '{shown}' does not have an exact version like '[1.0.0]'. {wish}")
            found.setdefault((name.lower(), versions), DownloadDependency(name, versions))
    return list(found.values())
