"""Several nodes: projects are built side by side, with the results and the output of one node."""

from __future__ import annotations

import io
import os
import threading
import time
from functools import partial
from pathlib import Path

import pytest

from server.build.binlog_reader import BinaryLog
from server.build.events import BuildLog, Importance, Message, ProjectStarted, Record, TaskFinished, TaskStarted
from server.build.parallel import ParallelBuilds, RequestNode
from server.build.warm import WarmTools
from server.cli import msbuild
from server.cli.caller import Caller, Channel, never_cancelled, serving

# A diamond: all depend on `base`; each library returns items, `left` fails when told so.
TOP = """<Project DefaultTargets="All">
  <ItemGroup>
    <Lib Include="left.proj;right.proj;base.proj" />
    <Lib Include="left.proj"><AdditionalProperties>Twice=1</AdditionalProperties></Lib>
  </ItemGroup>
  <Target Name="All">
    <MSBuild Projects="@(Lib)" Targets="Build" BuildInParallel="true" ContinueOnError="true" Properties="Fails=$(Fails)">
      <Output TaskParameter="TargetOutputs" ItemName="Made" />
    </MSBuild>
    <Message Importance="high" Text="made @(Made->'%(Identity) by %(MSBuildSourceProjectFile)', ', ')" />
  </Target>
</Project>
"""
LIBRARY = """<Project>
  <Target Name="Before"><MSBuild Projects="base.proj" Targets="Build" BuildInParallel="true" /></Target>
  <Target Name="Build" DependsOnTargets="Before" Returns="NAME.dll">
    <Exec Command="sleep SECONDS; echo NAME built" />
    <Error Text="NAME fails" Condition="'$(Fails)' == 'NAME'" />
    <MSBuild Projects="$(MSBuildProjectFullPath)" Targets="Own" />
  </Target>
  <Target Name="Own"><Message Importance="high" Text="own of NAME" /></Target>
</Project>
"""
BASE = '<Project><Target Name="Build" Returns="base.dll"><Message Importance="high" Text="base built" /></Target></Project>'


class Build:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.code = 0
        files = {"top.proj": TOP, "base.proj": BASE}
        for name, seconds in (("left", "0.3"), ("right", "0.1")):
            files[f"{name}.proj"] = LIBRARY.replace("NAME", name).replace("SECONDS", seconds)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")

    def run(self, *args: str) -> str:
        out, err = io.StringIO(), io.StringIO()
        channels = Channel(out, False, False), Channel(err, False, False)
        variables = {"HOME": str(self.folder), "PATH": os.environ["PATH"]}
        with serving(Caller(*channels, lambda: 80, self.folder, variables, never_cancelled, WarmTools())):
            self.code = msbuild.run(["top.proj", "-nologo", *args])
        return out.getvalue() + err.getvalue()


@pytest.fixture
def build(tmp_path: Path) -> Build:
    return Build(tmp_path)


@pytest.mark.parametrize("fails", ["", "left", "right"])
def test_output_and_results_are_those_of_one_node(build: Build, fails: str) -> None:
    """Whoever comes first builds `base`, and its line is in that one's output: it is left out."""

    def run(nodes: int) -> list[str]:
        return [line for line in build.run(f"-m:{nodes}", f"-p:Fails={fails}").splitlines() if line != "  base built"]

    one = run(1)
    code = build.code
    assert one.count("  own of left") == (2 if fails != "left" else 0) and "  right built" in one
    for nodes in (2, 8):
        assert (run(nodes), build.code) == (one, code)


def test_projects_run_side_by_side(build: Build) -> None:
    """While `left` sleeps `right` is built, and a project of one set of properties is evaluated once."""
    build.run("-m:4", "-bl", "-noconlog")
    records = list(BinaryLog(io.BytesIO((build.folder / "msbuild.binlog").read_bytes())).records())
    spans: dict[str, list[int]] = {}
    for record in records:
        if isinstance(record.event, TaskStarted | TaskFinished) and record.event.task == "Exec":
            spans.setdefault(record.event.project, []).append(record.ticks)
    left, right = (next(ticks for path, ticks in spans.items() if path.endswith(name)) for name in ("left.proj", "right.proj"))
    assert left[0] < right[1] and right[0] < left[1]
    started = [record.event for record in records if isinstance(record.event, ProjectStarted)]
    assert len({event.instance for event in started if event.project.endswith("base.proj")}) == 2


