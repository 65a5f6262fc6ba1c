"""The object cache: content hash -> object file, in one folder that all programs of a user share.

Entries are written under a temporary name and renamed, so a reader sees a whole object or none. A damaged entry is told
by its trailing hash and is generated again.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from compiler.diagnostics import InputError

_DIGEST_BYTES = 16


class ObjectCache:
    """A folder of objects. Invariant: a file in it is complete, with its hash at the end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, key: str) -> Path:
        """Where the object of `key` is, whether or not it exists."""
        return self._folder / key[:2] / f"{key}.o"

    def contains(self, key: str) -> bool:
        """Whether a whole object is there; a damaged one is removed."""
        path = self.path(key)
        try:
            data = path.read_bytes()
        except OSError:
            return False
        if hashlib.blake2b(data[:-_DIGEST_BYTES], digest_size=_DIGEST_BYTES).digest() == data[-_DIGEST_BYTES:]:
            return True
        path.unlink(missing_ok=True)
        return False

    def put(self, key: str, data: bytes) -> Path:
        """Stores an object. Raises InputError when the folder cannot be written."""
        path = self.path(key)
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(data + hashlib.blake2b(data, digest_size=_DIGEST_BYTES).digest())
            temporary.replace(path)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise InputError("AOTD2101", f"the object cache in '{self._folder}' cannot be written: {error.strerror}") from None
        return path
