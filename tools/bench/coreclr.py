"""IL assemblies to contestants on CoreCLR, started as the `dotnet` command would start them, with default settings."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from compiler.csharp.coreclr import write_runtimeconfig
from compiler.csharp.toolchain import Toolchain, find_toolchain
from tools.bench.measuring import Contestant, build_c, plain_environment


def bench_toolchain(root: Path) -> Toolchain:
    """The tool chain of the repository's samples."""
    found = find_toolchain(os.environ, root)
    assert found is not None, "no tool chain: run `aotd doctor --fetch`"
    return found


def coreclr_contestant(toolchain: Toolchain, assembly: Path, arguments: tuple[str, ...], folder: Path) -> Contestant:
    """The program `assembly`, copied into `folder` with its runtimeconfig.json, on CoreCLR."""
    host = build_c("corehost.c", folder, "-ldl")
    program = folder / "coreclr" / assembly.name
    program.parent.mkdir(exist_ok=True)
    shutil.copyfile(assembly, program)
    properties: Mapping[str, bool | int | str] = {"System.Globalization.Invariant": True}
    write_runtimeconfig(toolchain, program, properties)
    command = (str(host), str(toolchain.hostfxr), str(toolchain.dotnet_root), str(program), *arguments)
    environment = {**plain_environment(), "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}
    return Contestant(f"CoreCLR {toolchain.version}", command, environment)
