"""What a build reports while it runs: messages, warnings, errors, and the beginnings and ends of projects, targets and tasks.

Every event is sent in a `Record` with its place in the build and its time. Listeners get plain values; nothing here prints.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Protocol

from compiler.diagnostics import Diagnostic, Severity

# Of a .NET DateTime: 100 ns since the year 1.
_TICKS_AT_UNIX_EPOCH = 621_355_968_000_000_000


class Importance(Enum):
    """Importance of a message; `value` is the lowest rank of verbosity that shows it (1 minimal, 2 normal, 3 detailed)."""

    HIGH = 1
    NORMAL = 2
    LOW = 3


class BuildReason(Enum):
    """Why a target was built; `value` is its number in binary logs."""

    NONE = 0
    BEFORE_TARGETS = 1
    DEPENDS_ON = 2
    AFTER_TARGETS = 3
    INITIAL_TARGETS = 4
    DEFAULT_TARGETS = 5
    ENTRY_TARGETS = 6


class SkipReason(Enum):
    """Why a target was not built; `value` is its number in binary logs."""

    NONE = 0
    PREVIOUSLY_BUILT_SUCCESSFULLY = 1
    PREVIOUSLY_BUILT_UNSUCCESSFULLY = 2
    OUTPUTS_UP_TO_DATE = 3
    CONDITION_WAS_FALSE = 4


class ParameterKind(Enum):
    """What a list of items is; `value` is its number in binary logs."""

    TASK_INPUT = 0
    TASK_OUTPUT = 1
    ADD_ITEM = 2
    REMOVE_ITEM = 3
    SKIPPED_TARGET_INPUTS = 4
    SKIPPED_TARGET_OUTPUTS = 5


@dataclass(frozen=True, slots=True)
class BuildEventContext:
    """Where in a build something happened; the defaults mean "nowhere"."""

    node: int = -2
    project: int = -2
    target: int = -1
    task: int = -1
    submission: int = -1
    instance: int = -1
    evaluation: int = -1


NOWHERE = BuildEventContext()
# The number of the only node there is.
NODE = 1
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class LoggedItem:
    """An item as logs show it: unescaped include and metadata of its own."""

    include: str
    metadata: Pairs = ()


Items = tuple[LoggedItem, ...]
TypedItems = tuple[tuple[str, Items], ...]


@dataclass(frozen=True, slots=True)
class Message:
    """A line (or more) of text; `placed` is set when it is about a place, as an error is."""

    text: str
    importance: Importance
    placed: Diagnostic | None = None
    sender: str = "MSBuild"


@dataclass(frozen=True, slots=True)
class CommandLine:
    """The command line of a task that starts a program."""

    text: str
    task: str
    importance: Importance = Importance.HIGH


@dataclass(frozen=True, slots=True)
class BuildStarted:
    """The first event. `environment` are the variables that the build could see."""

    environment: Pairs = ()
    text: str = "Build started."


@dataclass(frozen=True, slots=True)
class BuildFinished:
    """The last event."""

    succeeded: bool
    text: str


@dataclass(frozen=True, slots=True)
class EvaluationStarted:
    """The evaluation of a project file begins."""

    project: str


@dataclass(frozen=True, slots=True)
class EvaluationFinished:
    """What an evaluation came to; `profile` are its parts with their times, where they were asked for."""

    project: str
    global_properties: Pairs
    properties: Pairs
    items: TypedItems


@dataclass(frozen=True, slots=True)
class ProjectStarted:
    """Targets of a project begin to be built; `targets` is "" for the default ones. `parent` is where that was asked for."""

    project: str
    targets: str
    global_properties: Pairs
    parent: BuildEventContext
    instance: int
    properties: Pairs = ()
    items: TypedItems = ()
    tools_version: str = "Current"


@dataclass(frozen=True, slots=True)
class ProjectFinished:
    """The end of what the ProjectStarted of the same context began."""

    project: str
    succeeded: bool


@dataclass(frozen=True, slots=True)
class TargetStarted:
    """A target, or one batch of it, begins. `file` is where it stands, `parent` the target that it is built for."""

    project: str
    target: str
    file: str = ""
    parent: str = ""
    reason: BuildReason = BuildReason.NONE


@dataclass(frozen=True, slots=True)
class TargetFinished:
    """The end of what the TargetStarted of the same context began; `outputs` is None when it returned nothing."""

    project: str
    target: str
    succeeded: bool
    file: str = ""
    outputs: Items | None = None


@dataclass(frozen=True, slots=True)
class TargetSkipped:
    """A target that was not built, and why."""

    target: str
    skip_reason: SkipReason
    project: str = ""
    file: str = ""
    parent: str = ""
    condition: str = ""
    evaluated_condition: str = ""
    originally_succeeded: bool = False
    reason: BuildReason = BuildReason.NONE
    original: BuildEventContext | None = None
    importance: Importance = Importance.LOW


@dataclass(frozen=True, slots=True)
class TaskStarted:
    """A task begins; line and column are those of its element in `file`."""

    task: str
    project: str
    file: str
    line: int
    column: int
    assembly: str = ""


@dataclass(frozen=True, slots=True)
class TaskFinished:
    """The end of what the TaskStarted of the same context began."""

    task: str
    project: str
    file: str
    succeeded: bool


@dataclass(frozen=True, slots=True)
class TaskParameter:
    """Items that a task was given or gave, or that a target added, removed or did not need; `name` is the parameter or item type."""

    kind: ParameterKind
    name: str
    items: Items
    line: int = 0
    column: int = 0
    property_name: str = ""
    importance: Importance = Importance.LOW


@dataclass(frozen=True, slots=True)
class ProjectImported:
    """An import was followed, or was not and `text` says why."""

    text: str
    project: str
    line: int
    column: int
    imported: str
    unexpanded: str
    ignored: bool = False
    importance: Importance = Importance.LOW


@dataclass(frozen=True, slots=True)
class PropertyReassignment:
    """An evaluation gave a property another value than it had."""

    name: str
    previous: str
    new: str
    location: str
    importance: Importance = Importance.LOW


@dataclass(frozen=True, slots=True)
class PropertyInitialValue:
    """Where the first value of a property is from."""

    name: str
    value: str
    source: str
    importance: Importance = Importance.LOW


@dataclass(frozen=True, slots=True)
class EnvironmentVariableRead:
    """A property had its value from the environment; `text` is that value."""

    name: str
    text: str
    importance: Importance = Importance.LOW


@dataclass(frozen=True, slots=True)
class UninitializedPropertyRead:
    """A property was read that has no value."""

    name: str
    importance: Importance = Importance.LOW


@dataclass(frozen=True, slots=True)
class ResponseFileUsed:
    """Switches were read from a response file."""

    text: str
    path: str
    importance: Importance = Importance.LOW


Event = (
    Message
    | CommandLine
    | BuildStarted
    | BuildFinished
    | EvaluationStarted
    | EvaluationFinished
    | ProjectStarted
    | ProjectFinished
    | TargetStarted
    | TargetFinished
    | TargetSkipped
    | TaskStarted
    | TaskFinished
    | TaskParameter
    | ProjectImported
    | PropertyReassignment
    | PropertyInitialValue
    | EnvironmentVariableRead
    | UninitializedPropertyRead
    | ResponseFileUsed
    | Diagnostic
)


@dataclass(frozen=True, slots=True)
class Record:
    """One event with its place in the build; `ticks` is its time in UTC as .NET counts it."""

    event: Event
    context: BuildEventContext
    ticks: int


class Listener(Protocol):
    """Takes records in the order in which they happen."""

    def __call__(self, record: Record) -> None:
        """Takes one record."""


def utc_ticks() -> int:
    """The present time in units of 100 ns since the year 1."""
    return time.time_ns() // 100 + _TICKS_AT_UNIX_EPOCH


@dataclass(frozen=True, slots=True)
class WarningPolicy:
    """What becomes of warnings. `as_errors` is None when none was asked for, empty when all were; codes are in upper case."""

    as_errors: frozenset[str] | None = None
    not_as_errors: frozenset[str] = frozenset()
    as_messages: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class LogNumbers:
    """The next number of everything that logs number, for any thread."""

    submissions: Iterator[int] = field(default_factory=itertools.count)
    evaluations: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    instances: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    projects: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    targets: Iterator[int] = field(default_factory=lambda: itertools.count(2))
    tasks: Iterator[int] = field(default_factory=lambda: itertools.count(2))


@dataclass(slots=True)
class BuildLog:
    """Where a build sends its events. It applies the policies of the command line and of the project that is built on the way.

    Invariant: the last of `projects` is the policy of the project whose targets run now; a warning outside of them has none.
    `context` is where the build is; `least` is the least importance that some listener has use for. What tasks are given and what targets
    change is reported when it `logs_task_inputs`, properties and items of evaluated projects when it `logs_evaluations`. `found_tasks` are
    the tasks whose assembly has been told, by the number of the project. `explain` takes project, target and why it runs or does not.
    """

    listeners: Sequence[Listener]
    policy: WarningPolicy = WarningPolicy()
    least: Importance = Importance.LOW
    logs_task_inputs: bool = True
    logs_evaluations: bool = True
    projects: list[WarningPolicy] = field(default_factory=list)
    context: BuildEventContext = NOWHERE
    has_errors: bool = False
    has_escalated: bool = False
    numbers: LogNumbers = field(default_factory=LogNumbers)
    explain: Callable[[str, str, str], None] | None = None
    found_tasks: set[tuple[int, str]] = field(default_factory=set)

    @property
    def wants_detail(self) -> bool:
        """Is there a listener for messages of low importance? Without one they need not be made."""
        return self.least is Importance.LOW

    def send(self, event: Event) -> None:
        """Hands an event to all listeners."""
        if isinstance(event, Diagnostic):
            event = self._adjusted(event)
            if isinstance(event, Diagnostic) and event.severity is Severity.ERROR:
                self.has_errors = True
        self.deliver(Record(event, self.context, utc_ticks()))

    def comment(self, importance: Importance, text: str) -> None:
        """Sends a message unless nobody has use for it."""
        if importance.value <= self.least.value:
            self.send(Message(text, importance))

    @contextmanager
    def inside(self, context: BuildEventContext) -> Iterator[None]:
        """Inside the block the build is at `context`."""
        outer, self.context = self.context, context
        try:
            yield
        finally:
            self.context = outer

    def next_submission(self) -> BuildEventContext:
        """The context of a request from outside."""
        return BuildEventContext(submission=next(self.numbers.submissions))

    def next_evaluation(self) -> BuildEventContext:
        """The context of an evaluation that begins."""
        return BuildEventContext(node=NODE, submission=self.context.submission, evaluation=next(self.numbers.evaluations))

    def next_project(self, instance: int, evaluation: int) -> BuildEventContext:
        """The context of targets of an evaluated project that begin to be built."""
        return BuildEventContext(NODE, next(self.numbers.projects), -1, -1, self.context.submission, instance, evaluation)

    def fork(self, listener: Listener) -> BuildLog:
        """A log for a request that runs beside others, at the same place; `listener` hears it alone."""
        return replace(self, listeners=[listener], projects=list(self.projects), has_errors=False, has_escalated=False)

    def join(self, forked: BuildLog) -> None:
        """What happened there happened here."""
        self.has_errors = self.has_errors or forked.has_errors
        self.has_escalated = self.has_escalated or forked.has_escalated

    def deliver(self, record: Record) -> None:
        """Hands on a record of a forked log."""
        for listener in self.listeners:
            listener(record)

    @contextmanager
    def building(self, policy: WarningPolicy) -> Iterator[None]:
        """Inside the block the targets of a project with that policy run."""
        self.projects.append(policy)
        try:
            yield
        finally:
            self.projects.pop()

    def turns_into_error(self, code: str) -> bool:
        """Is a warning with this code an error now?"""
        code = code.upper()
        project = self.projects[-1] if self.projects else WarningPolicy()
        if self._turns_into_message(code):
            return False
        everywhere = self.policy.as_errors
        if everywhere is not None and (
            code in everywhere or (not everywhere and code not in self.policy.not_as_errors | project.not_as_errors)
        ):
            return True
        here = project.as_errors
        return here is not None and (code in here or (not here and code not in project.not_as_errors))

    def _turns_into_message(self, code: str) -> bool:
        return bool(code) and (code in self.policy.as_messages or bool(self.projects and code in self.projects[-1].as_messages))

    def _adjusted(self, diagnostic: Diagnostic) -> Event:
        if diagnostic.severity is not Severity.WARNING:
            return diagnostic
        if self._turns_into_message(diagnostic.code.upper()):
            return Message(diagnostic.message, Importance.LOW, replace(diagnostic, severity=Severity.INFO))
        if self.turns_into_error(diagnostic.code):
            self.has_escalated = True
            return replace(diagnostic, severity=Severity.ERROR)
        return diagnostic
