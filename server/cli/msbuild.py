"""`aotd msbuild`: takes MSBuild's command line and prints what `dotnet msbuild` prints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from uuid import uuid4

from compiler.csharp.toolchain import cache_directory
from compiler.diagnostics import Diagnostic, InputError, Severity
from server.build.binlog_reader import BinaryLog, BinaryLogError
from server.build.console_logger import build_line
from server.build.content_records import ContentRecords
from server.build.detailed_summary import DetailedSummary
from server.build.events import BuildLog, Importance, Listener, Message, Record, TargetStarted, TaskStarted
from server.build.logger_parameters import DIAGNOSTIC, LoggerError
from server.build.session import BuildAnswer, BuildSession
from server.build.targets import Outcome
from server.build.tasks.io_errors import exception_text
from server.cli import console
from server.cli.build_loggers import BuildLoggers, begin_build, dotnet_process, end_build, open_loggers
from server.cli.build_services import CallerServices
from server.cli.caller import Caller, caller
from server.cli.hosted_loggers import HostedLoggers
from server.cli.logger_switches import logger_failure
from server.cli.msbuild_switches import MSBuildSwitches, SwitchError, parse_msbuild_switches
from server.cli.switch_gathering import switch_error
from server.msbuild.errors import InvalidProjectFile
from server.msbuild.evaluate import diagnostic_of
from server.msbuild.evaluation_profile import EvaluationProfile
from server.msbuild.preprocess import preprocessed
from server.msbuild.project import ProjectEvaluator
from server.msbuild.query import item_values, query_text
from server.msbuild.sdks import MSBUILD_VERSION
from server.msbuild.solution import is_solution
from server.msbuild.warm import WarmEvaluations

USAGE = """Usage: aotd msbuild [PROJECT | LOG.binlog] [switches of MSBuild]

Evaluates and builds as `dotnet msbuild` does, or plays a binary log to the loggers that are asked for.

  -t:TARGETS  -p:NAME=VALUE  -v:LEVEL  -restore  -rp:NAME=VALUE  -m[:N]  -question
  -getProperty:NAMES  -getItem:TYPES  -getTargetResult:TARGETS  -getResultOutputFile:FILE
  -pp[:FILE]  -ts[:FILE]
  -clp:PARAMETERS  -noconlog  -fl[1-9]  -flp[1-9]:PARAMETERS  -dfl  -bl[:FILE]
  -warnaserror[:CODES]  -warnnotaserror:CODES  -nowarn:CODES
  -nologo  -noautorsp  @FILE  -ds  -version  -help
  --explain   says of each target why it runs or does not

`-p:AotdCompareContent=true` compares inputs and outputs of targets by content besides time, as `aotd build` does.

