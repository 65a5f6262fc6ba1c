"""A package's files and manifest, a target and the flags that flow to it -> the package's entry in that target of the assets file.

What fits the project's own framework is taken; only when a package has nothing for it the fallback frameworks are asked, one after the
other. Assets that do not flow leave a placeholder `_._`, so that who reads the assets file knows that there was something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from server.restore.content_files import ContentFile, content_files
from server.restore.content_model import (
    BUILD_FILES,
    BUILD_MULTI_TARGETING_FILES,
    BUILD_TRANSITIVE_FILES,
    COMPILE_LIB,
    COMPILE_REF,
    CONTENT_FILES,
    EMBED_ASSEMBLIES,
    EMPTY_FOLDER,
    NATIVE_LIBRARIES,
    RESOURCE_ASSEMBLIES,
    RID,
    RUNTIME_ASSEMBLIES,
    TOOLS_ASSEMBLIES,
    ContentCollection,
    ContentGroup,
    Criterion,
    PatternSet,
    criteria_for,
)
from server.restore.framework_compatibility import nearest
from server.restore.frameworks import ANY, NuGetFramework, parse_framework
from server.restore.library import Assets, Library
from server.restore.nuspec import FrameworkGroup, Nuspec
from server.restore.runtime_graph import RuntimeGraph
from server.restore.versions import VersionRange

TOOL_PACKAGE = "DotnetTool"


@dataclass(frozen=True, slots=True)
class AssetItem:
    """A file of a package in a section of the assets file, with its properties in order."""

    path: str
    properties: tuple[tuple[str, str], ...] = ()

    @property
    def is_placeholder(self) -> bool:
        """Whether it only says that a folder is meant to be empty."""
        return self.path.endswith("/" + EMPTY_FOLDER)

    @property
    def file_name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


@dataclass(slots=True)
class TargetLibrary:
    """A library as one target sees it. `framework` is a project's; `used_fallback` that no asset fitted the project's framework."""

    library: Library
    framework: str = ""
    dependencies: list[tuple[str, VersionRange]] = field(default_factory=list)
    package_types: tuple[str, ...] = ()
    framework_assemblies: list[str] = field(default_factory=list)
    framework_references: list[str] = field(default_factory=list)
    compile: list[AssetItem] = field(default_factory=list)
    runtime: list[AssetItem] = field(default_factory=list)
    embed: list[AssetItem] = field(default_factory=list)
    resource: list[AssetItem] = field(default_factory=list)
    native: list[AssetItem] = field(default_factory=list)
    content: list[ContentFile] = field(default_factory=list)
    build: list[AssetItem] = field(default_factory=list)
    build_multi_targeting: list[AssetItem] = field(default_factory=list)
    runtime_targets: list[AssetItem] = field(default_factory=list)
    tools: list[AssetItem] = field(default_factory=list)
    used_fallback: bool = False

    @property
    def has_assets(self) -> bool:
        """Whether the package has anything for the target."""
        return any(
            (
                self.runtime,
                self.compile,
                self.framework_assemblies,
                self.framework_references,
                self.content,
                self.resource,
                self.build,
                self.build_multi_targeting,
            )
        )


@dataclass(frozen=True, slots=True)
class AssetTarget:
    """What assets are selected for. With `asset_fallback` the imports are asked after the framework, else as part of it."""

    framework: NuGetFramework
    rid: str
    runtimes: RuntimeGraph
    imports: tuple[NuGetFramework, ...] = ()
    asset_fallback: bool = False

    @property
    def dependency_fallbacks(self) -> tuple[NuGetFramework, ...]:
        """Frameworks that dependency groups fall back on."""
        return self.imports

    @property
    def joint_fallbacks(self) -> tuple[NuGetFramework, ...]:
        """Frameworks that count as the project's own for everything (PackageTargetFallback)."""
        return () if self.asset_fallback else self.imports

    def criteria_sets(self) -> list[tuple[tuple[Criterion, ...], bool]]:
        """Criteria to try in turn, and whether they are those of a fallback."""
        own = criteria_for(self.framework, self.rid, self.runtimes)
        if not self.asset_fallback:
            for fallback in self.imports:
                own += criteria_for(fallback, self.rid, self.runtimes)
            return [(own, False)]
        return [(own, False), *((criteria_for(one, self.rid, self.runtimes), True) for one in self.imports)]


@dataclass(frozen=True, slots=True)
class PackageContent:
    """An installed package as asset selection sees it: identity as in its manifest, manifest, all its files."""

    library: Library
    nuspec: Nuspec
    files: tuple[str, ...]


