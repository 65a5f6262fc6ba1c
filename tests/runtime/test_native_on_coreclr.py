"""Programs on CoreCLR with the shim in place of the class library's own: the class library must not notice."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.csharp.client import CSharpWorker
from compiler.csharp.coreclr import coreclr_command, coreclr_environment, write_runtimeconfig
from compiler.csharp.toolchain import Toolchain
from tests.run.corpus import load_program
from tests.run.executing import assert_as_expected, compile_il, run_command

PROGRAMS = [
    "libraries/FileApisModern",
    "libraries/FileIo",
    "libraries/FileWatching",
    "libraries/HttpListenerTest",
    "libraries/HttpLoopback",
    "libraries/ProcessModern",
    "libraries/ProcessTest",
    "libraries/RandomTest",
    "libraries/SocketsLoopback",
    "libraries/StreamsTest",
    "libraries/TextReaderWriter",
    "runtime/EnvAndArgs",
    "runtime/StdinReading",
    "runtime/Timers",
]


@pytest.mark.run
@pytest.mark.parametrize("program_id", PROGRAMS)
def test_program(program_id: str, shared: Path, worker: CSharpWorker, toolchain: Toolchain, with_shim: Toolchain, tmp_path: Path) -> None:
    program = load_program(shared / "corpus", program_id)
    assembly = compile_il(program, worker, toolchain, tmp_path)
    write_runtimeconfig(toolchain, assembly, {name: value for name, value in program.config.items() if isinstance(value, bool | int | str)})
    run = run_command(coreclr_command(with_shim, assembly, ()), program, coreclr_environment(with_shim, {}))
    assert_as_expected(run, program.expected)