-tl:off shows no progress. Loggers from assemblies (-l:[CLASS,]ASSEMBLY[;PARAMETERS], -dl) hear the build when it has ended; the other
switches of MSBuild are accepted and change nothing.
"""
_BINLOG = ".binlog"
_EXPLAIN = ("--explain", "-explain")


def run(args: Sequence[str]) -> int:
    """Exit code of `aotd msbuild ARGS`."""
    return run_msbuild(args, as_verb=False)


def run_msbuild(args: Sequence[str], *, as_verb: bool, publishes_native: bool = False) -> int:
    """Exit code of MSBuild for `args`. A build `as_verb` of its own sums up its end and shows no version.

    One that `publishes_native` makes programs native over an installed SDK as well.
    """
    whom = caller()
    explains = any(arg.lower() in _EXPLAIN for arg in args)
    args = [arg for arg in args if arg.lower() not in _EXPLAIN]
    try:
        switches = parse_msbuild_switches(args, whom.directory, whom.environment)
    except SwitchError as error:
        console.write(error.text)
        return 1
    switches = replace(switches, explains=explains, compares_content=as_verb or publishes_native)
    if as_verb:
        switches = _summing_up(switches)
    if switches.wants == "help":
        console.write(USAGE)
        return 0
    if switches.wants == "version":
        console.write(f"{MSBUILD_VERSION}\n")
        return 0
    if switches.shows_logo and not switches.asks and not switches.preprocesses:
        console.write(f"MSBuild version {MSBUILD_VERSION} for .NET\n")
    evaluations = whom.tools.kept(WarmEvaluations)
    remembers = whom.tools.is_resident
    evaluator = evaluations.evaluator(whom.environment, str(whom.directory), remembers=remembers, publishes_native=publishes_native)
    if ((switches.get_properties or switches.get_items) and not switches.targets) or switches.lists_targets or switches.preprocesses:
        code = _query(switches, evaluator)
        evaluations.save()
        return code
    try:
        is_log = switches.project.suffix.lower() == _BINLOG
        return _replay(switches, evaluator) if is_log else _build(switches, evaluator, args)
    except LoggerError as error:
        console.write(logger_failure(error).text)
    except SwitchError as error:
        console.write(error.text)
    return 1


def _summing_up(switches: MSBuildSwitches) -> MSBuildSwitches:
    parameters = switches.loggers.console
    if parameters is not None and parameters.summary is None:
        parameters = replace(parameters, summary=True)
    return replace(switches, loggers=replace(switches.loggers, console=parameters), shows_logo=False)


def _open(switches: MSBuildSwitches, evaluator: ProjectEvaluator) -> BuildLoggers:
    for path in switches.loggers.duplicate_logs:
        console.write(f"Duplicate binary log path(s) specified and ignored: {path}\n")
    simple = _report_to_stderr if switches.asks and not switches.result_file else None
    return open_loggers(switches.loggers, caller().directory, evaluator.files, console.write, simple)


def _build(switches: MSBuildSwitches, evaluator: ProjectEvaluator, args: Sequence[str]) -> int:
    if switches.profile_file:
        evaluator.profile = EvaluationProfile(evaluator.surroundings.clock)
    services = CallerServices(caller(), switches.project.parent, is_quiet=switches.loggers.rank == 0)
    with closing(_hosted_loggers(switches, services)) as hosted, _ending(services):
        hosted.check()
        loggers = _open(switches, evaluator)
        hosted.listen(loggers)
        try:
            answer, failed = _logged_build(switches, evaluator, services, loggers, args)
        finally:
            loggers.close()
            _write_profile(switches, evaluator)
        failed = not hosted.finish() or failed
    if switches.asks and switches.targets:
        if answer.instance is None:
            console.error_line("Build failed. Properties, Items, and Target results cannot be obtained. See details in stderr above.")
        else:
            found = _target_results(answer, switches.target_results)
            text = query_text(answer.instance, switches.get_properties, switches.get_items, found)
            failed = not _write_result(switches, text) or failed
    return 1 if failed else 0


def _write_profile(switches: MSBuildSwitches, evaluator: ProjectEvaluator) -> None:
    """Writes what evaluations took: in Markdown when the file's name says so, else in columns."""
    profile, evaluator.profile = evaluator.profile, None
    if profile is None:
        return
    name = switches.profile_file
    console.write(f"Writing profiler report to '{name}'...\n")
    path = caller().directory / name
    try:
        path.write_text(profile.report(markdown=path.suffix.lower() == ".md"), encoding="utf-8")
    except OSError as error:
        console.write(f"MSBUILD : error MSB4239: Error writing profiling report. {exception_text(error, str(path))}\n")
    else:
        console.write("Done writing report.\n")


@contextmanager
def _ending(services: CallerServices) -> Iterator[None]:
    """Gives back, after the block, what a build has borrowed."""
    try:
        yield
    finally:
        services.end()


def _hosted_loggers(switches: MSBuildSwitches, services: CallerServices) -> HostedLoggers:
    """The loggers of assemblies; none hear a build that only answers a question, as in MSBuild."""
    answers = switches.asks and not switches.result_file
    return HostedLoggers(replace(switches.loggers, assemblies=() if answers else switches.loggers.assemblies), services)


