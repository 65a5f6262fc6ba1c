"""C# in, PE, PDB and diagnostics out: through the worker process, run on CoreCLR."""

from __future__ import annotations

import os
from pathlib import Path

from compiler.csharp.client import CSharpWorker
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
