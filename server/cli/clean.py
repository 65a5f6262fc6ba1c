"""`aotd clean`: deletes what builds of a project or solution wrote."""

from __future__ import annotations

from collections.abc import Sequence

from server.cli.caller import caller
from server.cli.dotnet_switches import msbuild_arguments
from server.cli.msbuild import run_msbuild

USAGE = """Usage: aotd clean [PROJECT | SOLUTION] [SWITCHES]

Deletes what builds of the same configuration and framework wrote. The switches are those of `aotd build`; unless -v says otherwise,
each file that is deleted is named.
"""


def run(args: Sequence[str]) -> int:
    """Exit code 0, 1 after an error."""
    return run_msbuild(msbuild_arguments(args, caller().directory, "Clean", restores=False, verbosity="n"), as_verb=True)
