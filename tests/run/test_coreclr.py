"""The corpus on CoreCLR: what the tests of native programs take as right must be what CoreCLR does here, by the same runner."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from compiler.csharp.client import CSharpWorker
from compiler.csharp.coreclr import coreclr_command, coreclr_environment, write_runtimeconfig
from compiler.csharp.toolchain import Toolchain
from tests.run.corpus import load_program, read_list
from tests.run.executing import assert_as_expected, compile_il, run_command

CORPUS = Path(os.environ.get("AOTD_SHARED", Path(__file__).resolve().parents[3] / "shared")) / "corpus"


@pytest.mark.run
@pytest.mark.parametrize("program_id", read_list(CORPUS, "first"))
def test_coreclr_gives_what_was_recorded(
    program_id: str, corpus: Path, worker: CSharpWorker, toolchain: Toolchain, tmp_path: Path
) -> None:
    program = load_program(corpus, program_id)
    assembly = compile_il(program, worker, toolchain, tmp_path)
    write_runtimeconfig(toolchain, assembly, {name: value for name, value in program.config.items() if isinstance(value, bool | int | str)})
    run = run_command(coreclr_command(toolchain, assembly, ()), program, coreclr_environment(toolchain, {}))
    assert_as_expected(run, program.expected)
