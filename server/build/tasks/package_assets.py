"""The task behind ResolvePackageAssets of our own SDK: project.assets.json -> the files of restored packages that a build uses."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path, PurePosixPath

from compiler.diagnostics import Location
from server.build.atomic_files import replace_file
from server.build.tasks.task import Kind, OutputItem, Parameter, TaskCall, TaskDefinition
from server.msbuild.functions.frameworks import parse_framework

Json = Mapping[str, "Json"] | list["Json"] | str | int | float | bool | None

_EMPTY_FOLDER = "_._"
_LANGUAGES = {"C#": "cs", "VB": "vb", "F#": "fs"}
_SYMBOLS = (".pdb", ".xml")


@dataclass(frozen=True, slots=True)
class _Package:
    """A package of the target: its name and version, its folder, what the target takes of it, all of its files."""

    name: str
    version: str
    folder: Path
    entry: Mapping[str, Json]
    files: tuple[str, ...]

    def item(self, path: str, metadata: Mapping[str, str]) -> OutputItem:
        """A file of the package."""
        said = {"NuGetPackageId": self.name, "NuGetPackageVersion": self.version, "PathInPackage": path}
        return OutputItem(str(self.folder / path), {**said, **metadata})


def _run(call: TaskCall) -> bool:
    path = Path(call.path(call.text("ProjectAssetsFile")))
    if not path.is_file():
        if call.items("PackageReferences"):
            text = f"Assets file '{path}' not found. Run a NuGet package restore to generate this file."
            call.error("NETSDK1004", text, location=Location(call.instance.path))
        return not call.logged_error
    try:
        content = path.read_text(encoding="utf-8")
        assets = _table(json.loads(content))
    except (OSError, ValueError) as error:
        call.error("NETSDK1060", f"Error reading assets file: {error}", location=Location(call.instance.path))
        return False
    framework, rid = call.text("TargetFramework"), call.text("RuntimeIdentifier")
    target = _target(assets, framework, rid)
    if target is None:
        text = (
            f"Assets file '{path}' doesn't have a target for '{framework}{'/' + rid if rid else ''}'. Ensure that restore has run and that "
            f"you have included '{framework}' in the TargetFrameworks for your project."
        )
        if call.items("PackageReferences"):
            call.error("NETSDK1005", text, location=Location(call.instance.path))
        return not call.logged_error
    if not _note(call, content):
        return False
    packages = list(_packages(assets, target))
    call.set_items("CompileTimeAssemblies", [item for package in packages for item in _group(package, "compile")])
    call.set_items("RuntimeAssemblies", [item for package in packages for item in _runtime(package, rid)])
    call.set_items("NativeLibraries", [item for package in packages for item in _native(package, rid)])
    call.set_items("RuntimeTargets", [item for package in packages for item in _portable(package, rid)])
    call.set_items("ResourceAssemblies", [item for package in packages for item in _resources(package)])
    language = _LANGUAGES.get(call.text("Language"), "cs")
    call.set_items("Analyzers", [item for package in packages for item in _analyzers(package, language)])
    call.set_items("ContentFiles", [item for package in packages for item in _content(package, language)])
    call.set_items("FrameworkReferences", [OutputItem(name) for name in _framework_references(packages)])
    return True


def package_assemblies(text: str, framework: str, rid: str) -> tuple[list[Path], list[Path]] | None:
    """The assemblies of packages that a project is compiled with and those that it runs with, by the assets file's text.

    None when it has no target for the framework. Raises ValueError for what is no JSON.
    """
    assets = _table(json.loads(text))
    target = _target(assets, framework, rid)
    if target is None:
        return None
    packages = list(_packages(assets, target))
    compiled = [Path(item.include) for package in packages for item in _group(package, "compile")]
    run = [Path(item.include) for package in packages for item in _runtime(package, rid)]
    return compiled, [path for path in run if path.suffix.lower() == ".dll"]


def _note(call: TaskCall, content: str) -> bool:
    """Leaves a mark of what was resolved from, whose time says when that changed. False when it cannot be written."""
    names = ("TargetFramework", "RuntimeIdentifier", "Language")
    digest = blake2b(repr((content, [call.text(name) for name in names])).encode(), digest_size=20).hexdigest().encode()
    mark = Path(call.path(call.text("CacheFile")))
    try:
        if not mark.is_file() or mark.read_bytes() != digest:
            mark.parent.mkdir(parents=True, exist_ok=True)
            replace_file(mark, digest)
    except OSError as error:
        call.error("MSB3491", f'Could not write to file "{mark}". {error.strerror}')
        return False
    return True


def _table(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}


def _target(assets: Mapping[str, Json], framework: str, rid: str) -> Mapping[str, Json] | None:
    """The target of the framework, by its alias or what it stands for, for the runtime identifier where there is one."""
    aliases = {name: _table(entry).get("targetAlias") for name, entry in _table(_table(assets.get("project")).get("frameworks")).items()}
    wanted = parse_framework(framework)
    fitting = {
        name: _table(target)
        for name, target in _table(assets.get("targets")).items()
        if framework in (name.partition("/")[0], aliases.get(name.partition("/")[0])) or parse_framework(name.partition("/")[0]) == wanted
    }
    with_rid = [target for name, target in fitting.items() if rid and name.partition("/")[2] == rid]
    without = [target for name, target in fitting.items() if "/" not in name]
    return next(iter([*with_rid, *without]), None)


def _packages(assets: Mapping[str, Json], target: Mapping[str, Json]) -> Iterator[_Package]:
    libraries = _table(assets.get("libraries"))
    folders = [Path(folder) for folder in _table(assets.get("packageFolders"))]
    for key, entry in target.items():
        library = _table(libraries.get(key))
        path = library.get("path")
        if _table(entry).get("type") != "package" or not isinstance(path, str):
            continue
        folder = next((folder / path for folder in folders if (folder / path).is_dir()), None)
        if folder is None:
            continue
        files = library.get("files")
        name, _, version = key.partition("/")
        yield _Package(name, version, folder, _table(entry), tuple(str(file) for file in files) if isinstance(files, list) else ())


def _group(package: _Package, group: str) -> Iterator[OutputItem]:
    for path in _table(package.entry.get(group)):
        if PurePosixPath(path).name != _EMPTY_FOLDER:
            yield package.item(path, {})


def _runtime_targets(package: _Package, rid: str, kind: str) -> list[str]:
    """The files for the runtime identifier, or for the nearest one that it falls back to."""
    offered: dict[str, list[str]] = {}
    for path, entry in _table(package.entry.get("runtimeTargets")).items():
        known = _table(entry)
        if known.get("assetType") == kind and PurePosixPath(path).name != _EMPTY_FOLDER:
            offered.setdefault(str(known.get("rid")), []).append(path)
    return next((offered[name] for name in _fallbacks(rid) if name in offered), [])


def _fallbacks(rid: str) -> list[str]:
    """The identifier itself, without its architecture, and what all of its systems are."""
    if not rid:
        return []
    system, _, architecture = rid.rpartition("-")
    base = system.partition("-")[0]
    general = [] if base == "win" else [f"unix-{architecture}", "unix"]
    return list(dict.fromkeys([rid, system, f"{base}-{architecture}", base, *general, "any"]))


def _runtime(package: _Package, rid: str) -> Iterator[OutputItem]:
    specific = _runtime_targets(package, rid, "runtime")
    replaced = {PurePosixPath(path).name for path in specific}
    for item in _group(package, "runtime"):
        if Path(item.include).name not in replaced:
            yield item
    for path in specific:
        yield package.item(path, {})


def _native(package: _Package, rid: str) -> Iterator[OutputItem]:
    paths = [path for path in _table(package.entry.get("native")) if PurePosixPath(path).name != _EMPTY_FOLDER]
    paths = [path for path in paths if not path.endswith(_SYMBOLS)] + _runtime_targets(package, rid, "native")
    yield from (package.item(path, {"AssetType": "native"}) for path in paths)


def _portable(package: _Package, rid: str) -> Iterator[OutputItem]:
    """The files for all runtime identifiers: a build for none of them leaves the choice to the host."""
    for path, entry in _table(package.entry.get("runtimeTargets")).items() if not rid else ():
        known = _table(entry)
        if PurePosixPath(path).name != _EMPTY_FOLDER:
            folder = f"{PurePosixPath(path).parent}/"
            said = {"AssetType": str(known.get("assetType")), "RuntimeIdentifier": str(known.get("rid"))}
            yield package.item(path, {**said, "DestinationSubDirectory": folder})


def _resources(package: _Package) -> Iterator[OutputItem]:
    for path, entry in _table(package.entry.get("resource")).items():
        locale = str(_table(entry).get("locale", ""))
        yield package.item(path, {"Culture": locale, "DestinationSubDirectory": f"{locale}/"})


def _analyzers(package: _Package, language: str) -> Iterator[OutputItem]:
    """Assemblies below analyzers/, those for other languages and resources aside."""
    others = set(_LANGUAGES.values()) - {language}
    for path in package.files:
        parts = PurePosixPath(path.lower()).parts
        if parts[0] == "analyzers" and path.lower().endswith(".dll") and not path.lower().endswith(".resources.dll"):
            if others.isdisjoint(parts):
                yield package.item(path, {})


def _content(package: _Package, language: str) -> Iterator[OutputItem]:
    for path, entry in _table(package.entry.get("contentFiles")).items():
        known = _table(entry)
        if PurePosixPath(path).name == _EMPTY_FOLDER or known.get("codeLanguage") not in (language, "any"):
            continue
        metadata = {"BuildAction": str(known.get("buildAction", "None"))}
        if known.get("copyToOutput") is True:
            metadata["CopyToOutputDirectory"] = "PreserveNewest"
            metadata["TargetPath"] = str(known.get("outputPath", PurePosixPath(path).name))
        yield package.item(path, metadata)


def _framework_references(packages: list[_Package]) -> list[str]:
    names: dict[str, None] = {}
    for package in packages:
        listed = package.entry.get("frameworkReferences")
        names.update(dict.fromkeys(str(name) for name in listed) if isinstance(listed, list) else {})
    return list(names)


TASKS = (
    TaskDefinition(
        "AotdResolvePackageAssets",
        (
            *(
                Parameter(name, Kind.TEXT)
                for name in ("ProjectAssetsFile", "TargetFramework", "RuntimeIdentifier", "Language", "CacheFile")
            ),
            Parameter("PackageReferences", Kind.ITEMS),
        ),
        (
            *("CompileTimeAssemblies", "RuntimeAssemblies", "NativeLibraries", "RuntimeTargets", "ResourceAssemblies"),
            *("Analyzers", "ContentFiles", "FrameworkReferences"),
        ),
        _run,
    ),
)
