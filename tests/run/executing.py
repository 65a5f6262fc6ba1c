"""Corpus programs to IL assemblies, commands to results, results against expectations, as the corpus's README says.

A program runs in an empty folder, with a small fixed environment and the recorded arguments and stdin; exit codes of signals are
128 + N.
"""

from __future__ import annotations

import os
import resource
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from compiler.csharp.client import CSharpReference, CSharpRequest, CSharpSource, CSharpWorker
from compiler.csharp.options import CSharpOptions, OutputKind, csc_switches
from compiler.csharp.toolchain import Toolchain
from compiler.diagnostics import Severity
from compiler.render import canonical_line
from tests.run.corpus import ATTRIBUTES, SYMBOLS, CorpusProgram, Expectation

TIMEOUT_SECONDS = 30

OPTIONS = CSharpOptions(
    output_kind=OutputKind.EXE,
    lang_version="12",
    define_constants=SYMBOLS,
    optimize=True,
    allow_unsafe=True,
    warning_level=9,
)


@dataclass(frozen=True, slots=True)
class ProgramRun:
    """What a program printed and how it ended."""

    exit_code: int
    stdout: str
    stderr: str


def compile_il(program: CorpusProgram, worker: CSharpWorker, toolchain: Toolchain, folder: Path) -> Path:
    """The program's assembly in `folder`, its symbols beside it. Sources appear as /src/<Name>.cs, as in the recorded runs."""
    sources = (
        CSharpSource(f"/src/{program.name}.cs", program.source.read_text(encoding="utf-8-sig")),
        CSharpSource("/src/obj/AssemblyAttributes.cs", ATTRIBUTES),
    )
    references = tuple(CSharpReference(str(path)) for path in sorted(toolchain.reference_dir.glob("*.dll")))
    result = worker.compile(CSharpRequest(program.id, "/src", csc_switches(program.name, OPTIONS), sources, references))
    errors = [canonical_line(diagnostic) for diagnostic in result.diagnostics if diagnostic.severity is Severity.ERROR]
    assert result.pe is not None and not errors, "\n".join(errors)
    assembly = folder / f"{program.name}.dll"
    assembly.write_bytes(result.pe)
    if result.pdb is not None:
        assembly.with_suffix(".pdb").write_bytes(result.pdb)
    return assembly


def run_command(command: Sequence[str], program: CorpusProgram, environment: Mapping[str, str]) -> ProgramRun:
    """Runs `command` with the program's arguments and stdin in an empty folder; `environment` comes on top of the fixed one."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [*command, *program.args],
            cwd=folder,
            env={**fixed_environment(), **environment, **program.environment},
            input=program.stdin.encode(),
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
            preexec_fn=no_core_dump,
            check=False,
        )
    code = done.returncode if done.returncode >= 0 else 128 - done.returncode
    return ProgramRun(code, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))


def no_core_dump() -> None:
    """Run in the child: a program that aborts leaves no core file."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def fixed_environment() -> dict[str, str]:
    """What every program gets."""
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": os.environ.get("HOME", "/"), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def assert_as_expected(run: ProgramRun, expected: Expectation) -> None:
    """Compares exit code, stdout and wanted pieces of stderr."""
    assert run.exit_code == expected.exit_code, f"exit code {run.exit_code} in place of {expected.exit_code}\n{run.stdout}{run.stderr}"
    assert run.stdout == expected.stdout
    for text in expected.stderr_contains:
        assert text in run.stderr
