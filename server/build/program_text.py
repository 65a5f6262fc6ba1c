"""The text of this program on disk -> a fingerprint: what another text made or keeps is not used."""

from __future__ import annotations

import os
from hashlib import blake2b
from pathlib import Path

_PACKAGES = Path(__file__).resolve().parents[2]
_PACKAGE_NAMES = ("compiler", "analyzers", "server")
_PROGRAM_SUFFIXES = (".py", ".c", ".h", ".cs", ".tbl", ".props", ".targets", ".xml")


def program_fingerprint() -> str:
    """Fingerprint of all files that decide what this program does, by path, time and size."""
    digest = blake2b(digest_size=16)
    for package in _PACKAGE_NAMES:
        for folder, folders, files in os.walk(_PACKAGES / package):
            folders[:] = sorted(name for name in folders if name != "__pycache__")
            for name in sorted(files):
                if name.endswith(_PROGRAM_SUFFIXES):
                    status = os.stat(os.path.join(folder, name))
                    digest.update(f"{folder}/{name} {status.st_mtime_ns} {status.st_size}\n".encode())
    return digest.hexdigest()
