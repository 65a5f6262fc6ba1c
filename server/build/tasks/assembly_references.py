"""The tasks that read assemblies: ResolveAssemblyReference and GetAssemblyIdentity. What reads them is loaded when one runs."""

from __future__ import annotations

from server.build.tasks.loading import loaded_on_call
from server.build.tasks.task import Kind, Parameter, TaskDefinition

_FILES = "server.build.reference_files"
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
_RESOLVE = TaskDefinition(
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
    loaded_on_call(_FILES, "run"),
)
TASKS = (
    _RESOLVE,
    TaskDefinition(
        "GetAssemblyIdentity",
        (Parameter("AssemblyFiles", Kind.ITEMS, required=True),),
        ("Assemblies",),
        loaded_on_call(_FILES, "run_identities"),
    ),
)
