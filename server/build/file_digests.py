"""Files -> digests of their content; what was read once is not read again while time and size of the file are the same."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Digests = dict[str, str]


@dataclass(slots=True)
class _Known:
    """A file's digest, and its time and size when that was made."""

    time_ns: int
    size: int
    digest: str


class FileDigests:
    """Digests by path. `is_changed` says that something was read since `rows` were taken or given."""

    def __init__(self, rows: Mapping[str, Iterable[object]] | None = None) -> None:
        """`rows` as `rows` gives them. Raises TypeError, ValueError for others."""
        self._files = {name: _read(*row) for name, row in (rows or {}).items()}
        self.is_changed = False

    def of(self, path: str) -> str:
        """The digest of a file, "" for one that is not there or cannot be read."""
        try:
            status = os.stat(path)
            known = self._files.get(path)
            if known is not None and (known.time_ns, known.size) == (status.st_mtime_ns, status.st_size):
                return known.digest
            with open(path, "rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError:
            return ""
        self._files[path] = _Known(status.st_mtime_ns, status.st_size, digest)
        self.is_changed = True
        return digest

    def of_all(self, paths: Iterable[str]) -> Digests:
        """Digests by path."""
        return {path: self.of(path) for path in paths}

    def rows(self) -> dict[str, list[object]]:
        """All that is known, as plain data."""
        return {path: [known.time_ns, known.size, known.digest] for path, known in self._files.items()}


def _read(time_ns: object = None, size: object = None, digest: object = None) -> _Known:
    if not (isinstance(time_ns, int) and isinstance(size, int) and isinstance(digest, str)):
        raise ValueError("no row of a file")
    return _Known(time_ns, size, digest)
