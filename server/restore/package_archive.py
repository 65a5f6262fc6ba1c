"""A .nupkg that somebody else made to entries that are safe to extract, and those entries to files below a folder.

Every check that concerns names, links, collisions, layout and sizes is made on opening, before a byte is written; contents are
checked against their declared size and CRC while they are written. So what is extracted lies below the folder, is a plain file,
and is not larger than declared. Signatures are not judged here (`package_signature.py`), nor whether the package is the one that
was asked for (`packages_folder.py`).
"""

from __future__ import annotations

import os
import shutil
import stat
import struct
import time
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote

from server.restore.archive_layout import check_layout
from server.restore.errors import BROKEN_ARCHIVE, INVALID_PACKAGE, MISSING_NUSPEC, TOO_LARGE, UNSAFE_ENTRY, PackageError
from server.restore.nuspec import NUSPEC_BYTES, Nuspec, read_nuspec

# What NuGet gives every file that it extracts, before the umask: packages with tools rely on the execute bit.
_EXTRACTED_MODE = 0o766
_CHUNK_BYTES = 1 << 16
# What zipfile raises for archives that it cannot read.
_BROKEN = (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError, OverflowError)
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_LINK_LIKE = (stat.S_IFLNK, stat.S_IFIFO, stat.S_IFSOCK, stat.S_IFCHR, stat.S_IFBLK)


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """What a package may unpack to. The ratio of unpacked to packed bytes counts above `ratio_from_bytes` only."""

    entries: int = 200_000
    total_bytes: int = 16 << 30
    ratio: int = 100
    ratio_from_bytes: int = 16 << 20


@dataclass(frozen=True, slots=True)
class PackageEntry:
    """A file of the package. `path` is relative, unescaped, without '.' and empty segments."""

    path: str
    info: zipfile.ZipInfo


@dataclass(frozen=True, slots=True)
class PackageArchive:
    """An opened package whose entries have been checked. `name` stands for it in messages."""

    name: str
    file: BinaryIO
    zip: zipfile.ZipFile
    entries: tuple[PackageEntry, ...]
    nuspec_entry: PackageEntry

    def nuspec(self) -> Nuspec:
        """The manifest. Raises PackageError."""
        return read_nuspec(self.read(self.nuspec_entry, NUSPEC_BYTES), self.name)

    def read(self, entry: PackageEntry, limit_bytes: int) -> bytes:
        """All bytes of an entry. Raises PackageError when it has more than the limit or is broken."""
        if entry.info.file_size > limit_bytes:
            raise PackageError(TOO_LARGE, f"'{entry.path}' in package '{self.name}' is larger than {limit_bytes} bytes")
        with _broken_is_package_error(self.name):
            return self.zip.read(entry.info)


@contextmanager
def open_package(file: BinaryIO, name: str, limits: ArchiveLimits) -> Iterator[PackageArchive]:
    """The package in `file`, checked. Raises PackageError when it is not one or is not safe to extract."""
    with _broken_is_package_error(name):
        archive = zipfile.ZipFile(file, metadata_encoding="utf-8")
    with archive:
        infos = archive.infolist()
        check_layout(file, archive, name)
        _check_sizes(infos, limits, name)
        entries = _checked_entries(infos, name)
        yield PackageArchive(name, file, archive, entries, _nuspec_entry(entries, name))


@contextmanager
def _broken_is_package_error(name: str) -> Iterator[None]:
    try:
        yield
    except _BROKEN as error:
        raise PackageError(BROKEN_ARCHIVE, f"The package '{name}' is not a valid archive: {error}") from error


def _check_sizes(infos: list[zipfile.ZipInfo], limits: ArchiveLimits, name: str) -> None:
    if len(infos) > limits.entries:
        raise PackageError(TOO_LARGE, f"The package '{name}' has {len(infos)} entries; {limits.entries} are allowed")
    unpacked, packed = sum(info.file_size for info in infos), sum(info.compress_size for info in infos)
    if unpacked > limits.total_bytes:
        raise PackageError(TOO_LARGE, f"The package '{name}' unpacks to {unpacked} bytes; {limits.total_bytes} are allowed")
    if unpacked > limits.ratio_from_bytes and unpacked > limits.ratio * max(packed, 1):
        message = f"The package '{name}' unpacks from {packed} to {unpacked} bytes, more than {limits.ratio} times as many"
        raise PackageError(TOO_LARGE, message)


def _checked_entries(infos: list[zipfile.ZipInfo], name: str) -> tuple[PackageEntry, ...]:
    entries = []
    for info in infos:
        path = _safe_path(info.orig_filename, name)
        _check_kind(info, name)
        if not info.orig_filename.endswith(("/", "\\")):
            entries.append(PackageEntry(path, info))
    _check_collisions(entries, name)
    return tuple(entries)


