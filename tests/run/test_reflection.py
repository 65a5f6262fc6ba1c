"""Programs that reflect over members, native: the same stdout and exit code as on CoreCLR, which runs them beside."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.csharp.client import CSharpWorker
from compiler.csharp.coreclr import coreclr_command, coreclr_environment, write_runtimeconfig
from compiler.csharp.toolchain import Toolchain
from compiler.library_memory import LibraryMemory
from compiler.request import Optimization
from tests.run.compiling import NativeCompiler, compile_native
from tests.run.corpus import CONFIG, CorpusProgram, Expectation
from tests.run.executing import assert_as_expected, compile_il, run_command

PROGRAMS = sorted((Path(__file__).parent / "programs").glob("*.cs"))


@pytest.fixture(scope="module")
def compiler(toolchain: Toolchain, cache_dir: Path) -> NativeCompiler:
    """One for all programs, so that the class library is read once."""
    return NativeCompiler(toolchain, cache_dir, LibraryMemory())


@pytest.mark.run
@pytest.mark.parametrize("source", PROGRAMS, ids=lambda path: path.stem)
def test_native_gives_what_coreclr_gives(source: Path, worker: CSharpWorker, compiler: NativeCompiler, tmp_path: Path) -> None:
    program = CorpusProgram("reflection", source.stem, source, (), "", {}, CONFIG, (), (), Expectation(0, ""))
    assembly = compile_il(program, worker, compiler.toolchain, tmp_path)
    settings = {name: value for name, value in CONFIG.items() if isinstance(value, bool | int | str)}
    write_runtimeconfig(compiler.toolchain, assembly, settings)
    environment = coreclr_environment(compiler.toolchain, {})
    wanted = run_command(coreclr_command(compiler.toolchain, assembly, ()), program, environment)
    native = compile_native(compiler, program, assembly, Optimization.DEBUG, tmp_path / "native" / source.stem)
    assert_as_expected(run_command([str(native)], program, {}), Expectation(wanted.exit_code, wanted.stdout))
