"""Programs compiled one after the other by a compiler that remembers: each is, to the byte, what a fresh compiler makes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from compiler.csharp.client import CSharpReference, CSharpRequest, CSharpSource, CSharpWorker
from compiler.csharp.options import CSharpOptions, OutputKind, csc_switches
from compiler.csharp.toolchain import Toolchain, find_npm
from compiler.driver import compile_program, compile_with_memory
from compiler.library_memory import LibraryMemory
from compiler.request import CompileRequest, CompileResult, Optimization
from tests.conftest import run_process
from tests.run.compiling import SWITCHES, SilentProgress

pytestmark = pytest.mark.run

USINGS = "using System; using System.Collections.Generic; using System.Linq;\n"
# The same type names with other shapes, in library generics and out of them, and back again.
PROGRAMS = [
    ('Console.WriteLine("one");', "one\n"),
    ("var l = new List<P> { new(1), new(2) }; Console.WriteLine(l.Count); struct P(int x) { public int X = x; }", "2\n"),
    ("var l = new List<P> { new(1) }; Console.WriteLine(l[0].Y); struct P(int x) { public int X = x; public long Y = 7; }", "7\n"),
    ("var l = new List<P> { new(1) }; Console.WriteLine(l[0].X); class P(int x) { public int X = x; }", "1\n"),
    ('var d = new Dictionary<string, P>(); d["a"] = P.B; Console.WriteLine(d.Count); enum P { A, B }', "1\n"),
    ('Console.WriteLine("one");', "one\n"),
    ('try { throw new P(); } catch (P e) { Console.WriteLine(e.Message); } class P() : Exception("thrown");', "thrown\n"),
    ("object o = new P[] { new() }; Console.WriteLine(((P[])o).Length); class P : IDisposable { public void Dispose() { } }", "1\n"),
]


def test_memory_changes_nothing(worker: CSharpWorker, toolchain: Toolchain, cache_dir: Path, tmp_path: Path) -> None:
    memory = LibraryMemory()
    for number, (text, expected) in enumerate(PROGRAMS):
        app = assembly(worker, toolchain, tmp_path / f"{number}", text)
        fresh = compile_program(request(app, toolchain, cache_dir, tmp_path / f"{number}/fresh"), SilentProgress())
        kept = compile_with_memory(request(app, toolchain, cache_dir, tmp_path / f"{number}/kept"), SilentProgress(), memory)
        assert counts(kept) == counts(fresh)
        assert kept.output is not None and fresh.output is not None
        assert kept.output.read_bytes() == fresh.output.read_bytes()
        assert kept.diagnostics == fresh.diagnostics
        assert run_process([str(kept.output)]).stdout == expected


def test_memory_is_of_one_library_and_one_set_of_switches(
    worker: CSharpWorker, toolchain: Toolchain, cache_dir: Path, tmp_path: Path
) -> None:
    memory = LibraryMemory()
    app = assembly(worker, toolchain, tmp_path, 'Console.WriteLine("one");')
    first = request(app, toolchain, cache_dir, tmp_path / "first")
    universe = memory.universe_for(first, lambda name: (name, (toolchain.framework_dir / f"{name}.dll").read_bytes()))
    other = request(app, toolchain, cache_dir, tmp_path / "other", {"System.Globalization.Invariant": False})
    assert memory.universe_for(other, lambda name: (name, (toolchain.framework_dir / f"{name}.dll").read_bytes())) is not universe


def counts(result: CompileResult) -> tuple[int, int]:
    """Methods and bytes of a program."""
    return result.n_methods, result.size_bytes


def assembly(worker: CSharpWorker, toolchain: Toolchain, folder: Path, text: str) -> Path:
    """The IL assembly of a program, always of the same name, in a folder of its own."""
    references = tuple(CSharpReference(str(path)) for path in sorted(toolchain.reference_dir.glob("*.dll")))
    switches = csc_switches("app", CSharpOptions(output_kind=OutputKind.EXE, lang_version="12"))
    result = worker.compile(CSharpRequest("resident", "/src", switches, (CSharpSource("/src/0.cs", USINGS + text),), references))
    assert result.pe is not None and result.pdb is not None, result.diagnostics
    folder.mkdir(exist_ok=True)
    (folder / "app.pdb").write_bytes(result.pdb)
    (folder / "app.dll").write_bytes(result.pe)
    return folder / "app.dll"


def request(app: Path, toolchain: Toolchain, cache_dir: Path, output: Path, switches: dict[str, bool] | None = None) -> CompileRequest:
    """A Debug compilation of `app` to `output`."""
    return CompileRequest(
        app=app,
        references=(),
        framework_dir=toolchain.framework_dir,
        rid="linux-x64",
        optimization=Optimization.DEBUG,
        feature_switches={**SWITCHES, **(switches or {})},
        runtime_knobs={},
        output=output,
        symbols=None,
        strip=True,
        cache_dir=cache_dir,
        n_workers=len(os.sched_getaffinity(0)),
        npm=find_npm(os.environ),
    )
