"""Listings are kept while nothing changes, and only then."""

from __future__ import annotations

import os
import time
from pathlib import Path

from server.msbuild.files import DiskFiles
from server.msbuild.globs import ExcludeFilter, expand_glob


def names(files: DiskFiles, folder: Path) -> list[str]:
    """The names in a folder."""
    return sorted(entry.name for entry in files.entries(str(folder)))


def settle(folder: Path) -> None:
    """Makes the folder look as if it had not changed for a while."""
    past = time.time() - 10
    os.utime(folder, (past, past))


def test_a_listing_follows_the_disk(tmp_path: Path) -> None:
    """Names that come and go are seen, whether the folder has settled or not."""
    files = DiskFiles()
    for number in range(20):
        (tmp_path / f"{number:02}").touch()
        assert names(files, tmp_path) == [f"{one:02}" for one in range(number + 1)]
    settle(tmp_path)
    assert names(files, tmp_path) == names(files, tmp_path)
    first = files.entries(str(tmp_path))
    assert files.entries(str(tmp_path)) is first
    (tmp_path / "00").unlink()
    assert "00" not in names(files, tmp_path)


def test_a_link_is_asked_again(tmp_path: Path) -> None:
    """What a link means can change without a change of its folder."""
    files = DiskFiles()
    target = tmp_path / "target"
    target.mkdir()
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link").symlink_to(target)
    settle(folder)
    assert [entry.is_directory for entry in files.entries(str(folder))] == [True]
    target.rmdir()
    assert [entry.is_directory for entry in files.entries(str(folder))] == [False]


def test_no_folder(tmp_path: Path) -> None:
    """Nothing is in a folder that is not there."""
    assert DiskFiles().entries(str(tmp_path / "none")) == []


def test_excludes(tmp_path: Path) -> None:
    """Names, folders and single files are taken away; folders of which nothing stays are not entered."""
    for name in ("a.cs", "A.User", "obj/b.cs", "sub/.hidden/c.cs", "sub/d.cs", "sub/e.cs"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    excludes = ["obj/**", "**/*.user", "**/.*/**", "sub/e.cs"]
    assert expand_glob("**/*", str(tmp_path), excludes, DiskFiles()) == ["a.cs", "sub/d.cs"]
    excluded = ExcludeFilter(excludes, str(tmp_path))
    assert excluded.prunes("obj/") and excluded.prunes(f"{tmp_path}/obj/") and not excluded.prunes("sub/")
    in_x = excluded.in_folder("x/")
    assert in_x is not None and in_x("y.USER") and not in_x("y.users")


def test_excludes_are_compared_as_they_are_spelled(tmp_path: Path) -> None:
    """As FileMatcher does: only the spelling of the include's own results takes a file away; case counts for plain paths alone."""
    for name in ("a.txt", "sub/b.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    def found(include: str, exclude: str) -> list[str]:
        return expand_glob(include, str(tmp_path), [exclude], DiskFiles())

    for exclude in ("./a.txt", "sub/../a.txt", "A.txt", "./*.txt"):
        assert found("**/*.txt", exclude) == ["a.txt", "sub/b.txt"]
    for exclude in ("a.txt", f"{tmp_path}/a.txt", "*.TXT"):
        assert found("**/*.txt", exclude) == ["sub/b.txt"]
    assert found("./**/*.txt", "sub/*") == ["./a.txt", "./sub/b.txt"]
    assert found("./**/*.txt", "./sub/*") == ["./a.txt"]
    assert found("a.txt", "./A.TXT") == []
