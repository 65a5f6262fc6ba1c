"""`aotd build`: builds a project or solution and sums up what happened."""

from __future__ import annotations

from collections.abc import Sequence

from server.cli.caller import caller
from server.cli.dotnet_switches import msbuild_arguments
from server.cli.msbuild import run_msbuild

USAGE = """Usage: aotd build [PROJECT | SOLUTION] [SWITCHES]

Builds a project and the projects that it refers to, those parts that are not up to date.

  -c CONFIGURATION    Debug (unless given) or Release
  -f FRAMEWORK        target framework, for projects that have several
  -r RID              runtime identifier
  -o FOLDER           where the output is put
  --no-restore        does not restore first
  --no-incremental    builds everything anew
  --no-dependencies   leaves the projects that it refers to as they are
  -p:NAME=VALUE       an MSBuild property; may be repeated
  -v:LEVEL            q[uiet], m[inimal] (the default), n[ormal], d[etailed] or diag[nostic]

  --explain           says of each target why it runs or does not: which input changed, what is missing, which condition is false

A target whose inputs and outputs have the content that they had when it last ran is not run again, whatever their times say, and one
whose inputs have other content is; `-p:AotdCompareContent=false` compares times alone, as MSBuild does.

All other switches are MSBuild's: see `aotd msbuild -help`.
"""


def run(args: Sequence[str]) -> int:
    """Exit code 0 when all was built, 1 after an error."""
    return run_msbuild(msbuild_arguments(args, caller().directory, "", restores=True), as_verb=True)
