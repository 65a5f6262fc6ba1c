"""RestoreTask and WriteRestoreGraphTask: the entries of the restore graph -> restored projects, or the graph as a file."""

from __future__ import annotations

from pathlib import Path

from compiler.diagnostics import Location
from server.build.atomic_files import replace_file
from server.build.events import Importance
from server.build.tasks.task import Kind, Parameter, ProjectBuildRequest, TaskCall, TaskDefinition
from server.restore.assets_file import json_text
from server.restore.errors import RestoreError
from server.restore.feeds import SourceOptions
from server.restore.package_spec import PackageSpec
from server.restore.restore_graph import RestoreGraph, read_restore_graph
from server.restore.restore_log import LogMessage
from server.restore.restore_run import RestoreListener, RestoreOptions, run_restore
from server.restore.spec_json import Json, spec_to_json

_ENTRIES = "RestoreGraphItems"


def _graph(call: TaskCall) -> RestoreGraph:
    return read_restore_graph(item.value for item in call.items(_ENTRIES))


def _is_set(call: TaskCall, name: str) -> bool:
    return call.text(name).strip().lower() == "true"


def _restore(call: TaskCall) -> bool:
    graph = _graph(call)
    if not graph.wanted:
        call.message("Nothing to do. None of the projects specified contain packages to restore.", Importance.HIGH)
        return True
    hides = _is_set(call, "HideWarningsAndErrors")

    def report(message: LogMessage, spec: PackageSpec | None) -> None:
        location = Location(message.path or spec.restore.project_path) if spec is not None else None
        if hides:
            call.logged_error = call.logged_error or message.is_error
        elif message.is_error:
            call.error(message.code, message.text, location=location)
        else:
            call.warning(message.code, message.text, location=location)

    without_cache = _is_set(call, "RestoreNoCache") or _is_set(call, "RestoreNoHttpCache")
    options = RestoreOptions(
        _is_set(call, "RestoreForce"),
        _is_set(call, "RestoreForceEvaluate"),
        SourceOptions(_is_set(call, "RestoreIgnoreFailedSources"), not without_cache),
    )
    listener = RestoreListener(report, lambda line: call.message(line, Importance.HIGH))
    try:
        counts = run_restore(graph, call.variables(), options, listener)
    except RestoreError as failure:
        call.error(failure.code, failure.message)
        return False
    except OSError as failure:
        call.error("", f"{failure.strerror or failure}: '{failure.filename}'" if failure.filename else str(failure))
        return False
    call.set_value("ProjectsRestored", counts.restored + counts.failed)
    call.set_value("ProjectsAlreadyUpToDate", counts.current)
    call.set_value("ProjectsAudited", 0)
    # Projects that failed may have nothing to say here: what they had to say is theirs, or was said before.
    call.logged_error = call.logged_error or counts.failed > 0
    return not call.logged_error


def _write_graph(call: TaskCall) -> bool:
    graph = _graph(call)
    values: dict[str, Json] = {
        "format": 1,
        "restore": {path: {} for path in graph.wanted},
        "projects": {path: spec_to_json(spec) for path, spec in sorted(graph.specs.items())},
    }
    path = Path(call.path(call.text("RestoreGraphOutputPath")))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, json_text(values).encode())
    except OSError as failure:
        call.error("", f"the restore graph '{path}' cannot be written: {failure.strerror}")
        return False
    return True


def _restore_static_graph(call: TaskCall) -> bool:
    """Restore by static graph evaluation: the same result, gathered as the other restore gathers it."""
    solution = call.text("SolutionPath")
    path = solution if solution and solution != "*Undefined*" else call.text("ProjectFullPath")
    request = ProjectBuildRequest(call.path(path), ("Restore",), {"RestoreUseStaticGraphEvaluation": "false"}, (), False)
    succeeded = all(answer.succeeded for answer in call.build_projects([request], False))
    call.child_failed = not succeeded
    return succeeded


_TEXTS = (
    "RestoreDisableParallel RestoreNoCache RestoreNoHttpCache RestoreIgnoreFailedSources RestoreRecursive RestoreForce "
    "HideWarningsAndErrors Interactive RestoreForceEvaluate RestorePackagesConfig EmbedFilesInBinlog"
).split()

_STATIC_GRAPH_TEXTS = (
    "CleanupAssetsForUnsupportedProjects DisableParallel Force ForceEvaluate HideWarningsAndErrors IgnoreFailedSources Interactive "
    "MSBuildBinPath NoCache NoHttpCache ProjectFullPath Recursive RestorePackagesConfig SolutionPath ProcessFileName "
    "SerializeGlobalProperties MSBuildStartupDirectory EmbedFilesInBinlog EnableBinaryLogger BinaryLoggerParameters"
).split()

TASKS = (
    TaskDefinition(
        "RestoreTaskEx", tuple(Parameter(name, Kind.TEXT) for name in _STATIC_GRAPH_TEXTS), ("EmbedInBinlog",), _restore_static_graph
    ),
    TaskDefinition(
        "RestoreTask",
        (*(Parameter(name, Kind.TEXT) for name in _TEXTS), Parameter(_ENTRIES, Kind.ITEMS)),
        ("EmbedInBinlog", "ProjectsRestored", "ProjectsAlreadyUpToDate", "ProjectsAudited"),
        _restore,
    ),
    TaskDefinition(
        "WriteRestoreGraphTask",
        (Parameter("RestoreGraphOutputPath", Kind.TEXT), Parameter("RestoreRecursive", Kind.TEXT), Parameter(_ENTRIES, Kind.ITEMS)),
        (),
        _write_graph,
    ),
)
