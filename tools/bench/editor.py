"""`dev.py bench editor [EDITS]`: from a changed document of a project of 300 files to the diagnostics that an editor is sent.

Everything that a keystroke waits for in the process of an editor's session, without the pause in typing that comes before: evaluation
asked whether it still holds, the compiler's emit, both analyses, what is found per file. Edits change one body each.
"""

from __future__ import annotations

import gc
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random
from typing import TypeVar

from compiler.csharp.client import CSharpRequest, CSharpResult
from compiler.request import Progress
from server.build.warm import WarmTools
from server.cli.main import COLLECTION_THRESHOLDS
from server.ide.diagnostics import ShownDiagnostics
from server.ide.engine import ProjectEngine
from server.pause_collection import PauseCollection
from server.workspace.files import Files, FileView
from server.workspace.queries import Compilation, Evaluation, WorkspaceQueries
from server.workspace.report import ProjectReport
from tools.bench.analyze import EDITS_TO_A_PAUSE, N_FILES, N_MEMBERS, N_STATEMENTS, percentile
from tools.bench.table import table
from tools.edits.generator import edit_body, make_project
from tools.edits.model import Project

EDITS = 60
_PROJECT = """<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net9.0</TargetFramework>
    <PublishAot>true</PublishAot>
    <NoWarn>CS0618;CS1998;CS0219</NoWarn>
  </PropertyGroup>
</Project>
"""
Result = TypeVar("Result")
MakeCompilation = Callable[[FileView, Sequence[Path]], Compilation]


class _Quiet:
    """An editor to which nothing is said meanwhile."""

    def step(self, text: str) -> None:
        """A step began."""

    def count(self, done: int, total: int) -> None:
        """A part of a step is done."""

    def early(self, report: ProjectReport) -> None:
        """A project is compiled."""

    def proceed(self) -> None:
        """Every analysis goes on to its end."""


class _TimedEngine:
    """The stages of an editor's session, with the milliseconds that each took."""

    def __init__(self) -> None:
        self._engine = ProjectEngine(os.environ, WarmTools())
        self.spent: dict[str, float] = {}

    def _timed(self, name: str, work: Callable[[], Result]) -> Result:
        began = time.perf_counter()
        try:
            return work()
        finally:
            self.spent[name] = self.spent.get(name, 0.0) + (time.perf_counter() - began) * 1000

    def evaluate(self, project: Path, view: FileView, progress: Progress) -> Evaluation:
        """See `Engine`."""
        evaluation = self._engine.evaluate(project, view, progress)
        return replace(evaluation, compilation=partial(self._compilation, evaluation.compilation))

    def _compilation(self, make: MakeCompilation, view: FileView, reachable: Sequence[Path]) -> Compilation:
        made = self._timed("what is to be compiled", lambda: make(view, reachable))
        return replace(made, find=lambda question: self._timed("findings, the compiler's places with them", lambda: made.find(question)))

    def compile(self, request: CSharpRequest, progress: Progress) -> CSharpResult:
        """See `Engine`."""
        return self._timed("the compiler's emit", lambda: self._engine.compile(request, progress))

    def compiler_id(self, request: CSharpRequest) -> int | None:
        """See `Engine`."""
        return self._engine.compiler_id(request)

    def close(self) -> None:
        """See `Engine`."""
        self._engine.close()


def run(root: Path, arguments: list[str]) -> int:
    """Prints the table of the parts of an edit."""
    n_edits = int(arguments[0]) if arguments else EDITS
    gc.set_threshold(*COLLECTION_THRESHOLDS)
    with tempfile.TemporaryDirectory(dir=root.parent) as name:
        rows = _edits(Path(name).resolve(), n_edits)
    names = list(dict.fromkeys(part for row in rows for part in row))
    lines = [(part, *(f"{percentile([row.get(part, 0.0) for row in rows], each):.1f}" for each in (50, 95, 100))) for part in names]
    sys.stdout.write(f"project of {N_FILES} files in an editor: {len(rows)} edits of one body\n")
    sys.stdout.write(table(("ms after an edit", "p50", "p95", "most"), lines))
    return 0


def _edits(folder: Path, n_edits: int) -> list[dict[str, float]]:
    random = Random(1)
    project = make_project(random, N_FILES, N_MEMBERS, N_STATEMENTS)
    (folder / "edits.csproj").write_text(_PROJECT)
    texts = _texts(project, folder)
    for path, text in texts.items():
        path.write_text(text)
    engine, files, shown, pauses = _TimedEngine(), Files(), ShownDiagnostics(), PauseCollection()
    queries = WorkspaceQueries(engine)
    rows: list[dict[str, float]] = []
    shown.by_file(queries.analyze(files.view(), (folder,), True, _Quiet()), {})  # noqa: FBT003 (disk_changed)
    while len(rows) < n_edits:
        if not len(rows) % EDITS_TO_A_PAUSE:
            pauses.collect()
        edit_body(random, project)
        before, texts = texts, _texts(project, folder)
        for path in (path for path, text in texts.items() if before[path] != text):
            files.change_document(path, texts[path], len(rows))
        engine.spent.clear()
        processor, began = time.process_time(), time.perf_counter()
        report = queries.analyze(files.view(), (folder,), False, _Quiet())  # noqa: FBT003 (disk_changed)
        analyzed = time.perf_counter()
        shown.by_file(report, {})
        ended = time.perf_counter()
        everything = {"from the change to what is shown": (ended - began) * 1000, **engine.spent, "per file": (ended - analyzed) * 1000}
        rows.append({**everything, "processor time of this process": (time.process_time() - processor) * 1000})
    queries.close()
    return rows


def _texts(project: Project, folder: Path) -> dict[Path, str]:
    return {folder / path.removeprefix("/src/"): text for path, text in project.texts().items()}
