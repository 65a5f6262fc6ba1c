"""Programs of the corpus, native: the stdout and the exit code that CoreCLR gave, Debug and Release."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from compiler.csharp.client import CSharpWorker
from compiler.csharp.toolchain import Toolchain
from compiler.library_memory import LibraryMemory
from compiler.request import Optimization
from tests.run.compiling import NativeCompiler, compile_native
from tests.run.corpus import load_program, read_list
from tests.run.executing import assert_as_expected, compile_il, run_command
from tests.run.test_coreclr import CORPUS


@pytest.fixture(scope="module")
def compiler(toolchain: Toolchain, cache_dir: Path) -> NativeCompiler:
    """One for all programs, so that the class library is read once."""
    return NativeCompiler(toolchain, cache_dir, LibraryMemory())


@pytest.mark.run
@pytest.mark.parametrize("optimization", [Optimization.DEBUG, Optimization.BLENDED], ids=lambda value: value.value)
@pytest.mark.parametrize("program_id", read_list(CORPUS, "first"))
def test_native_gives_what_coreclr_gave(
    program_id: str, optimization: Optimization, corpus: Path, worker: CSharpWorker, compiler: NativeCompiler, tmp_path: Path
) -> None:
    program = load_program(corpus, program_id)
    assembly = compile_il(program, worker, compiler.toolchain, tmp_path)
    native = compile_native(compiler, program, assembly, optimization, tmp_path / "native" / program.name)
    assert_as_expected(run_command([str(native)], program, {}), program.expected)


def test_the_corpus_is_there() -> None:
    assert len(read_list(CORPUS, "first")) >= 35 and os.path.isdir(CORPUS / "expected")
