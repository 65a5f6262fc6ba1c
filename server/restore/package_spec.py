"""What a restore is asked to do for one project, as typed values: NuGet's PackageSpec with its restore metadata.

`spec_json.py` reads and writes it in the form of a dependency graph file and of the `project` part of an assets file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from server.restore.frameworks import NuGetFramework
from server.restore.library import Assets, Dependency
from server.restore.versions import NuGetVersion, VersionRange


@dataclass(frozen=True, slots=True)
class ProjectReference:
    """A referenced project by the path of its file."""

    path: str
    include: Assets = Assets.ALL
    exclude: Assets = Assets.NONE
    private: Assets = Assets.BUILD | Assets.CONTENT_FILES | Assets.ANALYZERS


@dataclass(frozen=True, slots=True)
class DownloadDependency:
    """A package that is only put into the packages folder."""

    name: str
    versions: VersionRange


@dataclass(frozen=True, slots=True)
class FrameworkReference:
    """A shared framework; `private` keeps it from who references the project."""

    name: str
    private: bool


@dataclass(frozen=True, slots=True)
class TargetFramework:
    """One target framework of a project. `imports` are fallback frameworks: all assets at once, or, for `asset_fallback`, per package."""

    framework: NuGetFramework
    alias: str
    dependencies: tuple[Dependency, ...] = ()
    project_references: tuple[ProjectReference, ...] = ()
    central_versions: Mapping[str, VersionRange] = field(default_factory=dict)
    imports: tuple[NuGetFramework, ...] = ()
    asset_fallback: bool = False
    warn: bool = False
    downloads: tuple[DownloadDependency, ...] = ()
    framework_references: tuple[FrameworkReference, ...] = ()
    runtime_graph_path: str = ""
    prune: Mapping[str, VersionRange] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WarningProperties:
    """NoWarn, WarningsAsErrors, WarningsNotAsErrors (NuGet's codes only) and TreatWarningsAsErrors."""

    no_warn: tuple[str, ...] = ()
    as_errors: tuple[str, ...] = ()
    not_as_errors: tuple[str, ...] = ()
    all_as_errors: bool = False


@dataclass(frozen=True, slots=True)
class LockProperties:
    """How a project uses packages.lock.json; texts are the properties' values."""

    with_lock_file: str = ""
    path: str = ""
    locked: bool = False


@dataclass(frozen=True, slots=True)
class AuditProperties:
    """NuGetAudit's properties as written, and the advisories to leave out."""

    enabled: str = ""
    level: str = ""
    mode: str = ""
    suppressed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CentralPackages:
    """Central package management as a project has it."""

    enabled: bool = False
    floating: bool = False
    override_disabled: bool = False
    transitive_pinning: bool = False


@dataclass(frozen=True, slots=True)
class RestoreMetadata:
    """Where a project is, where its products go, and which switches hold."""

    project_path: str
    project_name: str
    packages_path: str
    output_path: str
    style: str = "PackageReference"
    fallback_folders: tuple[str, ...] = ()
    config_files: tuple[str, ...] = ()
    original_frameworks: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    cross_targeting: bool = False
    legacy_resolver: bool = False
    skip_content_files: bool = False
    validate_runtime_assets: bool = False
    central: CentralPackages = CentralPackages()
    warnings: WarningProperties = WarningProperties()
    lock: LockProperties = LockProperties()
    audit: AuditProperties = AuditProperties()
    analysis_level: str = ""
    uses_sdk: bool = True


@dataclass(frozen=True, slots=True)
class PackageSpec:
    """One project's input of restore."""

    version: NuGetVersion
    restore: RestoreMetadata
    frameworks: tuple[TargetFramework, ...]
    runtimes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The project's name as a library."""
        return self.restore.project_name
