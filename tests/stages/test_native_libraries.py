"""Stage `native_libraries`: a C# program that uses libraries beside the C runtime -> what it prints when native, and on CoreCLR.

`input.cs` is the program; both runs print the same.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.csharp.client import CSharpWorker
from compiler.csharp.coreclr import coreclr_command, coreclr_environment, write_runtimeconfig
from compiler.csharp.toolchain import Toolchain
from compiler.library_memory import LibraryMemory
from compiler.request import Optimization
from tests.cases_runner import Case, case_id, cases, check_case
from tests.csharp.conftest import cache_dir, toolchain, worker
from tests.run.compiling import NativeCompiler, compile_native
from tests.run.corpus import CONFIG, CorpusProgram, Expectation
from tests.run.executing import compile_il, run_command

__all__ = ["cache_dir", "toolchain", "worker"]


@pytest.mark.run
@pytest.mark.parametrize("case", cases("native_libraries"), ids=case_id)
def test_native_libraries(case: Case, bless: bool, worker: CSharpWorker, toolchain: Toolchain, cache_dir: Path, tmp_path: Path) -> None:
    program = CorpusProgram("libraries", case.folder.name, case.path("input.cs"), (), "", {}, CONFIG, (), (), Expectation(0, ""))
    assembly = compile_il(program, worker, toolchain, tmp_path)
    compiler = NativeCompiler(toolchain, cache_dir, LibraryMemory())
    native = compile_native(compiler, program, assembly, Optimization.DEBUG, tmp_path / "native" / program.name)
    ours = run_command([str(native)], program, {})
    check_case(case, {"expect.txt": f"{ours.stdout}exit code {ours.exit_code}\n"}, bless=bless)
    write_runtimeconfig(toolchain, assembly, {name: value for name, value in program.config.items() if isinstance(value, bool | int | str)})
    theirs = run_command(coreclr_command(toolchain, assembly, ()), program, coreclr_environment(toolchain, {}))
    assert (theirs.stdout, theirs.exit_code) == (ours.stdout, ours.exit_code)
