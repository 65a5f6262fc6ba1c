"""`aotd msbuild`: takes MSBuild's command line and prints what `dotnet msbuild` prints."""

from __future__ import annotations

from collections.abc import Sequence

from compiler.diagnostics import Severity
from server.build.console_logger import ConsoleLogger, build_line
from server.build.events import BuildLog
from server.build.session import BuildAnswer, BuildSession
from server.build.targets import Outcome
from server.cli import console
from server.cli.caller import caller
from server.cli.msbuild_switches import MSBuildSwitches, SwitchError, parse_msbuild_switches
from server.msbuild.errors import InvalidProjectFile
from server.msbuild.evaluate import diagnostic_of
from server.msbuild.project import ProjectEvaluator
from server.msbuild.query import item_values, query_text

USAGE = """Usage: aotd msbuild [PROJECT] [switches of MSBuild]

Evaluates and builds as `dotnet msbuild` does: -t: -p: -v: -getProperty: -getItem: -getTargetResult: -getResultOutputFile:
-warnaserror -warnnotaserror: -nowarn: -m -nr: -nologo -restore @file.
"""


def run(args: Sequence[str]) -> int:
    """Exit code of `aotd msbuild ARGS`."""
    whom = caller()
    try:
        switches = parse_msbuild_switches(args, whom.directory)
    except SwitchError as error:
        console.write(error.text)
        return 1
    evaluator = ProjectEvaluator(whom.environment, str(whom.directory))
    if switches.asks and not switches.targets and not switches.target_results:
        return _query(switches, evaluator)
    quiet = switches.asks and not switches.result_file
    listeners = [] if quiet else [ConsoleLogger(switches.verbosity, console.write)]
    log = BuildLog(listeners, switches.warnings_as_errors, switches.warnings_not_as_errors, switches.no_warn)
    answer = BuildSession(evaluator, log).build(str(switches.project), switches.properties, switches.targets)
    if switches.asks and answer.instance is not None:
        text = query_text(answer.instance, switches.get_properties, switches.get_items, _target_results(answer, switches.target_results))
        console.write(text)
    return 0 if answer.succeeded and not log.has_escalated else 1


def _target_results(answer: BuildAnswer, names: Sequence[str]) -> dict[str, object]:
    """Result and items of the asked targets, in the shape of MSBuild's JSON."""
    words = {Outcome.SUCCESS: "Success", Outcome.FAILURE: "Failure", Outcome.SKIPPED: "Skipped"}
    wanted = {name.lower() for name in names}
    found: dict[str, object] = {}
    for name, result in answer.results:
        if name.lower() in wanted:
            found[name] = {"Result": words[result.outcome], "Items": [item_values(item) for item in result.items]}
    return found


def _query(switches: MSBuildSwitches, evaluator: ProjectEvaluator) -> int:
    try:
        instance = evaluator.evaluate(switches.project, switches.properties)
    except InvalidProjectFile as error:
        console.write(build_line(diagnostic_of(error, str(switches.project))) + "\n")
        return 1
    failed = False
    for diagnostic in instance.diagnostics:
        if diagnostic.severity is Severity.ERROR:
            failed = True
            console.write(build_line(diagnostic) + "\n")
    console.write(query_text(instance, switches.get_properties, switches.get_items, None))
    return 1 if failed else 0