def test_circles_end(build: Build) -> None:
    """Two projects that build targets of each other."""
    for name, other in (("left", "right"), ("right", "left")):
        text = f"""<Project><Target Name="Build"><Exec Command="sleep 0.1" />
          <MSBuild Projects="{other}.proj" Targets="Other" Properties="Fails=" /><Message Importance="high" Text="{name} built" /></Target>
          <Target Name="Other"><Message Importance="high" Text="other of {name}" /></Target></Project>"""
        (build.folder / f"{name}.proj").write_text(text, encoding="utf-8")
    lines = build.run("-m:4").splitlines()
    assert sum("left built" in line for line in lines) == 2
    assert sum("other of right" in line for line in lines) >= 1


@pytest.mark.parametrize("nodes", [1, 4])
def test_cancelled(build: Build, nodes: int) -> None:
    """A caller that goes away ends the build at the next task, whatever the other requests do."""
    began = time.monotonic()
    out = Channel(io.StringIO(), False, False)
    variables = {"HOME": str(build.folder), "PATH": os.environ["PATH"]}
    whom = Caller(out, out, lambda: 80, build.folder, variables, lambda: time.monotonic() > began + 0.05, WarmTools())
    with serving(whom), pytest.raises(KeyboardInterrupt):
        msbuild.run(["top.proj", "-nologo", f"-m:{nodes}"])
    assert "made" not in out.output.getvalue()  # type: ignore[attr-defined]  # it is the StringIO from above


def test_interrupted_while_it_waits() -> None:
    """Nobody waits for a node again."""
    parallel = ParallelBuilds(1)
    release = threading.Event()

    def job(_node: RequestNode, _log: BuildLog) -> str:
        release.wait(5)
        return "done"

    def interrupt(record: Record) -> None:
        raise KeyboardInterrupt(record)

    def sends(_node: RequestNode, log: BuildLog) -> str:
        log.send(Message("x", Importance.HIGH))
        return "not reached"

    threading.Timer(0.2, release.set).start()
    with parallel.running(), pytest.raises(KeyboardInterrupt):
        parallel.run_all(RequestNode(None), BuildLog([interrupt]), [sends, job])
    parallel.close()


def test_no_more_than_the_nodes_run() -> None:
    """Requests that wait for others take no node."""
    heard: list[str] = []

    def listen(record: Record) -> None:
        assert isinstance(record.event, Message)
        heard.append(record.event.text)

    parallel = ParallelBuilds(2)
    running = 0
    most = 0
    gate = threading.Lock()

    def job(node: RequestNode, log: BuildLog, depth: int, name: str) -> str:
        nonlocal running, most
        if depth:
            jobs = [partial(job, depth=depth - 1, name=f"{name}{part}") for part in range(3)]
            return "".join(parallel.run_all(node, log, jobs))
        with gate:
            running += 1
            most = max(most, running)
        time.sleep(0.002)
        log.send(Message(name, Importance.HIGH))
        with gate:
            running -= 1
        return name

    with parallel.running():
        job(RequestNode(None), BuildLog([listen]), 3, "")
    parallel.close()
    assert most == 2
    assert heard == sorted(heard) and len(heard) == 27


def test_what_a_request_raises_is_raised() -> None:
    parallel = ParallelBuilds(2)

    def fails(_node: RequestNode, _log: BuildLog) -> str:
        raise ValueError("of a job")

    with parallel.running(), pytest.raises(ValueError, match="of a job"):
        parallel.run_all(RequestNode(None), BuildLog([]), [lambda _node, _log: "a", fails])
    parallel.close()
