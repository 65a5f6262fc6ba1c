"""The bytes of a binary log (see `binlog_format`) -> the records that were written, and the archive of project files.

Reads versions 14 and later, whoever wrote them. What a later version added to the end of a record, and kinds that are not known here,
are passed over by their size, as MSBuild's own readers do. A damaged log is a `BinaryLogError`; what came before it has been yielded.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO
from uuid import UUID

from compiler.diagnostics import Diagnostic, InputError, Location, Severity
from server.build.binlog_format import (
    DEFAULT_SENDER,
    EMPTY_INDEX,
    FIRST_INDEX,
    KNOWN_VERSION,
    NULL_INDEX,
    OLDEST_VERSION,
    SIZED_RECORDS,
    Field,
    RecordKind,
)
from server.build.events import (
    NOWHERE,
    BuildEventContext,
    BuildFinished,
    BuildReason,
    BuildStarted,
    CommandLine,
    EnvironmentVariableRead,
    EvaluationFinished,
    EvaluationStarted,
    Event,
    Importance,
    Items,
    LoggedItem,
    Message,
    Pairs,
    ParameterKind,
    ProjectFinished,
    ProjectImported,
    ProjectStarted,
    PropertyInitialValue,
    PropertyReassignment,
    Record,
    ResponseFileUsed,
    SkipReason,
    TargetFinished,
    TargetSkipped,
    TargetStarted,
    TaskFinished,
    TaskParameter,
    TaskStarted,
    TypedItems,
    UninitializedPropertyRead,
)

_CHUNK_BYTES = 1 << 16
_MAXIMUM_NUMBER_BYTES = 5
_SIGN = 1 << 31
_IMPORTANCES = {0: Importance.HIGH, 1: Importance.NORMAL, 2: Importance.LOW}
_ARGUMENT = re.compile(r"\{\{|\}\}|\{(\d+)(?:,[^}:]*)?(?::[^}]*)?\}")
# Since which version tasks' starts name the assembly, and parameters name their property.
_TASK_ASSEMBLY = 20
_PARAMETER_NAMES = 21
_LOADING = {0: "TaskRun", 1: "Evaluation", 2: "SdkResolution", 3: "LoggerInitialization"}
_LOG_VERSION_CODE = "MSB4235"


class BinaryLogError(InputError):
    """The file is no binary log, is of a version that cannot be read, or is damaged."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)


def _damaged(what: str) -> BinaryLogError:
    return BinaryLogError("MSB4235", f"The log file is damaged: {what}.")


