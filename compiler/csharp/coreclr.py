"""Framework-dependent managed assemblies -> processes on CoreCLR.

CoreCLR is started through hostfxr in a child process of the Python interpreter (`coreclr_main.py`), so a DOTNET_ROOT
without the `dotnet` command is enough. The environment is given by the caller; only what CoreCLR needs is added.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from compiler.csharp.toolchain import Toolchain

_MAIN = Path(__file__).with_name("coreclr_main.py")


@dataclass(frozen=True, slots=True)
class ProgramResult:
    """What a program printed and how it ended; `exit_code` is 128 + N when signal N ended it."""

    exit_code: int
    stdout: bytes
    stderr: bytes


def coreclr_command(toolchain: Toolchain, application: Path, arguments: Sequence[str]) -> list[str]:
    """The command line that runs `application` on the tool chain's CoreCLR."""
    return [sys.executable, "-I", "-S", str(_MAIN), str(toolchain.hostfxr), str(toolchain.dotnet_root), str(application), *arguments]


def dotnet_command(toolchain: Toolchain, application: Path, arguments: Sequence[str]) -> list[str]:
    """The same by the `dotnet` command of the tool chain where it has one: programs find it by the name of their process."""
    dotnet = toolchain.dotnet_root / ("dotnet.exe" if sys.platform == "win32" else "dotnet")
    if not os.access(dotnet, os.X_OK):
        return coreclr_command(toolchain, application, arguments)
    return [str(dotnet), "exec", str(application), *arguments]


def coreclr_environment(toolchain: Toolchain, environment: Mapping[str, str]) -> dict[str, str]:
    """`environment` with the settings under which CoreCLR starts anywhere: no ICU, no telemetry, no debugger pipes."""
    return {
        "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1",
        **environment,
        "DOTNET_ROOT": str(toolchain.dotnet_root),
        "DOTNET_CLI_TELEMETRY_OPTOUT": "1",
        "DOTNET_EnableDiagnostics": "0",
        "DOTNET_TieredPGO": environment.get("DOTNET_TieredPGO", "0"),
    }


def tool_environment(toolchain: Toolchain, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of our own managed tools: what the user set for other .NET programs (startup hooks, profilers) is left out."""
    prefixes = ("DOTNET_", "COMPLUS_", "CORECLR_")
    kept = {name: value for name, value in environment.items() if not name.upper().startswith(prefixes)}
    return coreclr_environment(toolchain, kept)


def write_runtimeconfig(toolchain: Toolchain, application: Path, properties: Mapping[str, bool | int | str]) -> None:
    """Writes `<application>.runtimeconfig.json`, which names the framework and holds `properties`."""
    content = {
        "runtimeOptions": {
            "framework": {"name": "Microsoft.NETCore.App", "version": toolchain.version},
            "configProperties": dict(properties),
        }
    }
    application.with_suffix(".runtimeconfig.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def run_program(
    toolchain: Toolchain,
    application: Path,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    stdin: bytes = b"",
    working_dir: Path | None = None,
    timeout_seconds: float | None = None,
) -> ProgramResult:
    """Runs `application`, whose runtimeconfig.json stands beside it, to its end.

    Raises subprocess.TimeoutExpired; the program has been killed by then.
    """
    completed = subprocess.run(
        coreclr_command(toolchain, application, arguments),
        env=coreclr_environment(toolchain, environment),
        input=stdin,
        capture_output=True,
        cwd=working_dir,
        timeout=timeout_seconds,
        check=False,
    )
    code = completed.returncode if completed.returncode >= 0 else 128 - completed.returncode
    return ProgramResult(code, completed.stdout, completed.stderr)
