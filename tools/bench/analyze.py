"""`dev.py bench analyze [EDITS]`: the analyzers over the whole framework, over hello cold and warm, and after edits of one body.

The edits are of a made-up project of 300 files and count from the moment when the compiler has emitted the assembly: the new assembly
and its symbols are read, the compiler is asked for the places in the changed file, what changed is found and analysed by both readers,
and the list of all findings is made.
"""

from __future__ import annotations

import gc
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from analyzers.options import AnalysisOptions
from analyzers.run import AnalysisRequest, AnalysisSession
from compiler.csharp.client import CSharpWorker
from compiler.csharp.places import PlaceFinder, SourcePlaces
from compiler.flow.reader_kind import ReaderKind
from compiler.metadata.bad_image import BadImage
from compiler.user_cache import cache_directory
from server.build.kept_findings import KeptFindings
from server.cli.main import COLLECTION_THRESHOLDS
from server.pause_collection import PauseCollection
from tools.bench.table import table
from tools.edits.compiling import Compiler, edits_toolchain
from tools.edits.generator import edit_body, make_project

EDITS = 200
# After so many edits the user pauses, and an editor's session frees memory.
EDITS_TO_A_PAUSE = 10
N_FILES, N_MEMBERS, N_STATEMENTS = 300, 9, 4
MEDIAN_LIMIT_MS, P95_LIMIT_MS = 15.0, 60.0


def run(root: Path, arguments: list[str]) -> int:
    """Prints the tables; 1 when an edit is over a limit."""
    n_edits = int(arguments[0]) if arguments else EDITS
    gc.set_threshold(*COLLECTION_THRESHOLDS)
    toolchain = edits_toolchain(root)
    worker = CSharpWorker(toolchain, cache_directory(os.environ), os.environ)
    compiler = Compiler(toolchain, worker)
    with tempfile.TemporaryDirectory() as name:
        cold, warm, n_findings, n_assemblies = _framework(compiler, Path(name))
    sys.stdout.write(f"framework: {n_assemblies} assemblies, {n_findings} findings, cold {cold:.1f} s, kept {warm:.2f} s\n")
    hello = [_hello(compiler, AnalysisSession(compiler.find_assembly))]
    session = AnalysisSession(compiler.find_assembly)
    _hello(compiler, session)
    hello.append(_hello(compiler, session))
    sys.stdout.write(f"hello: cold {hello[0]:.1f} ms, warm {hello[1]:.1f} ms\n")
    first, rows = _edits(compiler, n_edits)
    worker.close()
    sys.stdout.write(f"project of {N_FILES} files: first analysis {first:.1f} s; {len(rows)} edits of one body\n")
    return _print_edits(rows)


def _framework(compiler: Compiler, folder: Path) -> tuple[float, float, int, int]:
    """Seconds for all assemblies of the class library, analysed as for publishing, then from what was kept."""
    files = sorted(compiler.toolchain.reference_dir.glob("*.dll"))
    times: list[float] = []
    n_findings = n_assemblies = 0
    for _ in range(2):
        kept = KeptFindings(folder)
        began = time.perf_counter()
        n_findings = n_assemblies = 0
        for file in files:
            request = AnalysisRequest(file.stem, file.read_bytes(), b"", AnalysisOptions(), ReaderKind.PUBLISH)
            try:
                n_findings += len(kept.findings(request, compiler.find_assembly, lambda: None))
            except BadImage:
                continue
            n_assemblies += 1
        times.append(time.perf_counter() - began)
    return times[0], times[1], n_findings, n_assemblies


def _hello(compiler: Compiler, session: AnalysisSession) -> float:
    """Milliseconds for a program that greets."""
    request = compiler.compile("hello", {"/src/Program.cs": 'System.Console.WriteLine("Hello");'})
    assert request is not None, "hello compiles"
    began = time.perf_counter()
    for reader in ReaderKind:
        session.findings(replace(request, reader=reader))
    return (time.perf_counter() - began) * 1000


@dataclass(frozen=True, slots=True)
class _Edit:
    """One edit: milliseconds of the build's reader and of the publish's, of these what was waiting for the compiler; processor time of
    this process; units read."""

    build: float
    publish: float
    waited: float
    processor: float
    n_read: int


def _edits(compiler: Compiler, n_edits: int) -> tuple[float, list[_Edit]]:
    random = Random(1)
    project = make_project(random, N_FILES, N_MEMBERS, N_STATEMENTS)
    session = compiler.session()
    request = compiler.compile("edits", project.texts())
    assert request is not None, "the made-up project compiles"
    began = time.perf_counter()
    for reader in ReaderKind:
        session.findings(replace(request, reader=reader))
    first = time.perf_counter() - began
    rows: list[_Edit] = []
    pauses = PauseCollection()
    while len(rows) < n_edits:
        if not len(rows) % EDITS_TO_A_PAUSE:
            pauses.collect()
        edit_body(random, project)
        request = compiler.compile("edits", project.texts())
        if request is not None:
            rows.append(_edit(session, request))
    return first, rows


def _edit(session: AnalysisSession, compiled: AnalysisRequest) -> _Edit:
    """Both readers ask one finder for places, as in the editor."""
    finder, waited = _waiting_finder(compiled)
    request = replace(compiled, places=finder)
    n_read = sum(session.n_read(reader) for reader in ReaderKind)
    processor = time.process_time()
    began = time.perf_counter()
    session.findings(request)
    between = time.perf_counter()
    session.findings(replace(request, reader=ReaderKind.PUBLISH))
    publish, build = time.perf_counter() - between, between - began
    processor = time.process_time() - processor
    n_read = sum(session.n_read(reader) for reader in ReaderKind) - n_read
    return _Edit(build * 1000, publish * 1000, sum(waited) * 1000, processor * 1000, n_read)


def _waiting_finder(request: AnalysisRequest) -> tuple[PlaceFinder, list[float]]:
    """A finder of the request's places, and for how many seconds it was waited for."""
    waited: list[float] = []
    finder = request.places
    assert finder is not None

    def ask(paths: Sequence[str] | None) -> Callable[[], SourcePlaces]:
        if paths is not None:
            finder.begin(paths)

        def wait() -> SourcePlaces:
            began = time.perf_counter()
            found = finder.find(paths)
            waited.append(time.perf_counter() - began)
            return found

        return wait

    return PlaceFinder(ask), waited


def _print_edits(rows: list[_Edit]) -> int:
    columns = {
        "findings of the build": [row.build for row in rows],
        "and of the publish": [row.build + row.publish for row in rows],
        "processor time of both": [row.processor for row in rows],
        "of it, wait for the compiler": [row.waited for row in rows],
        "units read": [float(row.n_read) for row in rows],
    }
    lines = [(name, *(f"{percentile(values, each):.1f}" for each in (50, 95, 100))) for name, values in columns.items()]
    sys.stdout.write(table(("ms after an edit", "p50", "p95", "most"), lines))
    median, high = (percentile(columns["and of the publish"], each) for each in (50, 95))
    within = median <= MEDIAN_LIMIT_MS and high <= P95_LIMIT_MS
    sys.stdout.write(f"limits ({MEDIAN_LIMIT_MS:.0f} ms, {P95_LIMIT_MS:.0f} ms): {'kept' if within else 'EXCEEDED'}\n")
    return 0 if within else 1


def percentile(values: list[float], percent: int) -> float:
    """The value below which so many percent of the others are."""
    ordered = sorted(values)
    return ordered[min(len(ordered) * percent // 100, len(ordered) - 1)]
