"""A path -> mutual exclusion between processes. The system drops the lock when its holder ends, however it ends."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


@contextmanager
def exclusive_lock(path: Path) -> Iterator[None]:
    """Holds the lock of `path`, for which it waits as long as another process has it. The file stays.

    Raises OSError when the file cannot be made.
    """
    with path.open("a+b") as file:
        if sys.platform == "win32":
            while True:
                try:
                    msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
                    break
                except OSError:
                    continue
            try:
                yield
            finally:
                file.seek(0)
                msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
