"""A range of a library asked for -> the project or package that satisfies it, with its dependencies for one target framework.

A project wins over a package of its name where the range allows both. In a restore from a lock file a package is what the lock file says.
Answers are kept per range; a finder serves one project's one target framework.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from server.restore.errors import RestoreError
from server.restore.framework_compatibility import nearest
from server.restore.frameworks import NuGetFramework, parse_framework
from server.restore.graph import GraphItem
from server.restore.library import (
    ALL_BUT_CONTENT,
    Assets,
    Dependency,
    Library,
    LibraryKind,
    LibraryRange,
    Target,
    parse_assets,
)
from server.restore.nuspec import Nuspec, NuspecDependency
from server.restore.package_spec import PackageSpec, TargetFramework
from server.restore.sources import Match, PackageSources
from server.restore.versions import ALL_VERSIONS, NuGetVersion, VersionRange, parse_range, parse_version

# The version of NuGet whose behaviour this is.
CLIENT_VERSION = NuGetVersion((7, 9, 0, 0))


@dataclass(frozen=True, slots=True)
class Projects:
    """The projects of a restore by path, and by name without case."""

    by_path: Mapping[str, PackageSpec]

    def find(self, name_or_path: str) -> PackageSpec | None:
        """The project of that path or name."""
        spec = self.by_path.get(name_or_path)
        if spec is None:
            spec = next((one for one in self.by_path.values() if one.name.lower() == name_or_path.lower()), None)
        return spec


@dataclass(slots=True)
class LibraryFinder:
    """What ranges resolve to. `locked` gives versions of a lock file by lower-case id, None without one."""

    target: TargetFramework
    projects: Projects
    sources: PackageSources
    locked: Mapping[str, NuGetVersion] | None = None
    adds_central_versions: bool = False
    _found: dict[tuple[LibraryRange, Target], GraphItem] = field(default_factory=dict)

    def find(self, wanted: LibraryRange) -> GraphItem:
        """The item for a range; unresolved when nothing satisfies it. Raises SourceError, PackageError."""
        key = (wanted, wanted.targets)
        item = self._found.get(key)
        if item is None:
            item = self._found[key] = self._find(wanted)
        return item

    def _find(self, wanted: LibraryRange) -> GraphItem:
        if wanted.targets & (Target.PROJECT | Target.EXTERNAL_PROJECT):
            spec = self.projects.find(wanted.name)
            if spec is not None:
                return self.project_item(spec)
        match = self._find_package(wanted) if Target.PACKAGE in wanted.targets else None
        if match is None:
            minimum = wanted.versions.minimum if wanted.versions is not None else None
            return GraphItem(Library(wanted.name, minimum, LibraryKind.UNRESOLVED))
        nuspec = self.sources.nuspec(match)
        version = parse_version(nuspec.version) or match.version
        library = Library(nuspec.id or match.id, version, LibraryKind.PACKAGE)
        _check_client(library, nuspec)
        return GraphItem(library, package_dependencies(nuspec, self.target), match)

    def _find_package(self, wanted: LibraryRange) -> Match | None:
        versions = self._versions(wanted)
        match = self.sources.find(wanted.name, versions) if versions is not None else None
        if match is None or (self.locked is not None and match.version != self.locked.get(wanted.name.lower())):
            return None
        return match

    def _versions(self, wanted: LibraryRange) -> VersionRange | None:
        """The range to ask the sources for: the lock file's version where there is a lock file."""
        if self.locked is None or wanted.versions is None:
            return wanted.versions
        version = self.locked.get(wanted.name.lower())
        return VersionRange(version, True, version, True) if version is not None else None

    def prefetch(self, dependencies: Iterable[Dependency]) -> None:
        """Begins to ask servers for what the dependencies may need next."""
        asked = [one.range for one in dependencies if Target.PACKAGE in one.range.targets and self.projects.find(one.name) is None]
        self.sources.prefetch((one.name, versions) for one in asked if (versions := self._versions(one)) is not None)

    def project_item(self, spec: PackageSpec) -> GraphItem:
        """A project as a library: its packages and projects for the nearest of its frameworks."""
        framework = nearest_framework(spec, self.target)
        item = GraphItem(Library(spec.name, spec.version, LibraryKind.PROJECT), project=spec, project_framework=framework)
        if framework is None:
            return item
        dependencies = {dependency.name.lower(): dependency for dependency in reversed(framework.dependencies)}
        ordered = [dependencies[name] for name in dict.fromkeys(one.name.lower() for one in framework.dependencies)]
        if self.adds_central_versions and spec.restore.central.enabled and spec.restore.central.transitive_pinning:
            ordered += [
                Dependency(LibraryRange(name, versions, Target.PACKAGE), centrally_managed=True, listed=False)
                for name, versions in framework.central_versions.items()
                if name.lower() not in dependencies
            ]
        for reference in framework.project_references:
            referenced = self.projects.by_path.get(reference.path)
            name = referenced.name if referenced is not None else reference.path
            versions = VersionRange(referenced.version) if referenced is not None else ALL_VERSIONS
            ordered = [one for one in ordered if one.name.lower() != name.lower()]
            ordered.append(
                Dependency(
                    LibraryRange(name, versions, Target.EXTERNAL_PROJECT),
                    include=reference.include & ~reference.exclude,
                    private=reference.private,
                )
            )
        item.dependencies = ordered
        return item


def _check_client(library: Library, nuspec: Nuspec) -> None:
    """Raises RestoreError, which ends the whole restore, when the package asks for a newer NuGet than this one stands for."""
    needed = parse_version(nuspec.min_client_version) if nuspec.min_client_version else None
    if needed is not None and needed > CLIENT_VERSION:
        text = (
            f"The '{library.shown}' package requires NuGet client version '{nuspec.min_client_version}' or above, but the current NuGet "
            f"version is '{CLIENT_VERSION}'."
        )
        raise RestoreError("NU1401", text)


def nearest_framework(spec: PackageSpec, target: TargetFramework) -> TargetFramework | None:
    """The framework of a project that a project for `target` gets; None when none fits."""
    by_framework = {one.framework: one for one in reversed(spec.frameworks)}
    best = nearest(target.framework, by_framework, target.imports)
    return by_framework[best] if best is not None else None


def package_dependencies(nuspec: Nuspec, target: TargetFramework) -> list[Dependency]:
    """What a package depends on for `target`: the dependency group nearest to it."""
    groups: dict[NuGetFramework, tuple[NuspecDependency, ...]] = {}
    for group in nuspec.dependency_groups:
        groups.setdefault(parse_framework(group.target_framework or "any"), group.dependencies)
    # An asset fallback is asked only when nothing fits: a group for all frameworks comes before it.
    best = nearest(target.framework, groups) if target.asset_fallback else None
    best = best or nearest(target.framework, groups, target.imports)
    return [_dependency(one) for one in groups[best]] if best is not None else []


def _dependency(dependency: NuspecDependency) -> Dependency:
    include = parse_assets(dependency.include) if dependency.include else ALL_BUT_CONTENT
    versions = parse_range(dependency.version_range) if dependency.version_range is not None else None
    return Dependency(
        LibraryRange(dependency.id, versions if versions is not None else ALL_VERSIONS, Target.ANY),
        include=include & ~parse_assets(dependency.exclude),
        private=Assets.NONE,
    )
