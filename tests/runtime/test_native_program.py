"""One program that reaches most of libSystem.Native through the class library, on CoreCLR with the shim and with the original."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from compiler.csharp.client import CSharpReference, CSharpRequest, CSharpSource, CSharpWorker
from compiler.csharp.coreclr import coreclr_command, coreclr_environment, write_runtimeconfig
from compiler.csharp.options import CSharpOptions, OutputKind, csc_switches
from compiler.csharp.toolchain import Toolchain
from compiler.diagnostics import Severity

SOURCE = Path(__file__).with_name("native_program.cs")
USINGS = "global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq; \
global using System.Threading; global using System.Threading.Tasks;"


@pytest.mark.run
def test_the_class_library_does_not_notice(worker: CSharpWorker, toolchain: Toolchain, with_shim: Toolchain, tmp_path: Path) -> None:
    options = CSharpOptions(output_kind=OutputKind.EXE, lang_version="12")
    sources = (CSharpSource("/src/program.cs", SOURCE.read_text()), CSharpSource("/src/usings.cs", USINGS))
    references = tuple(CSharpReference(str(path)) for path in sorted(toolchain.reference_dir.glob("*.dll")))
    compiled = worker.compile(CSharpRequest("native", "/src", csc_switches("program", options), sources, references))
    assert compiled.pe is not None, [d for d in compiled.diagnostics if d.severity is Severity.ERROR]
    assembly = tmp_path / "program.dll"
    assembly.write_bytes(compiled.pe)
    write_runtimeconfig(toolchain, assembly, {"System.Globalization.Invariant": True})
    outputs = []
    for name, used in (("peer", toolchain), ("ours", with_shim)):
        folder = tmp_path / name
        folder.mkdir()
        done = subprocess.run(
            coreclr_command(used, assembly, ()),
            cwd=folder,
            env=coreclr_environment(used, {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]}),
            input="from stdin\n",
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        outputs.append(done.stdout.replace(str(folder), "<folder>").splitlines())
    assert outputs[1] == outputs[0]
