"""A publish of which nothing has changed does nothing and says the same; any change of what it rests on makes it again, as a clean one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from compiler.csharp.client import CSharpWorker
from compiler.csharp.toolchain import Toolchain
from compiler.diagnostics import Diagnostic
from server.build.evaluation import disk_evaluator
from server.build.findings import Reporters, graph_findings
from server.build.graph import BuildTools, BuiltProject, build_graph
from server.build.kept_findings import KeptFindings
from server.build.project_values import EvaluatedItem, EvaluatedProject
from server.publish.publish_records import PublishRecord
from server.publish.published import Published
from server.publish.request import CompilerPlace
from tests.conftest import RunAotd
from tests.run.projects import write_project

SOURCE = """Console.WriteLine(Type.GetType(args.Length > 0 ? args[0] : "none") is null ? "one" : "some");
"""
WARNING = "IL2057"
LIBRARY = '<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>net9.0</TargetFramework></PropertyGroup></Project>'
STEPS = ("looking for", "Reading assemblies", "Finding what", "Linking")


@dataclass(frozen=True, slots=True)
class Said:
    """What a publish printed, without its steps and time, and what it made."""

    lines: tuple[str, ...]
    steps: tuple[str, ...]
    program: bytes


class Workbench:
    """A project, published again and again with a cache that only it writes programs' records to."""

    def __init__(self, aotd: RunAotd, project: Path, cache: Path) -> None:
        self.aotd = aotd
        self.project = project
        self.cache = cache
        self.program = project.parent / "bin/Debug/net9.0/linux-x64/publish/app"

    def publish(self, *switches: str) -> Said:
        """One publish, which succeeds."""
        environment = {"AOTD_NO_DAEMON": "1", "AOTD_CACHE_DIR": str(self.cache)}
        result = self.aotd("publish", self.project, "-c", "Debug", *switches, env=environment, timeout=600)
        assert result.exit_code == 0, result.output
        lines = [line.strip() for line in result.stdout.splitlines()]
        kept = tuple(line for line in lines if "warning" in line)
        return Said(kept, tuple(line for line in lines if line.startswith(STEPS)), self.program.read_bytes())

    def clean(self, *switches: str) -> Said:
        """A publish that finds nothing of earlier ones but objects."""
        shutil.rmtree(self.cache / "publishes")
        for made in ("bin", "obj"):
            shutil.rmtree(self.project.parent / made)
        return self.publish(*switches)


@pytest.fixture
def bench(aotd: RunAotd, tmp_path: Path, cache_dir: Path, toolchain: Toolchain) -> Workbench:
    """A program with a warning."""
    cache = tmp_path / "cache"
    cache.mkdir()
    for part in cache_dir.iterdir():
        if part.name != "publishes":
            (cache / part.name).symlink_to(part)
    return Workbench(aotd, write_project(tmp_path / "p", source=SOURCE), cache)


@pytest.mark.run
def test_nothing_is_done_twice_and_every_change_is_seen(bench: Workbench) -> None:
    first = bench.publish()
    assert len(first.steps) > 2 and any(WARNING in line for line in first.lines)
    assert bench.publish() == replace(first, steps=())
    source = bench.project.parent / "Program.cs"
    os.utime(source)
    assert bench.publish() == replace(first, steps=())

    bench.program.unlink()
    assert bench.publish() == first

    without = bench.publish(f"-p:NoWarn={WARNING}")
    assert len(without.steps) > 2 and without.lines == () and without.program == first.program
    switched = bench.publish("-p:UseSystemResourceKeys=true")
    assert switched.program != first.program

    source.write_text(SOURCE.replace("one", "two"))
    edited = bench.publish()
    assert len(edited.steps) > 2 and edited.program != first.program
    assert bench.publish() == replace(edited, steps=())
    assert bench.clean() == edited