def _logged_build(
    switches: MSBuildSwitches, evaluator: ProjectEvaluator, services: CallerServices, loggers: BuildLoggers, args: Sequence[str]
) -> tuple[BuildAnswer, bool]:
    """The build from its first event to its last: its answer, and whether it failed."""
    if loggers.has_binary or evaluator.variables.get("MSBUILDLOGIMPORTS"):
        evaluator = evaluator.tracing_imports()
    details = DetailedSummary()
    log = BuildLog(
        [_stop_when_cancelled(caller()), *([details] if switches.sums_up_details else ()), *loggers.listeners, *_caller_listeners()],
        switches.warnings,
        loggers.least,
        logs_task_inputs=loggers.has_binary or switches.loggers.rank >= DIAGNOSTIC,
        logs_evaluations=loggers.logs_evaluations,
        explain=_explain if switches.explains else None,
    )
    if switches.loggers.rank >= DIAGNOSTIC:
        _show_command_line(switches, evaluator, args)
    begin_build(log, loggers, tuple(evaluator.variables.items()), _facts(evaluator, args), switches.response_files)
    _say_without_effect(log, switches)
    answer = _build_projects(switches, evaluator, log, services, details)
    failed = not answer.succeeded or log.has_escalated or (switches.asks and not switches.result_file and log.has_errors)
    end_build(log, succeeded=not failed, question=switches.question)
    return answer, failed


def _stop_when_cancelled(whom: Caller) -> Listener:
    """Ends the build at the next target or task after its caller has gone away."""

    def listen(record: Record) -> None:
        if isinstance(record.event, TargetStarted | TaskStarted) and whom.is_cancelled():
            raise KeyboardInterrupt

    return listen


def _caller_listeners() -> list[Listener]:
    """A program that called hears of errors and warnings as they come."""
    listener = caller().listener

    def tell(record: Record) -> None:
        if listener is not None and isinstance(record.event, Diagnostic) and record.event.severity in (Severity.ERROR, Severity.WARNING):
            listener.diagnostic(record.event)

    return [tell] if listener is not None else []


def _show_command_line(switches: MSBuildSwitches, evaluator: ProjectEvaluator, args: Sequence[str]) -> None:
    """MSBuild's own call with the same switches, which diagnostic verbosity begins with."""
    named = [arg for arg in args if caller().directory / arg != switches.project]
    console.write(" ".join([f"{evaluator.toolset.tools_directory}/MSBuild.dll", *named, str(switches.project)]) + "\n")


def _facts(evaluator: ProjectEvaluator, args: Sequence[str]) -> list[str]:
    """What logs say about the process."""
    return [
        f'Process = "{dotnet_process()}"',
        f'MSBuild executable path = "{evaluator.toolset.tools_directory}/MSBuild.dll"',
        f'Command line arguments = "{" ".join(args)}"',
        f'Current directory = "{caller().directory}"',
        f'MSBuild version = "{MSBUILD_VERSION}"',
    ]


def _say_without_effect(log: BuildLog, switches: MSBuildSwitches) -> None:
    for name in switches.without_effect:
        text = f"The switch -{name} changes nothing here: projects are built in one process, as they are asked for."
        log.send(Message(text, Importance.HIGH))


def _build_projects(
    switches: MSBuildSwitches, evaluator: ProjectEvaluator, log: BuildLog, services: CallerServices, details: DetailedSummary
) -> BuildAnswer:
    only_restores = [target.lower() for target in switches.targets] == ["restore"]
    records = _content_records(switches)
    try:
        if switches.restore or only_restores:
            answer = _restore(switches, evaluator, log, services)
            details.send(log)
            if only_restores or not answer.succeeded:
                return answer
        n_nodes = 1 if switches.explains else switches.loggers.n_nodes
        session = BuildSession(evaluator, log, services, records, question=switches.question, n_nodes=n_nodes, isolates=switches.isolates)
        project = str(switches.project)
        if switches.graph and not is_solution(project):
            answer = session.build_graph(project, switches.properties, switches.targets, builds=switches.graph != "nobuild")
        else:
            answer = session.build(project, switches.properties, switches.targets)
        details.send(log)
        return answer
    finally:
        if records is not None:
            records.save()


