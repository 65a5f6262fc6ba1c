"""ProjectAssets and messages -> the text of project.assets.json (version 4), which the SDK's own tasks read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from server.restore.asset_selection import AssetItem, TargetLibrary
from server.restore.assets_model import AssetsLibrary, ProjectAssets
from server.restore.content_files import ContentFile
from server.restore.library import DEFAULT_PRIVATE, Assets, LibraryKind, spell_assets
from server.restore.package_spec import PackageSpec
from server.restore.restore_log import LogMessage
from server.restore.spec_json import Json, spec_to_json

_VERSION = 4
# Written for a project whose input could not be read.
_STUB_VERSION = 3


def assets_text(assets: ProjectAssets, messages: Sequence[LogMessage]) -> str:
    """The text of an assets file."""
    values: dict[str, Json] = {
        "version": _VERSION,
        "targets": {target.graph.name: _target_json(target.libraries) for target in assets.targets},
        "libraries": {
            _library_name(one.library.name, one): _library_json(one)
            for one in sorted(assets.libraries, key=lambda each: each.library.order)
        },
        "projectFileDependencyGroups": {name: list(texts) for name, texts in assets.groups.items()},
        "packageFolders": {folder: {} for folder in assets.package_folders},
        "project": spec_to_json(assets.spec),
    }
    if messages:
        values["logs"] = [_message_json(message, assets.spec) for message in messages]
    if assets.pinned_groups:
        values["centralTransitiveDependencyGroups"] = {
            name: {
                dependency.name: _pinned_json(dependency.include, dependency.private, dependency.range.versions.normalized)
                for dependency in sorted(pinned, key=lambda each: each.name)
                if dependency.range.versions is not None
            }
            for name, pinned in assets.pinned_groups.items()
        }
    return json_text(values)


def stub_text(spec: PackageSpec, messages: Sequence[LogMessage]) -> str:
    """The assets file of a project whose input could not be read: nothing but the messages."""
    restore = spec.restore
    values: dict[str, Json] = {
        "version": _STUB_VERSION,
        "targets": {},
        "libraries": {},
        "projectFileDependencyGroups": {},
        "packageFolders": {"": {}},
        "project": {
            "restore": {
                "projectUniqueName": restore.project_path,
                "projectPath": restore.project_path,
                "packagesPath": "",
                "outputPath": restore.output_path,
                "projectStyle": restore.style,
                "UsingMicrosoftNETSdk": False,
            }
        },
        "logs": [_message_json(message, spec) for message in messages],
    }
    return json_text(values)


def json_text(values: Json) -> str:
    """JSON as NuGet writes it: two spaces, no escaping beyond need, no newline at the end."""
    return json.dumps(values, indent=2, ensure_ascii=False)


def _library_name(name: str, library: AssetsLibrary) -> str:
    assert library.library.version is not None
    return f"{name}/{library.library.version.normalized}"


def _target_json(libraries: Iterable[TargetLibrary]) -> dict[str, Json]:
    written: dict[str, Json] = {}
    for one in libraries:
        assert one.library.version is not None
        written[f"{one.library.name}/{one.library.version.normalized}"] = _entry_json(one)
    return written


def _entry_json(one: TargetLibrary) -> dict[str, Json]:
    values: dict[str, Json] = {"type": "package" if one.library.kind is LibraryKind.PACKAGE else "project"}
    if one.framework:
        values["framework"] = one.framework
    if one.dependencies:
        values["dependencies"] = {name: versions.legacy_short for name, versions in sorted(one.dependencies, key=lambda pair: pair[0])}
    if one.framework_assemblies:
        values["frameworkAssemblies"] = sorted(one.framework_assemblies)
    sections: dict[str, list[AssetItem]] = {"compile": one.compile, "runtime": one.runtime}
    values.update(_sections_json(sections))
    if one.framework_references:
        references: list[str] = sorted(one.framework_references, key=str.lower)
        values["frameworkReferences"] = references
    values.update(_sections_json({"resource": one.resource, "native": one.native}))
    if one.content:
        values["contentFiles"] = {each.path: _content_json(each) for each in sorted(one.content, key=lambda each: each.path)}
    values.update(
        _sections_json(
            {
                "build": one.build,
                "buildMultiTargeting": one.build_multi_targeting,
                "runtimeTargets": one.runtime_targets,
                "tools": one.tools,
                "embed": one.embed,
            }
        )
    )
    return values


def _sections_json(sections: dict[str, list[AssetItem]]) -> dict[str, Json]:
    return {
        name: {item.path: dict(sorted(item.properties)) for item in sorted(items, key=lambda each: each.path)}
        for name, items in sections.items()
        if items
    }


def _content_json(one: ContentFile) -> dict[str, Json]:
    values: dict[str, Json] = {"buildAction": one.action, "codeLanguage": one.language, "copyToOutput": one.copies}
    if one.output:
        values["outputPath"] = one.output
    if one.template_output:
        values["ppOutputPath"] = one.template_output
    return values


def _library_json(one: AssetsLibrary) -> dict[str, Json]:
    if one.library.kind is LibraryKind.PROJECT:
        return {"type": "project", "path": one.path, "msbuildProject": one.path}
    values: dict[str, Json] = {"sha512": one.sha512, "type": "package", "path": one.path}
    if one.has_tools:
        values["hasTools"] = True
    values["files"] = list(one.files)
    return values


def _pinned_json(include: Assets, private: Assets, versions: str) -> dict[str, Json]:
    values: dict[str, Json] = {}
    if include != Assets.ALL:
        values["include"] = spell_assets(include)
    if private != DEFAULT_PRIVATE:
        values["suppressParent"] = spell_assets(private)
    values["version"] = versions
    return values


def _message_json(message: LogMessage, spec: PackageSpec) -> dict[str, Json]:
    values: dict[str, Json] = {"code": message.code, "level": "Error" if message.is_error else "Warning"}
    if not message.is_error:
        values["warningLevel"] = 1
    if message.path and message.path != spec.restore.project_path:
        values["filePath"] = message.path
    values["message"] = message.text
    if message.library:
        values["libraryId"] = message.library
    if message.graphs:
        values["targetGraphs"] = list(message.graphs)
    return values
