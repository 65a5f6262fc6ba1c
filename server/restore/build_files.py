"""ProjectAssets -> the texts of <project>.nuget.g.props and .nuget.g.targets: imports, content items and paths that packages bring.

Imports are in the order of a walk that takes what a package depends on before the package, and siblings from Z to A: files of a package may
build upon those of its dependencies.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from xml.sax.saxutils import escape

from server.restore.asset_selection import AssetItem, TargetLibrary
from server.restore.assets_model import AssetsLibrary, ProjectAssets, TargetAssets
from server.restore.content_files import ContentFile
from server.restore.graph import GraphItem
from server.restore.library import Library, LibraryKind

NUGET_TOOL_VERSION = "7.0.0"
_EXCLUDE = "'$(ExcludeRestorePackageImports)' != 'true'"
_ANY_FRAMEWORK = "'$(TargetFramework)' == ''"
_XMLNS = "http://schemas.microsoft.com/developer/msbuild/2003"
_LANGUAGES = {"cs": "C#", "fs": "F#"}

# Where groups of a file stand.
_MULTI_TARGETING, _CONTENT, _IMPORTS, _PATHS = 0, 1, 2, 1000


@dataclass(frozen=True, slots=True)
class _Element:
    name: str
    attributes: tuple[tuple[str, str], ...] = ()
    children: tuple[_Element, ...] = ()
    text: str = ""

    def lines(self, indent: str) -> Iterable[str]:
        """Lines as XDocument.Save writes them."""
        attributes = "".join(f' {name}="{escape(value, {chr(34): "&quot;"})}"' for name, value in self.attributes)
        if self.children:
            yield f"{indent}<{self.name}{attributes}>"
            for child in self.children:
                yield from child.lines(indent + "  ")
            yield f"{indent}</{self.name}>"
        elif self.text:
            yield f"{indent}<{self.name}{attributes}>{escape(self.text)}</{self.name}>"
        else:
            yield f"{indent}<{self.name}{attributes} />"


@dataclass(frozen=True, slots=True)
class _Group:
    name: str
    place: int
    items: tuple[_Element, ...]
    conditions: tuple[str, ...] = ()

    @property
    def condition(self) -> str:
        return " " + " AND ".join((*self.conditions, _EXCLUDE)) + " "

    @property
    def element(self) -> _Element:
        return _Element(self.name, (("Condition", self.condition),), self.items)


@dataclass(frozen=True, slots=True)
class BuildFiles:
    """The texts of both files."""

    props: str
    targets: str


@dataclass(slots=True)
class _Writer:
    assets: ProjectAssets
    multi_targeting: bool
    seen: set[str] = field(default_factory=set)

    @property
    def root(self) -> str:
        return self.assets.package_folders[0]

    def path(self, library: AssetsLibrary, item: str) -> str:
        """A file of a package, by $(NuGetPackageRoot) where it lies there."""
        absolute = os.path.join(library.folder, item)
        return "$(NuGetPackageRoot)" + absolute[len(self.root) :] if absolute.startswith(self.root) else absolute

    def imported(self, library: AssetsLibrary, item: AssetItem) -> _Element:
        path = self.path(library, item.path)
        return _Element("Import", (("Project", path), ("Condition", f"Exists('{path}')")))


def build_files(assets: ProjectAssets, *, success: bool) -> BuildFiles:
    """Both files; nothing but the messages' consequences when nothing was resolved."""
    if not assets.targets:
        return BuildFiles(_document(()), _document((_multi_target_warning(),)))
    writer = _Writer(assets, assets.spec.restore.cross_targeting or len(assets.spec.frameworks) > 1)
    props: list[_Group] = []
    targets: list[_Group] = []
    for target in assets.targets:
        if not target.graph.rid:
            _add_groups(writer, target, props, targets)
    first = (_properties(assets, success=success), _source_roots(assets.package_folders))
    return BuildFiles(_document((*first, *_ordered(props))), _document(_ordered(targets)))


def empty_build_files() -> BuildFiles:
    """The files of a project whose input could not be read: it has no framework, which is taken as not having exactly one."""
    return BuildFiles(_document(()), _document((_multi_target_warning(),)))


def _ordered(groups: Sequence[_Group]) -> list[_Element]:
    kept = [group for group in groups if group.items]
    return [group.element for group in sorted(kept, key=lambda group: (group.place, group.condition.lower()))]


def _document(elements: Iterable[_Element]) -> str:
    root = _Element("Project", (("ToolsVersion", "14.0"), ("xmlns", _XMLNS)), tuple(elements))
    return '<?xml version="1.0" encoding="utf-8" standalone="no"?>\n' + "\n".join(root.lines(""))


def _property(name: str, text: str) -> _Element:
    return _Element(name, (("Condition", f" '$({name})' == '' "),), (), text)


def _properties(assets: ProjectAssets, *, success: bool) -> _Element:
    values = (
        ("RestoreSuccess", str(success)),
        ("RestoreTool", "NuGet"),
        ("ProjectAssetsFile", "$(MSBuildThisFileDirectory)project.assets.json"),
        ("NuGetPackageRoot", assets.package_folders[0]),
        ("NuGetPackageFolders", ";".join(assets.package_folders)),
        ("NuGetProjectStyle", assets.spec.restore.style),
        ("NuGetToolVersion", NUGET_TOOL_VERSION),
    )
    return _Element("PropertyGroup", (("Condition", f" {_EXCLUDE} "),), tuple(_property(name, text) for name, text in values))


def _source_roots(folders: Iterable[str]) -> _Element:
    items = tuple(_Element("SourceRoot", (("Include", folder if folder.endswith("/") else folder + "/"),)) for folder in folders)
    return _Element("ItemGroup", (("Condition", f" {_EXCLUDE} "),), items)