class ReadProject:
    """A project that notes what is asked of it."""

    def __init__(self, project: EvaluatedProject, asked: set[str]) -> None:
        self._project = project
        self._asked = asked

    @property
    def directory(self) -> str:
        return self._project.directory

    @property
    def diagnostics(self) -> Sequence[Diagnostic]:
        return self._project.diagnostics

    def property(self, name: str) -> str:
        self._asked.add(f"$({name.lower()})")
        return self._project.property(name)

    def items_of(self, item_type: str) -> Sequence[EvaluatedItem]:
        self._asked.add(f"@({item_type.lower()})")
        return [ReadItem(item, item_type.lower(), self._asked) for item in self._project.items_of(item_type)]


class ReadItem:
    """An item that notes what is asked of it."""

    def __init__(self, item: EvaluatedItem, item_type: str, asked: set[str]) -> None:
        self._item = item
        self._type = item_type
        self._asked = asked

    @property
    def identity(self) -> str:
        return self._item.identity

    def value(self, name: str) -> str:
        self._asked.add(f"%({self._type}.{name.lower()})")
        return self._item.value(name)

    def full_path(self) -> str:
        return self._item.full_path()


class _Silent:
    def step(self, text: str) -> None:
        """Says nothing."""

    def diagnostic(self, diagnostic: Diagnostic) -> None:
        """Says nothing."""


@pytest.fixture
def projects(tmp_path: Path, toolchain: Toolchain, worker: CSharpWorker) -> tuple[BuiltProject, ...]:
    """A program and a library, built."""
    library = tmp_path / "l/l.csproj"
    library.parent.mkdir()
    library.write_text(LIBRARY)
    (library.parent / "L.cs").write_text("public class L { }")
    project = write_project(tmp_path / "p", source=SOURCE)
    text = project.read_text().replace("</Project>", '<ItemGroup><ProjectReference Include="../l/l.csproj" /></ItemGroup></Project>')
    project.write_text(text)
    tools = BuildTools(disk_evaluator(toolchain, os.environ, tmp_path), toolchain, worker, _Silent())
    return build_graph(project, {"RuntimeIdentifier": "linux-x64", "_IsPublishing": "true"}, tools)


def test_the_question_reads_all_that_findings_read(projects: tuple[BuiltProject, ...], worker: CSharpWorker, tmp_path: Path) -> None:
    by_question: set[str] = set()
    by_findings: set[str] = set()
    place = CompilerPlace(tmp_path / "cache", 1, None, ())
    PublishRecord([replace(built, project=ReadProject(built.project, by_question)) for built in projects], place)
    reading = [replace(built, project=ReadProject(built.project, by_findings)) for built in projects]
    assert graph_findings(reading, worker, Reporters.ALL, KeptFindings(tmp_path / "kept"))
    assert len(by_findings) > 10
    assert by_findings - by_question == set()


def test_tools_libraries_and_symbols_count(projects: tuple[BuiltProject, ...], tmp_path: Path) -> None:
    tools = tmp_path / "roslyn"
    tools.mkdir()
    (tools / "Compiler.dll").write_text("one")
    place = CompilerPlace(tmp_path / "cache", 1, None, (tools,))
    program = tmp_path / "program"
    program.write_text("native")
    published = Published("app", program, None, 6, 10, 10, 0, ("a call",))
    PublishRecord(projects, place).note(published, [])

    again = PublishRecord(projects, replace(place, n_workers=7)).unchanged()
    assert again is not None and again.published == replace(published, n_generated=0, n_reused=10)
    (tools / "Compiler.dll").write_text("another")
    assert PublishRecord(projects, place).unchanged() is None
    PublishRecord(projects, place).note(published, [])
    assert PublishRecord(projects, place).unchanged() is not None

    for file in (projects[0].assembly.path, projects[-1].assembly.symbols):
        assert file is not None
        file.write_bytes(file.read_bytes() + b"\0")
        assert PublishRecord(projects, place).unchanged() is None
        PublishRecord(projects, place).note(published, [])
    program.write_text("tampered")
    assert PublishRecord(projects, place).unchanged() is None
    PublishRecord(projects, place).note(published, [])
    for record in (tmp_path / "cache/publishes").iterdir():
        record.write_text(record.read_text().replace('"question"', '"answer"'))
    assert PublishRecord(projects, place).unchanged() is None