def select_assets(
    package: PackageContent, target: AssetTarget, flows: Assets, aliases: str, dependencies: Sequence[tuple[str, VersionRange]]
) -> TargetLibrary:
    """The package's entry in a target."""
    collection = ContentCollection(package.files)
    types = tuple(one.name for one in package.nuspec.package_types)
    selected = TargetLibrary(package.library)
    for criteria, is_fallback in target.criteria_sets():
        if TOOL_PACKAGE in types:
            selected = TargetLibrary(package.library, tools=_best(collection, criteria, TOOLS_ASSEMBLIES))
            found = bool(selected.tools)
        else:
            selected = _select(package, collection, target, criteria, aliases, flows)
            found = selected.has_assets
        if found:
            selected.used_fallback = is_fallback
            break
    selected.package_types = types
    selected.dependencies = list(dependencies)
    exclude(selected, flows)
    return selected


def _select(
    package: PackageContent,
    collection: ContentCollection,
    target: AssetTarget,
    criteria: tuple[Criterion, ...],
    aliases: str,
    flows: Assets,
) -> TargetLibrary:
    found = TargetLibrary(package.library)
    _add_framework_references(found, package.nuspec, target)
    alias_properties = (("aliases", aliases),) if aliases else ()
    found.compile = [
        AssetItem(item.path, item.properties + alias_properties) for item in _best(collection, criteria, COMPILE_REF, COMPILE_LIB)
    ]
    found.runtime = _best(collection, criteria, RUNTIME_ASSEMBLIES)
    found.embed = _best(collection, criteria, EMBED_ASSEMBLIES)
    found.resource = _best(collection, criteria, RESOURCE_ASSEMBLIES)
    found.native = _best(collection, criteria, NATIVE_LIBRARIES)
    _add_build_files(found, package.library.name, collection, criteria)
    groups = _nearest_groups(collection, CONTENT_FILES, target, lambda group: group.text("codeLanguage").lower())
    found.content = content_files(package.nuspec, package.library, groups)
    if not target.rid:
        found.runtime_targets = [
            *_runtime_targets(collection, RUNTIME_ASSEMBLIES, target, "runtime", Assets.RUNTIME & flows),
            *_runtime_targets(collection, RESOURCE_ASSEMBLIES, target, "resource", Assets.RUNTIME & flows),
            *_runtime_targets(collection, NATIVE_LIBRARIES, target, "native", Assets.NATIVE & flows),
        ]
    _apply_contract(found, package, collection, target.framework)
    _apply_references(found, package.nuspec, target)
    return found


def _best(collection: ContentCollection, criteria: tuple[Criterion, ...], *patterns: PatternSet) -> list[AssetItem]:
    """Items of the best group of the first framework's criteria that has one."""
    frameworks = dict.fromkeys(criterion.framework for criterion in criteria)
    for framework in frameworks:
        group = collection.best_group([one for one in criteria if one.framework == framework], *patterns)
        if group is not None:
            return [AssetItem(item.path, _properties(item.locale, item.related)) for item in group.items]
    return []


def _properties(locale: str, related: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in (("locale", locale), ("related", related)) if value)


def _add_framework_references(found: TargetLibrary, nuspec: Nuspec, target: AssetTarget) -> None:
    if not target.framework.is_package_based:
        grouped: dict[NuGetFramework, list[str]] = {}
        for assembly in nuspec.framework_assemblies:
            for name in assembly.target_frameworks or ("any",):
                grouped.setdefault(parse_framework(name), []).append(assembly.name)
        best = nearest(target.framework, grouped, target.joint_fallbacks)
        found.framework_assemblies = grouped[best] if best is not None else []
    group = _nearest_names(nuspec.framework_reference_groups, target)
    found.framework_references = list(group.names) if group is not None else []


def _nearest_names(groups: Sequence[FrameworkGroup], target: AssetTarget) -> FrameworkGroup | None:
    by_framework = {parse_framework(group.target_framework or "any"): group for group in reversed(groups)}
    best = nearest(target.framework, by_framework, target.joint_fallbacks)
    return by_framework[best] if best is not None else None


def _add_build_files(found: TargetLibrary, name: str, collection: ContentCollection, criteria: tuple[Criterion, ...]) -> None:
    transitive = _named_for_package(_best(collection, criteria, BUILD_TRANSITIVE_FILES), name)
    transitive_names = {item.file_name.lower() for item in transitive}
    own = _named_for_package(_best(collection, criteria, BUILD_FILES), name)
    found.build = transitive + [item for item in own if item.file_name.lower() not in transitive_names]
    found.build_multi_targeting = _named_for_package(_best(collection, criteria, BUILD_MULTI_TARGETING_FILES), name)


def _named_for_package(items: Sequence[AssetItem], package: str) -> list[AssetItem]:
    """`<package>.props` and `<package>.targets`; with neither, the placeholder."""
    ordered = sorted(items, key=lambda item: item.path.lower())
    kept = []
    for extension in (".props", ".targets"):
        kept += [item for item in ordered if item.file_name.lower() == package.lower() + extension][:1]
    return kept or [item for item in ordered if item.is_placeholder][:1]


