"""The tasks with which the targets of restore gather their input: items of a project -> entries of the restore graph.

They stand for those of NuGet's assembly, by name and parameters, where there is no SDK with that assembly, and serve our own targets.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from uuid import uuid4

from compiler.diagnostics import Location
from server.build.events import Importance
from server.build.tasks.task import Kind, OutputItem, Parameter, TaskCall, TaskDefinition, output_item
from server.msbuild.escaping import unescape
from server.msbuild.items import Item
from server.restore.errors import NO_CLI_TOOLS, RestoreError
from server.restore.restore_settings import RestoreInputs, SourceProperties, restore_settings

_ENTRIES = "RestoreGraphItems"
_MESSAGES = {"DeterminingProjectsToRestore": "Determining projects to restore..."}
_COPIED = ("IncludeAssets", "ExcludeAssets", "PrivateAssets", "NoWarn", "IsImplicitlyDefined", "GeneratePathProperty", "Aliases")


def _entry(kind: str, call: TaskCall, metadata: Mapping[str, str]) -> OutputItem:
    """One entry of the graph, named by a fresh id as all are."""
    values = {"Type": kind, "ProjectUniqueName": call.text("ProjectUniqueName"), **metadata}
    frameworks = call.text("TargetFrameworks")
    if frameworks:
        values["TargetFrameworks"] = frameworks
    return OutputItem(str(uuid4()), {name: value for name, value in values.items() if value})


def _copied(item: Item, names: Sequence[str]) -> dict[str, str]:
    return {name: item.value(name) for name in names}


def _gathering(kind: str, parameter: str, copied: Sequence[str], version: str = "") -> Callable[[TaskCall], bool]:
    """A task that makes an entry of each item: its id, its version, and metadata as they are."""

    def run(call: TaskCall) -> bool:
        entries = []
        for item in call.items(parameter):
            values = {"Id": item.identity, **_copied(item, copied)}
            if version:
                values["VersionRange"] = item.value(version)
            entries.append(_entry(kind, call, values))
        call.set_items(_ENTRIES, entries)
        return True

    return run


def _project_references(call: TaskCall) -> bool:
    folder = os.path.dirname(call.text("ParentProjectPath"))
    entries = []
    for item in call.items("ProjectReferences"):
        if item.value("ReferenceOutputAssembly").lower() not in ("", "true"):
            continue
        path = os.path.normpath(os.path.join(folder, item.identity.replace("\\", "/")))
        values = {"ProjectReferenceUniqueName": path, "ProjectPath": path, **_copied(item, _COPIED[:3])}
        entries.append(_entry("ProjectReference", call, values))
    call.set_items(_ENTRIES, entries)
    return True


def _solution_projects(call: TaskCall) -> bool:
    folder = os.path.dirname(call.text("SolutionFilePath"))
    found = [output_item(item, os.path.normpath(os.path.join(folder, item.identity))) for item in call.items("ProjectReferences")]
    call.set_items("OutputProjectReferences", found)
    return True


def _warn_for_invalid(call: TaskCall) -> bool:
    valid = {item.identity for item in call.items("ValidProjects")}
    for item in call.items("AllProjects"):
        if item.identity not in valid:
            reason = "The project file may be invalid or missing targets required for restore."
            text = f"Skipping restore for project '{item.identity}'. {reason}"
            call.warning("NU1503", text, location=Location(item.identity))
    return True


def _project_style(call: TaskCall) -> bool:
    style = call.text("RestoreProjectStyle")
    if not style:
        folder, name = Path(call.text("MSBuildProjectDirectory")), call.text("MSBuildProjectName")
        config = any((folder / file).is_file() for file in (f"packages.{name}.config", "packages.config"))
        has_references = call.text("HasPackageReferenceItems").lower() == "true"
        style = "PackageReference" if has_references else "PackagesConfig" if config else "Unknown"
    known = {known.lower(): known for known in ("PackageReference", "PackagesConfig", "DotnetToolReference", "ProjectJson", "Unknown")}
    style = known.get(style.lower(), "Unknown")
    call.set_value("ProjectStyle", style)
    call.set_value("IsPackageReferenceCompatibleProjectStyle", value=style in ("PackageReference", "DotnetToolReference"))
    return True


def _target_frameworks(call: TaskCall) -> bool:
    listed = call.text("TargetFrameworks") or call.text("TargetFramework") or call.text("TargetFrameworkMoniker")
    names = [name.strip() for name in listed.split(";") if name.strip()]
    call.set_value("ProjectTargetFrameworks", ";".join(dict.fromkeys(names)))
    return True


def _global_property(call: TaskCall) -> bool:
    wanted = call.text("PropertyName").lower()
    values = {name.lower(): value for name, value in call.instance.global_properties.items()}
    call.set_value("GlobalPropertyValue", unescape(values.get(wanted, "")))
    call.set_value("CheckCompleted", value=True)
    return True


def _say(call: TaskCall) -> bool:
    text = _MESSAGES.get(call.text("Name"), "")
    if text:
        call.message(text, Importance.HIGH if call.text("Importance").lower() == "high" else Importance.NORMAL)
    return True


def _no_tools(call: TaskCall) -> bool:
    """DotnetCliToolReference ended with .NET Core 2.0: its tools are not restored."""
    for item in call.items("DotnetCliToolReferences"):
        text = f"DotnetCliToolReference '{item.identity}' is not restored: tools of that kind ended with .NET Core 2.0."
        call.warning(NO_CLI_TOOLS, text, location=Location(call.text("ProjectPath")))
    call.set_items(_ENTRIES, [])
    return True


def _duplicates(call: TaskCall) -> bool:
    """Warns of items of one name; the first one counts then."""
    items = call.items("Items")
    grouped: dict[str, list[Item]] = {}
    for item in items:
        grouped.setdefault(item.identity.lower(), []).append(item)
    repeated = [item for group in grouped.values() if len(group) > 1 for item in group]
    if not repeated:
        return True
    name, code = call.text("ItemName"), call.text("LogCode")
    listed = ", ".join(f"{item.identity} {item.value('Version')}".strip() for item in repeated)
    text = (
        f"Duplicate '{name}' items found. Remove the duplicate items or use the Update functionality to ensure a consistent restore "
        f"behavior. The duplicate '{name}' items are: {listed}."
    )
    _report_by_properties(call, code, text)
    call.set_items("DeduplicatedItems", [output_item(group[0]) for group in grouped.values()])
    return not call.logged_error


def _report_by_properties(call: TaskCall, code: str, text: str) -> None:
    """A warning, an error or nothing, as the project's warning properties have it."""
    location = Location(call.text("MSBuildProjectFullPath"))

    def names(parameter: str) -> set[str]:
        return {part.upper() for part in re.split(r"[\s,;]+", call.text(parameter)) if part}

    if code in names("NoWarn"):
        return
    everything = call.text("TreatWarningsAsErrors").lower() == "true" and code not in names("WarningsNotAsErrors")
    if everything or code in names("WarningsAsErrors"):
        call.error(code, f"Warning As Error: {text}", location=location)
    else:
        call.warning(code, text, location=location)


