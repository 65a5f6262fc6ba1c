"""Programs of the corpus, native: the stdout and the exit code that CoreCLR gave, Debug and Release."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from compiler.csharp.client import CSharpWorker
from compiler.csharp.toolchain import Toolchain
from compiler.request import Optimization
from tests.run.compiling import compile_native
from tests.run.corpus import load_program, read_list
from tests.run.executing import assert_as_expected, compile_il, run_command
from tests.run.test_coreclr import CORPUS


@pytest.mark.run
@pytest.mark.parametrize("optimization", [Optimization.DEBUG, Optimization.BLENDED], ids=lambda value: value.value)
@pytest.mark.parametrize("program_id", read_list(CORPUS, "first"))
def test_native_gives_what_coreclr_gave(
    program_id: str,
    optimization: Optimization,
    corpus: Path,
    worker: CSharpWorker,
    toolchain: Toolchain,
    cache_dir: Path,
    tmp_path: Path,
) -> None:
    program = load_program(corpus, program_id)
    assembly = compile_il(program, worker, toolchain, tmp_path)
    native = compile_native(program, assembly, toolchain, optimization, cache_dir, tmp_path / "native" / program.name)
    assert_as_expected(run_command([str(native)], program, {}), program.expected)


def test_the_corpus_is_there() -> None:
    assert len(read_list(CORPUS, "first")) >= 35 and os.path.isdir(CORPUS / "expected")
