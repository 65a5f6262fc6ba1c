"""Restores that are killed somewhere and run again, and what their packages folders then hold."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT
from tests.restore.feed_server import FeedServer

# Name below the packages folder -> mode, time of change and hash of a file; None for a folder.
Tree = dict[str, tuple[int, int, str] | None]

_KEPT_TIME = (".nupkg", ".sha512", ".metadata")


@dataclass(frozen=True, slots=True)
class Interruption:
    """Where a restore was killed: how many requests the server had, how many packages were installed."""

    requests: int
    installed: int


def restore(feed: FeedServer, work: Path, package_ids: Sequence[str]) -> subprocess.Popen[bytes]:
    """A process that installs the packages from the feed."""
    work.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.restore.install_all", str(work), feed.index, *package_ids]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE)


def finished(process: subprocess.Popen[bytes]) -> None:
    """Waits for the process and demands that it went well."""
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors.decode()


def killed_at(feed: FeedServer, work: Path, package_ids: Sequence[str], requests: int, wait_seconds: float) -> Interruption | None:
    """Starts a restore and kills it `wait_seconds` after its request number `requests`; None when it had ended by then."""
    feed.requests.clear()
    process = restore(feed, work, package_ids)
    while process.poll() is None and len(feed.requests) < requests:
        time.sleep(0.001)
    time.sleep(wait_seconds)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    if process.returncode != -signal.SIGKILL:
        return None
    return Interruption(len(feed.requests), len(list(packages_folder(work).glob("*/*/.nupkg.metadata"))))


def packages_folder(work: Path) -> Path:
    """The packages folder of a restore in `work`."""
    return work / "home" / ".nuget" / "packages"


def tree(folder: Path) -> Tree:
    """Everything below the folder. Times count for files that have those of the archive."""
    found: Tree = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        status = path.lstat()
        if path.is_dir():
            found[name] = None
        else:
            changed = 0 if name.endswith(_KEPT_TIME) else int(status.st_mtime)
            found[name] = (status.st_mode, changed, hashlib.sha256(path.read_bytes()).hexdigest())
    return found


def interruptions(chance: random.Random, n_packages: int, points: int) -> list[tuple[int, float]]:
    """Points to kill at: after some request, or a while after the last one, when packages are still being extracted."""
    last = 2 * n_packages + 1
    chosen = [chance.randrange(1, last + n_packages) for _ in range(points)]
    return [(min(point, last), chance.random() * (0.01 if point < last else 0.2)) for point in chosen]


def is_clean(work: Path) -> bool:
    """Whether nothing that was begun is left beside the packages."""
    return not any(name.startswith(".") for name in os.listdir(packages_folder(work)))
