"""Restores that are killed, and restores at the same time, end with what an undisturbed one ends with."""

from __future__ import annotations

import random
from pathlib import Path

from tests.restore.feed_server import FeedServer, running
from tests.restore.interrupted import PACKAGES, finished, hundred_packages, interruptions, is_clean, killed_at, restore, tree

POINTS = 3


def test_killed_and_run_again_is_as_undisturbed(tmp_path: Path) -> None:
    with running(FeedServer(hundred_packages())) as feed:
        finished(restore(feed, tmp_path / "undisturbed"))
        wanted = tree(tmp_path / "undisturbed")
        assert sum(name.endswith(".nupkg.metadata") for name in wanted) == PACKAGES
        assert "obj/project.assets.json" in wanted
        for number, (requests, wait_seconds) in enumerate(interruptions(random.Random(5), POINTS, 0.2)):
            work = tmp_path / f"killed-{number}"
            killed_at(feed, work, requests, wait_seconds)
            finished(restore(feed, work))
            assert tree(work) == wanted
            assert is_clean(work)


def test_two_at_once_do_not_collide(tmp_path: Path) -> None:
    with running(FeedServer(hundred_packages())) as feed:
        finished(restore(feed, tmp_path / "alone"))
        for process in [restore(feed, tmp_path / "together") for _ in range(2)]:
            finished(process)
    assert tree(tmp_path / "together") == tree(tmp_path / "alone")
    assert is_clean(tmp_path / "together")