def _settings(call: TaskCall) -> bool:
    """Sources, folders and configuration files of a project."""

    def split(text: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in text.split(";") if part.strip())

    per_framework = call.items("RestoreSettingsPerFramework")

    def of_all(name: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(part for item in per_framework for part in split(item.value(name))))

    inputs = RestoreInputs(
        Path(call.text("ProjectUniqueName")),
        Path(call.text("MSBuildStartupDirectory") or call.instance.directory),
        call.text("RestoreConfigFile"),
        call.text("RestoreRootConfigDirectory"),
        SourceProperties(split(call.text("RestoreSources")), call.text("RestorePackagesPath"), split(call.text("RestoreFallbackFolders"))),
        SourceProperties(
            split(call.text("RestoreSourcesOverride")),
            call.text("RestorePackagesPathOverride"),
            split(call.text("RestoreFallbackFoldersOverride")),
        ),
        of_all("RestoreAdditionalProjectSources"),
        of_all("RestoreAdditionalProjectFallbackFolders"),
        of_all("RestoreAdditionalProjectFallbackFoldersExcludes"),
    )
    try:
        settings = restore_settings(inputs, call.variables())
    except RestoreError as failure:
        call.error(failure.code, failure.message, location=failure.location)
        return False
    call.outputs["outputsources"] = [source.source for source in settings.sources]
    call.set_value("OutputPackagesPath", settings.packages_path)
    call.set_value("OutputRepositoryPath", "")
    call.outputs["outputfallbackfolders"] = list(settings.fallback_folders)
    call.outputs["outputconfigfilepaths"] = [str(path) for path in settings.config_files]
    return True