def _safe_path(raw: str, name: str) -> str:
    """`raw` unescaped and relative. Deviates: NuGet takes one leading slash off; here an absolute path is refused, as are drives."""
    path = unquote(raw, errors="surrogateescape") if "%" in raw else raw
    segments = path.split("/")
    parts = path.replace("\\", "/").split("/")
    unsafe = (
        path.startswith(("/", "\\"))
        or ":" in path
        or any(ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 or 0xD800 <= ord(character) < 0xE000 for character in path)
        or any(part != "." and part and not part.strip(". ") for part in parts)
        or any(len(part.encode("utf-8", "replace")) > 255 for part in segments)
    )
    kept = [segment for segment in segments if segment not in ("", ".")]
    if unsafe or not kept:
        raise _unsafe(raw, name)
    return "/".join(kept)


def _check_kind(info: zipfile.ZipInfo, name: str) -> None:
    if stat.S_IFMT(info.external_attr >> 16) in _LINK_LIKE:
        raise PackageError(UNSAFE_ENTRY, f"The package '{name}' contains '{info.filename}', which is a link or a device")
    if info.flag_bits & 0x1:
        raise PackageError(BROKEN_ARCHIVE, f"The package '{name}' contains '{info.filename}', which is encrypted")
    if info.compress_type not in _METHODS:
        message = f"The package '{name}' contains '{info.filename}', compressed by method {info.compress_type}; 0 and 8 are supported"
        raise PackageError(BROKEN_ARCHIVE, message)


def _check_collisions(entries: list[PackageEntry], name: str) -> None:
    """No two files may have one path, whether or not the file system tells cases apart, and no file may be a folder too."""
    files: dict[str, str] = {}
    for entry in entries:
        key = _collision_key(entry.path)
        if key in files:
            message = f"The package '{name}' contains both '{files[key]}' and '{entry.path}', which are one file where case does not count."
            raise PackageError(UNSAFE_ENTRY, message)
        files[key] = entry.path
    for entry in entries:
        key = _collision_key(entry.path)
        while "/" in key:
            key = key.rpartition("/")[0]
            if key in files:
                raise PackageError(UNSAFE_ENTRY, f"The package '{name}' contains '{files[key]}' as a file and as a folder.")


def _collision_key(path: str) -> str:
    """Equal for paths that some file system takes for one: by case, by Unicode form, by kind of slash, by dots and spaces at an end."""
    folded = unicodedata.normalize("NFC", path.replace("\\", "/")).casefold()
    return "/".join(segment.rstrip(". ") for segment in folded.split("/"))


def _unsafe(path: str, name: str) -> PackageError:
    shown = path.encode("unicode_escape").decode("ascii")
    return PackageError(UNSAFE_ENTRY, f"The package '{name}' contains an entry '{shown}' which is unsafe for extraction.")


def _nuspec_entry(entries: tuple[PackageEntry, ...], name: str) -> PackageEntry:
    found = [entry for entry in entries if _is_root(entry.path) and entry.path.lower().endswith(".nuspec")]
    if not found:
        raise PackageError(MISSING_NUSPEC, f"The package '{name}' is missing the required nuspec file.")
    if len(found) > 1:
        raise PackageError(INVALID_PACKAGE, f"The package '{name}' contains multiple nuspec files.")
    return found[0]


def _is_root(path: str) -> bool:
    return "/" not in path and "\\" not in path


def is_extracted(path: str, hash_file_name: str) -> bool:
    """Whether NuGet puts a file of this path into the packages folder; the manifest goes there under a name of its own."""
    file_name = path.rpartition("/")[2]
    lowered = path.lower()
    return not (
        file_name in (".rels", "[Content_Types].xml")
        or file_name.endswith(".psmdcp")
        or lowered in (hash_file_name, ".nupkg.metadata")
        or (_is_root(path) and lowered.endswith((".nuspec", ".nupkg")))
    )


def extract_entry(package: PackageArchive, entry: PackageEntry, target: Path) -> None:
    """Writes one entry to `target`, which must not be there yet; its folder is made. Raises PackageError and OSError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), _EXTRACTED_MODE)
    with os.fdopen(descriptor, "wb") as output, _broken_is_package_error(package.name), package.zip.open(entry.info) as source:
        shutil.copyfileobj(source, output, _CHUNK_BYTES)
        if output.tell() != entry.info.file_size:
            raise PackageError(BROKEN_ARCHIVE, f"'{entry.path}' in package '{package.name}' does not have its declared size")
    written = _written_seconds(entry.info)
    if written <= time.time():
        os.utime(target, (written, written))


def _written_seconds(info: zipfile.ZipInfo) -> float:
    """The entry's clock time taken for UTC, as NuGet does; the first second of the format when it says no time."""
    try:
        return datetime(*info.date_time, tzinfo=UTC).timestamp()
    except ValueError:
        return datetime(1980, 1, 1, tzinfo=UTC).timestamp()
