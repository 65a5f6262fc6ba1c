"""All built-in tasks by name. The module of one is loaded when it is asked for: a build does not wait for tasks that it does not run."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import cast

from server.build.tasks.task import TaskDefinition

# The modules of this package that have tasks, as TASK or TASKS, with the names of all of them.
MODULES: dict[str, str] = {
    "assembly_references": "ResolveAssemblyReference GetAssemblyIdentity",
    "assign_culture": "AssignCulture",
    "assign_link_metadata": "AssignLinkMetadata",
    "call_target": "CallTarget",
    "combine_xml": "CombineTargetFrameworkInfoProperties CombineXmlElements",
    "copy": "Copy",
    "create_item": "CreateItem",
    "create_property": "CreateProperty",
    "csc": "Csc",
    "delete": "Delete",
    "download_file": "DownloadFile",
    "error": "Error",
    "exec": "Exec",
    "format_texts": "FormatVersion FormatUrl",
    "framework_packs": "ProcessFrameworkReferences ResolveAppHosts GetPackagesToPrune",
    "generate_resource": "GenerateResource",
    "hashes": "Hash GetFileHash VerifyFileHash",
    "lists_and_paths": "RemoveDuplicates FindInList FindUnderPath ConvertToAbsolutePath CombinePath AssignTargetPath",
    "make_dir": "MakeDir",
    "manifest_names": "CreateCSharpManifestResourceName CreateVisualBasicManifestResourceName",
    "message": "Message",
    "move": "Move",
    "msbuild": "MSBuild",
    "native": "AotdCheckRuntimeIdentifier AotdCreateAppHost AotdCompileNative AotdChoosePublishedFiles",
    "package_assets": "AotdResolvePackageAssets",
    "package_reference_checks": (
        "NETSdkError NETSdkWarning NETSdkInformation AllowEmptyTelemetry CheckForImplicitPackageReferenceOverrides "
        "CheckForDuplicateFrameworkReferences CheckIfPackageReferenceShouldBeFrameworkReference ApplyImplicitVersions "
        "CreateWindowsSdkKnownFrameworkReferences"
    ),
    "platform_conflicts": "AotdResolvePlatformConflicts",
    "read_lines_from_file": "ReadLinesFromFile",
    "reference_assemblies": "GetReferenceAssemblyPaths",
    "remove_dir": "RemoveDir",
    "restore": "RestoreTaskEx RestoreTask WriteRestoreGraphTask",
    "restore_inputs": (
        "GetRestorePackageReferencesTask GetCentralPackageVersionsTask GetRestorePackageDownloadsTask "
        "GetRestoreFrameworkReferencesTask GetRestoreNuGetAuditSuppressionsTask GetRestorePrunePackageReferencesTask "
        "GetRestoreProjectReferencesTask GetRestoreDotnetCliToolsTask GetRestoreSolutionProjectsTask WarnForInvalidProjectsTask "
        "GetRestoreProjectStyleTask GetProjectTargetFrameworksTask GetGlobalPropertyValueTask NuGetMessageTask "
        "CheckForDuplicateNuGetItemsTask GetRestoreSettingsTask"
    ),
    "sdk_tasks": (
        "AotdResolveFramework AotdNearestTargetFramework AotdGenerateSources AotdWriteSatelliteSource AotdWriteEditorConfig "
        "AotdWriteRuntimeConfiguration AotdWriteDependencies"
    ),
    "telemetry": "Telemetry",
    "touch": "Touch",
    "warning": "Warning",
    "write_code_fragment": "WriteCodeFragment",
    "write_lines_to_file": "WriteLinesToFile",
    "xml_queries": "XmlPeek XmlPoke",
    "xsl_transformation": "XslTransformation",
    "zip_files": "ZipDirectory Unzip",
}
_NAMESPACE = "microsoft.build.tasks."

# Tasks of an SDK's assemblies that are built in as well: they stand for the originals where a folder with an SDK's targets has none.
_STAND_IN_MODULES = ("restore", "restore_inputs", "framework_packs", "package_reference_checks")
_STAND_IN_NAMESPACES = ("nuget.build.tasks.", "microsoft.net.build.tasks.")
# Those that a project finds under no name of MSBuild's own.
_ONLY_STAND_INS = frozenset({"package_reference_checks"})


def _by_name(modules: Iterable[str]) -> dict[str, str]:
    """Name in lower case -> module."""
    return {name.lower(): module for module in modules for name in MODULES[module].split()}


_TASKS = _by_name(module for module in MODULES if module not in _ONLY_STAND_INS)
_STAND_INS = _by_name(_STAND_IN_MODULES)


def tasks_of(module: str) -> tuple[TaskDefinition, ...]:
    """The tasks of one of `MODULES`."""
    found = vars(importlib.import_module(f"server.build.tasks.{module}"))
    return cast("tuple[TaskDefinition, ...]", found["TASKS"] if "TASKS" in found else (found["TASK"],))


def _task(modules: dict[str, str], name: str) -> TaskDefinition | None:
    module = modules.get(name)
    return next(task for task in tasks_of(module) if task.name.lower() == name) if module is not None else None


def find_stand_in(name: str) -> TaskDefinition | None:
    """The built-in task that stands for a task of an SDK's own assemblies, with or without namespace, without case."""
    plain = name.lower()
    for namespace in _STAND_IN_NAMESPACES:
        plain = plain.removeprefix(namespace)
    return _task(_STAND_INS, plain)


def find_task(name: str) -> TaskDefinition | None:
    """The built-in task of that name, with or without its namespace, without case."""
    return _task(_TASKS, name.lower().removeprefix(_NAMESPACE))
