"""What a command line names, a project, a solution or an assembly -> findings, and what says why members are in the program."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from analyzers.why import Chains, FirstChains
from compiler.diagnostics import Diagnostic, InputError, Location, Severity
from server.build.analysis_inputs import is_analysed, is_published
from server.build.assembly_findings import SUFFIXES, check_assembly
from server.build.findings import GraphFindings, PartFindings, Reporters, graph_findings, program_reasons
from server.build.graph import BuildFailed, BuildProgress, BuildTools, build_graph
from server.build.project_values import EvaluatedProject
from server.cli.check_options import BAD_VALUE, CheckOptions
from server.cli.project_tools import build_tools, kept_findings
from server.cli.switches import PROJECT_SUFFIXES
from server.msbuild.files import DiskFiles
from server.msbuild.solution import is_solution
from server.msbuild.solution_filter import solution_of

NOT_ANALYSED = "AOTD1104"


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found, and what says why members are in the program, computed when it is asked for."""

    found: GraphFindings
    reasons: Callable[[], Chains]


@dataclass(slots=True)
class Recorded:
    """The progress of a build, whose diagnostics are kept as well as shown, each once."""

    shown: BuildProgress
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def step(self, text: str) -> None:
        """See `BuildProgress`."""
        self.shown.step(text)

    def diagnostic(self, diagnostic: Diagnostic) -> None:
        """See `BuildProgress`."""
        if diagnostic not in self.diagnostics:
            self.diagnostics.append(diagnostic)
            self.shown.diagnostic(diagnostic)


def check(options: CheckOptions, recorded: Recorded) -> Checked:
    """The findings in what the options name. Raises BuildFailed after diagnostics that are errors, InputError."""
    path = options.switches.project
    if path.suffix.lower() in SUFFIXES:
        return _assembly(options, recorded)
    tools = build_tools(path, recorded)
    if not is_solution(str(path)):
        return _project(options, tools, path, options.properties, set())
    return _solution(options, tools, path)


def _assembly(options: CheckOptions, recorded: Recorded) -> Checked:
    if options.reporters is Reporters.BUILD:
        raise InputError(BAD_VALUE, "An assembly has no source for --reporter build; what publishing reports can be checked.")
    path = options.switches.project
    frameworks = build_tools(path, recorded).toolchain.frameworks
    result = check_assembly(path, options.switches.properties, frameworks, kept_findings(), with_suppressed=options.error_log is not None)
    for diagnostic in result.diagnostics:
        recorded.diagnostic(diagnostic)
    return Checked((result.findings,), result.reasons)


def _project(options: CheckOptions, tools: BuildTools, path: Path, properties: Mapping[str, str], told: set[str]) -> Checked:
    projects = build_graph(path, properties, tools)
    logs = options.error_log is not None or any(built.project.property("ErrorLog") for built in projects)
    if options.reporters is not Reporters.PUBLISH:
        _tell_not_analysed([built.project for built in projects], tools.progress, told)
    tools.progress.step(f"looking for trim and AOT findings in {path.stem}")
    found = graph_findings(projects, tools.compiler, options.reporters, kept_findings(), with_suppressed=logs)
    return Checked(found, cache(lambda: program_reasons(projects)))


def _tell_not_analysed(projects: list[EvaluatedProject], progress: BuildProgress, told: set[str]) -> None:
    """Says of a project in which nothing is looked for that this is so: silence would be taken for praise."""
    program = projects[-1]
    file = program.property("MSBuildProjectFullPath")
    if is_published(program) or is_analysed(program) or file in told:
        return
    told.add(file)
    text = (
        "trim and AOT findings are not looked for: the project sets none of PublishAot, PublishTrimmed and IsAotCompatible. "
        "'--reporter publish' or '-p:PublishAot=true' shows what publishing it natively would report"
    )
    progress.diagnostic(Diagnostic(NOT_ANALYSED, Severity.INFO, text, Location(file), project=file))


def _solution(options: CheckOptions, tools: BuildTools, path: Path) -> Checked:
    """Each project of a solution once: as part of the first published program that has it, else by itself.

    What cannot be built ends the check of that project alone; the others go on before it fails.
    """
    paths = [Path(each.path) for each in solution_of(str(path), DiskFiles()).projects if Path(each.path).suffix.lower() in PROJECT_SUFFIXES]
    properties = {**options.properties, **_solution_properties(path)}
    programs = {each for each in paths if is_published(tools.evaluate(each, properties))}
    parts: dict[str, PartFindings] = {}
    checked: list[Checked] = []
    told: set[str] = set()
    failed = False
    for project in sorted(paths, key=lambda each: each not in programs):
        if str(project) in parts and project not in programs:
            continue
        try:
            one = _project(options, tools, project, properties, told)
        except BuildFailed:
            failed = True
            continue
        except InputError as error:
            # A project of another kind, or one that chooses no framework, says nothing about the others.
            tools.progress.diagnostic(replace(error.to_diagnostic(), project=str(project)))
            failed = True
            continue
        checked.append(one)
        for part in one.found[:-1]:
            parts.setdefault(part.project, part)
        parts[one.found[-1].project] = one.found[-1]
    if failed:
        raise BuildFailed(str(path))
    listed = [parts[str(each)] for each in paths if str(each) in parts]
    others = [part for key, part in parts.items() if Path(key) not in paths]
    return Checked((*others, *listed), lambda: FirstChains([each.reasons for each in checked]))


def _solution_properties(path: Path) -> dict[str, str]:
    """What a build of a solution tells its projects of it."""
    return {
        "SolutionDir": f"{path.parent}/",
        "SolutionExt": path.suffix,
        "SolutionFileName": path.name,
        "SolutionName": path.stem,
        "SolutionPath": str(path),
    }
