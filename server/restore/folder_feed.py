"""A folder of packages as a source: flat (`*.nupkg` in it or one level below) or, when it has none there, expanded (`<id>/<version>/`)."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from server.restore.errors import SourceError
from server.restore.nuspec import Nuspec
from server.restore.package_archive import ArchiveLimits, open_package
from server.restore.versions import NuGetVersion, parse_version


@dataclass(slots=True)
class FolderFeed:
    """A folder as a source. What was listed once stays as it was for the life of this object."""

    source: str
    folder: Path
    limits: ArchiveLimits = ArchiveLimits()
    _flat: tuple[Path, ...] | None = field(default=None, repr=False)
    _packages: dict[str, dict[NuGetVersion, Path]] = field(default_factory=dict, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    is_http = False

    def versions(self, package_id: str) -> tuple[NuGetVersion, ...]:
        """All versions of a package, ascending. Raises SourceError when the folder is not there."""
        return tuple(sorted(self._by_version(package_id)))

    def nuspec(self, package_id: str, version: NuGetVersion) -> Nuspec:
        """The manifest of a version that `versions` named. Raises SourceError and PackageError."""
        with self.open(package_id, version) as file, open_package(file, f"{package_id} {version}", self.limits) as package:
            return package.nuspec()

    def open(self, package_id: str, version: NuGetVersion) -> BinaryIO:
        """The archive of a version that `versions` named. Raises SourceError."""
        path = self._by_version(package_id)[version]
        try:
            return path.open("rb")
        except OSError as error:
            raise SourceError(self.source, f"Unable to read '{path}': {error.strerror}") from error

    def _by_version(self, package_id: str) -> dict[NuGetVersion, Path]:
        key = package_id.lower()
        with self._lock:
            if key not in self._packages:
                self._packages[key] = self._find(key)
            return self._packages[key]

    def _find(self, key: str) -> dict[NuGetVersion, Path]:
        if self._flat is None:
            self._flat = self._list_flat()
        found: dict[NuGetVersion, Path] = {}
        for path in self._flat:
            version = _version_in_file_name(path.name, key)
            if version is not None:
                found.setdefault(version, path)
        return found if self._flat else self._find_expanded(key)

    def _list_flat(self) -> tuple[Path, ...]:
        try:
            entries = sorted(os.scandir(self.folder), key=lambda entry: entry.name)
        except OSError as error:
            raise SourceError(self.source, f"The local source '{self.folder}' doesn't exist.") from error
        found = [Path(entry.path) for entry in entries if entry.name.lower().endswith(".nupkg")]
        for entry in entries:
            if entry.is_dir():
                below = sorted(os.listdir(entry.path))
                found += [Path(entry.path, name) for name in below if name.lower().endswith(".nupkg")]
        return tuple(found)

    def _find_expanded(self, key: str) -> dict[NuGetVersion, Path]:
        found = {}
        folder = self.folder / key
        for name in sorted(os.listdir(folder)) if folder.is_dir() else ():
            version = parse_version(name)
            if version is not None:
                archive = folder / name / f"{key}.{version.normalized.lower()}.nupkg"
                marks = (archive.with_name(f"{archive.name}.sha512"), archive.with_name(".nupkg.metadata"))
                if archive.is_file() and any(mark.is_file() for mark in marks):
                    found[version] = archive
        return found


def _version_in_file_name(name: str, key: str) -> NuGetVersion | None:
    stem = name[: -len(".nupkg")]
    if not stem.lower().startswith(f"{key}.") or stem.lower().endswith(".symbols"):
        return None
    return parse_version(stem[len(key) + 1 :])
