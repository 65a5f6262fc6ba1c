"""The SDK's workload manifests -> the folders whose WorkloadManifest.targets every project imports, and the packs that are named as SDKs.

A machine without workloads has the manifests all the same: they say which packs an SDK name stands for. One that is not installed adds
the item MissingWorkloadPack, by which the SDK's targets tell what to install. Workload sets and installation state are not looked at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from server.msbuild import paths
from server.msbuild.files import FileSystem
from server.msbuild.json_objects import read_json_object

# Manifests of early versions, which later ones replace under other names.
_OUTDATED = frozenset(
    f"microsoft.net.workload.{name}" for name in ("android", "blazorwebassembly", "ios", "maccatalyst", "macos", "tvos", "mono.toolchain")
)
_BAND = re.compile(r"(\d+)\.(\d+)\.(\d)\d\d\Z")
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+.*)?\Z")
_MANIFEST = "WorkloadManifest.json"
_TARGETS = "WorkloadManifest.targets"


@dataclass(frozen=True, slots=True)
class WorkloadPack:
    """A pack that a manifest describes, under the name that it has for this machine; `folder` is where it is when it is installed."""

    name: str
    version: str
    folder: str
    is_sdk: bool


@dataclass(frozen=True, slots=True)
class Workloads:
    """The manifests of the SDK `sdk_version` below `dotnet_root`."""

    dotnet_root: str
    sdk_version: str
    files: FileSystem

    def are_enabled(self) -> bool:
        """Has nobody switched workloads off for this SDK?"""
        return not self.files.is_file(f"{self._sdk_folder}/DisableWorkloadResolver.sentinel")

    @property
    def _sdk_folder(self) -> str:
        return f"{self.dotnet_root}/sdk/{self.sdk_version}"

    def target_folders(self) -> list[str]:
        """The folders of manifests with targets to import, in their order."""
        return [folder for folder in self._manifest_folders() if self.files.is_file(f"{folder}/{_TARGETS}")]

    def auto_import_folders(self) -> list[str]:
        """The Sdk folders of installed packs with an AutoImport.props, in their order."""
        if not self._has_auto_imports():
            return []
        folders = [f"{pack.folder}/Sdk" for pack in self._packs().values() if pack.is_sdk]
        return [folder for folder in dict.fromkeys(folders) if self.files.is_file(f"{folder}/AutoImport.props")]

    def _has_auto_imports(self) -> bool:
        """Has any pack an AutoImport.props? Asked first: the manifests are long."""
        root = f"{self.dotnet_root}/packs"
        versions = [
            f"{root}/{pack.name}/{version.name}"
            for pack in self.files.entries(root)
            for version in self.files.entries(f"{root}/{pack.name}")
        ]
        return any(self.files.is_file(f"{folder}/Sdk/AutoImport.props") for folder in versions)

    def pack(self, name: str) -> WorkloadPack | None:
        """The pack of that name, without case; None where no manifest has one for this machine."""
        return self._packs().get(name.lower())

    def _manifest_folders(self) -> list[str]:
        band = _band_of(self.sdk_version)
        if band is None or not self.files.is_directory(f"{self.dotnet_root}/sdk-manifests"):
            return []
        known = self._known_manifests()
        folder_of_band = f"{self.dotnet_root}/sdk-manifests/{_band_text(band)}"
        found: dict[str, str] = {}
        for entry in self.files.entries(folder_of_band):
            folder = self._newest(f"{folder_of_band}/{entry.name}") if entry.is_directory else None
            if folder is not None:
                found[entry.name.lower()] = folder
        for name in known:
            if name.lower() not in found and (folder := self._of_earlier_band(name, band)) is not None:
                found[name.lower()] = folder
        order = {name.lower(): number for number, name in enumerate(known)}
        return [found[name] for name in sorted(found, key=lambda name: (order.get(name, len(order)), name))]

    def _known_manifests(self) -> list[str]:
        for name in ("KnownWorkloadManifests.txt", "IncludedWorkloadManifests.txt"):
            path = f"{self._sdk_folder}/{name}"
            if self.files.is_file(path):
                return [line for line in self.files.read_text(path).splitlines() if line]
        return []

    def _of_earlier_band(self, name: str, band: tuple[int, int, int]) -> str | None:
        """The manifest of the newest band up to `band` that has it."""
        root = f"{self.dotnet_root}/sdk-manifests"
        bands = [(found, entry.name) for entry in self.files.entries(root) if (found := _band_of(entry.name)) is not None and found <= band]
        for _, text in sorted(bands, reverse=True):
            folder = self._newest(f"{root}/{text}/{name}") if self.files.is_directory(f"{root}/{text}/{name}") else None
            if folder is not None:
                return folder
        return None

    def _newest(self, folder: str) -> str | None:
        """The folder of the newest version of a manifest; a manifest that lies in `folder` itself counts where there is no version."""
        name = paths.file_name(folder).lower()
        if name in _OUTDATED or name == "workloadsets":
            return None
        versions = [(key, entry.name) for entry in self.files.entries(folder) if (key := _version_key(entry.name)) is not None]
        for _, version in sorted(versions, reverse=True):
            if self.files.is_file(f"{folder}/{version}/{_MANIFEST}"):
                return f"{folder}/{version}"
        return folder if self.files.is_file(f"{folder}/{_MANIFEST}") else None

    def _packs(self) -> dict[str, WorkloadPack]:
        identifiers = self._runtime_identifiers()
        found: dict[str, WorkloadPack] = {}
        for folder in self._manifest_folders():
            path = f"{folder}/{_MANIFEST}"
            packs = read_json_object(self.files.read_text(path)).get("packs")
            for name, said in packs.items() if isinstance(packs, dict) else ():
                pack = self._described(name, said, identifiers) if isinstance(said, dict) else None
                if pack is not None:
                    found.setdefault(name.lower(), pack)
        return found

    def _described(self, name: str, said: dict[str, object], identifiers: list[str]) -> WorkloadPack | None:
        aliases = said.get("alias-to")
        resolved = name
        if isinstance(aliases, dict):
            resolved = next((str(aliases[one]) for one in identifiers if one in aliases), "")
            if not resolved:
                return None
        version = str(said.get("version", ""))
        return WorkloadPack(resolved, version, f"{self.dotnet_root}/packs/{resolved}/{version}", str(said.get("kind")).lower() == "sdk")

    def _runtime_identifiers(self) -> list[str]:
        path = f"{self._sdk_folder}/NETCoreSdkRuntimeIdentifierChain.txt"
        return self.files.read_text(path).split() if self.files.is_file(path) else []


def _band_of(version: str) -> tuple[int, int, int] | None:
    """Major, minor and feature band of an SDK's version; those of a prerelease have bands of their own, which are not looked at."""
    match = _BAND.match(version.partition("-")[0])
    return (int(match[1]), int(match[2]), int(match[3])) if match is not None else None


def _band_text(band: tuple[int, int, int]) -> str:
    return f"{band[0]}.{band[1]}.{band[2]}00"


def _version_key(text: str) -> tuple[int, int, int, bool, list[tuple[bool, int, str]]] | None:
    match = _VERSION.match(text)
    if match is None:
        return None
    labels = [(not part.isdigit(), int(part) if part.isdigit() else 0, part) for part in (match[4] or "").split(".") if part]
    return int(match[1]), int(match[2]), int(match[3]), match[4] is None, labels
