"""The file system as evaluation sees it: reading, existence and listing, nothing that writes.

`DiskFiles` is the disk; the workspace puts editor overlays over it. Every question is answered by value: nothing here keeps an open handle.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import Protocol

_SETTLED_NANOSECONDS = 100_000_000
_MAX_LISTINGS = 20_000


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """One name in a folder."""

    name: str
    is_directory: bool


class FileSystem(Protocol):
    """What evaluation may ask of files. Paths are absolute, with slashes."""

    def read_text(self, path: str) -> str:
        """The file decoded as its byte order mark says, UTF-8 without one. Raises OSError."""

    def is_file(self, path: str) -> bool:
        """Is there a file (or a link to one)?"""

    def is_directory(self, path: str) -> bool:
        """Is there a folder (or a link to one)?"""

    def entries(self, path: str) -> list[DirectoryEntry]:
        """The names in a folder in the order of the file system, [] when it cannot be read. Not to be changed."""

    def times(self, path: str) -> tuple[float, float, float] | None:
        """Modified, created and accessed time in seconds since 1970, None when there is no such file."""


def decode_text(data: bytes) -> str:
    """Text of a file: UTF-8 unless a byte order mark says otherwise; bytes that are no text become U+FFFD."""
    if data.startswith(b"\xef\xbb\xbf"):
        return data[3:].decode("utf-8", "replace")
    if data.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        return data.decode("utf-32", "replace")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8", "replace")


class DiskFiles:
    """The disk itself, for any thread.

    Listings are kept as long as the folder's time says that nothing came or went. A folder that changed just before it was listed may
    change again within the same tick of the clock, and a link may come to mean something else: neither is kept.
    """

    def __init__(self) -> None:
        self._listings: dict[str, tuple[int, list[DirectoryEntry]]] = {}

    def read_text(self, path: str) -> str:
        """See FileSystem."""
        with open(path, "rb") as stream:
            return decode_text(stream.read())

    def is_file(self, path: str) -> bool:
        """See FileSystem."""
        return os.path.isfile(path)

    def is_directory(self, path: str) -> bool:
        """See FileSystem."""
        return os.path.isdir(path)

    def entries(self, path: str) -> list[DirectoryEntry]:
        """See FileSystem."""
        try:
            changed = os.stat(path).st_mtime_ns
            kept = self._listings.get(path)
            if kept is not None and kept[0] == changed:
                return kept[1]
            has_links = False
            entries: list[DirectoryEntry] = []
            with os.scandir(path) as found:
                for entry in found:
                    has_links = has_links or entry.is_symlink()
                    entries.append(DirectoryEntry(entry.name, entry.is_dir()))
        except OSError:
            return []
        if not has_links and time.time_ns() - changed > _SETTLED_NANOSECONDS:
            if len(self._listings) >= _MAX_LISTINGS:
                self._listings.clear()
            self._listings[path] = (changed, entries)
        return entries

    def times(self, path: str) -> tuple[float, float, float] | None:
        """See FileSystem."""
        try:
            status = os.stat(path)
        except OSError:
            return None
        birth = min(status.st_ctime, status.st_mtime)
        return status.st_mtime, birth, status.st_atime
