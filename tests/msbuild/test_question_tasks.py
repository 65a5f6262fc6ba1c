"""Tasks of a build that only asks whether everything is up to date fail, or warn, instead of changing files in silence."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from server.build.warm import WarmTools
from server.cli import msbuild
from server.cli.caller import Caller, Channel, never_cancelled, serving


def _run(folder: Path, tasks: str, *switches: str) -> str:
    (folder / "a.proj").write_text(f'<Project>\n<Target Name="T">\n{tasks}\n</Target>\n</Project>\n', encoding="utf-8")
    (folder / "in.txt").write_text("1\n", encoding="utf-8")
    out = io.StringIO()
    channel = Channel(out, is_terminal=False, shows_colour=False)
    whom = Caller(channel, channel, lambda: 80, folder, {"HOME": str(folder), "PATH": os.environ["PATH"]}, never_cancelled, WarmTools())
    with serving(whom):
        msbuild.run(["a.proj", "-nologo", "-v:q", "-clp:NoSummary", *switches])
    return out.getvalue().replace(f"{folder}/", "").replace(f" [{folder}/a.proj]", "").replace(" [a.proj]", "")


@pytest.mark.parametrize(
    ("task", "said", "made"),
    [
        ('<Copy SourceFiles="in.txt" DestinationFiles="o/x" />', 'error : Copying file from "in.txt" to "o/x".', "o"),
        ('<MakeDir Directories="o" />', 'error : Creating directory "o".', "o"),
        (
            '<WriteLinesToFile File="in.txt" Lines="2" Overwrite="true" WriteOnlyWhenDifferent="true" />',
            'error MSB3492: Could not read existing file "in.txt" to determine whether its contents are up to date. Overwriting it.',
            "",
        ),
    ],
)
def test_tasks_fail(tmp_path: Path, task: str, said: str, made: str) -> None:
    said = f"a.proj(3,1): {said}\n"
    assert _run(tmp_path, task, "-question") == said
    asking = task.replace(" />", ' FailIfNotIncremental="true" />')
    assert _run(tmp_path, asking) == said
    assert not made or not (tmp_path / made).exists()
    assert (tmp_path / "in.txt").read_text(encoding="utf-8") == "1\n"
    assert not _run(tmp_path, asking.replace('true" />', 'false" />'), "-question")


def test_what_is_up_to_date_passes(tmp_path: Path) -> None:
    tasks = '<Copy SourceFiles="in.txt" DestinationFiles="in.txt" /><MakeDir Directories="." /><RemoveDir Directories="none" />'
    assert not _run(
        tmp_path, tasks + '<WriteLinesToFile File="in.txt" Lines="1" Overwrite="true" WriteOnlyWhenDifferent="true" />', "-question"
    )


def test_folders_stay(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    assert _run(tmp_path, '<RemoveDir Directories="gone" />', "-question") == 'a.proj(3,1): error : Removing directory "gone".\n'
    assert (tmp_path / "gone").is_dir()


def test_touch_and_delete_only_warn(tmp_path: Path) -> None:
    said = _run(tmp_path, '<Touch Files="in.txt" />\n<Delete Files="in.txt" />', "-question")
    assert said == 'a.proj(3,1): warning : Touching "in.txt".\na.proj(4,1): warning : Deleting file "in.txt".\n'
    assert not (tmp_path / "in.txt").exists()
