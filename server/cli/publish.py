"""`aotd publish`: command line -> published programs, through the Publish target of the projects; a line for each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from server.cli.caller import caller
from server.cli.dotnet_switches import msbuild_arguments
from server.cli.msbuild import run_msbuild

USAGE = """Usage: aotd publish [PROJECT | SOLUTION] [SWITCHES]

Builds a project and what it refers to, and compiles a program to a native one in bin/<Configuration>/<framework>/<runtime>/publish/.
Libraries are published as they are, programs with PublishAot=false too. Without PROJECT it is the one of the current folder.

  -r RID            runtime identifier, e.g. linux-x64 (this machine's unless given)
  -c CONFIGURATION  Debug (quick code generation) or Release (the default)
  -f FRAMEWORK      target framework, for projects that have several
  -o FOLDER         where the program is put
  --no-restore      does not restore first
  --no-build        publishes what was built before
  -p:NAME=VALUE     an MSBuild property; may be repeated
  -v:LEVEL          q[uiet], m[inimal] (the default), n[ormal], d[etailed] or diag[nostic]

All other switches are MSBuild's: see `aotd msbuild -help`.
"""

_PROPERTY_SWITCHES = ("-p:", "-property:", "/p:", "/property:", "--property:")


def run(args: Sequence[str]) -> int:
    """Exit code 0 when all was published, 1 after an error."""
    return run_msbuild(publish_arguments(args, caller().directory), as_verb=False, publishes_native=True)


def publish_arguments(args: Sequence[str], directory: Path) -> list[str]:
    """MSBuild's arguments for the Publish target: Release unless something else is said, as `dotnet publish` does it."""
    arguments = msbuild_arguments(args, directory, "Publish", restores=True, output="PublishDir")
    names = [arg.partition(":")[2].partition("=")[0].lower() for arg in arguments if arg.lower().startswith(_PROPERTY_SWITCHES)]
    configuration = [] if "configuration" in names else ["-p:Configuration=Release"]
    return ["-nologo", *configuration, "-p:_IsPublishing=true", *arguments]
