"""A task declaration -> what the task's assembly says of it: its parameters, and the number by which its process knows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from compiler.csharp.wire import Json
from compiler.diagnostics import Location
from server.build.dotnet_tasks.host_process import Body, HostProcess, TakeEvent
from server.build.dotnet_tasks.hosts import BuildTaskHosts
from server.build.events import BuildLog
from server.build.tasks.task import Kind, Parameter
from server.msbuild.errors import InvalidProjectFile, invalid
from server.msbuild.model import UsingTask

_KINDS = {"item": Kind.ITEM, "items": Kind.ITEMS, "text": Kind.TEXT, "texts": Kind.TEXTS, "": Kind.UNSUPPORTED}


@dataclass(frozen=True, slots=True)
class TaskSource:
    """Where a task comes from: an assembly by file or name, its factory if it has one, folders with further dependencies.

    `place` is what errors call the assembly. An inline task's assembly is known by the code it was compiled from.
    """

    task_name: str
    assembly: str
    is_file: bool
    factory: str = ""
    is_inline: bool = False
    folders: tuple[str, ...] = ()
    parameters: tuple[tuple[str, str, bool, bool], ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class Description:
    """A task as its process describes it. `parameters` are all public properties, in the order of the class."""

    process: HostProcess
    index: int
    assembly: str
    path: str
    parameters: tuple[Parameter, ...]
    outputs: tuple[str, ...]


def refuse_missing_file(source: TaskSource, location: Location) -> None:
    """Raises InvalidProjectFile when the assembly is a file that is not there: no process is needed to say so."""
    if source.is_file and not Path(source.assembly).is_file():
        text = f"Could not load file or assembly '{source.assembly}'. The system cannot find the file specified.\n"
        raise _load_failure("MSB4175" if source.factory else "MSB4062", source, text, location)


def source_of(declaration: UsingTask) -> TaskSource:
    """The source of a task in an assembly, or of one that a factory in an assembly makes."""
    factory = declaration.task_factory
    if factory.lower() in ("assemblytaskfactory", "taskhostfactory"):
        factory = ""
    return TaskSource(
        declaration.task_name,
        declaration.assembly_file or declaration.assembly_name,
        is_file=bool(declaration.assembly_file),
        factory=factory,
        parameters=tuple((one.name, one.type_name, one.is_output, one.is_required) for one in declaration.parameters) if factory else (),
        text=declaration.body if factory else "",
    )


def engine_body(location: Location, global_properties: Mapping[str, str], log: BuildLog, *, continues: bool) -> dict[str, Json]:
    """What IBuildEngine tells a task about where it is."""
    return {
        "file": location.file,
        "line": location.line,
        "column": location.column,
        "continue_on_error": continues,
        "is_parallel": False,
        "verbosity": log.least.value,
        "logs_task_inputs": log.logs_task_inputs,
        "global_properties": dict(global_properties),
    }


class TaskDescriptions:
    """The tasks of one build as their processes describe them. Invariant: an entry is of a process that may have died since.

    A process goes on knowing a task of an assembly in later builds, for which it is taken only while the files that it loaded are the
    same. A factory makes its tasks anew for each build.
    """

    def __init__(self, hosts: BuildTaskHosts, is_cancelled: Callable[[], bool]) -> None:
        self.hosts = hosts
        self._is_cancelled = is_cancelled
        self._known: dict[tuple[HostProcess, TaskSource], Description | None] = {}

    def describe(self, source: TaskSource, engine: Body, location: Location, take_event: TakeEvent) -> Description | None:
        """The task, None when its factory refused it and has said why. Raises InvalidProjectFile and InputError."""
        process = self.hosts.process()
        key = (process, source)
        if key in self._known:
            return self._known[key]
        learned = process.learned.get(source)
        if isinstance(learned, Description):
            return learned
        body: dict[str, Json] = {
            "task": source.task_name,
            "assembly": source.assembly,
            "is_file": source.is_file,
            "is_inline": source.is_inline,
            "folders": list(source.folders),
            "factory": source.factory,
            "parameters": [
                {"name": name, "type": type_name, "is_output": is_output, "required": required}
                for name, type_name, is_output, required in source.parameters
            ],
            "text": source.text,
            "engine": dict(engine),
        }
        answer = process.request("describe", body, take_event, self._is_cancelled)
        found = self._known[key] = self._description(process, source, answer, location)
        if not source.factory:
            process.learned[source] = found
        return found

    def _description(self, process: HostProcess, source: TaskSource, answer: Body, location: Location) -> Description | None:
        assert "fault" not in answer, f"the task host failed: {answer.get('fault')}"
        if "index" not in answer:
            code, message = str(answer["code"]), str(answer["message"])
            if not code:
                return None
            raise _load_failure(code, source, message, location)
        rows = answer["parameters"]
        assert isinstance(rows, list)
        parameters = tuple(_parameter(row) for row in rows)
        outputs = tuple(str(row["name"]) for row in rows if row["is_output"])
        index = answer["index"]
        assert isinstance(index, int)
        return Description(process, index, str(answer["assembly"]), str(answer["path"]) or source.assembly, parameters, outputs)


def _parameter(row: Mapping[str, Json]) -> Parameter:
    return Parameter(str(row["name"]), _KINDS[str(row["input"])], required=bool(row["required"]), type_name=str(row["type"]))


def _load_failure(code: str, source: TaskSource, message: str, location: Location) -> InvalidProjectFile:
    if code == "MSB4062":
        text = (
            f'The "{source.task_name}" task could not be loaded from the assembly {source.assembly}. {message} Confirm that the '
            "<UsingTask> declaration is correct, that the assembly and all its dependencies are available, and that the task contains a "
            "public class that implements Microsoft.Build.Framework.ITask."
        )
    elif code == "MSB4174":
        text = f'The task factory "{source.factory}" could not be found in the assembly "{source.assembly}".'
    elif code == "MSB4175":
        text = f'The task factory "{source.factory}" could not be loaded from the assembly "{source.assembly}". {message}'
    else:
        text = (
            f'The "{source.factory}" task factory could not be instantiated from the assembly "{source.assembly}". Please verify the '
            "task assembly has been built using the same version of the Microsoft.Build.Framework assembly as the one installed on your "
            f"computer and that your host application is not missing a binding redirect for Microsoft.Build.Framework. {message}"
        )
    return invalid(code, location, text)
