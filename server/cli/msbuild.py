"""`aotd msbuild`: takes MSBuild's command line and prints what `dotnet msbuild` prints."""

from __future__ import annotations

import time
from collections.abc import Sequence
from uuid import uuid4

from compiler.diagnostics import Diagnostic, InputError, Severity
from server.build.console_logger import ConsoleLogger, build_line
from server.build.events import BuildLog, Event, Listener
from server.build.session import BuildAnswer, BuildSession
from server.build.summary import BuildSummary
from server.build.targets import Outcome
from server.cli import console
from server.cli.build_services import CallerServices
from server.cli.caller import caller
from server.cli.msbuild_switches import MSBuildSwitches, SwitchError, parse_msbuild_switches
from server.msbuild.errors import InvalidProjectFile
from server.msbuild.evaluate import diagnostic_of
from server.msbuild.project import ProjectEvaluator
from server.msbuild.query import item_values, query_text
from server.msbuild.sdks import MSBUILD_VERSION

USAGE = """Usage: aotd msbuild [PROJECT] [switches of MSBuild]

Evaluates and builds as `dotnet msbuild` does: -t: -p: -v: -getProperty: -getItem: -getTargetResult: -getResultOutputFile:
-warnaserror -warnnotaserror: -nowarn: -restore -rp: -noconlog -noautorsp -version -targets @file; others are accepted and ignored.
"""


def run(args: Sequence[str]) -> int:
    """Exit code of `aotd msbuild ARGS`."""
    return run_msbuild(args, sums_up=False)


def run_msbuild(args: Sequence[str], *, sums_up: bool) -> int:
    """Exit code of MSBuild for `args`; with `sums_up` the end of a build tells its numbers."""
    whom = caller()
    try:
        switches = parse_msbuild_switches(args, whom.directory, whom.environment)
    except SwitchError as error:
        console.write(error.text)
        return 1
    if switches.wants == "help":
        console.write(USAGE)
        return 0
    evaluator = ProjectEvaluator(whom.environment, str(whom.directory))
    if switches.wants == "version":
        console.write(f"{MSBUILD_VERSION}\n")
        return 0
    if ((switches.get_properties or switches.get_items) and not switches.targets) or switches.lists_targets:
        return _query(switches, evaluator)
    return _build(switches, evaluator, sums_up=sums_up and not switches.asks and switches.verbosity > 0)


def _build(switches: MSBuildSwitches, evaluator: ProjectEvaluator, *, sums_up: bool) -> int:
    start = time.monotonic()
    summary = BuildSummary()
    if switches.asks and not switches.result_file:
        listener: Listener = _report_to_stderr
    else:
        listener = ConsoleLogger(switches.verbosity, console.write)
    listeners = [listener, summary] if switches.console_log or switches.asks else [summary]
    log = BuildLog(listeners, switches.warnings)
    only_restores = [target.lower() for target in switches.targets] == ["restore"]
    answer: BuildAnswer | None = None
    if switches.restore or only_restores:
        answer = _restore(switches, evaluator, log)
    if answer is None or (answer.succeeded and not only_restores):
        services = CallerServices(caller(), switches.project.parent)
        try:
            answer = BuildSession(evaluator, log, services).build(str(switches.project), switches.properties, switches.targets)
        finally:
            services.end()
    failed = not answer.succeeded or log.has_escalated or (switches.asks and not switches.result_file and log.has_errors)
    if switches.asks and switches.targets:
        if answer.instance is None:
            console.error_line("Build failed. Properties, Items, and Target results cannot be obtained. See details in stderr above.")
        else:
            found = _target_results(answer, switches.target_results)
            text = query_text(answer.instance, switches.get_properties, switches.get_items, found)
            failed = not _write_result(switches, text) or failed
    if sums_up:
        console.write(summary.text(succeeded=not failed, seconds=time.monotonic() - start))
    return 1 if failed else 0


def _restore(switches: MSBuildSwitches, evaluator: ProjectEvaluator, log: BuildLog) -> BuildAnswer:
    """Runs the Restore target where there is one, in a session of its own since it may write files that the build imports."""
    given = switches.restore_properties or switches.properties
    names = {"msbuildrestoresessionid", "msbuildisrestoring"}
    properties = {name: value for name, value in given.items() if name.lower() not in names}
    properties |= {"MSBuildRestoreSessionId": str(uuid4()), "MSBuildIsRestoring": "True"}
    return BuildSession(evaluator, log).build(str(switches.project), properties, ["Restore"], skip_nonexistent=True)


def _report_to_stderr(event: Event) -> None:
    if isinstance(event, Diagnostic) and event.severity in (Severity.ERROR, Severity.WARNING):
        console.error_line(build_line(event))


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
    except InputError as error:
        for diagnostic in error.earlier if isinstance(error, InvalidProjectFile) else ():
            _report_to_stderr(diagnostic)
        _report_to_stderr(diagnostic_of(error, str(switches.project)))
        return 1
    for diagnostic in instance.diagnostics:
        _report_to_stderr(diagnostic)
    if switches.lists_targets:
        written = _write(switches.targets_file, "".join(f"{target.name}\n" for target in instance.targets.values()), "-targets")
    else:
        written = _write_result(switches, query_text(instance, switches.get_properties, switches.get_items, None))
    return 1 if not written or any(diagnostic.severity is Severity.ERROR for diagnostic in instance.diagnostics) else 0


def _write_result(switches: MSBuildSwitches, text: str) -> bool:
    """Prints the answer or puts it into the file that was asked for; False when that file cannot be written."""
    return _write(switches.result_file, text, "-getResultOutputFile")


def _write(file: str, text: str, switch: str) -> bool:
    if not file:
        console.write(text)
        return True
    path = caller().directory / file
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        console.error_line(f"{path} : error AOTD0001: The file of {switch} cannot be written: {error.strerror}.")
        return False
    return True
