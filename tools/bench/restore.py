"""`dev.py bench restore [POINTS]`: 100 packages from a server on this machine; killed at random points and run again.

Prints how long the undisturbed runs take (nothing there, all there) and at how many points the packages folder ended as it does
undisturbed. The packages are those of the corpus, from the described feed.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.restore.conftest import SHARED
from tests.restore.feed_server import FeedServer, packages_in, running
from tests.restore.interrupted import finished, interruptions, is_clean, killed_at, packages_folder, restore, tree
from tools.bench.table import table

_PACKAGES = 100
_POINTS = 50


def run(root: Path, arguments: list[str]) -> int:
    """Exit code 1 when a killed restore did not end as an undisturbed one."""
    points = int(arguments[0]) if arguments else _POINTS
    with tempfile.TemporaryDirectory(prefix="aotd-bench-restore-") as folder:
        work = Path(folder)
        subprocess.run([sys.executable, SHARED / "tools" / "oracle_restore.py", "--feed", work / "feed"], check=True)
        packages = packages_in(work / "feed")
        with running(FeedServer(packages)) as feed:
            return _measure(feed, work, sorted(packages)[:_PACKAGES], points)


def _measure(feed: FeedServer, work: Path, package_ids: list[str], points: int) -> int:
    seconds = []
    for _ in range(2):
        began = time.perf_counter()
        finished(restore(feed, work / "undisturbed", package_ids))
        seconds.append(time.perf_counter() - began)
    wanted = tree(packages_folder(work / "undisturbed"))
    same, unfinished, seen = 0, 0, set()
    for number, (requests, wait_seconds) in enumerate(interruptions(random.Random(), len(package_ids), points)):
        killed = work / f"killed-{number}"
        interruption = killed_at(feed, killed, package_ids, requests, wait_seconds)
        finished(restore(feed, killed, package_ids))
        same += tree(packages_folder(killed)) == wanted and is_clean(killed)
        unfinished += interruption is None
        if interruption is not None:
            seen.add(interruption.installed)
    rows = [
        ["cold", f"{seconds[0]:.2f} s"],
        ["everything installed", f"{seconds[1]:.2f} s"],
        ["killed and run again", f"{points}"],
        ["of these ended before the kill", f"{unfinished}"],
        ["different numbers of packages installed at the kill", f"{len(seen)}"],
        ["ended as undisturbed", f"{same}"],
    ]
    sys.stdout.write(table([f"restore of {len(package_ids)} packages", ""], rows))
    return 0 if same == points else 1
