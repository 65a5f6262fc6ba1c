"""SDK names (`<Project Sdk="Microsoft.NET.Sdk">`) -> folders with Sdk.props and Sdk.targets.

With a .NET SDK its own folders answer; without one the project's own Microsoft.NET.Sdk does. Workload locators are answered as by a machine
without workloads: found, with nothing to import.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from server.msbuild import paths
from server.msbuild.files import FileSystem

OWN_SDK_FOLDER = str(Path(__file__).resolve().parent / "sdk")
_LOCATORS = frozenset({"microsoft.net.sdk.workloadautoimportpropslocator", "microsoft.net.sdk.workloadmanifesttargetslocator"})
_COMMENT = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")


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
    if reference.name.lower() in _LOCATORS:
        return ResolvedSdk(None)
    for base in dict.fromkeys((places.sdks_directory, toolset.sdks_directory)):
        folder = paths.combine(base, reference.name, "Sdk")
        if files.is_directory(folder):
            return ResolvedSdk(folder)
    version = reference.version or sdk_versions(places.project_directory, files).get(reference.name.lower(), "")
    if version:
        folder = paths.combine(places.packages_directory, reference.name.lower(), version.lower())
        for name in ("Sdk", "sdk"):
            if files.is_directory(f"{folder}/{name}"):
                return ResolvedSdk(f"{folder}/{name}")
    return None


def sdk_versions(directory: str, files: FileSystem) -> dict[str, str]:
    """`msbuild-sdks` of the nearest global.json: version by the SDK's name in lower case; nothing when it cannot be read."""
    current: str | None = directory
    while current is not None:
        path = paths.combine(current, "global.json")
        if files.is_file(path):
            listed = read_global_json(files.read_text(path)).get("msbuild-sdks")
            return {name.lower(): str(version) for name, version in listed.items()} if isinstance(listed, dict) else {}
        current = paths.directory_name(current)
    return {}


def read_global_json(text: str) -> dict[str, object]:
    """A global.json, which may have comments and trailing commas; empty when it is none."""
    try:
        content = json.loads(_TRAILING_COMMA.sub(r"\1", _COMMENT.sub(lambda match: match[1] or " ", text)))
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


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
