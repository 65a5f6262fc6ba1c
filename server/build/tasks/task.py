"""What a task is: declared parameters and a function from a `TaskCall` to success; and what a call offers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from compiler.diagnostics import Diagnostic, Location, Severity
from server.build.events import BuildLog, Importance, Message
from server.build.services import BuildServices
from server.msbuild import paths
from server.msbuild.escaping import escape
from server.msbuild.item_metadata import WELL_KNOWN_METADATA
from server.msbuild.items import Item
from server.msbuild.model import ProjectInstance
from server.msbuild.xml import XmlElement

_CONVERTED = "The previous error was converted to a warning because the task was called with ContinueOnError=true."


class Kind(Enum):
    """Type of a parameter; `value` is its .NET type as errors name it."""

    TEXT = "System.String"
    BOOL = "System.Boolean"
    INT = "System.Int32"
    ITEM = "Microsoft.Build.Framework.ITaskItem"
    TEXTS = "System.String[]"
    ITEMS = "Microsoft.Build.Framework.ITaskItem[]"
    UNSUPPORTED = ""

    @property
    def is_list(self) -> bool:
        """May it take several items?"""
        return self in (Kind.TEXTS, Kind.ITEMS)


@dataclass(frozen=True, slots=True)
class Parameter:
    """An input of a task. `type_name` is its .NET type where that is not the one of its kind: the value then travels as text."""

    name: str
    kind: Kind
    required: bool = False
    type_name: str = ""

    @property
    def shown_type(self) -> str:
        """The .NET type as errors name it."""
        return self.type_name or self.kind.value


@dataclass(frozen=True, slots=True)
class OutputItem:
    """An item that a task gives out: include and metadata (unescaped unless `is_escaped`), the item it was made from if any.

    A copy of that item, as .NET's tasks make them, remembers what the item was called (OriginalItemSpec).
    """

    include: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    source: Item | None = None
    is_escaped: bool = False
    is_copy: bool = False

    @property
    def escaped_include(self) -> str:
        """The include as the project holds it."""
        return self.include if self.is_escaped else escape(self.include)


ORIGINAL_ITEM_SPEC = "OriginalItemSpec"

OutputValue = str | bool | int | Sequence[str] | Sequence[OutputItem] | OutputItem
Argument = str | bool | int | Item | Sequence[str] | Sequence[Item]


@dataclass(frozen=True, slots=True)
class TaskAssembly:
    """The assembly that errors name as a task's origin: its full name and its path."""

    name: str
    path: str


@dataclass(frozen=True, slots=True)
class TaskDefinition:
    """A task: its name, inputs, names of outputs, and the function that runs it. Built-in tasks have no `assembly`."""

    name: str
    parameters: tuple[Parameter, ...]
    outputs: tuple[str, ...]
    run: Callable[[TaskCall], bool]
    assembly: TaskAssembly | None = None

    def parameter(self, name: str) -> Parameter | None:
        """The input of that name, without case."""
        for parameter in self.parameters:
            if parameter.name.lower() == name.lower():
                return parameter
        return None


@dataclass(frozen=True, slots=True)
class OutputFailure:
    """An output that cannot be taken: errors (code and text) that are reported, and the one that ends the target."""

    reported: tuple[tuple[str, str], ...]
    raised: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class ProjectBuildRequest:
    """One project that the MSBuild task wants built."""

    path: str
    targets: tuple[str, ...]
    properties: Mapping[str, str]
    remove_properties: tuple[str, ...]
    skip_nonexistent_targets: bool


@dataclass(frozen=True, slots=True)
class ProjectBuildAnswer:
    """How that went: the outputs of each target that was asked for, in order."""

    succeeded: bool
    outputs: tuple[tuple[str, tuple[Item, ...]], ...]


class RequestRefused(Exception):
    """What was asked for is not to be asked, as the exception's text says. Caught where the asking task runs."""


class TargetIsActive(Exception):
    """What was asked for waits, at some remove, for whoever asks. Caught where the asking task runs."""


