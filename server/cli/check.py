"""`aotd check`: command line -> the diagnostics of a build, one canonical line each, and a build's exit code."""

from __future__ import annotations

from collections.abc import Sequence

from compiler.diagnostics import Severity
from server.build.findings import project_findings
from server.build.graph import BuildFailed, build_graph
from server.cli import console
from server.cli.caller import caller
from server.cli.project_tools import build_tools
from server.cli.switches import Verbosity, parse_project_switches

USAGE = """Usage: aotd check [PROJECT] [SWITCHES]

Compiles a C# project and prints its errors, its warnings and its trim, single-file and AOT findings.
The exit code is 1 when one of them is an error (TreatWarningsAsErrors and WarningsAsErrors count), else 0.
PROJECT is a project file or a folder that contains one; without it the current folder.

  -c CONFIGURATION  Debug (the default) or Release
  -f FRAMEWORK      target framework, for projects that have several
  -r RID            runtime identifier
  -p:NAME=VALUE     an MSBuild property; may be repeated
  -v:LEVEL          q[uiet], m[inimal] (the default), n[ormal], d[etailed] or diag[nostic]
"""


def run(args: Sequence[str]) -> int:
    """Exit code 0 without errors, else 1."""
    switches = parse_project_switches(args, caller().directory)
    with console.Progress(quiet=hides_steps(switches.verbosity)) as progress:
        tools = build_tools(switches.project, progress)
        try:
            projects = build_graph(switches.project, switches.properties, tools)
        except BuildFailed:
            return 1
        found = [diagnostic for built in projects for diagnostic in project_findings(built)]
        for diagnostic in found:
            progress.diagnostic(diagnostic)
    return 1 if any(diagnostic.severity is Severity.ERROR for diagnostic in found) else 0


def hides_steps(verbosity: Verbosity) -> bool:
    """True when only diagnostics are to be printed: in a log that is so unless more was asked for."""
    return verbosity is Verbosity.QUIET or (verbosity is Verbosity.MINIMAL and not caller().err.is_terminal)
