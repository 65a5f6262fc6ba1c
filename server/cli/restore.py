"""`aotd restore`: installs the packages of a project or solution and writes what builds read of them.

Where a .NET SDK is installed its own restore does the work and is reported; without one ours does.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from server.cli.caller import caller
from server.cli.dotnet_switches import RESTORE_FLAGS, RESTORE_VALUES, restore_properties
from server.cli.msbuild import run_msbuild

USAGE = """Usage: aotd restore [PROJECT | SOLUTION] [SWITCHES]

Finds and installs the NuGet packages of a project and of the projects that it refers to.

  -r RID                    a runtime identifier to restore for; may be repeated
  -s SOURCE                 a package source, in place of those of NuGet.Config; may be repeated
  --packages FOLDER         where packages are installed
  --configfile FILE         the NuGet.Config to use
  --locked-mode             fails when the lock file does not fit
  --force-evaluate          resolves anew, lock file or not
  --use-lock-file           writes a lock file
  --lock-file-path FILE     where the lock file is
  -f, --force               resolves anew what is up to date
  --no-cache                asks servers anew
  --no-dependencies         restores only the project itself
  --ignore-failed-sources   goes on without sources that cannot be asked
  -p:NAME=VALUE             an MSBuild property; may be repeated
  -v:LEVEL                  q[uiet], m[inimal] (the default), n[ormal], d[etailed] or diag[nostic]

All other switches are MSBuild's: see `aotd msbuild -help`.
"""

_VALUES = {"-r": "RuntimeIdentifiers", "--runtime": "RuntimeIdentifiers", **RESTORE_VALUES}
_FLAGS = {"-f": "RestoreForce=true", "--no-dependencies": "RestoreRecursive=false", **RESTORE_FLAGS}
_VERBOSITY = ("-v", "--verbosity")


def run(args: Sequence[str]) -> int:
    """Exit code 0 when all was restored, 1 after an error."""
    dotnet = shutil.which("dotnet", path=caller().environment.get("PATH", ""))
    if dotnet is not None:
        return _run_dotnet(dotnet, args)
    return run_msbuild(restore_arguments(args, caller().directory), as_verb=False)


def _run_dotnet(dotnet: str, args: Sequence[str]) -> int:
    """The SDK's own restore, its lines handed on as they come."""
    whom = caller()
    command = [dotnet, "restore", *args]
    with subprocess.Popen(
        command, cwd=whom.directory, env=dict(whom.environment), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace",
    ) as process:  # fmt: skip
        assert process.stdout is not None
        for line in process.stdout:
            whom.out.output.write(line)
            whom.out.output.flush()
        return process.wait()


def restore_arguments(args: Sequence[str], directory: Path) -> list[str]:
    """MSBuild's arguments for the switches of `dotnet restore`; values with semicolons stay one property."""
    found: list[str] = []
    values: dict[str, list[str]] = {}
    rest = list(args)
    while rest:
        arg = rest.pop(0)
        name, separator, value = arg.partition("=") if arg.startswith("--") else arg.partition(":")
        if name in _VALUES:
            if not separator:
                value = rest.pop(0) if rest else ""
            values.setdefault(_VALUES[name], []).append(value)
        elif name in _VERBOSITY or arg in ("-p", "--property"):
            if not separator:
                value = rest.pop(0) if rest else ""
            found.append(f"{'-v' if name in _VERBOSITY else '-p'}:{value}")
        elif arg.lower() in _FLAGS:
            found.append(f"-p:{_FLAGS[arg.lower()]}")
        elif arg.lower() in ("--interactive", "--nologo"):
            continue
        else:
            found.append(arg)
    found += restore_properties(values, directory)
    return ["-nologo", "-v:m", "-t:Restore", *found]