@dataclass(slots=True)
class TaskCall:
    """One run of a task. `arguments` hold what was given; `outputs` what the task gives out, or why not.

    `projects` gives all projects of the build, as they are now.
    Under `question` a build only asks whether everything is up to date.
    A call that `is_abandoned` ended without an answer of the task: it has no outputs.
    """

    definition: TaskDefinition
    instance: ProjectInstance
    log: BuildLog
    element: XmlElement
    arguments: Mapping[str, Argument]
    services: BuildServices
    continues: bool
    errors_are_warnings: bool
    build_projects: Callable[[Sequence[ProjectBuildRequest], bool], list[ProjectBuildAnswer]]
    call_targets: Callable[[Sequence[str]], list[ProjectBuildAnswer]]
    projects: Callable[[], Sequence[ProjectInstance]]
    question: bool = False
    outputs: dict[str, OutputValue] = field(default_factory=dict)
    output_failures: dict[str, OutputFailure] = field(default_factory=dict)
    logged_error: bool = False
    child_failed: bool = False
    is_abandoned: bool = False

    @property
    def location(self) -> Location:
        """Where the task element stands."""
        return self.element.location

    def has(self, name: str) -> bool:
        """Was the parameter given (with something in it)?"""
        return name.lower() in self.arguments

    def text(self, name: str) -> str:
        """The text parameter, "" when not given."""
        value = self.arguments.get(name.lower(), "")
        if isinstance(value, Item):
            return value.identity
        assert isinstance(value, str)
        return value

    @property
    def must_be_up_to_date(self) -> bool:
        """Does the task fail instead of changing anything?"""
        return self.flag("FailIfNotIncremental", default=self.question)

    def tell_change(self, comment: str) -> None:
        """Says what is about to change; a warning in a task that must find all up to date."""
        if self.must_be_up_to_date:
            self.warning("", comment)
        else:
            self.message(comment)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """The boolean parameter."""
        value = self.arguments.get(name.lower(), default)
        assert isinstance(value, bool)
        return value

    def number(self, name: str, default: int) -> int:
        """The integer parameter."""
        value = self.arguments.get(name.lower(), default)
        assert isinstance(value, int)
        return value

    def items(self, name: str) -> list[Item]:
        """The item list parameter, [] when not given."""
        value = self.arguments.get(name.lower(), ())
        if isinstance(value, Item):
            return [value]
        assert not isinstance(value, (str, int))
        return [item for item in value if isinstance(item, Item)]

    def texts(self, name: str) -> list[str]:
        """The text list parameter, [] when not given."""
        value = self.arguments.get(name.lower(), ())
        assert not isinstance(value, (str, int, Item))
        return [text if isinstance(text, str) else text.identity for text in value]

    def path(self, text: str) -> str:
        """`text` as an absolute path of the project's folder."""
        return paths.full_path(text.replace("\\", "/"), self.instance.directory)

    def message(self, text: str, importance: Importance = Importance.NORMAL) -> None:
        """Sends a message."""
        self.log.send(Message(text, importance))

    def error(self, code: str, text: str, *, location: Location | None = None, subcategory: str = "") -> None:
        """Reports an error at the task (or at `location`); a warning when the task is to go on after errors with warnings."""
        severity = Severity.WARNING if self.errors_are_warnings else Severity.ERROR
        self.logged_error = True
        self._send(severity, code, text, location, subcategory)
        if self.errors_are_warnings:
            self.log.comment(Importance.NORMAL, _CONVERTED)

    def fatal_error(self, code: str, text: str, *, location: Location | None = None) -> None:
        """Reports an error that ContinueOnError does not soften."""
        self.logged_error = True
        self._send(Severity.ERROR, code, text, location, "")

    def warning(self, code: str, text: str, *, location: Location | None = None, subcategory: str = "") -> None:
        """Reports a warning at the task (or at `location`)."""
        if self.log.turns_into_error(code):
            self.logged_error = True
        self._send(Severity.WARNING, code, text, location, subcategory)

    def _send(self, severity: Severity, code: str, text: str, location: Location | None, subcategory: str) -> None:
        place = location if location is not None else self.location
        project = "" if place.file == self.instance.path else self.instance.path
        self.log.send(Diagnostic(code, severity, text, place, subcategory, project=project))

    def variables(self) -> Mapping[str, str]:
        """The environment of the build, as tasks of the project have changed it."""
        surroundings = self.instance.surroundings
        merged = {**surroundings.variables, **surroundings.tool_variables, **self.instance.variables}
        return {name: value for name, value in merged.items() if value is not None}

    def set_items(self, name: str, items: Sequence[OutputItem]) -> None:
        """Gives out a list of items."""
        self.outputs[name.lower()] = list(items)

    def set_value(self, name: str, value: str | bool | int) -> None:
        """Gives out a scalar."""
        self.outputs[name.lower()] = value


def output_item(item: Item, include: str | None = None) -> OutputItem:
    """An output that keeps what `item` is, optionally under another (unescaped) include."""
    return OutputItem(item.identity if include is None else include, {}, item)


def copied_item(item: Item, include: str | None = None, metadata: Mapping[str, str] | None = None) -> OutputItem:
    """A copy of `item`, optionally under another (unescaped) include and with more metadata."""
    return OutputItem(item.identity if include is None else include, metadata or {}, item, is_copy=True)


def as_item(call: TaskCall, output: OutputItem, item_type: str) -> Item:
    """The item of the project that an output becomes."""
    definition = call.instance.item_definitions.get(item_type.lower(), {})
    include = output.include if output.is_escaped else escape(output.include)
    item = Item(item_type, include.replace("\\", "/"), call.instance.home, call.location.file, definition)
    if output.source is not None:
        if output.include == output.source.identity:
            item.include = output.source.include
        item.metadata = dict(output.source.metadata)
        if output.source.definition is not definition and output.source.definition:
            item.definition = {**definition, **output.source.definition}
        item.recursive_dir = output.source.recursive_dir if item.include == output.source.include else ""
        if output.is_copy and not item.value(ORIGINAL_ITEM_SPEC):
            item.set(ORIGINAL_ITEM_SPEC, output.source.include)
    for name, value in output.metadata.items():
        if name.lower() not in WELL_KNOWN_METADATA:
            item.set(name, value if output.is_escaped else escape(value))
    return item