def _content_records(switches: MSBuildSwitches) -> ContentRecords | None:
    """What the verbs of aotd know of earlier builds; MSBuild's own command line compares times alone, as MSBuild does."""
    given = {name.lower(): value for name, value in switches.properties.items()}
    compares = given.get("aotdcomparecontent", "true" if switches.compares_content else "false").lower() == "true"
    return ContentRecords(cache_directory(caller().environment) / "targets") if compares else None


def _explain(project: str, target: str, why: str) -> None:
    console.write(f"{project}: {target} {why}\n")


def _restore(switches: MSBuildSwitches, evaluator: ProjectEvaluator, log: BuildLog, services: CallerServices) -> BuildAnswer:
    """Runs the Restore target where there is one, in a session of its own since it may write files that the build imports."""
    given = switches.restore_properties or switches.properties
    names = {"msbuildrestoresessionid", "msbuildisrestoring"}
    properties = {name: value for name, value in given.items() if name.lower() not in names}
    properties |= {"MSBuildRestoreSessionId": str(uuid4()), "MSBuildIsRestoring": "True"}
    return BuildSession(evaluator, log, services).build(str(switches.project), properties, ["Restore"], skip_nonexistent=True)


def _replay(switches: MSBuildSwitches, evaluator: ProjectEvaluator) -> int:
    """Plays a binary log to the loggers."""
    services = CallerServices(caller(), switches.project.parent, is_quiet=switches.loggers.rank == 0)
    with closing(_hosted_loggers(switches, services)) as hosted, _ending(services):
        hosted.check()
        loggers = _open(switches, evaluator)
        try:
            with switches.project.open("rb") as stream:
                for record in BinaryLog(stream).records():
                    for listener in loggers.listeners:
                        listener(record)
        except (BinaryLogError, OSError) as error:
            shown = error.message if isinstance(error, BinaryLogError) else str(error.strerror)
            console.write(f"There was an exception while reading the log file: {shown}\n")
        finally:
            loggers.close()
        hosted.play(str(switches.project))
    return 0


def _report_to_stderr(record: Record) -> None:
    event = record.event
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
    if switches.preprocesses:
        evaluator = evaluator.tracing_imports()
    try:
        instance = evaluator.evaluate(switches.project, switches.properties)
    except InputError as error:
        for diagnostic in error.earlier if isinstance(error, InvalidProjectFile) else ():
            console.error_line(build_line(diagnostic))
        console.error_line(build_line(diagnostic_of(error, str(switches.project))))
        return 1
    for diagnostic in instance.diagnostics:
        if diagnostic.severity in (Severity.ERROR, Severity.WARNING):
            console.error_line(build_line(diagnostic))
    if switches.preprocesses:
        text = preprocessed(instance, evaluator)
        written = _write_listing(switches.preprocessed_file, text, "MSB1047", "File to preprocess to is not valid.")
    elif switches.lists_targets:
        names = "".join(f"{target.name}\n" for target in instance.targets.values())
        written = _write_listing(switches.targets_file, names, "MSB1059", "Targets could not be printed.")
    else:
        written = _write_result(switches, query_text(instance, switches.get_properties, switches.get_items, None))
    return 1 if not written or any(diagnostic.severity is Severity.ERROR for diagnostic in instance.diagnostics) else 0


def _write_result(switches: MSBuildSwitches, text: str) -> bool:
    """Prints the answer or puts it into the file that was asked for; False when that file cannot be written."""
    return _write(switches.result_file, text, "-getResultOutputFile")


def _write_listing(file: str, text: str, code: str, complaint: str) -> bool:
    """Prints what -preprocess or -targets asked for or puts it into a file; MSBuild's words when that cannot be."""
    if not file:
        console.write(text)
        return True
    path = caller().directory / file
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        missing = isinstance(error, FileNotFoundError | NotADirectoryError)
        why = f"Could not find a part of the path '{path}'." if missing else f"Access to the path '{path}' is denied."
        console.write(switch_error(code, f"{complaint} {why}", file).text)
        return False
    return True


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