class _Inflated:
    """The unpacked bytes of a log as a stream that is read forward only."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._unpack = zlib.decompressobj(wbits=31)
        self._waiting = b""
        self._at = 0

    def take(self, n_bytes: int) -> bytes:
        """The next bytes. Raises BinaryLogError when there are not so many."""
        while len(self._waiting) - self._at < n_bytes:
            if not self._more(n_bytes):
                raise _damaged("it ends too early")
        start = self._at
        self._at += n_bytes
        return self._waiting[start : self._at]

    def _more(self, n_bytes: int) -> bool:
        packed = self._unpack.unconsumed_tail or self._stream.read(_CHUNK_BYTES)
        if not packed or self._unpack.eof:
            return False
        try:
            found = self._unpack.decompress(packed, max(n_bytes, _CHUNK_BYTES * 4))
        except zlib.error:
            raise _damaged("it cannot be unpacked") from None
        self._waiting = self._waiting[self._at :] + found
        self._at = 0
        return True

    def rest(self) -> bytes:
        """All bytes that are left."""
        while self._more(_CHUNK_BYTES):
            pass
        return self.take(len(self._waiting) - self._at)

    def number(self) -> int:
        """A number of 7 bits a byte."""
        value = 0
        for index in range(_MAXIMUM_NUMBER_BYTES):
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << (7 * index)
            if byte < 0x80:
                return value
        raise _damaged("a number does not end")


@dataclass(slots=True)
class _Fields:
    """The fields that an event began with; absent ones have their defaults."""

    message: str = ""
    context: BuildEventContext = NOWHERE
    sender: str = DEFAULT_SENDER
    ticks: int = 0
    subcategory: str = ""
    code: str = ""
    file: str | None = None
    project: str = ""
    line: int = 0
    column: int = 0
    end_line: int = 0
    end_column: int = 0
    importance: Importance = Importance.LOW


@dataclass(slots=True)
class _Content:
    """The content of one record, read from its start; strings and lists are those of the log."""

    content: bytes
    strings: list[str]
    lists: list[Pairs]
    version: int
    at: int = 0

    def byte(self) -> int:
        """One byte."""
        if self.at >= len(self.content):
            raise _damaged("a record is too short")
        self.at += 1
        return self.content[self.at - 1]

    def number(self) -> int:
        """A number of 7 bits a byte, negative when its 32nd bit is set."""
        value = 0
        for index in range(_MAXIMUM_NUMBER_BYTES):
            byte = self.byte()
            value |= (byte & 0x7F) << (7 * index)
            if byte < 0x80:
                return value - (_SIGN << 1) if value & _SIGN else value
        raise _damaged("a number does not end")

    def take(self, n_bytes: int) -> bytes:
        """That many bytes."""
        if not 0 <= n_bytes <= len(self.content) - self.at:
            raise _damaged("it ends too early")
        self.at += n_bytes
        return self.content[self.at - n_bytes : self.at]

    def count(self) -> int:
        """How many follow; no more than there are bytes."""
        count = self.number()
        if not 0 <= count <= len(self.content) - self.at:
            raise _damaged("a list is longer than its record")
        return count

    def flag(self) -> bool:
        """A truth value."""
        return self.byte() != 0

    def unpacked(self, layout: str) -> tuple[int, ...]:
        """Numbers of fixed size."""
        size = struct.calcsize(layout)
        if self.at + size > len(self.content):
            raise _damaged("a record is too short")
        found: tuple[int, ...] = struct.unpack_from(layout, self.content, self.at)
        self.at += size
        return found

    def text(self) -> str:
        """A string; null is empty."""
        return self.optional_text() or ""

    def optional_text(self) -> str | None:
        """A string or null."""
        return string_at(self.strings, self.number())

    def pairs(self) -> Pairs:
        """A name-value list."""
        index = self.number()
        if index == NULL_INDEX:
            return ()
        if not FIRST_INDEX <= index < FIRST_INDEX + len(self.lists):
            raise _damaged(f"there is no list {index}")
        return self.lists[index - FIRST_INDEX]

    def global_properties(self) -> Pairs:
        """A name-value list, which older versions precede by whether it is there."""
        return self.pairs() if self.version >= SIZED_RECORDS or self.flag() else ()

    def skip_profile(self) -> None:
        """Passes over what was measured of an evaluation."""
        for _ in range(self.count()):
            for _ in range(6):
                self.number()
            if self.flag():
                self.number()
            self.unpacked("<q")
            if self.flag():
                self.unpacked("<q")
            self.number()
            self.unpacked("<2q")

    def context(self) -> BuildEventContext:
        """A place in the build."""
        node, project, target, task, submission, instance, evaluation = (self.number() for _ in range(7))
        return BuildEventContext(node, project, target, task, submission, instance, evaluation)

    def items(self) -> Items:
        """A list of items."""
        return tuple(LoggedItem(self.text(), self.pairs()) for _ in range(self.count()))

    def typed_items(self) -> TypedItems:
        """Items by type, up to an empty type."""
        found: list[tuple[str, Items]] = []
        while item_type := self.text():
            found.append((item_type, self.items()))
        return tuple(found)

    def fields(self) -> _Fields:
        """The fields that an event begins with."""
        flags = Field(self.number() & (2 * Field.EXTENDED - 1))
        found = _Fields()
        if Field.MESSAGE in flags:
            found.message = self.text()
        if Field.CONTEXT in flags:
            found.context = self.context()
        if Field.THREAD in flags:
            self.number()
        if Field.HELP_KEYWORD in flags:
            self.number()
        if Field.SENDER in flags:
            found.sender = self.text()
        if Field.TIMESTAMP in flags:
            found.ticks = self.unpacked("<q")[0]
            self.number()
        if Field.EXTENDED in flags:
            self._extended()
        self._message_fields(found, flags)
        return found

    def _extended(self) -> None:
        for _ in range(3):
            self.number()

    def _message_fields(self, found: _Fields, flags: Field) -> None:
        if Field.SUBCATEGORY in flags:
            found.subcategory = self.text()
        if Field.CODE in flags:
            found.code = self.text()
        if Field.FILE in flags:
            found.file = self.text()
        if Field.PROJECT_FILE in flags:
            found.project = self.text()
        if Field.LINE in flags:
            found.line = self.number()
        if Field.COLUMN in flags:
            found.column = self.number()
        if Field.END_LINE in flags:
            found.end_line = self.number()
        if Field.END_COLUMN in flags:
            found.end_column = self.number()
        if Field.ARGUMENTS in flags:
            found.message = with_arguments(found.message, [self.text() for _ in range(self.count())])
        if Field.IMPORTANCE in flags:
            found.importance = _IMPORTANCES.get(self.number(), Importance.LOW)


def with_arguments(text: str, arguments: list[str]) -> str:
    """`text` with `{0}` and so on replaced, as .NET formats strings."""

    def replaced(match: re.Match[str]) -> str:
        if match[1] is None:
            return match[0][0]
        index = int(match[1])
        return arguments[index] if index < len(arguments) else match[0]

    return _ARGUMENT.sub(replaced, text)


def string_at(strings: list[str], index: int) -> str | None:
    """The string with that index in a log."""
    if index == NULL_INDEX:
        return None
    if index == EMPTY_INDEX:
        return ""
    if not FIRST_INDEX <= index < FIRST_INDEX + len(strings):
        raise _damaged(f"there is no string {index}")
    return strings[index - FIRST_INDEX]


@dataclass(slots=True)
class BinaryLog:
    """An opened log. `records` is asked once; `imports_archive` is there when the records have ended."""

    stream: IO[bytes]
    version: int = 0
    minimum_reader_version: int = 0
    imports_archive: bytes = b""
    _strings: list[str] = field(default_factory=list)
    _lists: list[Pairs] = field(default_factory=list)

    def records(self) -> Iterator[Record]:
        """All events in order. Raises BinaryLogError."""
        source = _Inflated(self.stream)
        (self.version,) = struct.unpack("<i", source.take(4))
        self.minimum_reader_version = self.version
        if self.version >= SIZED_RECORDS:
            (self.minimum_reader_version,) = struct.unpack("<i", source.take(4))
        if self.version < OLDEST_VERSION or self.minimum_reader_version > KNOWN_VERSION:
            raise BinaryLogError(
                _LOG_VERSION_CODE,
                f"The log file format version is {self.version} with minimum required reader version {self.minimum_reader_version}, "
                f"whereas this version of MSBuild only supports versions up to {KNOWN_VERSION}.",
            )
        return self._sized(source) if self.version >= SIZED_RECORDS else self._unsized(source.rest())

    def _sized(self, source: _Inflated) -> Iterator[Record]:
        while True:
            kind = source.number()
            if kind == RecordKind.END_OF_FILE:
                return
            content = source.take(source.number())
            if kind == RecordKind.STRING:
                self._strings.append(_decoded(content))
            elif kind == RecordKind.NAME_VALUE_LIST:
                self._lists.append(_pairs(self._content(content)))
            elif kind == RecordKind.PROJECT_IMPORT_ARCHIVE:
                self.imports_archive = content
            else:
                record = _record(kind, self._content(content))
                if record is not None:
                    yield record

    def _unsized(self, content: bytes) -> Iterator[Record]:
        reader = self._content(content)
        while True:
            kind = reader.number()
            if kind == RecordKind.END_OF_FILE:
                return
            if kind == RecordKind.STRING:
                self._strings.append(_decoded(reader.take(reader.number())))
            elif kind == RecordKind.NAME_VALUE_LIST:
                self._lists.append(_pairs(reader))
            elif kind == RecordKind.PROJECT_IMPORT_ARCHIVE:
                self.imports_archive = reader.take(reader.number())
            else:
                record = _record(kind, reader)
                if record is None:
                    raise _damaged(f"there is a record of the kind {kind}")
                yield record

    def _content(self, content: bytes) -> _Content:
        return _Content(content, self._strings, self._lists, self.version)


def _pairs(reader: _Content) -> Pairs:
    return tuple((reader.text(), reader.text()) for _ in range(reader.count()))


def _record(kind: int, reader: _Content) -> Record | None:
    """The event of a record; None for a kind that is not known."""
    known = _READERS.get(kind)
    if known is None:
        return None
    fields = reader.fields()
    return Record(known(reader, fields), fields.context, fields.ticks)


def _decoded(content: bytes) -> str:
    """A string; half characters, which .NET strings may hold, are kept."""
    try:
        return content.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return content.decode("utf-8", "replace")


def _build_started(reader: _Content, fields: _Fields) -> Event:
    return BuildStarted(reader.pairs(), fields.message)


def _build_finished(reader: _Content, fields: _Fields) -> Event:
    return BuildFinished(reader.flag(), fields.message)


def _evaluation_started(reader: _Content, _: _Fields) -> Event:
    return EvaluationStarted(reader.text())


def _evaluation_finished(reader: _Content, _: _Fields) -> Event:
    project, global_properties, properties = reader.text(), reader.global_properties(), reader.pairs()
    found = EvaluationFinished(project, global_properties, properties, reader.typed_items())
    if reader.flag():
        reader.skip_profile()
    return found


def _project_started(reader: _Content, _: _Fields) -> Event:
    parent = reader.context() if reader.flag() else NOWHERE
    project, instance, targets, tools_version = reader.text(), reader.number(), reader.text(), reader.text()
    global_properties = reader.global_properties()
    return ProjectStarted(project, targets, global_properties, parent, instance, reader.pairs(), reader.typed_items(), tools_version)


def _project_finished(reader: _Content, _: _Fields) -> Event:
    return ProjectFinished(reader.text(), reader.flag())


def _target_started(reader: _Content, _: _Fields) -> Event:
    target, project, file, parent = reader.text(), reader.text(), reader.text(), reader.text()
    return TargetStarted(project, target, file, parent, _build_reason(reader.number()))


def _build_reason(number: int) -> BuildReason:
    return next((reason for reason in BuildReason if reason.value == number), BuildReason.NONE)


def _target_finished(reader: _Content, _: _Fields) -> Event:
    succeeded, project, file, target = reader.flag(), reader.text(), reader.text(), reader.text()
    return TargetFinished(project, target, succeeded, file, reader.items() or None)


def _target_skipped(reader: _Content, fields: _Fields) -> Event:
    file, target, parent, condition, evaluated = (reader.text() for _ in range(5))
    succeeded, reason, skip = reader.flag(), _build_reason(reader.number()), reader.number()
    original = None
    if reader.flag():
        node, project, target_id, task, submission, instance, evaluation = reader.unpacked("<7i")
        original = BuildEventContext(node, project, target_id, task, submission, instance, evaluation)
    why = next((reason for reason in SkipReason if reason.value == skip), SkipReason.NONE)
    return TargetSkipped(target, why, fields.project, file, parent, condition, evaluated, succeeded, reason, original)


def _task_started(reader: _Content, fields: _Fields) -> Event:
    task, project, file = reader.text(), reader.text(), reader.text()
    assembly = reader.text() if reader.version >= _TASK_ASSEMBLY else ""
    return TaskStarted(task, project, file, fields.line, fields.column, assembly)


def _task_finished(reader: _Content, _: _Fields) -> Event:
    succeeded, task, project, file = reader.flag(), reader.text(), reader.text(), reader.text()
    return TaskFinished(task, project, file, succeeded)


def _diagnostic(severity: Severity, reader: _Content, fields: _Fields) -> Event:
    subcategory, code, file, project = reader.text(), reader.text(), reader.text(), reader.text()
    place = Location(file, *(reader.number() for _ in range(4)))
    return Diagnostic(code, severity, fields.message, place if file else None, subcategory, project=project)


def _error(reader: _Content, fields: _Fields) -> Event:
    return _diagnostic(Severity.ERROR, reader, fields)


def _warning(reader: _Content, fields: _Fields) -> Event:
    return _diagnostic(Severity.WARNING, reader, fields)


def _message(_: _Content, fields: _Fields) -> Event:
    placed = None
    if fields.file is not None:
        place = Location(fields.file, fields.line, fields.column, fields.end_line, fields.end_column)
        placed = Diagnostic(fields.code, Severity.INFO, fields.message, place, fields.subcategory, project=fields.project)
    return Message(fields.message, fields.importance, placed, fields.sender)


def _critical_message(reader: _Content, fields: _Fields) -> Event:
    fields.importance = Importance.HIGH
    return _message(reader, fields)


def _command_line(reader: _Content, fields: _Fields) -> Event:
    return CommandLine(reader.text(), reader.text(), fields.importance)


def _task_parameter(reader: _Content, fields: _Fields) -> Event:
    kind, name, items = reader.number(), reader.text(), reader.items()
    if reader.version >= _PARAMETER_NAMES:
        reader.text()
    property_name = reader.text() if reader.version >= _PARAMETER_NAMES else ""
    known = next((one for one in ParameterKind if one.value == kind), ParameterKind.TASK_INPUT)
    return TaskParameter(known, name, items, fields.line, fields.column, property_name)


def _project_imported(reader: _Content, fields: _Fields) -> Event:
    ignored, imported, unexpanded = reader.flag(), reader.text(), reader.text()
    return ProjectImported(fields.message, fields.project, fields.line, fields.column, imported, unexpanded, ignored)


def _property_reassignment(reader: _Content, fields: _Fields) -> Event:
    name, previous, new, location = reader.text(), reader.text(), reader.text(), reader.text()
    if not location and fields.file:
        location = f"{fields.file} ({fields.line},{fields.column})"
    return PropertyReassignment(name, previous, new, location, fields.importance)


def _property_initial_value(reader: _Content, fields: _Fields) -> Event:
    name, value, source = reader.text(), reader.text(), reader.text()
    if fields.file:
        source = f"{fields.file} ({fields.line},{fields.column})"
    return PropertyInitialValue(name, value, source, fields.importance)


def _environment_variable(reader: _Content, fields: _Fields) -> Event:
    return EnvironmentVariableRead(reader.text(), fields.message)


def _uninitialized(reader: _Content, fields: _Fields) -> Event:
    return UninitializedPropertyRead(reader.text(), fields.importance)


def _response_file(reader: _Content, fields: _Fields) -> Event:
    return ResponseFileUsed(fields.message, reader.text())


def _assembly_load(reader: _Content, _: _Fields) -> Event:
    during = reader.number()
    initiator, name, path = reader.text(), reader.text(), reader.text()
    mvid = UUID(bytes_le=reader.take(16))
    domain = reader.text()
    where = _LOADING.get(during, str(during)) + (f" ({initiator})" if initiator else "")
    text = f"Assembly loaded during {where}: {name} (location: {path}, MVID: {mvid}, AssemblyLoadContext: {domain or 'Default'})"
    return Message(text, Importance.LOW)


_READERS: dict[int, Callable[[_Content, _Fields], Event]] = {
    RecordKind.BUILD_STARTED: _build_started,
    RecordKind.BUILD_FINISHED: _build_finished,
    RecordKind.PROJECT_STARTED: _project_started,
    RecordKind.PROJECT_FINISHED: _project_finished,
    RecordKind.TARGET_STARTED: _target_started,
    RecordKind.TARGET_FINISHED: _target_finished,
    RecordKind.TASK_STARTED: _task_started,
    RecordKind.TASK_FINISHED: _task_finished,
    RecordKind.ERROR: _error,
    RecordKind.WARNING: _warning,
    RecordKind.MESSAGE: _message,
    RecordKind.TASK_COMMAND_LINE: _command_line,
    RecordKind.CRITICAL_BUILD_MESSAGE: _critical_message,
    RecordKind.PROJECT_EVALUATION_STARTED: _evaluation_started,
    RecordKind.PROJECT_EVALUATION_FINISHED: _evaluation_finished,
    RecordKind.PROJECT_IMPORTED: _project_imported,
    RecordKind.TARGET_SKIPPED: _target_skipped,
    RecordKind.PROPERTY_REASSIGNMENT: _property_reassignment,
    RecordKind.UNINITIALIZED_PROPERTY_READ: _uninitialized,
    RecordKind.ENVIRONMENT_VARIABLE_READ: _environment_variable,
    RecordKind.PROPERTY_INITIAL_VALUE_SET: _property_initial_value,
    RecordKind.TASK_PARAMETER: _task_parameter,
    RecordKind.RESPONSE_FILE_USED: _response_file,
    RecordKind.ASSEMBLY_LOAD: _assembly_load,
    RecordKind.BUILD_CHECK_MESSAGE: _message,
    RecordKind.BUILD_CHECK_WARNING: _warning,
    RecordKind.BUILD_CHECK_ERROR: _error,
    RecordKind.BUILD_CANCELED: _critical_message,
}