def _task(name: str, texts: Sequence[str], items: Sequence[str], outputs: Sequence[str], run: Callable[[TaskCall], bool]) -> TaskDefinition:
    parameters = (*(Parameter(text, Kind.TEXT) for text in texts), *(Parameter(item, Kind.ITEMS) for item in items))
    return TaskDefinition(name, parameters, tuple(outputs), run)


def _entries(name: str, item: str, run: Callable[[TaskCall], bool], *more: str) -> TaskDefinition:
    return _task(name, ("ProjectUniqueName", "TargetFrameworks", *more), (item,), (_ENTRIES,), run)


_PACKAGE = (*_COPIED, "VersionOverride")
_SETTINGS = (
    "ProjectUniqueName RestoreSources RestorePackagesPath RestoreRepositoryPath RestoreFallbackFolders RestoreConfigFile "
    "RestoreRootConfigDirectory RestoreSolutionDirectory RestorePackagesPathOverride RestoreRepositoryPathOverride "
    "RestoreSourcesOverride RestoreFallbackFoldersOverride RestoreProjectStyle MSBuildStartupDirectory"
).split()
_DUPLICATES = "ItemName LogCode MSBuildProjectFullPath TreatWarningsAsErrors WarningsAsErrors WarningsNotAsErrors NoWarn".split()
_FRAMEWORKS = (
    "ProjectPath TargetFrameworks TargetFramework TargetFrameworkMoniker TargetPlatformIdentifier TargetPlatformVersion "
    "TargetPlatformMinVersion"
).split()
_TOOLS = "ProjectPath ToolFramework RestorePackagesPath RestoreFallbackFolders RestoreSources RestoreConfigFilePaths".split()

# Task, its item list, the type of its entries, copied metadata, metadata with the version.
_GATHERED = (
    ("GetRestorePackageReferencesTask", "PackageReferences", "Dependency", _PACKAGE, "Version"),
    ("GetCentralPackageVersionsTask", "CentralPackageVersions", "CentralPackageVersion", (), "Version"),
    ("GetRestorePackageDownloadsTask", "PackageDownloads", "DownloadDependency", (), "Version"),
    ("GetRestoreFrameworkReferencesTask", "FrameworkReferences", "FrameworkReference", ("PrivateAssets",), ""),
    ("GetRestoreNuGetAuditSuppressionsTask", "NuGetAuditSuppressions", "NuGetAuditSuppress", (), ""),
    ("GetRestorePrunePackageReferencesTask", "PrunePackageReferences", "PrunePackageReference", (), "Version"),
)

TASKS = (
    *(_entries(name, items, _gathering(kind, items, copied, version)) for name, items, kind, copied, version in _GATHERED),
    _entries("GetRestoreProjectReferencesTask", "ProjectReferences", _project_references, "ParentProjectPath"),
    _task("GetRestoreDotnetCliToolsTask", _TOOLS, ("DotnetCliToolReferences",), (_ENTRIES,), _no_tools),
    _task(
        "GetRestoreSolutionProjectsTask", ("SolutionFilePath",), ("ProjectReferences",), ("OutputProjectReferences",), _solution_projects
    ),
    _task("WarnForInvalidProjectsTask", (), ("AllProjects", "ValidProjects"), (), _warn_for_invalid),
    _task(
        "GetRestoreProjectStyleTask",
        ("HasPackageReferenceItems", "MSBuildProjectDirectory", "MSBuildProjectName", "RestoreProjectStyle"),
        (),
        ("ProjectStyle", "IsPackageReferenceCompatibleProjectStyle"),
        _project_style,
    ),
    _task("GetProjectTargetFrameworksTask", _FRAMEWORKS, (), ("ProjectTargetFrameworks",), _target_frameworks),
    _task("GetGlobalPropertyValueTask", ("PropertyName",), (), ("GlobalPropertyValue", "CheckCompleted"), _global_property),
    _task("NuGetMessageTask", ("Name", "Importance"), ("Args",), (), _say),
    _task("CheckForDuplicateNuGetItemsTask", _DUPLICATES, ("Items",), ("DeduplicatedItems",), _duplicates),
    _task(
        "GetRestoreSettingsTask",
        _SETTINGS,
        ("RestoreSettingsPerFramework",),
        ("OutputSources", "OutputPackagesPath", "OutputRepositoryPath", "OutputFallbackFolders", "OutputConfigFilePaths"),
        _settings,
    ),
)
