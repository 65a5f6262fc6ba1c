"""Packages in the layout that the SDK keeps them in: `<id>/<version>/` in lower case, with the archive, its hash and its files.

A package is there when its `.nupkg.metadata` is, which comes last. Here a package is put together beside its place, in
`.aotd-staging`, and comes into place by one rename; a killed process leaves nothing but a folder there, which the next install of
that package removes. Two installs of one package at once, ours or the SDK's, keep apart by NuGet's own lock file.
**Invariant:** what lies under an id and version has that id and version, and the hash that was asked for.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from compiler.csharp.file_lock import exclusive_lock
from server.restore.errors import HASH_MISMATCH, INVALID_PACKAGE, UNSAFE_ENTRY, WRONG_IDENTITY, PackageError
from server.restore.nuspec import NUSPEC_BYTES, Nuspec, read_nuspec
from server.restore.package_archive import ArchiveLimits, PackageArchive, extract_entry, is_extracted, open_package
from server.restore.package_signature import content_hash
from server.restore.versions import NuGetVersion, parse_version

METADATA_FILE = ".nupkg.metadata"
_LONGEST_ID = 100
_STAGING = ".aotd-staging"
_STAGING_ATTEMPTS = 1000
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class InstalledPackage:
    """A package in a packages folder. `id` is in the case it was asked for, the folder in lower case."""

    id: str
    version: NuGetVersion
    folder: Path
    content_hash: str

    @property
    def archive(self) -> Path:
        """The .nupkg."""
        return self.folder / f"{self.id.lower()}.{self.version.normalized.lower()}.nupkg"

    @property
    def hash_file(self) -> Path:
        """The .nupkg.sha512, which assets files name."""
        return self.archive.with_name(f"{self.archive.name}.sha512")

    def nuspec(self) -> Nuspec:
        """The manifest. Raises PackageError and OSError."""
        path = self.folder / f"{self.id.lower()}.nuspec"
        if path.stat().st_size > NUSPEC_BYTES:
            raise PackageError(INVALID_PACKAGE, f"'{path}' is larger than {NUSPEC_BYTES} bytes")
        return read_nuspec(path.read_bytes(), str(path))

    def files(self) -> tuple[str, ...]:
        """Relative paths with slashes of all files, sorted; without the archive, its hash and the metadata."""
        skipped = {METADATA_FILE, self.archive.name, self.hash_file.name}
        found = []
        for folder, folders, names in os.walk(self.folder):
            folders.sort()
            relative = os.path.relpath(folder, self.folder)
            prefix = "" if relative == "." else relative.replace(os.sep, "/") + "/"
            found += [prefix + name for name in names if prefix or name not in skipped]
        return tuple(sorted(found))


@dataclass(frozen=True, slots=True)
class PackagesFolder:
    """A packages folder; it need not exist. `locks` is the folder of NuGet's lock files."""

    root: Path
    locks: Path
    limits: ArchiveLimits = ArchiveLimits()

    def folder_of(self, package_id: str, version: NuGetVersion) -> Path:
        """Where the package lies or would lie. Raises PackageError for an id that is no name of a folder."""
        if not is_folder_name(package_id):
            raise PackageError(UNSAFE_ENTRY, f"'{ascii(package_id)[1:-1]}' is not a valid package ID.")
        return self.root / package_id.lower() / version.normalized.lower()

    def find(self, package_id: str, version: NuGetVersion) -> InstalledPackage | None:
        """The package, when it is there whole. Raises PackageError for an id that is no name of a folder."""
        folder = self.folder_of(package_id, version)
        metadata = _read_metadata(folder / METADATA_FILE)
        if metadata is not None:
            return InstalledPackage(package_id, version, folder, metadata)
        return None

    def versions(self, package_id: str) -> tuple[NuGetVersion, ...]:
        """The versions that are there whole, in ascending order."""
        try:
            names = os.listdir(self.root / package_id.lower()) if is_folder_name(package_id) else []
        except OSError:
            return ()
        parsed = [version for name in names if (version := parse_version(name)) is not None]
        return tuple(sorted(version for version in parsed if self.find(package_id, version) is not None))

    def install(
        self, package_id: str, version: NuGetVersion, archive: BinaryIO, source: str, expected_hash: str | None
    ) -> InstalledPackage:
        """The package, installed from `archive` unless it is there already. `expected_hash` is the lock file's content hash.

        Raises PackageError, and the folder then has nothing of the package; OSError when it cannot be written.
        """
        with self._locked(package_id, version):
            present = self.find(package_id, version)
            if present is None:
                present = self._install(package_id, version, archive, source, expected_hash)
        check_hash(present, expected_hash)
        return present

    def _install(
        self, package_id: str, version: NuGetVersion, archive: BinaryIO, source: str, expected_hash: str | None
    ) -> InstalledPackage:
        target = self.folder_of(package_id, version)
        staging_root = self.root / _STAGING
        staging = staging_root / f"{target.parent.name}.{target.name}"
        _remove(staging)
        _make_staging(staging)
        try:
            package = InstalledPackage(package_id, version, staging, "")
            digest = _fill(package, archive, source, expected_hash, self.limits)
            _remove(target)  # what an interrupted install of the SDK left
            target.parent.mkdir(parents=True, exist_ok=True)
            staging.rename(target)
        finally:
            _remove(staging)
            _remove_if_empty(staging_root)
        return InstalledPackage(package_id, version, target, digest)

    def _locked(self, package_id: str, version: NuGetVersion) -> AbstractContextManager[None]:
        archive = InstalledPackage(package_id, version, self.folder_of(package_id, version), "").archive
        self.locks.mkdir(parents=True, exist_ok=True)
        # NuGet's name for the lock: SHA-256 of the path in upper case and UTF-32, cut to 20 bytes.
        digest = hashlib.sha256(os.path.abspath(archive).upper().encode("utf-32-le")).hexdigest()[:40]
        return exclusive_lock(self.locks / digest)


