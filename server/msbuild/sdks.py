"""SDK names (`<Project Sdk="Microsoft.NET.Sdk">`) -> folders with Sdk.props and Sdk.targets.

With a .NET SDK its own folders answer; without one the project's own Microsoft.NET.Sdk does. Workload locators are answered as by a machine
without workloads: found, with nothing to import.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from server.msbuild import paths
from server.msbuild.files import FileSystem

OWN_SDK_FOLDER = str(Path(__file__).resolve().parent / "sdk")
_LOCATORS = frozenset({"microsoft.net.sdk.workloadautoimportpropslocator", "microsoft.net.sdk.workloadmanifesttargetslocator"})


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
    """Where the tools are: `tools_directory` stands for the SDK's folder, `sdks_directory` holds the SDKs by name."""

    tools_directory: str
    sdks_directory: str
    dotnet_root: str
    is_own: bool
    sdk_version: str
    msbuild_version: str
    maximum_language_version: str


@dataclass(frozen=True, slots=True)
class ResolvedSdk:
    """The folder to import from; None when the SDK is known to add nothing."""

    folder: str | None


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


def resolve_sdk(reference: SdkReference, toolset: Toolset, sdks_directory: str, files: FileSystem) -> ResolvedSdk | None:
    """The SDK's folder with Sdk.props in it, None when there is none. `sdks_directory` is MSBuildSDKsPath."""
    if reference.name.lower() in _LOCATORS:
        return ResolvedSdk(None)
    for base in dict.fromkeys((sdks_directory, toolset.sdks_directory)):
        folder = paths.combine(base, reference.name, "Sdk")
        if files.is_directory(folder):
            return ResolvedSdk(folder)
    return None


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
