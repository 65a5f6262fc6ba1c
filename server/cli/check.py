"""`aotd check`: command line -> the diagnostics of a build, one canonical line each or as JSON, and a build's exit code."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path

from analyzers.finding import Finding
from compiler.diagnostics import Diagnostic, InputError, Severity
from compiler.render import canonical_line
from server.build.findings import GraphFindings, Reporters, findings_as_diagnostics, graph_findings
from server.build.graph import BuildFailed, build_graph
from server.cli import console
from server.cli.caller import caller
from server.cli.project_tools import build_tools
from server.cli.switches import ProjectSwitches, Verbosity, parse_project_switches
from server.publish.publish import publish_properties

USAGE = """Usage: aotd check [PROJECT] [SWITCHES]

Compiles a C# project and prints its errors, its warnings and its trim, single-file and AOT findings.
The exit code is 1 when one of them is an error (TreatWarningsAsErrors and WarningsAsErrors count), else 0.
PROJECT is a project file or a folder that contains one; without it the current folder.

  --reporter WHO    build: what .NET's analyzers find in the source; publish: what its native compiler finds in the program;
                    all (the default): both, each finding once. Publishing counts in projects with PublishAot.
  --format FORMAT   text (the default) or json
  -c CONFIGURATION  Debug (the default; Release for --reporter publish) or Release
  -f FRAMEWORK      target framework, for projects that have several
  -r RID            runtime identifier
  -p:NAME=VALUE     an MSBuild property; may be repeated
  -v:LEVEL          q[uiet], m[inimal] (the default), n[ormal], d[etailed] or diag[nostic]
"""

LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "message", Severity.HIDDEN: "hidden"}


class Format(Enum):
    """How findings are written; `value` is the word on the command line."""

    TEXT = "text"
    JSON = "json"


def run(args: Sequence[str]) -> int:
    """Exit code 0 without errors, else 1."""
    rest, reporter = take_switch(args, "reporter", Reporters.ALL.value, [each.value for each in Reporters])
    rest, format_ = take_switch(rest, "format", Format.TEXT.value, [each.value for each in Format])
    switches = parse_project_switches(rest, caller().directory)
    if Format(format_) is Format.JSON:
        return write_json(switches, Reporters(reporter))
    with console.Progress(quiet=hides_steps(switches.verbosity)) as progress:
        tools = build_tools(switches.project, progress)
        try:
            projects = build_graph(switches.project, properties(switches, Reporters(reporter)), tools)
        except BuildFailed:
            return 1
        found = findings_as_diagnostics(graph_findings(projects, tools.compiler, Reporters(reporter)))
        for diagnostic in found:
            progress.diagnostic(diagnostic)
    return 1 if any(diagnostic.severity is Severity.ERROR for diagnostic in found) else 0


def properties(switches: ProjectSwitches, reporters: Reporters) -> Mapping[str, str]:
    """The global properties: what publishing finds, it finds in what it would compile, which is Release unless told otherwise."""
    given = dict(switches.properties)
    return publish_properties(given) if reporters is Reporters.PUBLISH else given


def take_switch(args: Sequence[str], name: str, default: str, choices: Sequence[str]) -> tuple[list[str], str]:
    """`args` without `--name VALUE` (or `--name:VALUE`, `--name=VALUE`), and the value. Raises InputError for a value not in `choices`."""
    rest: list[str] = []
    value = default
    waiting = list(args)
    while waiting:
        arg = waiting.pop(0)
        switch, separator, text = arg.partition(":" if ":" in arg else "=")
        if switch.lower() != f"--{name}":
            rest.append(arg)
            continue
        value = text.lower() if separator else (waiting.pop(0).lower() if waiting else "")
        if value not in choices:
            raise InputError("AOTD0002", f"Specify a value for the switch '--{name}': {', '.join(choices)}.")
    return rest, value


class _Apart:
    """Progress of a build whose stdout is for a program: errors and warnings of the build go to stderr, steps nowhere."""

    def step(self, text: str) -> None:
        """Nothing is shown."""

    def diagnostic(self, diagnostic: Diagnostic) -> None:
        """One line on stderr."""
        console.error_line(canonical_line(diagnostic))


def write_json(switches: ProjectSwitches, reporters: Reporters) -> int:
    """Writes the findings as one JSON object; the exit code is as for text."""
    progress = _Apart()
    tools = build_tools(switches.project, progress)
    try:
        projects = build_graph(switches.project, properties(switches, reporters), tools)
    except BuildFailed:
        return 1
    found = graph_findings(projects, tools.compiler, reporters)
    console.write(findings_json(found, switches.project.parent))
    return 1 if any(finding.severity is Severity.ERROR for _, findings in found for finding in findings) else 0


def findings_json(found: GraphFindings, folder: Path) -> str:
    """`{"findings": [...]}`, files relative to `folder`."""
    rows = [finding_row(finding, folder) for _, findings in found for finding in findings]
    return json.dumps({"findings": rows}, indent=2, ensure_ascii=False) + "\n"


def finding_row(finding: Finding, folder: Path) -> dict[str, object]:
    """One finding. Lines and columns count from 1; what is not known is null."""
    place = finding.location
    file = place.file if place is not None else ""
    if file and os.path.isabs(file):
        file = Path(os.path.relpath(file, folder)).as_posix()
    return {
        "id": finding.id,
        "level": LEVELS[finding.severity],
        "file": file or None,
        "line": (place.line or None) if place is not None else None,
        "column": (place.column or None) if place is not None else None,
        "endLine": (place.end_line or None) if place is not None else None,
        "endColumn": (place.end_column or None) if place is not None else None,
        "member": finding.member or None,
        "message": finding.message,
        "reportedBy": [reporter.value for reporter in finding.reported_by],
    }


def hides_steps(verbosity: Verbosity) -> bool:
    """True when only diagnostics are to be printed: in a log that is so unless more was asked for."""
    return verbosity is Verbosity.QUIET or (verbosity is Verbosity.MINIMAL and not caller().err.is_terminal)
