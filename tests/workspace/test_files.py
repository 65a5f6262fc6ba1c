"""Overlays over the disk, places that move with the text, names of files, and what a burst of changes becomes."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from compiler.diagnostics import Diagnostic, Location, Severity
from server.build.documentation import documentation_link
from server.ide.diagnostics import ShownDiagnostics
from server.workspace.files import MISSING, Files, view_of_disk
from server.workspace.moved import LineMap
from server.workspace.report import ProjectReport, WorkspaceReport
from server.workspace.tree import read_tree
from server.workspace.watch import Watcher


def test_overlay_covers_the_disk_and_a_view_never_changes(tmp_path: Path) -> None:
    path = tmp_path / "a.cs"
    path.write_text("disk")
    files = Files()
    before = files.view()
    files.open_document(path, "editor", 3)
    during = files.view()
    files.close_document(path)
    assert [view.read_text(path) for view in (before, during, files.view())] == ["disk", "editor", "disk"]
    assert (before.version(path), during.version(path)) == (None, 3)


def test_digest_depends_on_content_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.cs"
    path.write_text("same")
    files = Files()
    on_disk = files.view().digest(path)
    files.open_document(path, "same", 1)
    assert files.view().digest(path) == on_disk
    files.change_document(path, "other", 2)
    assert files.view().digest(path) != on_disk
    assert files.view().digest(tmp_path / "none.cs") == MISSING


def test_digest_and_text_are_read_again_when_the_file_changed(tmp_path: Path) -> None:
    path = tmp_path / "a.cs"
    path.write_text("one")
    view = view_of_disk()
    read: list[str] = []

    def read_file(file: Path) -> str:
        read.append(file.name)
        return file.read_text()

    first = view.digest(path)
    assert [view.read_source(path, read_file) for _ in range(3)] == ["one"] * 3
    path.write_text("two")
    os.utime(path, ns=(1, 1))
    assert view.read_source(path, read_file) == "two"
    assert view.digest(path) != first
    assert read == ["a.cs", "a.cs"]


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ("a b c", "a b c", [1, 2, 3]),
        ("a b c", "x a b c", [2, 3, 4]),
        ("a b c", "a x c", [1, None, 3]),
        ("a b c", "a c", [1, None, 2]),
        ("a b c d e", "a x b c y e", [1, 3, 4, None, 6]),
        ("a a a", "a a", [1, 2, None]),
        ("", "a", []),
        ("a", "", [None]),
    ],
)
def test_lines_move(old: str, new: str, lines: list[int | None]) -> None:
    before, after = old.split(), new.split()
    moved = LineMap(before, after)
    assert [moved.line(number) for number in range(1, len(before) + 1)] == lines


def test_moved_lines_have_the_same_text() -> None:
    chance = random.Random(7)
    for _ in range(200):
        old = [str(chance.randrange(20)) for _ in range(chance.randrange(30))]
        new = list(old)
        for _ in range(chance.randrange(5)):
            new[chance.randrange(len(new) + 1) :][:1] = [str(chance.randrange(20))]
            new.insert(chance.randrange(len(new) + 1), "new")
        moved = LineMap(old, new)
        places = [moved.line(number) for number in range(1, len(old) + 1)]
        kept = [place for place in places if place is not None]
        assert kept == sorted(set(kept))
        assert all(place is None or new[place - 1] == text for place, text in zip(places, old, strict=True))


def test_range_over_an_edited_line_keeps_its_start() -> None:
    moved = LineMap(["a", "b", "c"], ["x", "a", "B", "c"])
    assert moved.location(Location("f", 1, 2, 3, 4)) == Location("f", 2, 2, 4, 4)
    assert moved.location(Location("f", 1, 2, 2, 4)) == Location("f", 2, 2, 0, 0)
    assert moved.location(Location("f", 2, 2, 2, 4)) is None


def test_tree_finds_projects_and_notices_what_globs_can_see(tmp_path: Path) -> None:
    project = tmp_path / "src/app/app.csproj"
    for file in ("src/app/app.csproj", "src/app/a.cs", "src/app/obj/x.csproj", "node_modules/y/y.csproj", "lib/lib.csproj"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    tree = read_tree([tmp_path])
    assert tree.projects() == [tmp_path / "lib/lib.csproj", project]
    before = tree.digest(project)
    (tmp_path / "lib/b.cs").touch()
    assert read_tree([tmp_path]).digest(project) == before
    (tmp_path / "src/app/b.cs").touch()
    with_source = read_tree([tmp_path]).digest(project)
    assert with_source != before
    (tmp_path / "src/Directory.Build.props").touch()
    assert read_tree([tmp_path]).digest(project) != with_source


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[tuple[Path, list[frozenset[Path]], threading.Event]]:
    bursts: list[frozenset[Path]] = []
    came = threading.Event()

    def on_change(paths: frozenset[Path]) -> None:
        bursts.append(paths)
        came.set()

    folder = tmp_path / "bin/work"
    folder.mkdir(parents=True)
    watcher = Watcher(on_change)
    watcher.start([folder])
    yield folder, bursts, came
    watcher.stop()


def test_burst_is_one_call_with_what_matters(watched: tuple[Path, list[frozenset[Path]], threading.Event]) -> None:
    folder, bursts, came = watched
    (folder / "obj").mkdir()
    for number in range(20):
        (folder / f"{number}.cs").write_text("x")
        (folder / f"{number}.txt").write_text("x")
        (folder / f"obj/{number}.cs").write_text("x")
    assert came.wait(10)
    seen = {path.name for burst in bursts for path in burst}
    assert seen <= {f"{number}.cs" for number in range(20)} and seen


def test_renamed_folder_is_seen(watched: tuple[Path, list[frozenset[Path]], threading.Event]) -> None:
    folder, _, came = watched
    (folder / "one").mkdir()
    assert came.wait(10)
    came.clear()
    (folder / "one").rename(folder / "two")
    assert came.wait(10)


def test_diagnostics_are_shown_once_where_they_belong() -> None:
    finding = Diagnostic("IL2026", Severity.WARNING, "x", Location("/w/a.cs", 3, 1))
    earlier = Diagnostic("CS0103", Severity.ERROR, "y", Location("/w/a.cs", 2, 5))
    hidden = Diagnostic("CS8019", Severity.HIDDEN, "z", Location("/w/a.cs", 1, 1))
    nowhere = Diagnostic("CS5001", Severity.ERROR, "no Main")
    tool = Diagnostic("CS2001", Severity.ERROR, "no file", Location("CSC"))
    one = ProjectReport(Path("/w/one.csproj"), "one", True, (finding, earlier, hidden, nowhere))
    two = ProjectReport(Path("/w/two.csproj"), "two", False, (finding, tool))
    said = Diagnostic("IL2104", Severity.WARNING, "at publish", Location("/w/b.cs", 1, 1))
    old = Diagnostic("IL2026", Severity.WARNING, "older", Location("/w/a.cs", 9, 1))
    found = ShownDiagnostics().by_file(WorkspaceReport((one, two)), {one.path: (said, old)})
    assert {str(path): [d.code for d in several] for path, several in found.items()} == {
        "/w/a.cs": ["CS0103", "IL2026"],
        "/w/b.cs": ["IL2104"],
        "/w/one.csproj": ["CS5001"],
        "/w/two.csproj": ["CS2001"],
    }


@pytest.mark.parametrize(
    ("code", "end"),
    [
        ("IL2026", "/core/deploying/trimming/trim-warnings/il2026"),
        ("IL3000", "/core/deploying/single-file/warnings/il3000"),
        ("IL3050", "/core/deploying/native-aot/warnings/il3050"),
        ("CS0103", "/csharp/misc/cs0103"),
        ("NETSDK1083", "/core/tools/sdk-errors/netsdk1083"),
        ("MSB4025", "/msbuild/errors/msb4025"),
    ],
)
def test_codes_link_to_their_pages(code: str, end: str) -> None:
    link = documentation_link(code)
    assert link is not None and link.endswith(end)


def test_codes_of_ours_have_no_page_elsewhere() -> None:
    assert documentation_link("AOTD0301") is None
