"""Restores that are killed, and restores at the same time, end with what an undisturbed one ends with."""

from __future__ import annotations

import random
from pathlib import Path

from tests.restore.feed_server import FeedServer, packages_in, running
from tests.restore.interrupted import finished, interruptions, is_clean, killed_at, packages_folder, restore, tree

PACKAGES, POINTS = 100, 3


def test_killed_and_run_again_is_as_undisturbed(corpus_feed: Path, tmp_path: Path) -> None:
    packages = packages_in(corpus_feed)
    ids = sorted(packages)[:PACKAGES]
    with running(FeedServer(packages)) as feed:
        finished(restore(feed, tmp_path / "undisturbed", ids))
        wanted = tree(packages_folder(tmp_path / "undisturbed"))
        assert sum(name.endswith(".nupkg.metadata") for name in wanted) == PACKAGES
        for number, (requests, wait_seconds) in enumerate(interruptions(random.Random(5), PACKAGES, POINTS)):
            work = tmp_path / f"killed-{number}"
            killed_at(feed, work, ids, requests, wait_seconds)
            finished(restore(feed, work, ids))
            assert tree(packages_folder(work)) == wanted
            assert is_clean(work)


def test_three_at_once_do_not_collide(corpus_feed: Path, tmp_path: Path) -> None:
    packages = packages_in(corpus_feed)
    ids = sorted(packages)[:40]
    with running(FeedServer(packages)) as feed:
        finished(restore(feed, tmp_path / "alone", ids))
        for process in [restore(feed, tmp_path / "together", ids) for _ in range(3)]:
            finished(process)
    assert tree(packages_folder(tmp_path / "together")) == tree(packages_folder(tmp_path / "alone"))
    assert is_clean(tmp_path / "together")
