"""Build records -> the lines that MSBuild's console logger and file logger write at a verbosity.

Starts of projects and targets are held back until something of them is shown. With several nodes each line of a project begins with the
project's number, and lines without one are indented as far.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from compiler.diagnostics import Diagnostic, Location, Severity
from server.build.event_texts import event_text, target_started_text
from server.build.events import (
    BuildEventContext,
    BuildFinished,
    BuildStarted,
    CommandLine,
    EnvironmentVariableRead,
    EvaluationFinished,
    EvaluationStarted,
    Importance,
    Message,
    Pairs,
    ProjectFinished,
    ProjectStarted,
    Record,
    TargetFinished,
    TargetStarted,
    TaskFinished,
    TaskStarted,
    TypedItems,
)
from server.build.logger_parameters import DETAILED, DIAGNOSTIC, NORMAL, VERBOSITY_WORDS, LoggerParameters
from server.build.performance_counters import PerformanceSummary
from server.build.started_events import StartedEvents, StartedTarget, key_text, project_key, target_key

_YEAR_ONE = datetime(1, 1, 1, tzinfo=UTC)
_TICKS_PER_SECOND = 10_000_000
_NO_PROJECT = -2
_NO_TASK = -1
_TASK_INDENT = 2
_ENVIRONMENT_PREFIXES = ("MSBUILD", "DOTNET_", "COMPLUS_")
_COLOURS = {
    "green": "\x1b[32;1m",
    "cyan": "\x1b[36;1m",
    "dark cyan": "\x1b[36m",
    "red": "\x1b[31;1m",
    "yellow": "\x1b[33;1m",
    "gray": "\x1b[37m",
    "dark gray": "\x1b[30;1m",
}
_RESET = "\x1b[m"


@dataclass(slots=True, eq=False)
class ConsoleLogger:
    """A listener. `rank` is that of the verbosity: 0 quiet, 1 minimal, 2 normal, 3 detailed, 4 diagnostic.

    `output_files` are those that other loggers write, by logger; `greeting` follows the first line. Invariant: `_last_key` is the project
    whose number was written last, `_last_place` the target whose line was; both are None before the first.
    """

    rank: int
    write: Callable[[str], None]
    parameters: LoggerParameters | None = None
    output_files: Sequence[tuple[str, str]] = ()
    greeting: str = ""
    _shown: LoggerParameters = field(init=False)
    _started: StartedEvents = field(default_factory=StartedEvents)
    _performance: PerformanceSummary = field(default_factory=PerformanceSummary)
    _began: int = 0
    _prefix_width: int = 0
    _last_key: tuple[int, int] | None = None
    _last_place: tuple[int, int, int] | None = None
    _deferred: dict[tuple[int, int], list[Record]] = field(default_factory=dict)
    _descriptions: dict[tuple[str, int], str] = field(default_factory=dict)
    _errors: list[Record] = field(default_factory=list)
    _warnings: list[Record] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._shown = self.parameters or LoggerParameters(self.rank, performance_summary=self.rank >= DIAGNOSTIC)
        self.rank = self._shown.rank

    def __call__(self, record: Record) -> None:
        """Prints what the verbosity shows of one record."""
        event = record.event
        match event:
            case Diagnostic():
                self._finding(record, event)
            case BuildStarted():
                self._build_started(record, event)
            case BuildFinished():
                self._build_finished(record, event)
            case ProjectStarted():
                self._project_started(record, event)
            case ProjectFinished():
                self._project_finished(record, event)
            case TargetStarted():
                self._started.add_target(event, record.context, record.ticks)
                self._performance.counter("Target", event.target).start(target_key(record.context), record.ticks)
            case TargetFinished():
                self._target_finished(record, event)
            case TaskStarted():
                self._task(record)
                self._performance.counter("Task", event.task).start(record.context, record.ticks)
            case TaskFinished():
                self._performance.counter("Task", event.task).finish(record.context, record.ticks)
                self._task(record)
            case EvaluationStarted():
                key = project_key(record.context), record.context.evaluation
                self._performance.counter("Project Evaluation", event.project).start(key, record.ticks)
            case EvaluationFinished():
                self._evaluation_finished(record, event)
            case _:
                self._message(record, event.importance, is_command_line=isinstance(event, CommandLine))

    def _build_started(self, record: Record, event: BuildStarted) -> None:
        self._began = record.ticks
        if self._shown.shows_diagnostics_only:
            return
        if self.rank >= NORMAL:
            self._line(f"Build started {local_time(record.ticks):%m/%d/%Y %H:%M:%S}.")
            self.write(self.greeting)
        environment = event.environment
        if not self._shown.environment:
            environment = tuple(pair for pair in environment if pair[0].upper().startswith(_ENVIRONMENT_PREFIXES))
        if environment and (self.rank >= DIAGNOSTIC or self._shown.environment):
            self._colour("green")
            self._aligned("Environment at start of build:", prefix_written=True)
            self._colour("gray")
            for name, value in environment:
                self._aligned(f"{name} = {value}")
            self._colour("")
            self.write("\n")

    def _build_finished(self, record: Record, event: BuildFinished) -> None:
        if self._deferred and not self._shown.shows_diagnostics_only and self.rank >= NORMAL:
            self._line("Deferred Messages")
            for records in self._deferred.values():
                for deferred in records:
                    self._print_message(deferred, lightened=False)
        if self._shown.performance_summary:
            for line in self._performance.lines():
                self._line(line)
        if not self._shown.shows_summary:
            return
        if event.succeeded:
            self._colour("green")
        self.write("\n")
        self._line(event.text)
        self._colour("")
        if not self._shown.shows_diagnostics_only and (self._warnings or self._errors):
            self._repeat_findings()
        self._colour("yellow" if self._warnings else "")
        self._line(f"    {len(self._warnings)} Warning(s)")
        self._colour("red" if self._errors else "")
        self._line(f"    {len(self._errors)} Error(s)")
        self._colour("")
        if self.output_files:
            self.write("\n")
            for logger, path in self.output_files:
                self._line(f"{logger} wrote to: {path}")
        self.write("\n")
        self._line(f"Time Elapsed {elapsed_text(record.ticks - self._began)}")

    def _repeat_findings(self) -> None:
        groups = (("yellow", self._warnings), ("red", self._errors))
        if self.rank < NORMAL:
            self.write("\n")
            for colour, records in groups:
                self._colour(colour if records else "")
                for record in records:
                    self._aligned(self._finding_text(record), prefix_written=True)
        else:
            for colour, records in groups:
                self._colour(colour if records else "")
                self._nested(records)
        self._colour("")

    def _nested(self, records: Sequence[Record]) -> None:
        """Findings under the projects and targets that they belong to."""
        grouped: dict[tuple[BuildEventContext, str], list[Record]] = {}
        for record in records:
            target = self._started.target(record.context)
            name = target.event.target if target is not None else ""
            grouped.setdefault((record.context, name.lower()), []).append(record)
        previous: BuildEventContext | None = None
        previous_target = ""
        for members in grouped.values():
            context = members[0].context
            target = self._started.target(context)
            if context != previous:
                self.write("\n")
                for line in self._started.call_stack(context):
                    self._aligned(line)
                previous = context
            name = target.event.target if target is not None else ""
            if name.lower() != previous_target.lower():
                if name:
                    self._aligned(f"({name} target) -> ")
                previous_target = name
            for record in members:
                self._aligned("  " + self._finding_text(record))
            self.write("\n")

    def _project_started(self, record: Record, event: ProjectStarted) -> None:
        context = record.context
        self._started.add_project(event, context, record.ticks)
        self._performance.counter("Project", event.project).start(project_key(context), record.ticks, event.targets)
        for deferred in self._deferred.pop(project_key(context), ()):
            self(deferred)
        if self.rank >= DIAGNOSTIC and self._shown.items_and_properties and not self._shown.shows_diagnostics_only:
            self._show_project(context)
            self._properties(record, event.properties)
            self._items(record, event.items)
        described = _description(event.items) or self._descriptions.get(("evaluation", context.evaluation), "")
        if described:
            self._descriptions["project", context.project] = described

    def _project_finished(self, record: Record, event: ProjectFinished) -> None:
        project = self._started.project(record.context)
        if project is None:
            return
        counter = self._performance.counter("Project", event.project)
        counter.finish(project_key(record.context), record.ticks, project.event.targets)
        if self.rank >= NORMAL and project.is_shown:
            self._last_key = project.full_key
            if not self._shown.shows_diagnostics_only:
                self._prefix(project.full_key, record.ticks)
                self._colour("cyan")
                targets = f"{project.event.targets} target(s)" if project.event.targets else "default targets"
                failed = "" if event.succeeded else " -- FAILED"
                self._aligned(f'Done Building Project "{project.event.project}" ({targets}){failed}.', prefix_written=True)
                self._colour("")
            self._last_place = target_key(record.context)
        self._started.end_project(record.context)

    def _target_finished(self, record: Record, event: TargetFinished) -> None:
        self._performance.counter("Target", event.target).finish(target_key(record.context), record.ticks)
        if self.rank >= DETAILED:
            self._show_target(record.context)
            target = self._started.target(record.context)
            if target is not None and target.is_shown:
                if event.outputs and self._shows_target_outputs():
                    self._aligned("Target output items:")
                    for item in event.outputs:
                        self._aligned(f"    {item.include}")
                        for name, value in item.metadata:
                            self._aligned(f"{' ' * 8}{name} = {value}")
                if not self._shown.shows_diagnostics_only:
                    self._last_key = self._key(record.context)
                    self._prefix(self._last_key, record.ticks)
                    self._colour("cyan")
                    text = event_text(event)
                    self._aligned(self._with_id(f"{text}:", "TargetId", record.context.target, text), prefix_written=True)
                    self._colour("")
                self._last_place = target_key(record.context)
        self._started.end_target(record.context)

    def _shows_target_outputs(self) -> bool:
        """MSBuild does when a binary log is written as well, or a variable asks for it."""
        return any(logger == "BinaryLogger" for logger, _ in self.output_files)

    def _with_id(self, with_colon: str, word: str, number: int, plain: str) -> str:
        return f"{with_colon} ({word}:{number})" if self.rank >= DIAGNOSTIC or self._shown.event_id else plain

    def _task(self, record: Record) -> None:
        if self.rank < DETAILED:
            return
        self._show_started(record.context)
        if not self._shown.shows_diagnostics_only:
            written = self._target_prefix(record.context, record.ticks, record.context)
            self._colour("dark cyan")
            text = event_text(record.event)
            self._aligned(self._with_id(text, "TaskId", record.context.task, text), prefix_written=written)
            self._colour("")
        self._last_place = target_key(record.context)

    def _evaluation_finished(self, record: Record, event: EvaluationFinished) -> None:
        key = project_key(record.context), record.context.evaluation
        self._performance.counter("Project Evaluation", event.project).finish(key, record.ticks)
        if self.rank >= DIAGNOSTIC and self._shown.items_and_properties:
            self._properties(record, event.properties)
            self._items(record, event.items)
        described = _description(event.items)
        if described:
            self._descriptions["evaluation", record.context.evaluation] = described

    def _finding(self, record: Record, event: Diagnostic) -> None:
        if event.severity not in (Severity.ERROR, Severity.WARNING):
            return
        is_error = event.severity is Severity.ERROR
        (self._errors if is_error else self._warnings).append(record)
        self._started.note_finding(record.context)
        self._show_started(record.context)
        only_this, only_other = self._shown.only_errors, self._shown.only_warnings
        if not is_error:
            only_this, only_other = only_other, only_this
        if only_other and not only_this:
            return
        if self.rank >= NORMAL:
            self._prefix(self._key(record.context), record.ticks)
        self._colour("red" if is_error else "yellow")
        self._aligned(self._finding_text(record), prefix_written=True)
        self._last_place = target_key(record.context)
        self._colour("")

    def _finding_text(self, record: Record) -> str:
        assert isinstance(record.event, Diagnostic)
        return build_line(record.event, self._descriptions.get(("project", record.context.project), ""))

    def _message(self, record: Record, importance: Importance, *, is_command_line: bool) -> None:
        if self._shown.shows_diagnostics_only:
            return
        if is_command_line:
            shows = self._shown.command_line if self._shown.command_line is not None else self.rank >= NORMAL
            lightened = False
        else:
            shows = importance.value <= self.rank
            lightened = importance is not Importance.HIGH
        if not shows:
            return
        context = record.context
        if self._began and context.project != _NO_PROJECT and self.rank >= NORMAL and self._started.project(context) is None:
            self._deferred.setdefault(project_key(context), []).append(record)
            return
        self._show_started(context)
        self._print_message(record, lightened=lightened)
        self._last_place = target_key(context)

    def _print_message(self, record: Record, *, lightened: bool) -> None:
        event, context = record.event, record.context
        text = event_text(event)
        in_task = context.task != _NO_TASK
        if isinstance(event, EnvironmentVariableRead):
            text = f"Property '{event.name}' with value '{text}' expanded from the environment."
        has_place = isinstance(event, Message) and event.placed is not None
        if isinstance(event, Message) and event.placed is not None:
            text = build_line(event.placed, self._descriptions.get(("project", context.project), ""))
        adjusted = _TASK_INDENT if in_task and not has_place else 0
        if lightened:
            self._colour("dark gray")
        self._name_target(context, record.ticks)
        if lightened:
            self._colour("dark gray")
        written = False
        shows_id = in_task and (self.rank >= DIAGNOSTIC or self._shown.event_id)
        if shows_id or self._shown.timestamp or self.rank >= DETAILED:
            written = self._target_prefix(context, record.ticks, context)
        self._aligned(f"{text} (TaskId:{context.task})" if shows_id else text, prefix_written=written, adjusted=adjusted)
        if lightened:
            self._colour("")

    def _name_target(self, context: BuildEventContext, ticks: int) -> None:
        """The target's name before a message of it, unless the last line was of the same target."""
        if self.rank < NORMAL or self._last_place == target_key(context):
            return
        target = self._started.target(context)
        if target is None:
            return
        written = self._target_prefix(context, target.ticks if self._keeps_times() else ticks, target.context)
        self._colour("cyan")
        name = f"{target.event.target}:"
        self._aligned(self._with_id(name, "TargetId", context.target, name), prefix_written=written)
        self._colour("")

    def _keeps_times(self) -> bool:
        return self._shown.timestamp or self.rank >= DETAILED

    def _show_started(self, context: BuildEventContext) -> None:
        """Shows the starts of the project and the target of `context` that are held back."""
        if self._shown.shows_diagnostics_only:
            return
        if self.rank >= NORMAL:
            self._show_project(context)
        if self.rank >= DETAILED:
            self._show_target(context)

    def _show_project(self, context: BuildEventContext) -> None:
        project = self._started.project(context)
        if self._shown.skips_project_started or project is None or project.is_shown:
            return
        project.is_shown = True
        parent = project.parent
        if parent is not None:
            self._show_started(parent.context)
        targets = f"{project.event.targets} target(s)" if project.event.targets else "default targets"
        node = project.context.node
        if parent is None:
            self._prefix(project.full_key, project.ticks, text_key=project.name())
            line = f'Project "{project.event.project}" on node {node} ({targets}).'
        else:
            self._prefix(parent.full_key, parent.ticks, text_key=parent.name())
            first = f'Project "{parent.event.project}" ({parent.name()}) is building'
            line = f'{first} "{project.event.project}" ({project.name()}) on node {node} ({targets}).'
        self._colour("cyan")
        self._aligned(line, prefix_written=True)
        self._colour("")
        self._last_place = None

    def _show_target(self, context: BuildEventContext) -> None:
        target = self._started.target(context)
        if self._shown.shows_diagnostics_only or target is None or target.is_shown:
            return
        target.is_shown = True
        self._show_started(target.context)
        self._prefix(self._key(target.context), target.ticks)
        self._colour("cyan")
        self._aligned(self._target_line(target), prefix_written=True)
        self._colour("")
        self._last_place = target_key(context)

    def _target_line(self, target: StartedTarget) -> str:
        name = target.event.target
        return target_started_text(target.event, self._with_id(f"{name}:", "TargetId", target.context.target, name))

    def _key(self, context: BuildEventContext) -> tuple[int, int]:
        project = self._started.project(context)
        return project.full_key if project is not None else (0, 0)

    def _target_prefix(self, context: BuildEventContext, ticks: int, shown: BuildEventContext) -> bool:
        """Writes the number of the project unless the last line had it; was it written?"""
        key = self._key(context)
        if key == self._last_key:
            return False
        self._prefix(self._key(shown), ticks)
        self._last_key = key
        return True

    def _prefix(self, key: tuple[int, int], ticks: int, text_key: str = "") -> None:
        if self._shown.n_nodes == 1:
            return
        name = text_key or (key_text(key, always_entry_point=False) if self.rank > NORMAL else str(key[0]))
        shows_time = self._shown.timestamp or self.rank >= DIAGNOSTIC
        time = f"{local_time(ticks):%H:%M:%S}.{ticks // 10_000 % 1000:03}" if shows_time else ""
        prefix = f"{time} {name:>5}>"
        self._colour("cyan")
        self.write(prefix)
        self._colour("")
        if not self._prefix_width:
            self._prefix_width = len(prefix)

    def _properties(self, record: Record, properties: Pairs) -> None:
        if not properties or self._shown.shows_diagnostics_only:
            return
        self._prefix(self._key(record.context), record.ticks)
        self._colour("green")
        self._aligned("Initial Properties:", prefix_written=True)
        self._colour("gray")
        for name, value in sorted(properties, key=lambda pair: collated(pair[0])):
            self._aligned(f"{name} = {value}")
        self._colour("")
        self.write("\n")
        self._last_place = target_key(record.context)

    def _items(self, record: Record, items: TypedItems) -> None:
        if not items or self._shown.shows_diagnostics_only:
            return
        self._prefix(self._key(record.context), record.ticks)
        self._colour("green")
        self._line("Initial Items:")
        for item_type, members in sorted(items, key=lambda pair: collated(pair[0])):
            self._colour("dark gray")
            self._aligned(item_type)
            self._colour("gray")
            for item in sorted(members, key=lambda one: collated(one.include)):
                self._aligned(f"    {item.include}")
                for name, value in item.metadata:
                    self._aligned(f"{' ' * 8}{name} = {value}")
        self._colour("")
        self.write("\n")
        self._last_place = target_key(record.context)

    def _line(self, text: str) -> None:
        self.write(f"{text}\n")

    def _aligned(self, text: str, *, prefix_written: bool = False, adjusted: int = 0) -> None:
        """Lines of a text, without indent when the prefix stands there already."""
        indent = "" if prefix_written else " " * (self._prefix_width + adjusted)
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        self.write("".join(f"{indent}{line}\n" for line in lines))

    def _colour(self, name: str) -> None:
        """Changes the colour; "" is the usual one."""
        if self._shown.force_colour and not self._shown.disable_colour:
            self.write(_COLOURS.get(name, _RESET))


