"""`aotd why`: a member or a finding of a project -> why it is in the program, from a root on."""

from __future__ import annotations

import re
from collections.abc import Sequence

from analyzers.finding import Finding
from analyzers.why import ProgramReasons
from compiler.diagnostics import InputError
from compiler.render import canonical_line
from server.build.assembly_findings import SUFFIXES, check_assembly
from server.build.findings import Reporters, graph_findings, program_reasons
from server.build.graph import BuildFailed, BuildProgress, build_graph
from server.cli import console
from server.cli.caller import caller
from server.cli.check_options import BAD_VALUE, NOTHING, take_choice
from server.cli.explanations import chain_lines, explanation_lines
from server.cli.project_tools import build_tools, kept_findings
from server.cli.switches import ProjectSwitches, is_switch, parse_project_switches

USAGE = """Usage: aotd why [PROJECT] WHAT [SWITCHES]

PROJECT is a project file, a folder that contains one, or an assembly, X.dll.
Says why something is in a program: the chain of uses from its entry point (of a library: from what it shows) to WHAT, which is
  a member        N.Type.Method, a part of its name, or its documentation id M:N.Type.Method(System.String)
  findings        IL2026, Program.cs(12) or Program.cs:12, with what asks for each and the ways out
The exit code is 1 when there is nothing of that name.

  --reporter WHO    whose findings: build, publish or all (the default)
  -c, -f, -r, -p:NAME=VALUE, -v:LEVEL   as for 'aotd check'; values stand behind a colon
"""

MOST_SHOWN = 20

_CODE = re.compile(r"IL[0-9]{4}", re.IGNORECASE)
_PLACE = re.compile(r"(?P<file>.+?)[:(](?P<line>[0-9]+)(?:[,:][0-9]+)?\)?")


def run(args: Sequence[str]) -> int:
    """Exit code 0 when something was explained, else 1."""
    rest, reporter = take_choice(args, "reporter", Reporters.ALL.value, [each.value for each in Reporters])
    words = [index for index, arg in enumerate(rest) if not is_switch(arg)]
    if not words:
        raise InputError(BAD_VALUE, "Say what is to be explained: a member, or a finding (IL2026, Program.cs(12)).")
    what = rest.pop(words[-1])
    switches = parse_project_switches(rest, caller().directory)
    wants_findings = bool(_CODE.fullmatch(what) or _PLACE.fullmatch(what))
    with console.Progress(quiet=True) as progress:
        try:
            found, reasons = _read(switches, Reporters(reporter), progress, wants_findings=wants_findings)
        except BuildFailed:
            return 1
    if wants_findings:
        return _explain_findings([finding for finding in found if is_meant(finding, what)], reasons, what)
    return _explain_members(switches.project.name, reasons, what)


def _read(
    switches: ProjectSwitches, reporters: Reporters, progress: BuildProgress, *, wants_findings: bool
) -> tuple[list[Finding], ProgramReasons]:
    """The findings, when they are wanted, and what uses what. Raises BuildFailed and InputError."""
    tools = build_tools(switches.project, progress)
    if switches.project.suffix.lower() in SUFFIXES:
        result = check_assembly(switches.project, switches.properties, tools.toolchain.frameworks, kept_findings(), with_suppressed=False)
        return list(result.findings.findings), result.reasons()
    projects = build_graph(switches.project, dict(switches.properties), tools)
    parts = graph_findings(projects, tools.compiler, reporters, kept_findings()) if wants_findings else ()
    return [finding for part in parts for finding in part.findings], program_reasons(projects)


def is_meant(finding: Finding, what: str) -> bool:
    """Whether a finding is meant by its code, or by its file and line."""
    if _CODE.fullmatch(what):
        return finding.id == what.upper()
    match = _PLACE.fullmatch(what)
    place = finding.location
    if match is None or place is None or place.line != int(match["line"]):
        return False
    return place.file == match["file"] or place.file.endswith("/" + match["file"].replace("\\", "/").removeprefix("./"))


def _explain_findings(findings: Sequence[Finding], reasons: ProgramReasons, what: str) -> int:
    if not findings:
        raise InputError(NOTHING, f"there is no finding '{what}'")
    for finding in findings:
        diagnostic = finding.to_diagnostic()
        console.write(canonical_line(diagnostic) + "\n")
        console.write("".join(f"    {line}\n" for line in explanation_lines(diagnostic, reasons, caller().directory)))
    return 0


def _explain_members(project: str, reasons: ProgramReasons, what: str) -> int:
    found = reasons.matching(what)
    if not found:
        raise InputError(NOTHING, f"there is no member '{what}' in {project} or in what it refers to")
    for assembly, member, name in found[:MOST_SHOWN]:
        chain = reasons.chain(assembly, member)
        console.write(f"{name} of {assembly}" + ("\n" if chain else " is used by nothing that is known\n"))
        console.write("".join(f"    {line}\n" for line in chain_lines(chain, caller().directory)))
    if len(found) > MOST_SHOWN:
        console.write(f"and {len(found) - MOST_SHOWN} more; say more of the name than '{what}'\n")
    return 0
