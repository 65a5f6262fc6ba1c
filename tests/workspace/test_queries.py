"""What an edit makes the workspace compute again: counted for each change, with the real evaluator, compiler and analyzers."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from server.build.compilers import WarmCompilers
from server.build.warm import WarmTools
from server.ide.engine import ProjectEngine
from server.workspace.files import Files
from server.workspace.queries import WorkspaceQueries
from server.workspace.report import ProjectReport, WorkspaceReport

PROJECT = """<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><TargetFramework>net9.0</TargetFramework><IsAotCompatible>true</IsAotCompatible></PropertyGroup>
  <ItemGroup>{items}</ItemGroup>
</Project>
"""


class Silence:
    """A listener that does not listen."""

    def step(self, text: str) -> None:
        """See Progress."""

    def count(self, done: int, total: int) -> None:
        """See Progress."""

    def early(self, report: ProjectReport) -> None:
        """See Listener."""

    def proceed(self) -> None:
        """See Listener."""


@dataclass
class Workspace:
    """A folder with a library and an application that refers to it, and the queries over it."""

    folder: Path
    queries: WorkspaceQueries
    tools: WarmTools
    files: Files = field(default_factory=Files)
    report: WorkspaceReport = WorkspaceReport(())

    def asked(self, *, disk_changed: bool = False) -> tuple[int, int, int]:
        """How many evaluations, compilations and analyses the next pass needs."""
        before = self.queries.n_asked()
        self.report = self.queries.analyze(self.files.view(), (self.folder,), disk_changed, Silence())
        after = self.queries.n_asked()
        return after[0] - before[0], after[1] - before[1], after[2] - before[2]

    def codes(self) -> dict[str, list[str]]:
        """Codes per project."""
        return {project.name: [diagnostic.code for diagnostic in project.diagnostics] for project in self.report.projects}


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    for name, items, text in (
        ("app", '<ProjectReference Include="../lib/lib.csproj" />', "class App { int Value => Lib.Value; }"),
        ("lib", "", "public static class Lib { public static int Value => 1; }"),
    ):
        folder = tmp_path / name
        folder.mkdir()
        (folder / f"{name}.csproj").write_text(PROJECT.format(items=items))
        (folder / f"{name}.cs").write_text(text)
    tools = WarmTools()
    workspace = Workspace(tmp_path, WorkspaceQueries(ProjectEngine(os.environ, tools)), tools)
    assert workspace.asked() == (2, 2, 2)
    assert workspace.codes() == {"app": [], "lib": []}
    yield workspace
    workspace.queries.close()


def test_nothing_changed(workspace: Workspace) -> None:
    assert workspace.asked() == (0, 0, 0)
    assert workspace.asked(disk_changed=True) == (0, 0, 0)


def test_text_of_a_source_concerns_its_project_and_those_that_refer_to_it(workspace: Workspace) -> None:
    app, lib = workspace.folder / "app/app.cs", workspace.folder / "lib/lib.cs"
    workspace.files.open_document(app, "class App { int Value => Lib.Value + 1; }", 1)
    assert workspace.asked() == (0, 1, 1)
    workspace.files.open_document(lib, "public static class Lib { public static int Other => 1; }", 1)
    assert workspace.asked() == (0, 2, 2)
    assert workspace.codes() == {"app": ["CS0117"], "lib": []}
    workspace.files.close_document(lib)
    assert workspace.asked() == (0, 2, 2)
    assert workspace.codes() == {"app": [], "lib": []}


def test_saving_what_is_open_changes_nothing(workspace: Workspace) -> None:
    app = workspace.folder / "app/app.cs"
    workspace.files.open_document(app, "class App { }", 1)
    assert workspace.asked() == (0, 1, 1)
    app.write_text("class App { }")
    workspace.files.close_document(app)
    assert workspace.asked(disk_changed=True) == (0, 0, 0)


def test_new_source_is_found(workspace: Workspace) -> None:
    (workspace.folder / "app/new.cs").write_text("class New { int Value => Missing; }")
    assert workspace.asked(disk_changed=True) == (1, 1, 1)
    assert workspace.codes()["app"] == ["CS0103"]
    (workspace.folder / "app/new.cs").unlink()
    assert workspace.asked(disk_changed=True) == (1, 1, 1)


def test_file_that_no_build_reads_concerns_nobody(workspace: Workspace) -> None:
    (workspace.folder / "notes.cs").write_text("not code")
    assert workspace.asked(disk_changed=True) == (0, 0, 0)


def test_comment_in_a_project_file_is_evaluated_and_not_compiled(workspace: Workspace) -> None:
    project = workspace.folder / "lib/lib.csproj"
    workspace.files.open_document(project, PROJECT.format(items="<!-- nothing -->"), 1)
    assert workspace.asked()[:2] == (1, 0)


def test_projects_come_and_go(workspace: Workspace) -> None:
    folder = workspace.folder / "third"
    folder.mkdir()
    (folder / "third.csproj").write_text(PROJECT.format(items=""))
    assert workspace.asked(disk_changed=True) == (1, 1, 1)
    assert sorted(workspace.codes()) == ["app", "lib", "third"]
    (folder / "third.csproj").unlink()
    workspace.asked(disk_changed=True)
    assert sorted(workspace.codes()) == ["app", "lib"]


def test_circle_of_references_ends(workspace: Workspace) -> None:
    lib = workspace.folder / "lib/lib.csproj"
    workspace.files.open_document(lib, PROJECT.format(items='<ProjectReference Include="../app/app.csproj" />'), 1)
    workspace.asked()
    assert sorted(workspace.codes()) == ["app", "lib"]


def test_compiler_that_was_killed_is_replaced(workspace: Workspace) -> None:
    [worker] = workspace.tools.kept(WarmCompilers)._workers.values()
    assert worker.process_id is not None
    os.kill(worker.process_id, signal.SIGKILL)
    workspace.files.open_document(workspace.folder / "app/app.cs", "class App { int Value => Missing; }", 1)
    workspace.asked()
    assert workspace.codes()["app"] == ["CS0103"]


def test_fetch_that_fails_is_not_tried_at_every_keystroke(tmp_path: Path) -> None:
    npm = tmp_path / "bin/npm"
    npm.parent.mkdir()
    npm.write_text(f"#!/bin/sh\necho called >> {tmp_path}/calls\necho no network >&2\nexit 1\n")
    npm.chmod(0o755)
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "app.csproj").write_text(PROJECT.format(items=""))
    environment = {"PATH": f"{npm.parent}:/usr/bin:/bin", "AOTD_CACHE_DIR": str(tmp_path / "cache"), "HOME": str(tmp_path)}
    queries = WorkspaceQueries(ProjectEngine(environment, WarmTools()))
    for _ in range(3):
        report = queries.analyze(Files().view(), (folder,), False, Silence())
    assert [diagnostic.code for diagnostic in report.projects[0].diagnostics] == ["AOTD0103"]
    assert (tmp_path / "calls").read_text() == "called\n"