def _description(items: TypedItems) -> str:
    """What the project says about its configuration, for its errors and warnings."""
    found = [item.include for item_type, members in items if item_type.lower() == "projectconfigurationdescription" for item in members]
    return " ".join(found)


def local_time(ticks: int) -> datetime:
    """A time of a record in the local zone."""
    return (_YEAR_ONE + timedelta(microseconds=ticks // 10)).astimezone()


def elapsed_text(ticks: int) -> str:
    """A duration as MSBuild shows it, `00:00:01.23`."""
    seconds, fraction = divmod(max(ticks, 0), _TICKS_PER_SECOND)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    hundredths = f".{fraction // 100_000:02}" if fraction else ""
    return f"{hours:02}:{minute:02}:{second:02}{hundredths}"


def collated(name: str) -> tuple[tuple[int, str], ...]:
    """Sort key of a name without case, punctuation before digits before letters."""
    return tuple((0 if not character.isalnum() else 1 if character.isdigit() else 2, character) for character in name.lower())


def verbosity_line(rank: int) -> str:
    """What a file log says first; no line ends there, in MSBuild's logs neither."""
    return f"Logging verbosity is set to: {VERBOSITY_WORDS[rank]}."


def build_line(diagnostic: Diagnostic, description: str = "") -> str:
    """`file(line,col): error CODE: text [project]`, spaced as MSBuild's logger does; several lines when the text has them.

    `description` says which configuration of the project it was.
    """
    place = diagnostic.location
    origin = "MSBUILD"
    if place is not None and place.file:
        origin = place.file + (_numbers(place) if place.line else " ")
    else:
        origin += " "
    category = f"{diagnostic.subcategory} " if diagnostic.subcategory else ""
    project = diagnostic.project if place is None or diagnostic.project != place.file else ""
    inside = "::".join(part for part in (project, description) if part)
    shown = f" [{inside}]" if inside else ""
    head = f"{origin}: {category}{diagnostic.severity.value} {diagnostic.code}: "
    lines = diagnostic.message.replace("\r\n", "\n").split("\n")
    return "\n".join(head + line + shown for line in lines)


def _numbers(place: Location) -> str:
    """The position in a file, in the forms of MSBuild."""
    if not place.column:
        return f"({place.line}-{place.end_line})" if place.end_line else f"({place.line})"
    if not place.end_line:
        return f"({place.line},{place.column}-{place.end_column})" if place.end_column else f"({place.line},{place.column})"
    return f"({place.line},{place.column},{place.end_line},{place.end_column})"


def importance_of(name: str) -> Importance | None:
    """The importance that a word means, without case."""
    return {"high": Importance.HIGH, "normal": Importance.NORMAL, "low": Importance.LOW}.get(name.lower())