def nuget_scratch(environment: Mapping[str, str], temporary: Path, user: str) -> Path:
    """NuGet's folder for temporary files: NUGET_SCRATCH, else one of the user in the temporary folder."""
    if environment.get("NUGET_SCRATCH"):
        return Path(environment["NUGET_SCRATCH"])
    return temporary / f"NuGetScratch{user}"


def is_folder_name(package_id: str) -> bool:
    """Whether the id can be the name of a folder: a manifest may ask for a package whose id leads somewhere else."""
    return (
        0 < len(package_id) <= _LONGEST_ID
        and package_id.isprintable()
        and not any(character in package_id for character in '/\\:*?"<>|%')
        and package_id.strip(". ") == package_id
    )


def check_hash(package: InstalledPackage, expected_hash: str | None) -> None:
    """Raises PackageError (NU1403) when the package has another content hash than the lock file says."""
    if expected_hash is not None and package.content_hash != expected_hash:
        raise _hash_mismatch(package.id, package.version, expected_hash, package.content_hash)


def _hash_mismatch(package_id: str, version: NuGetVersion, expected: str, actual: str) -> PackageError:
    message = f"Package content hash validation failed for {package_id}.{version}. Expected: {expected} Actual: {actual}"
    return PackageError(HASH_MISMATCH, message)


def _fill(package: InstalledPackage, archive: BinaryIO, source: str, expected_hash: str | None, limits: ArchiveLimits) -> str:
    """Puts everything that belongs to an installed package into its folder; the content hash."""
    with package.archive.open("xb+") as copy:
        shutil.copyfileobj(archive, copy, _CHUNK_BYTES)
        archive_hash = _sha512(copy)
        with open_package(copy, f"{package.id} {package.version}", limits) as opened:
            _check_identity(opened, package.id, package.version)
            digest = content_hash(opened) or archive_hash
            if expected_hash is not None and digest != expected_hash:
                raise _hash_mismatch(package.id, package.version, expected_hash, digest)
            extract_entry(opened, opened.nuspec_entry, package.folder / f"{package.id.lower()}.nuspec")
            for entry in opened.entries:
                if is_extracted(entry.path, package.hash_file.name):
                    extract_entry(opened, entry, package.folder / entry.path)
    package.hash_file.write_text(archive_hash, encoding="ascii")
    metadata = {"version": 2, "contentHash": digest, "source": source}
    (package.folder / METADATA_FILE).write_text(json.dumps(metadata, indent=2, ensure_ascii=False), encoding="utf-8")
    return digest


def _check_identity(package: PackageArchive, package_id: str, version: NuGetVersion) -> None:
    nuspec = package.nuspec()
    if nuspec.id.lower() != package_id.lower() or parse_version(nuspec.version) != version:
        message = f"The package that came for {package_id} {version} says it is {nuspec.id or '(no id)'} {nuspec.version or '(no version)'}"
        raise PackageError(WRONG_IDENTITY, message)


def _sha512(file: BinaryIO) -> str:
    file.seek(0)
    digest = hashlib.sha512()
    while chunk := file.read(_CHUNK_BYTES):
        digest.update(chunk)
    return base64.b64encode(digest.digest()).decode("ascii")


def _read_metadata(path: Path) -> str | None:
    """The content hash of a `.nupkg.metadata`; None when there is none or it is no such file."""
    try:
        metadata = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    found = metadata.get("contentHash") if isinstance(metadata, dict) else None
    return found if isinstance(found, str) else None


def _remove(folder: Path) -> None:
    if os.path.lexists(folder):
        shutil.rmtree(folder)


def _make_staging(staging: Path) -> None:
    """The folder, although installs of other packages remove the one above it whenever it is empty."""
    for attempt in range(_STAGING_ATTEMPTS):
        try:
            os.makedirs(staging)
        except (FileExistsError, FileNotFoundError):
            if staging.is_dir() or attempt == _STAGING_ATTEMPTS - 1:
                raise
        else:
            return


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        return  # another install has its package in it
