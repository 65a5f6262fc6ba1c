"""Stage `native_threads`: a C# program -> what it prints when native and its exit code; the same when collections are frequent.

What is expected was printed by CoreCLR. `input.cs` is the program.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.csharp.client import CSharpWorker
from compiler.csharp.toolchain import Toolchain
from compiler.library_memory import LibraryMemory
from compiler.request import Optimization
from tests.cases_runner import Case, case_id, cases, check_case
from tests.csharp.conftest import cache_dir, toolchain, worker
from tests.run.compiling import NativeCompiler, compile_native
from tests.run.corpus import CONFIG, CorpusProgram, Expectation
from tests.run.executing import compile_il, run_command

__all__ = ["cache_dir", "toolchain", "worker"]

COLLECT_OFTEN = {"RT_GC_STRESS": "500", "RT_VERIFY_HEAP": "1"}


@pytest.fixture(scope="module")
def compiler(toolchain: Toolchain, cache_dir: Path) -> NativeCompiler:
    """One for all cases, so that the class library is read once."""
    return NativeCompiler(toolchain, cache_dir, LibraryMemory())


@pytest.mark.run
@pytest.mark.parametrize("case", cases("native_threads"), ids=case_id)
def test_native_threads(case: Case, bless: bool, worker: CSharpWorker, compiler: NativeCompiler, tmp_path: Path) -> None:
    program = CorpusProgram("threads", case.folder.name, case.path("input.cs"), (), "", {}, CONFIG, (), (), Expectation(0, ""))
    assembly = compile_il(program, worker, compiler.toolchain, tmp_path)
    native = compile_native(compiler, program, assembly, Optimization.DEBUG, tmp_path / "native" / program.name)
    plain = _outcome(str(native), program, {})
    check_case(case, {"expect.txt": plain}, bless=bless)
    assert _outcome(str(native), program, COLLECT_OFTEN) == plain


def _outcome(command: str, program: CorpusProgram, environment: dict[str, str]) -> str:
    run = run_command([command], program, environment)
    return f"{run.stdout}exit code {run.exit_code}\n"
