"""The ResolveAssemblyReference task: references of a project to files. What reads assemblies is loaded with the first call."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import cast

from server.build.tasks.task import Kind, Parameter, TaskCall, TaskDefinition


def _run(call: TaskCall) -> bool:
    run = cast(Callable[[TaskCall], bool], importlib.import_module("server.build.reference_files").run)
    return run(call)


_TEXTS = (
    "AppConfigFile AssemblyInformationCacheOutputPath ProfileName StateFile TargetFrameworkMoniker TargetFrameworkMonikerDisplayName "
    "TargetFrameworkVersion TargetProcessorArchitecture TargetedRuntimeVersion WarnOrErrorOnTargetArchitectureMismatch"
).split()
_FLAGS = (
    "AllowOutOfProcNode AutoUnify CopyLocalDependenciesWhenParentReferenceInGac DoNotCopyLocalIfInGac EnableCustomCulture FindDependencies "
    "FindDependenciesOfExternallyResolvedReferences FindRelatedFiles FindSatellites FindSerializationAssemblies "
    "IgnoreDefaultInstalledAssemblySubsetTables IgnoreDefaultInstalledAssemblyTables IgnoreTargetFrameworkAttributeVersionMismatch "
    "IgnoreVersionForFrameworkReferences OutputUnresolvedAssemblyConflicts Silent SupportsBindingRedirectGeneration "
    "UnresolveFrameworkAssembliesFromHigherFrameworks"
).split()
_LISTS = (
    "AllowedAssemblyExtensions AllowedRelatedFileExtensions AssemblyInformationCachePaths CandidateAssemblyFiles FullFrameworkFolders "
    "FullTargetFrameworkSubsetNames LatestTargetFrameworkDirectories NonCultureResourceDirectories SearchPaths TargetFrameworkDirectories "
    "TargetFrameworkSubsets"
).split()
_ITEMS = (
    "Assemblies AssemblyFiles FullFrameworkAssemblyTables InstalledAssemblySubsetTables InstalledAssemblyTables ResolvedSDKReferences"
).split()
TASK = TaskDefinition(
    "ResolveAssemblyReference",
    (
        *(Parameter(name, Kind.ITEMS) for name in _ITEMS),
        *(Parameter(name, Kind.TEXTS, required=name == "SearchPaths") for name in _LISTS),
        *(Parameter(name, Kind.TEXT) for name in _TEXTS),
        *(Parameter(name, Kind.BOOL) for name in _FLAGS),
    ),
    (
        "ResolvedFiles",
        "ResolvedDependencyFiles",
        "RelatedFiles",
        "SatelliteFiles",
        "SerializationAssemblyFiles",
        "ScatterFiles",
        "CopyLocalFiles",
        "SuggestedRedirects",
        "FilesWritten",
        "DependsOnSystemRuntime",
        "DependsOnNETStandard",
        "UnresolvedAssemblyConflicts",
    ),
    _run,
)
