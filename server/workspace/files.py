"""Files as the user sees them: what is on disk, covered by what is open in the editor.

From paths to text and content digests. `Files` is the one mutable place, changed by the editor's notifications; everything
that computes reads a `FileView`, which never changes. The digest of a file depends on its content alone, so saving a document
that is already shown changes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from types import MappingProxyType

DIGEST_BYTES = 16
MISSING = b""


@dataclass(frozen=True, slots=True)
class Overlay:
    """The text of an open document, at the version that the editor gave it."""

    text: str
    version: int


Stamp = tuple[int, int, int]


def read_stamp(path: Path) -> Stamp:
    """Time, size and identity of a file: while they stay, so does its content. Raises OSError."""
    status = os.stat(path)
    return status.st_mtime_ns, status.st_size, status.st_ino


class DiskContents:
    """Digests of files on disk, and what else is made of their content, kept until size, time or identity of the file changes.

    Safe to share between threads: entries are replaced whole, and two threads that miss compute the same value.
    """

    def __init__(self) -> None:
        self._digests: dict[Path, tuple[Stamp, bytes]] = {}
        self._texts: dict[Path, tuple[Stamp, str]] = {}

    def digest(self, path: Path) -> bytes:
        """Digest of the content of `path`; `MISSING` when it cannot be read."""
        try:
            stamp = read_stamp(path)
            known = self._digests.get(path)
            if known is not None and known[0] == stamp:
                return known[1]
            digest = blake2b(path.read_bytes(), digest_size=DIGEST_BYTES).digest()
        except OSError:
            return MISSING
        self._digests[path] = (stamp, digest)
        return digest

    def text(self, path: Path, read_file: Callable[[Path], str]) -> str:
        """What `read_file` makes of `path`, read again when the file changed. Raises OSError."""
        stamp = read_stamp(path)
        known = self._texts.get(path)
        if known is not None and known[0] == stamp:
            return known[1]
        text = read_file(path)
        self._texts[path] = (stamp, text)
        return text


@dataclass(frozen=True, slots=True)
class FileView:
    """All files at one moment: open documents as they were, the rest as it is on disk when read. `unsaved` are open and not on disk."""

    overlays: Mapping[Path, Overlay]
    disk: DiskContents = field(repr=False)
    unsaved: tuple[Path, ...] = ()

    def read_text(self, path: Path) -> str:
        """The text of `path` for showing it: UTF-8, with U+FFFD for what is none. Raises OSError when it cannot be read."""
        overlay = self.overlays.get(path)
        return overlay.text if overlay is not None else path.read_bytes().decode("utf-8-sig", errors="replace")

    def read_content(self, path: Path) -> bytes | str:
        """The text of an open document, the bytes of another file. Raises OSError when it cannot be read."""
        overlay = self.overlays.get(path)
        return overlay.text if overlay is not None else path.read_bytes()

    def read_source(self, path: Path, read_file: Callable[[Path], str]) -> str:
        """The text of a source file: that of the editor, else what `read_file` made of the file as it is. Raises OSError."""
        overlay = self.overlays.get(path)
        return overlay.text if overlay is not None else self.disk.text(path, read_file)

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
        self._disk = DiskContents()

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
        unsaved = tuple(sorted(path for path in self._overlays if not path.exists()))
        return FileView(MappingProxyType(dict(self._overlays)), self._disk, unsaved)


def view_of_disk() -> FileView:
    """The files of a command line: nothing is open."""
    return FileView(MappingProxyType({}), DiskContents())