def _multi_target_warning() -> _Element:
    text = (
        "Packages containing MSBuild targets and props files cannot be fully installed in projects targeting multiple frameworks. "
        "The MSBuild targets and props files have been ignored."
    )
    task = _Element("Warning", (("Text", text),))
    return _Element("Target", (("Name", "EmitMSBuildWarning"), ("BeforeTargets", "Build")), (task,))


def _add_groups(writer: _Writer, target: TargetAssets, props: list[_Group], targets: list[_Group]) -> None:
    framework = f"'$(TargetFramework)' == '{target.graph.target.alias}'"
    conditions = (framework,) if writer.multi_targeting else ()
    packages = _sorted_packages(writer.assets, target)
    targets.append(_import_group(writer, packages, ".targets", conditions))
    props.append(_import_group(writer, packages, ".props", conditions))
    props.append(_Group("PropertyGroup", _PATHS, tuple(_path_properties(target, packages)), conditions))
    if writer.multi_targeting:
        targets.append(_multi_targeting_group(writer, packages, ".targets"))
        props.append(_multi_targeting_group(writer, packages, ".props"))
    if not writer.assets.spec.restore.skip_content_files:
        for library, entry in packages:
            props += [replace(group, conditions=(*group.conditions, *conditions)) for group in _content_groups(writer, library, entry)]


def _sorted_packages(assets: ProjectAssets, target: TargetAssets) -> list[tuple[AssetsLibrary, TargetLibrary]]:
    libraries = {one.library: one for one in assets.libraries}
    entries = {entry.library: entry for entry in target.libraries if entry.library.kind is LibraryKind.PACKAGE}
    return [(libraries[one], entries[one]) for one in _dependencies_first(target.graph.flattened) if one in entries and one in libraries]


def _dependencies_first(items: Sequence[GraphItem]) -> list[Library]:
    """All libraries, each after those it depends on; of several to go on with, the last by name."""
    by_name = {item.library.name.lower(): item for item in items}
    ordered: list[Library] = []
    entered: set[str] = set()
    for start in sorted(by_name, reverse=True):
        stack = [(start, False)]
        while stack:
            name, is_done = stack.pop()
            if is_done:
                ordered.append(by_name[name].library)
            elif name in by_name and name not in entered:
                entered.add(name)
                stack.append((name, True))
                stack += [(child, False) for child in sorted(one.name.lower() for one in by_name[name].dependencies if one.listed)]
    return ordered


def _import_group(
    writer: _Writer, packages: Sequence[tuple[AssetsLibrary, TargetLibrary]], extension: str, conditions: tuple[str, ...]
) -> _Group:
    items = [writer.imported(library, item) for library, entry in packages for item in entry.build if item.path.lower().endswith(extension)]
    return _Group("ImportGroup", _IMPORTS, tuple(items), conditions)


def _multi_targeting_group(writer: _Writer, packages: Sequence[tuple[AssetsLibrary, TargetLibrary]], extension: str) -> _Group:
    items = []
    for library, entry in packages:
        for item in entry.build_multi_targeting:
            path = os.path.join(library.folder, item.path)
            if item.path.lower().endswith(extension) and path.lower() not in writer.seen:
                writer.seen.add(path.lower())
                items.append(writer.imported(library, item))
    return _Group("ImportGroup", _MULTI_TARGETING, tuple(items), (_ANY_FRAMEWORK,))


def _path_properties(target: TargetAssets, packages: Sequence[tuple[AssetsLibrary, TargetLibrary]]) -> Iterable[_Element]:
    root = target.graph.root.item if target.graph.root is not None else None
    wanted = {dependency.name.lower() for dependency in (root.dependencies if root is not None else ()) if dependency.generate_path}
    for library, _ in packages:
        name = library.library.name
        if library.has_tools or name.lower() in wanted:
            yield _property(f"Pkg{name.replace('.', '_')}", library.folder)


def _content_groups(writer: _Writer, library: AssetsLibrary, entry: TargetLibrary) -> list[_Group]:
    files = sorted(entry.content, key=lambda one: one.path)
    languages = sorted({one.language for one in files if one.language != "any"})
    groups = []
    for language in dict.fromkeys(one.language for one in files):
        items = [
            _content_item(writer, library, one)
            for one in files
            if one.language == language and not one.is_placeholder and not one.path.lower().endswith(".pp")
        ]
        if language == "any":
            conditions = tuple(f"'$(Language)' != '{_language(one)}'" for one in languages)
        else:
            conditions = (f"'$(Language)' == '{_language(language)}'",)
        groups.append(_Group("ItemGroup", _CONTENT, tuple(items), conditions))
    return groups


def _language(name: str) -> str:
    return _LANGUAGES.get(name.lower(), name.upper())


def _content_item(writer: _Writer, library: AssetsLibrary, one: ContentFile) -> _Element:
    path = writer.path(library, one.path)
    assert library.library.version is not None
    children = [
        _Element("NuGetPackageId", text=library.library.name),
        _Element("NuGetPackageVersion", text=library.library.version.normalized),
        _Element("NuGetItemType", text=one.action),
        _Element("Pack", text="false"),
    ]
    output = one.output or (one.template_output if one.copies else "")
    if output:
        children.append(_Element("CopyToOutputDirectory", text="PreserveNewest"))
        children.append(_Element("TargetPath", text=output))
        folder = output.rpartition("/")[0]
        if folder:
            children.append(_Element("DestinationSubDirectory", text=folder + "/"))
    children.append(_Element("Private", text=str(bool(output))))
    children.append(_Element("Link", text="/".join(one.path.split("/")[3:])))
    return _Element(one.action, (("Include", path), ("Condition", f"Exists('{path}')")), tuple(children))
