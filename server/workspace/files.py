"""Files as the user sees them: what is on disk, covered by what is open in the editor.

From paths to text and content digests. `Files` is the one mutable place, changed by the editor's notifications; everything
that computes reads a `FileView`, which never changes. The digest of a file depends on its content alone, so saving a document
that is already shown changes nothing.
"""

from __future__ import annotations

import codecs
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from types import MappingProxyType

DIGEST_BYTES = 16
MISSING = b""

# The mark of UTF-32 little-endian begins with that of UTF-16, so it is looked for first.
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True, slots=True)
class Overlay:
    """The text of an open document, at the version that the editor gave it."""

    text: str
    version: int


def decode_text(data: bytes) -> str:
    """Text of a source file: UTF-8 unless a byte order mark says otherwise; bytes that are no text become U+FFFD."""
    for mark, encoding in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, errors="replace")
    return data.decode("utf-8", errors="replace")


class DiskDigests:
    """Digests of files on disk, kept until size, time or identity of the file changes.

    Safe to share between threads: entries are replaced whole, and two threads that miss compute the same value.
    """

    def __init__(self) -> None:
        self._entries: dict[Path, tuple[tuple[int, int, int], bytes]] = {}

    def digest(self, path: Path) -> bytes:
        """Digest of the content of `path`; `MISSING` when it cannot be read."""
        try:
            status = os.stat(path)
            stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
            known = self._entries.get(path)
            if known is not None and known[0] == stamp:
                return known[1]
            digest = blake2b(path.read_bytes(), digest_size=DIGEST_BYTES).digest()
        except OSError:
            return MISSING
        self._entries[path] = (stamp, digest)
        return digest


@dataclass(frozen=True, slots=True)
class FileView:
    """All files at one moment: open documents as they were, the rest as it is on disk when read."""

    overlays: Mapping[Path, Overlay]
    disk: DiskDigests = field(repr=False)

    def read_text(self, path: Path) -> str:
        """The text of `path`, without a byte order mark. Raises OSError when it cannot be read."""
        overlay = self.overlays.get(path)
        if overlay is not None:
            return overlay.text
        return decode_text(path.read_bytes())

    def is_open(self, path: Path) -> bool:
        """True when the editor owns the text of `path`."""
        return path in self.overlays

    def version(self, path: Path) -> int | None:
        """The editor's version of an open document, else None."""
        overlay = self.overlays.get(path)
        return overlay.version if overlay is not None else None

    def is_file(self, path: Path) -> bool:
        """True when `path` is open or a file on disk."""
        return path in self.overlays or path.is_file()

    def digest(self, path: Path) -> bytes:
        """Digest of the content of `path`; `MISSING` when there is none."""
        overlay = self.overlays.get(path)
        if overlay is None:
            return self.disk.digest(path)
        return blake2b(overlay.text.encode("utf-8", errors="surrogatepass"), digest_size=DIGEST_BYTES).digest()


class Files:
    """The open documents of one editor session. Invariant: paths are absolute and normalised."""

    def __init__(self) -> None:
        self._overlays: dict[Path, Overlay] = {}
        self._disk = DiskDigests()

    def open_document(self, path: Path, text: str, version: int) -> None:
        """The editor owns the text of `path` from now on."""
        self._overlays[path] = Overlay(text, version)

    def change_document(self, path: Path, text: str, version: int) -> None:
        """The open document has this text now."""
        self._overlays[path] = Overlay(text, version)

    def close_document(self, path: Path) -> None:
        """The text of `path` is what is on disk again."""
        self._overlays.pop(path, None)

    def view(self) -> FileView:
        """The files as they are now."""
        return FileView(MappingProxyType(dict(self._overlays)), self._disk)


def view_of_disk() -> FileView:
    """The files of a command line: nothing is open."""
    return FileView(MappingProxyType({}), DiskDigests())