def _nearest_groups(
    collection: ContentCollection, patterns: PatternSet, target: AssetTarget, key: Callable[[ContentGroup], str]
) -> list[ContentGroup]:
    """Of the groups that share a key, the nearest to the target's framework. Groups without a key do not count."""
    keyed: dict[str, list[ContentGroup]] = {}
    for group in collection.groups(patterns):
        if key(group):
            keyed.setdefault(key(group), []).append(group)
    kept = []
    for groups in keyed.values():
        best = nearest(target.framework, [group.framework for group in groups], target.joint_fallbacks)
        kept += [group for group in groups if best is not None and group.framework == best][:1]
    return kept


def _runtime_targets(collection: ContentCollection, patterns: PatternSet, target: AssetTarget, kind: str, flows: Assets) -> list[AssetItem]:
    items = [
        AssetItem(item.path, (("assetType", kind), ("rid", group.text(RID))))
        for group in _nearest_groups(collection, patterns, target, lambda group: group.text(RID))
        for item in group.items
    ]
    return items if flows else placeholder_of(items)


def _apply_contract(found: TargetLibrary, package: PackageContent, collection: ContentCollection, framework: NuGetFramework) -> None:
    """Old packages keep their reference assembly in lib/contract; .NET Framework does not take it."""
    contract = f"lib/contract/{package.library.name}.dll"
    if collection.has_contract and found.runtime and framework.identifier != ".NETFramework" and contract in package.files:
        found.compile = [AssetItem(contract)]


def _apply_references(found: TargetLibrary, nuspec: Nuspec, target: AssetTarget) -> None:
    """A manifest may name the assemblies of lib that are to be referenced."""
    if not nuspec.reference_groups or not (found.compile or found.runtime):
        return
    group = _nearest_names(nuspec.reference_groups, target)
    if group is not None:
        names = {name.lower() for name in group.names}
        found.runtime = [item for item in found.runtime if not item.path.startswith("lib/") or item.file_name.lower() in names]
        found.compile = [item for item in found.compile if not item.path.startswith("lib/") or item.file_name.lower() in names]


def placeholder_of(items: Sequence[AssetItem]) -> list[AssetItem]:
    """`_._` in place of `items`, in the folder of the one nearest to the root; nothing for nothing."""
    if all(item.is_placeholder for item in items):
        return list(items)
    first = min(items, key=lambda item: (item.path.rfind("/"), item.path.lower()))
    folder = first.path[: first.path.rfind("/") + 1]
    return [AssetItem(folder + EMPTY_FOLDER, first.properties)]


def exclude(found: TargetLibrary, flows: Assets) -> None:
    """Takes away what does not flow to the project."""
    if not flows & Assets.RUNTIME:
        found.runtime = placeholder_of(found.runtime)
        found.framework_assemblies = []
        found.resource = []
    if not flows & Assets.COMPILE:
        found.compile = placeholder_of(found.compile)
        found.embed = placeholder_of(found.embed)
    if not flows & Assets.NATIVE:
        found.native = placeholder_of(found.native)
    if not flows & Assets.CONTENT_FILES and any(not one.is_placeholder for one in found.content):
        found.content = [ContentFile(f"contentFiles/any/any/{EMPTY_FOLDER}", "any")]
    if not flows & (Assets.BUILD | Assets.BUILD_TRANSITIVE):
        found.build = placeholder_of(found.build)
        found.build_multi_targeting = placeholder_of(found.build_multi_targeting)
    elif not flows & Assets.BUILD:
        _keep_transitive_build(found)


def _keep_transitive_build(found: TargetLibrary) -> None:
    if not any(item.path.lower().startswith("buildtransitive/") for item in found.build):
        found.build = placeholder_of(found.build)
        found.build_multi_targeting = placeholder_of(found.build_multi_targeting)
        return
    dropped = {item.file_name.lower() for item in found.build if item.path.lower().startswith("build/")}
    found.build = [item for item in found.build if not item.path.lower().startswith("build/")]
    found.build_multi_targeting = [item for item in found.build_multi_targeting if item.file_name.lower() not in dropped]


def available_frameworks(files: Iterable[str]) -> list[NuGetFramework]:
    """The frameworks that a package has something for, for the message that none of them fits."""
    collection = ContentCollection(files)
    found: dict[NuGetFramework, None] = {}
    for patterns in (RESOURCE_ASSEMBLIES, COMPILE_REF, RUNTIME_ASSEMBLIES, EMBED_ASSEMBLIES, CONTENT_FILES):
        for group in collection.groups(patterns):
            if group.items and RID not in group.values and group.framework != ANY and group.framework.is_specific:
                found.setdefault(group.framework)
    return list(found)
