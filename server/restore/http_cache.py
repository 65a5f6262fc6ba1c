"""Answers of servers on disk, where NuGet keeps them and under its names, so that both find each other's.

An answer counts for 30 minutes, as with NuGet; after that the server is asked whether it changed, with the ETag that is kept beside
it. Files appear by renaming: a reader sees a whole answer or none.
"""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

LIST_SECONDS = 30 * 60
SERVICE_INDEX_SECONDS = 40 * 60
# Characters that NuGet takes out of file names on Linux and on Windows.
_INVALID = re.compile(r'[\x00-\x1f"<>|:*?\\/]')


@dataclass(frozen=True, slots=True)
class HttpCache:
    """The kept answers of one source. `owner` goes with the cache, and the folder with it when it is a temporary one."""

    folder: Path
    owner: object = None

    def path(self, key: str) -> Path:
        """Where the answer to `key` is or would be."""
        return self.folder / f"{_file_name(key)}.dat"

    def fresh(self, key: str, seconds: float) -> Path | None:
        """The kept answer, when it is not older than `seconds`."""
        path = self.path(key)
        try:
            return path if time.time() - path.stat().st_mtime < seconds else None
        except OSError:
            return None

    def etag(self, key: str) -> str:
        """What the server called the kept answer; "" when there is none."""
        path = self.path(key)
        try:
            return path.with_suffix(".etag").read_text(encoding="utf-8") if path.is_file() else ""
        except OSError:
            return ""

    def keep(self, key: str, body: bytes, etag: str) -> None:
        """Keeps an answer."""
        path = self.path(key)
        with self.new_file(path) as temporary:
            temporary.write_bytes(body)
        if etag:
            with self.new_file(path.with_suffix(".etag")) as temporary:
                temporary.write_text(etag, encoding="utf-8")

    def renew(self, key: str) -> None:
        """The kept answer counts from now."""
        os.utime(self.path(key))

    @contextmanager
    def new_file(self, path: Path) -> Iterator[Path]:
        """A temporary file that becomes `path` when the block ends well, and goes when it does not."""
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f"{path.name}-new-{secrets.token_hex(4)}")
        try:
            yield temporary
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


def temporary_cache(parent: Path) -> HttpCache:
    """A cache that lasts as long as its object, for a restore that may keep nothing."""
    parent.mkdir(parents=True, exist_ok=True)
    folder = TemporaryDirectory(prefix="aotd-http-", dir=parent)
    return HttpCache(Path(folder.name), folder)


def cache_folder(root: Path, source: str) -> Path:
    """The folder of one source: the beginning of its hash and the end of its name."""
    digest = sha256(source.encode("utf-8")).hexdigest()[:40]
    return root / _file_name(f"{digest}${source[-32:]}")


def _file_name(text: str) -> str:
    return _INVALID.sub("_", text).replace("__", "_").replace("__", "_")
