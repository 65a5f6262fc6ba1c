"""PackageSpec <-> its JSON: the `project` part of an assets file, and one project of a dependency graph file.

Keys keep NuGet's order, so a file written twice is the same text. Reading takes what NuGet or this writer wrote and raises
InvalidSpec for anything else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from server.restore.errors import RestoreError
from server.restore.frameworks import parse_framework
from server.restore.library import (
    DEFAULT_PRIVATE,
    Assets,
    Dependency,
    LibraryRange,
    Target,
    parse_assets,
    spell_assets,
    spell_assets_lower,
)
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
from server.restore.versions import VersionRange, parse_range, parse_version

Json: TypeAlias = "Mapping[str, Json] | Sequence[Json] | str | int | float | bool | None"
JsonObject: TypeAlias = Mapping[str, Json]


# How a dependency without a version is written.
_NO_VERSION = "(, )"


class InvalidSpec(RestoreError):
    """JSON that describes no project."""

    def __init__(self, message: str) -> None:
        super().__init__("NU1000", message)


# ---- writing


def spec_to_json(spec: PackageSpec) -> dict[str, Json]:
    """The spec as JSON values."""
    written: dict[str, Json] = {"version": spec.version.full, "restore": _restore_json(spec)}
    written["frameworks"] = {one.alias: _framework_json(one) for one in spec.frameworks}
    if spec.runtimes:
        written["runtimes"] = {rid: {"#import": []} for rid in sorted(spec.runtimes)}
    return written


def _present(values: dict[str, Json]) -> dict[str, Json]:
    """Without empty texts, empty lists and objects, and false."""
    return {name: value for name, value in values.items() if value}


def _restore_json(spec: PackageSpec) -> dict[str, Json]:
    restore, central = spec.restore, spec.restore.central
    values = _present(
        {
            "projectUniqueName": restore.project_path,
            "projectName": restore.project_name,
            "projectPath": restore.project_path,
            "packagesPath": restore.packages_path,
            "outputPath": restore.output_path,
            "projectStyle": restore.style,
            "crossTargeting": restore.cross_targeting,
            "validateRuntimeAssets": restore.validate_runtime_assets,
            "skipContentFileWrite": restore.skip_content_files,
            "centralPackageVersionsManagementEnabled": central.enabled,
            "centralPackageFloatingVersionsEnabled": central.floating,
            "centralPackageVersionOverrideDisabled": central.override_disabled,
            "CentralPackageTransitivePinningEnabled": central.transitive_pinning,
            "restoreUseLegacyDependencyResolver": restore.legacy_resolver,
            "fallbackFolders": list(restore.fallback_folders),
            "configFilePaths": list(restore.config_files),
            "originalTargetFrameworks": sorted(restore.original_frameworks),
            "sources": {source: {} for source in restore.sources},
        }
    )
    if not restore.uses_sdk:
        values["UsingMicrosoftNETSdk"] = False
    values["frameworks"] = {
        one.alias: {
            "framework": one.framework.short_name,
            "targetAlias": one.alias,
            "projectReferences": {reference.path: _project_reference_json(reference) for reference in one.project_references},
        }
        for one in spec.frameworks
    }
    values.update(_properties_json(restore))
    return values


def _properties_json(restore: RestoreMetadata) -> dict[str, Json]:
    warnings, lock, audit = restore.warnings, restore.lock, restore.audit
    return _present(
        {
            "warningProperties": _present(
                {
                    "allWarningsAsErrors": warnings.all_as_errors,
                    "noWarn": sorted(warnings.no_warn),
                    "warnAsError": sorted(warnings.as_errors),
                    "warnNotAsError": sorted(warnings.not_as_errors),
                }
            ),
            "restoreLockProperties": _present(
                {"restorePackagesWithLockFile": lock.with_lock_file, "nuGetLockFilePath": lock.path, "restoreLockedMode": lock.locked}
            ),
            "restoreAuditProperties": _present(
                {
                    "enableAudit": audit.enabled,
                    "auditLevel": audit.level,
                    "auditMode": audit.mode,
                    "suppressedAdvisories": {advisory: None for advisory in sorted(audit.suppressed)},
                }
            ),
            "SdkAnalysisLevel": restore.analysis_level,
        }
    )


def _project_reference_json(reference: ProjectReference) -> dict[str, Json]:
    values: dict[str, Json] = {"projectPath": reference.path}
    if reference.include != Assets.ALL:
        values["includeAssets"] = spell_assets_lower(reference.include)
    if reference.exclude != Assets.NONE:
        values["excludeAssets"] = spell_assets_lower(reference.exclude)
    if reference.private != DEFAULT_PRIVATE:
        values["privateAssets"] = spell_assets_lower(reference.private)
    return values


def _framework_json(one: TargetFramework) -> dict[str, Json]:
    return _present(
        {
            "framework": one.framework.short_name,
            "targetAlias": one.alias,
            "dependencies": {
                dependency.name: _dependency_json(dependency) for dependency in sorted(one.dependencies, key=lambda each: each.name.lower())
            },
            "centralPackageVersions": {
                name: versions.original or versions.normalized
                for name, versions in sorted(one.central_versions.items(), key=lambda each: each[0].lower())
            },
            "imports": [framework.short_name for framework in one.imports],
            "assetTargetFallback": one.asset_fallback,
            "warn": one.warn,
            "downloadDependencies": _downloads_json(one.downloads),
            "frameworkReferences": {
                reference.name: {"privateAssets": "all" if reference.private else "none"}
                for reference in sorted(one.framework_references, key=lambda each: each.name.lower())
            },
            "runtimeIdentifierGraphPath": one.runtime_graph_path,
            "packagesToPrune": {
                name: prune_text(versions) for name, versions in sorted(one.prune.items(), key=lambda each: each[0].lower())
            },
        }
    )


def _downloads_json(downloads: Sequence[DownloadDependency]) -> list[Json]:
    grouped: dict[str, list[DownloadDependency]] = {}
    for download in sorted(downloads, key=lambda each: each.name.lower()):
        grouped.setdefault(download.name.lower(), []).append(download)
    return [{"name": each[0].name, "version": ";".join(one.versions.normalized for one in each)} for each in grouped.values()]


def prune_text(versions: VersionRange) -> str:
    """`(,1.2.3]`: prune lists have no space behind the comma."""
    return versions.normalized.replace(", ", ",")


def _dependency_json(dependency: Dependency) -> dict[str, Json]:
    values: dict[str, Json] = {}
    if dependency.include != Assets.ALL:
        values["include"] = spell_assets(dependency.include)
    if dependency.private != DEFAULT_PRIVATE:
        values["suppressParent"] = spell_assets(dependency.private)
    values["target"] = "Package"
    values["version"] = dependency.range.versions.normalized if dependency.range.versions is not None else _NO_VERSION
    if dependency.version_override is not None:
        values["versionOverride"] = dependency.version_override.normalized
    return values | _present(
        {
            "autoReferenced": dependency.auto_referenced,
            "noWarn": sorted(dependency.no_warn),
            "generatePathProperty": dependency.generate_path,
            "versionCentrallyManaged": dependency.centrally_managed,
            "aliases": dependency.aliases,
        }
    )


# ---- reading


def spec_from_json(values: Json) -> PackageSpec:
    """The spec of JSON values. Raises InvalidSpec."""
    top = _object(values)
    restore = _object(top.get("restore"))
    references = {name: _object(value) for name, value in _object(restore.get("frameworks")).items()}
    version = parse_version(_text(top.get("version")) or "1.0.0")
    if version is None:
        raise InvalidSpec(f"'{_text(top.get('version'))}' is not a valid version string.")
    frameworks = tuple(_read_framework(name, _object(value), references) for name, value in _object(top.get("frameworks")).items())
    return PackageSpec(version, _read_restore(restore), frameworks, tuple(_object(top.get("runtimes"))))


def _object(value: Json) -> JsonObject:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InvalidSpec(f"an object is expected, found {value!r:.80}")
    return value


def _text(value: Json) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidSpec(f"a text is expected, found {value!r:.80}")
    return value


def _texts(value: Json) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise InvalidSpec(f"a list of texts is expected, found {value!r:.80}")
    return tuple(_text(one) for one in value)


def _range(value: Json) -> VersionRange:
    versions = parse_range(_text(value))
    if versions is None:
        raise InvalidSpec(f"'{_text(value)}' is not a valid version string.")
    return versions


def _assets(value: Json, default: Assets) -> Assets:
    text = _text(value)
    return parse_assets(text.split(",")) if text else default


def _read_restore(values: JsonObject) -> RestoreMetadata:
    warnings, lock = _object(values.get("warningProperties")), _object(values.get("restoreLockProperties"))
    audit = _object(values.get("restoreAuditProperties"))
    return RestoreMetadata(
        project_path=_text(values.get("projectPath")),
        project_name=_text(values.get("projectName")),
        packages_path=_text(values.get("packagesPath")),
        output_path=_text(values.get("outputPath")),
        style=_text(values.get("projectStyle")),
        fallback_folders=_texts(values.get("fallbackFolders")),
        config_files=_texts(values.get("configFilePaths")),
        original_frameworks=_texts(values.get("originalTargetFrameworks")),
        sources=tuple(_object(values.get("sources"))),
        cross_targeting=values.get("crossTargeting") is True,
        legacy_resolver=values.get("restoreUseLegacyDependencyResolver") is True,
        skip_content_files=values.get("skipContentFileWrite") is True,
        validate_runtime_assets=values.get("validateRuntimeAssets") is True,
        central=CentralPackages(
            values.get("centralPackageVersionsManagementEnabled") is True,
            values.get("centralPackageFloatingVersionsEnabled") is True,
            values.get("centralPackageVersionOverrideDisabled") is True,
            values.get("CentralPackageTransitivePinningEnabled") is True,
        ),
        warnings=WarningProperties(
            _texts(warnings.get("noWarn")),
            _texts(warnings.get("warnAsError")),
            _texts(warnings.get("warnNotAsError")),
            warnings.get("allWarningsAsErrors") is True,
        ),
        lock=LockProperties(
            _text(lock.get("restorePackagesWithLockFile")), _text(lock.get("nuGetLockFilePath")), lock.get("restoreLockedMode") is True
        ),
        audit=AuditProperties(
            _text(audit.get("enableAudit")),
            _text(audit.get("auditLevel")),
            _text(audit.get("auditMode")),
            tuple(_object(audit.get("suppressedAdvisories"))),
        ),
        analysis_level=_text(values.get("SdkAnalysisLevel")),
        uses_sdk=values.get("UsingMicrosoftNETSdk") is not False,
    )


def _read_framework(alias: str, values: JsonObject, references: Mapping[str, JsonObject]) -> TargetFramework:
    central = {name: _range(value) for name, value in _object(values.get("centralPackageVersions")).items()}
    return TargetFramework(
        framework=parse_framework(_text(values.get("framework")) or alias),
        alias=_text(values.get("targetAlias")) or alias,
        dependencies=tuple(_read_dependency(name, _object(value)) for name, value in _object(values.get("dependencies")).items()),
        project_references=tuple(
            _read_project_reference(path, _object(value))
            for path, value in _object(references.get(alias, {}).get("projectReferences")).items()
        ),
        central_versions=central,
        imports=tuple(parse_framework(name) for name in _texts(values.get("imports"))),
        asset_fallback=values.get("assetTargetFallback") is True,
        warn=values.get("warn") is True,
        downloads=tuple(_read_downloads(values.get("downloadDependencies"))),
        framework_references=tuple(
            FrameworkReference(name, _text(_object(value).get("privateAssets")) == "all")
            for name, value in _object(values.get("frameworkReferences")).items()
        ),
        runtime_graph_path=_text(values.get("runtimeIdentifierGraphPath")),
        prune={name: _range(value) for name, value in _object(values.get("packagesToPrune")).items()},
    )


def _read_downloads(value: Json) -> list[DownloadDependency]:
    if value is None:
        return []
    if isinstance(value, (str, Mapping)) or not isinstance(value, Sequence):
        raise InvalidSpec("downloadDependencies is no list")
    found = []
    for one in value:
        for text in _text(_object(one).get("version")).split(";"):
            found.append(DownloadDependency(_text(_object(one).get("name")), _range(text)))
    return found


def _read_project_reference(path: str, values: JsonObject) -> ProjectReference:
    return ProjectReference(
        _text(values.get("projectPath")) or path,
        _assets(values.get("includeAssets"), Assets.ALL),
        _assets(values.get("excludeAssets"), Assets.NONE),
        _assets(values.get("privateAssets"), DEFAULT_PRIVATE),
    )


def _read_dependency(name: str, values: JsonObject) -> Dependency:
    text = _text(values.get("version"))
    override = values.get("versionOverride")
    dependency = Dependency(
        LibraryRange(name, _range(text) if text not in ("", _NO_VERSION) else None, Target.PACKAGE),
        include=_assets(values.get("include"), Assets.ALL),
        private=_assets(values.get("suppressParent"), DEFAULT_PRIVATE),
        no_warn=_texts(values.get("noWarn")),
        auto_referenced=values.get("autoReferenced") is True,
        generate_path=values.get("generatePathProperty") is True,
        centrally_managed=values.get("versionCentrallyManaged") is True,
        aliases=_text(values.get("aliases")),
    )
    return dependency if override is None else replace(dependency, version_override=_range(override))
