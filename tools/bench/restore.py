"""`dev.py bench restore [POINTS]`: `aotd restore` of 100 packages from a server on this machine; killed at random points and run again.

Prints how long the undisturbed runs take (nothing there; all installed, no assets file; all up to date) and at how many points packages
folder and assets file ended as they do undisturbed.
"""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.restore.feed_server import FeedServer, running
from tests.restore.interrupted import PACKAGES, finished, hundred_packages, interruptions, is_clean, killed_at, restore, tree
from tools.bench.table import table

_POINTS = 50


def run(root: Path, arguments: list[str]) -> int:
    """Exit code 1 when a killed restore did not end as an undisturbed one."""
    points = int(arguments[0]) if arguments else _POINTS
    with tempfile.TemporaryDirectory(prefix="aotd-bench-restore-") as folder, running(FeedServer(hundred_packages())) as feed:
        return _measure(feed, Path(folder), points)


def _measure(feed: FeedServer, work: Path, points: int) -> int:
    undisturbed = work / "undisturbed"
    cold = _seconds(feed, undisturbed)
    wanted = tree(undisturbed)
    current = _seconds(feed, undisturbed)
    shutil.rmtree(undisturbed / "obj")
    installed = _seconds(feed, undisturbed)
    same, unfinished, seen = 0, 0, set()
    for number, (requests, wait_seconds) in enumerate(interruptions(random.Random(), points, (cold - installed) / 3)):
        killed = work / f"killed-{number}"
        interruption = killed_at(feed, killed, requests, wait_seconds)
        finished(restore(feed, killed))
        same += tree(killed) == wanted and is_clean(killed)
        unfinished += interruption is None
        if interruption is not None:
            seen.add(interruption.installed)
        shutil.rmtree(killed)
    rows = [
        ["cold", f"{cold:.2f} s"],
        ["everything installed", f"{installed:.2f} s"],
        ["everything up to date", f"{current:.2f} s"],
        ["killed and run again", f"{points}"],
        ["of these ended before the kill", f"{unfinished}"],
        ["different numbers of packages installed at the kill", f"{len(seen)}"],
        ["ended as undisturbed", f"{same}"],
    ]
    sys.stdout.write(table([f"restore of {PACKAGES} packages", ""], rows))
    return 0 if same == points else 1


def _seconds(feed: FeedServer, work: Path) -> float:
    began = time.perf_counter()
    finished(restore(feed, work))
    return time.perf_counter() - began
