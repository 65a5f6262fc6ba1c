"""C# in, PE, PDB and diagnostics out: through the worker process, run on CoreCLR."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from compiler.csharp.client import CSharpResult, CSharpWorker
from compiler.csharp.coreclr import run_program, write_runtimeconfig
from compiler.csharp.toolchain import Toolchain
from compiler.render import canonical_line
from tests.csharp.conftest import Programs

HELLO = """using System;
Console.WriteLine($"Hello, {args[0]}: {new Point(1, 2)}");
return 3;
record Point(int X, int Y);
"""


def test_hello_compiles_and_runs(worker: CSharpWorker, toolchain: Toolchain, programs: Programs, tmp_path: Path) -> None:
    result = worker.compile(programs.request("hello", HELLO))
    assert result.diagnostics == ()
    assert result.pe is not None and result.pe[:2] == b"MZ"
    assert result.pdb is not None and result.pdb[:4] == b"BSJB"
    application = tmp_path / "program.dll"
    application.write_bytes(result.pe)
    write_runtimeconfig(toolchain, application, {})
    run = run_program(toolchain, application, ["you"], os.environ)
    assert (run.exit_code, run.stdout, run.stderr) == (3, b"Hello, you: Point { X = 1, Y = 2 }\n", b"")


def test_errors_have_their_place(worker: CSharpWorker, programs: Programs) -> None:
    result = worker.compile(programs.request("errors", 'int x = "s";\nundefined();\n'))
    assert result.pe is None
    assert [canonical_line(diagnostic) for diagnostic in result.diagnostics] == [
        "/src/0.cs(1,9): error CS0029: Cannot implicitly convert type 'string' to 'int'",
        "/src/0.cs(2,1): error CS0103: The name 'undefined' does not exist in the current context",
    ]


def compiled(worker: CSharpWorker, programs: Programs, *switches: str) -> CSharpResult:
    """A program, compiled with further switches."""
    request = programs.request("switches", "return 0;")
    return worker.compile(replace(request, switches=(*request.switches, *switches), as_csc=True))


@pytest.mark.parametrize(
    ("switch", "error"),
    [
        ("/win32icon:{}/no.x", "CS7064: Error opening icon file {}/no.x -- Could not find file '{}/no.x'."),
        ("/win32icon:{}/no.ico", "CS7065: Error building Win32 resources -- Icon stream is not in the expected format."),
        ("/win32manifest:{}/no.x", "CS1926: Error opening Win32 manifest file {}/no.x -- Could not find file '{}/no.x'."),
        ("/win32res:{}/no.x", "CS1719: Error opening Win32 resource file '{}/no.x' -- 'Could not find file '{}/no.x'.'"),
        ("/sourcelink:{}/no.x", "CS0016: Could not write to output file '{}/no.x' -- 'Could not find file '{}/no.x'.'"),
        ("/embed:{}/no.x", "CS2001: Source file '{}/no.x' could not be found."),
    ],
)
def test_files_of_switches_that_cannot_be_read(worker: CSharpWorker, programs: Programs, tmp_path: Path, switch: str, error: str) -> None:
    """Each is an error in the words of csc."""
    (tmp_path / "no.ico").write_bytes(b"no icon")
    result = compiled(worker, programs, "/debug:portable", switch.format(tmp_path))
    assert result.pe is None
    assert [f"{item.code}: {item.message}" for item in result.diagnostics] == [error.replace("{}", str(tmp_path))]


def test_sources_and_other_files_are_put_into_symbols(worker: CSharpWorker, programs: Programs, tmp_path: Path) -> None:
    """A bare /embed means all sources."""
    (tmp_path / "notes.txt").write_text("notes")
    embedded = UUID("0e8a571b-6926-466e-b4ad-8ab04611f5fe").bytes_le
    found = [compiled(worker, programs, "/debug:portable", *more).pdb for more in ((), ("/embed",), (f"/embed:{tmp_path}/notes.txt",))]
    assert [pdb is not None and embedded in pdb for pdb in found] == [False, True, True]
