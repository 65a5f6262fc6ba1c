"""SDK names (`<Project Sdk="Microsoft.NET.Sdk">`) -> folders with Sdk.props and Sdk.targets.

With a .NET SDK its own folders and its workload manifests answer; without one the project's own Microsoft.NET.Sdk does, and workload
locators are found with nothing to import.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from server.msbuild import paths
from server.msbuild.files import FileSystem
from server.msbuild.json_objects import read_json_object
from server.msbuild.workloads import Workloads

OWN_SDK_FOLDER = str(Path(__file__).resolve().parent / "sdk")
# What is evaluated around the targets of an installed SDK while programs are published.
NATIVE_PUBLISHING_FOLDER = str(Path(__file__).resolve().parent / "native_publishing")
_AUTO_IMPORT_LOCATOR = "microsoft.net.sdk.workloadautoimportpropslocator"
_MANIFEST_LOCATOR = "microsoft.net.sdk.workloadmanifesttargetslocator"


@dataclass(frozen=True, slots=True)
class SdkReference:
    """Name and optional versions, as `Name/Version` or the attributes say."""

    name: str
    version: str = ""
    minimum_version: str = ""

    def __str__(self) -> str:
        text = self.name
        if self.version:
            text += f"/{self.version}"
        return text


@dataclass(frozen=True, slots=True)
class Toolset:
    """Where the tools are: `tools_directory` stands for the SDK's folder, `sdks_directory` holds the SDKs by name.

    `extension_directory` has BeforeSdk.targets and AfterSdk.targets to be imported around Sdk.targets of Microsoft.NET.Sdk, or is empty.
    """

    tools_directory: str
    sdks_directory: str
    dotnet_root: str
    is_own: bool
    sdk_version: str
    msbuild_version: str
    maximum_language_version: str
    extension_directory: str = ""


def publishing_toolset(toolset: Toolset) -> Toolset:
    """The toolset that publishes native programs: our own does, an installed one with our extension."""
    return toolset if toolset.is_own else replace(toolset, extension_directory=NATIVE_PUBLISHING_FOLDER)


@dataclass(frozen=True, slots=True)
class ResolvedSdk:
    """The folders to import from, none when the SDK is known to add nothing, and the pack that would have to be installed.

    It `has_other_version` when a version was asked for and an SDK that has none was found.
    """

    folders: tuple[str, ...]
    missing_pack: tuple[str, str] | None = None
    has_other_version: bool = False


# The version of MSBuild whose behaviour is followed, and the newest C# that the embedded compiler knows.
MSBUILD_VERSION = "18.9.11"
EMBEDDED_LANGUAGE_VERSION = "12.0"


def own_toolset() -> Toolset:
    """The toolset of a machine without a .NET SDK: our own Microsoft.NET.Sdk."""
    return Toolset(
        tools_directory=OWN_SDK_FOLDER,
        sdks_directory=OWN_SDK_FOLDER + "/Sdks",
        dotnet_root="",
        is_own=True,
        sdk_version="",
        msbuild_version=MSBUILD_VERSION,
        maximum_language_version=EMBEDDED_LANGUAGE_VERSION,
    )


def installed_toolset(dotnet_root: str, sdk_version: str) -> Toolset:
    """The toolset of the SDK `sdk_version` below `dotnet_root`."""
    tools = f"{dotnet_root}/sdk/{sdk_version}"
    return Toolset(
        tools_directory=tools,
        sdks_directory=f"{tools}/Sdks",
        dotnet_root=dotnet_root,
        is_own=False,
        sdk_version=sdk_version,
        msbuild_version=MSBUILD_VERSION,
        maximum_language_version="",
    )


@dataclass(frozen=True, slots=True)
class SdkPlaces:
    """Where SDKs are looked for: `sdks_directory` is MSBuildSDKsPath, `packages_directory` the folder of NuGet packages.

    `project_directory` is where the search for the global.json with the versions of SDKs in packages begins.
    """

    sdks_directory: str
    packages_directory: str
    project_directory: str


def packages_directory(variables: Mapping[str, str]) -> str:
    """The folder of NuGet packages of the user."""
    return variables.get("NUGET_PACKAGES") or paths.combine(variables.get("HOME", ""), ".nuget/packages")


def resolve_sdk(reference: SdkReference, toolset: Toolset, places: SdkPlaces, files: FileSystem) -> ResolvedSdk | None:
    """The SDK's folder with Sdk.props in it, None when there is none.

    An SDK that is a package has a version, of the reference or of global.json, and is found where a restore has put it.
    """
    of_workloads = _resolve_workload(reference.name, toolset, files)
    if of_workloads is not None:
        return of_workloads
    version = wanted_version(reference, places, files)
    if version:
        folder = paths.combine(places.packages_directory, reference.name.lower(), version.lower())
        for name in ("Sdk", "sdk"):
            if files.is_directory(f"{folder}/{name}"):
                return ResolvedSdk((f"{folder}/{name}",))
    for base in dict.fromkeys((places.sdks_directory, toolset.sdks_directory)):
        folder = paths.combine(base, reference.name, "Sdk")
        if files.is_directory(folder):
            return ResolvedSdk((folder,), has_other_version=reference.version != "")
    return None


def wanted_version(reference: SdkReference, places: SdkPlaces, files: FileSystem) -> str:
    """The version of the package that an SDK would be: the reference's, else that of global.json; "" when none is said."""
    return reference.version or sdk_versions(places.project_directory, files).get(reference.name.lower(), "")


