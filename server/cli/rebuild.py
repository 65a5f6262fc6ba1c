"""`aotd rebuild`: deletes what an earlier build wrote and builds a project or solution anew."""

from __future__ import annotations

from collections.abc import Sequence

from server.cli.caller import caller
from server.cli.dotnet_switches import msbuild_arguments
from server.cli.msbuild import run_msbuild

USAGE = """Usage: aotd rebuild [PROJECT | SOLUTION] [SWITCHES]

Deletes what an earlier build wrote, then builds. The switches are those of `aotd build`.
"""


def run(args: Sequence[str]) -> int:
    """Exit code 0, 1 after an error."""
    return run_msbuild(msbuild_arguments(args, caller().directory, "Rebuild", restores=True), as_verb=True)
