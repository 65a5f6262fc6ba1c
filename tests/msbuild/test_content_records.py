"""Targets by content: what was only touched is not built again, what is different is, and `--explain` says why in one line each."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from server.build.content_records import ContentChange, ContentRecords
from server.build.warm import WarmTools
from server.cli import build, msbuild
from server.cli.caller import Caller, Channel, never_cancelled, serving

PROJECT = """<Project DefaultTargets="All">
  <ItemGroup><In Include="*.txt" /></ItemGroup>
  <Target Name="Each" Inputs="@(In)" Outputs="@(In->'%(Filename).out')">
    <Copy SourceFiles="@(In)" DestinationFiles="@(In->'%(Filename).out')" />
  </Target>
  <Target Name="Never" Condition="'$(X)' != ''" />
  <Target Name="One" Inputs="@(In)" Outputs="all.out"><WriteLinesToFile File="all.out" Lines="@(In)" Overwrite="true" /></Target>
  <Target Name="All" DependsOnTargets="Each;Never;One" />
</Project>
"""


class Folder:
    """A project in a folder; times of its files are set by hand, so that no clock decides."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()
        (path / "a.proj").write_text(PROJECT, encoding="utf-8")
        self.write("a.txt", "a", 1000)
        self.write("b.txt", "b", 1000)

    def write(self, name: str, text: str, time: float) -> None:
        (self.path / name).write_text(text, encoding="utf-8")
        os.utime(self.path / name, (time, time))

    def explained(self, verb: str = "build") -> list[str]:
        """The lines of --explain, without those of targets that always run."""
        out = io.StringIO()
        channel = Channel(out, is_terminal=False, shows_colour=False)
        variables = {"HOME": str(self.path.parent), "PATH": os.environ["PATH"]}
        with serving(Caller(channel, channel, lambda: 80, self.path, variables, never_cancelled, WarmTools())):
            code = (build if verb == "build" else msbuild).run(["a.proj", "--explain", "-m:1"])
        assert code == 0, out.getvalue()
        for name in ("a.out", "b.out", "all.out"):
            os.utime(self.path / name, (2000, 2000))
        prefix = f"{self.path}/a.proj: "
        lines = [line.removeprefix(prefix) for line in out.getvalue().splitlines() if line.startswith(prefix)]
        return [line.replace(f"{self.path}/", "") for line in lines if "always runs" not in line]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path / "p")
    assert made.explained() == [
        'Each runs: output "a.out" does not exist (and 1 more) [needed by All]',
        "Never skipped: its condition '$(X)' != '' is false [needed by All]",
        'One runs: output "all.out" does not exist [needed by All]',
    ]
    return made


def test_nothing_to_do(folder: Folder) -> None:
    assert [line.partition(" [")[0] for line in folder.explained()] == [
        "Each skipped: its outputs are newer than its inputs",
        "Never skipped: its condition '$(X)' != '' is false",
        "One skipped: its outputs are newer than its inputs",
    ]


def test_touched_input(folder: Folder) -> None:
    """By time the target must run, by content it need not; MSBuild's own command line goes by time."""
    folder.write("a.txt", "a", 3000)
    assert folder.explained()[0].startswith('Each skipped: "a.txt" is newer, but all inputs and outputs have the content of the last run')
    assert folder.explained("msbuild")[0].startswith('Each runs for some items: input "a.txt" is newer than output "a.out"')


def test_older_file_with_other_content(folder: Folder) -> None:
    """By time nothing happened."""
    folder.write("a.txt", "other", 500)
    assert folder.explained()[0] == 'Each runs: input "a.txt" has other content [needed by All]'
    assert "skipped" in folder.explained()[0]


def test_input_that_is_gone(folder: Folder) -> None:
    (folder.path / "b.txt").unlink()
    lines = folder.explained()
    assert lines[-1] == 'One runs: input "b.txt" is no input any more [needed by All]'


def test_missing_output(folder: Folder) -> None:
    (folder.path / "all.out").unlink()
    assert folder.explained()[-1] == 'One runs: output "all.out" does not exist [needed by All]'


def test_records(tmp_path: Path) -> None:
    """Kept over processes; an unreadable record is none."""
    given, made = tmp_path / "in", tmp_path / "out"
    given.write_text("1", encoding="utf-8")
    made.write_text("2", encoding="utf-8")
    records = ContentRecords(tmp_path / "records")
    assert not records.knows("p", "T", [str(made)])
    records.note("p", "T", [str(given)], [str(made)])
    records.save()
    again = ContentRecords(tmp_path / "records")
    assert again.knows("p", "t", [str(made)])
    assert again.change("p", "T", [str(given)], [str(made)]) is None
    made.write_text("3!", encoding="utf-8")
    assert again.change("p", "T", [str(given)], [str(made)]) == ContentChange(str(made), "is not as it was written")
    next((tmp_path / "records").iterdir()).write_text("[", encoding="utf-8")
    assert not ContentRecords(tmp_path / "records").knows("p", "T", [str(made)])