def _resolve_workload(name: str, toolset: Toolset, files: FileSystem) -> ResolvedSdk | None:
    """What the manifests of workloads make of the name; None when they do not know it."""
    key = name.lower()
    is_locator = key in (_AUTO_IMPORT_LOCATOR, _MANIFEST_LOCATOR)
    if toolset.is_own:
        return ResolvedSdk(()) if is_locator else None
    workloads = Workloads(toolset.dotnet_root, toolset.sdk_version, files)
    if not workloads.are_enabled():
        return None
    if is_locator:
        return ResolvedSdk(tuple(workloads.auto_import_folders() if key == _AUTO_IMPORT_LOCATOR else workloads.target_folders()))
    if files.is_directory(paths.combine(toolset.sdks_directory, name, "Sdk")):
        return None  # what the SDK itself holds is in no manifest, and those are long
    pack = workloads.pack(name)
    if pack is None:
        return None
    return ResolvedSdk((f"{pack.folder}/Sdk",)) if files.is_directory(pack.folder) else ResolvedSdk((), (name, pack.version))


def sdk_versions(directory: str, files: FileSystem) -> dict[str, str]:
    """`msbuild-sdks` of the nearest global.json: version by the SDK's name in lower case; nothing when it cannot be read."""
    current: str | None = directory
    while current is not None:
        path = paths.combine(current, "global.json")
        if files.is_file(path):
            listed = read_json_object(files.read_text(path)).get("msbuild-sdks")
            return {name.lower(): str(version) for name, version in listed.items()} if isinstance(listed, dict) else {}
        current = paths.directory_name(current)
    return {}


def parse_sdk_list(text: str) -> list[SdkReference] | None:
    """The references of an Sdk attribute: semicolon-separated `Name[/Version]`; None when one is malformed."""
    references: list[SdkReference] = []
    for part in text.split(";"):
        stripped = part.strip()
        if not stripped:
            continue
        pieces = stripped.split("/")
        if len(pieces) > 2 or not pieces[0].strip():
            return None
        version = pieces[1].strip() if len(pieces) == 2 else ""
        if version.lower().startswith("min="):
            references.append(SdkReference(pieces[0].strip(), minimum_version=version[4:]))
        else:
            references.append(SdkReference(pieces[0].strip(), version))
    return references
