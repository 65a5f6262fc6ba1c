"""Records of a build -> the bytes of a binary log (see `binlog_format`)."""

from __future__ import annotations

import gzip
import io
import struct
from collections.abc import Iterable
from typing import IO

from compiler.diagnostics import Diagnostic, Location, Severity
from server.build.binlog_format import (
    DEFAULT_SENDER,
    EMPTY_INDEX,
    FIRST_INDEX,
    NULL_INDEX,
    WRITTEN_VERSION,
    Field,
    RecordKind,
)
from server.build.events import (
    BuildEventContext,
    BuildFinished,
    BuildStarted,
    CommandLine,
    EnvironmentVariableRead,
    EvaluationFinished,
    EvaluationStarted,
    Importance,
    Items,
    Message,
    Pairs,
    ProjectFinished,
    ProjectImported,
    ProjectStarted,
    PropertyInitialValue,
    PropertyReassignment,
    Record,
    ResponseFileUsed,
    TargetFinished,
    TargetSkipped,
    TargetStarted,
    TaskFinished,
    TaskParameter,
    TaskStarted,
    TypedItems,
    UninitializedPropertyRead,
)

_UTC = 1
_NONE = Field(0)
_IMPORTANCE = {Importance.HIGH: 0, Importance.NORMAL: 1, Importance.LOW: 2}
_INT32 = 1 << 32


class _Bytes:
    """A record's content while it is made. Numbers are written 7 bits a byte, negative ones as 32-bit two's complement."""

    __slots__ = ("content",)

    def __init__(self) -> None:
        self.content = bytearray()

    def number(self, value: int) -> None:
        """A number."""
        if value < 0:
            value += _INT32
        while value >= 0x80:
            self.content.append(value & 0x7F | 0x80)
            value >>= 7
        self.content.append(value)

    def flag(self, value: bool) -> None:  # noqa: FBT001
        """A truth value."""
        self.content.append(1 if value else 0)

    def context(self, context: BuildEventContext) -> None:
        """A place in the build."""
        for value in _context_numbers(context):
            self.number(value)


def _context_numbers(context: BuildEventContext) -> tuple[int, ...]:
    return context.node, context.project, context.target, context.task, context.submission, context.instance, context.evaluation


class BinaryLogWriter:
    """A listener that writes what it hears. Invariant: `_strings` and `_lists` hold the index of each one that was written.

    The stream belongs to the caller, who closes it after `close`.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._out = gzip.GzipFile(fileobj=stream, mode="wb", compresslevel=6, mtime=0, filename="")
        self._buffer = io.BytesIO()
        self._strings: dict[str, int] = {}
        self._lists: dict[Pairs, int] = {}
        self._buffer.write(struct.pack("<i", WRITTEN_VERSION))

    def close(self, imports_archive: bytes = b"") -> None:
        """Ends the log, with the archive of the project files in it unless that is empty."""
        if imports_archive:
            size = _Bytes()
            size.number(len(imports_archive))
            self._record(RecordKind.PROJECT_IMPORT_ARCHIVE, size.content + imports_archive)
        self._buffer.write(bytes([RecordKind.END_OF_FILE]))
        self._drain()
        self._out.close()

    def __call__(self, record: Record) -> None:
        """Writes one event."""
        content = _Bytes()
        self._record(self._event(record, content), content.content)
        if self._buffer.tell() > 1 << 16:
            self._drain()

    def _drain(self) -> None:
        self._out.write(self._buffer.getvalue())
        self._buffer = io.BytesIO()

    def _record(self, kind: RecordKind, content: bytes | bytearray) -> None:
        self._buffer.write(bytes([kind]))
        self._buffer.write(content)

    def _string(self, text: str) -> int:
        """The index of a string, which is written when it is new."""
        if not text:
            return EMPTY_INDEX
        index = self._strings.get(text)
        if index is None:
            index = self._strings[text] = FIRST_INDEX + len(self._strings)
            encoded = text.encode("utf-8", "surrogatepass")
            head = _Bytes()
            head.number(RecordKind.STRING)
            head.number(len(encoded))
            self._buffer.write(head.content)
            self._buffer.write(encoded)
        return index

    def _optional(self, text: str) -> int:
        return self._string(text) if text else NULL_INDEX

    def _list(self, pairs: Pairs) -> int:
        """The index of a name-value list."""
        if not pairs:
            return NULL_INDEX
        index = self._lists.get(pairs)
        if index is None:
            content = _Bytes()
            content.number(len(pairs))
            for name, value in pairs:
                content.number(self._string(name))
                content.number(self._string(value))
            index = self._lists[pairs] = FIRST_INDEX + len(self._lists)
            self._record(RecordKind.NAME_VALUE_LIST, content.content)
        return index

    def _fields(self, out: _Bytes, record: Record, message: str | None, sender: str = DEFAULT_SENDER, more: Field = _NONE) -> None:
        """The fields that every event begins with."""
        flags = Field.CONTEXT | Field.TIMESTAMP | more
        if message is not None:
            flags |= Field.MESSAGE
        if sender != DEFAULT_SENDER:
            flags |= Field.SENDER
        out.number(flags)
        if message is not None:
            out.number(self._string(message))
        out.context(record.context)
        if sender != DEFAULT_SENDER:
            out.number(self._string(sender))
        out.content += struct.pack("<q", record.ticks)
        out.number(_UTC)

    def _message_fields(
        self,
        out: _Bytes,
        record: Record,
        message: str | None,
        importance: Importance,
        *,
        sender: str = DEFAULT_SENDER,
        line: int = 0,
        column: int = 0,
    ) -> None:
        flags = _NONE
        if line:
            flags |= Field.LINE
        if column:
            flags |= Field.COLUMN
        if importance is not Importance.LOW:
            flags |= Field.IMPORTANCE
        self._fields(out, record, message, sender, flags)
        if line:
            out.number(line)
        if column:
            out.number(column)
        if importance is not Importance.LOW:
            out.number(_IMPORTANCE[importance])

    def _event(self, record: Record, out: _Bytes) -> RecordKind:
        """Fills `out` with the event of `record` and says what kind it is."""
        match record.event:
            case Diagnostic():
                return self._diagnostic(record, record.event, out)
            case ProjectStarted() | ProjectFinished() | TargetStarted() | TargetFinished() | TaskStarted() | TaskFinished():
                return self._boundary(record, record.event, out)
            case BuildStarted(environment, text):
                self._fields(out, record, text)
                out.number(self._list(environment))
                return RecordKind.BUILD_STARTED
            case BuildFinished(succeeded, text):
                self._fields(out, record, text)
                out.flag(succeeded)
                return RecordKind.BUILD_FINISHED
            case EvaluationStarted(project):
                self._fields(out, record, None)
                out.number(self._string(project))
                return RecordKind.PROJECT_EVALUATION_STARTED
            case EvaluationFinished() as event:
                self._fields(out, record, None)
                out.number(self._string(event.project))
                out.flag(True)
                out.number(self._list(event.global_properties))
                out.number(self._list(event.properties))
                self._typed_items(out, event.items)
                out.flag(False)
                return RecordKind.PROJECT_EVALUATION_FINISHED
            case Message(text, importance, placed, sender):
                return self._message(record, out, text, importance, placed, sender)
            case _:
                return self._special_message(record, out)

    def _message(
        self, record: Record, out: _Bytes, text: str, importance: Importance, placed: Diagnostic | None, sender: str
    ) -> RecordKind:
        if placed is None:
            self._message_fields(out, record, text, importance, sender=sender)
            return RecordKind.MESSAGE
        place = placed.location or Location("")
        numbers = {Field.LINE: place.line, Field.COLUMN: place.column, Field.END_LINE: place.end_line, Field.END_COLUMN: place.end_column}
        texts = {Field.SUBCATEGORY: placed.subcategory, Field.CODE: placed.code, Field.FILE: place.file, Field.PROJECT_FILE: placed.project}
        flags = _NONE
        for field, given in (*texts.items(), *numbers.items()):
            if given or field is Field.FILE:
                flags |= field
        if importance is not Importance.LOW:
            flags |= Field.IMPORTANCE
        self._fields(out, record, text, sender, flags)
        for field, shown in texts.items():
            if field in flags:
                out.number(self._string(shown))
        for field, number in numbers.items():
            if field in flags:
                out.number(number)
        if importance is not Importance.LOW:
            out.number(_IMPORTANCE[importance])
        return RecordKind.MESSAGE

    def _special_message(self, record: Record, out: _Bytes) -> RecordKind:
        """Messages whose text follows from what they hold."""
        match record.event:
            case CommandLine(text, task, importance):
                self._message_fields(out, record, None, importance)
                self._texts(out, text, task)
                return RecordKind.TASK_COMMAND_LINE
            case TargetSkipped() as event:
                return self._skipped(record, event, out)
            case TaskParameter() as event:
                self._message_fields(out, record, None, Importance.LOW, line=event.line, column=event.column)
                out.number(event.kind.value)
                out.number(self._optional(event.name))
                self._items(out, event.items)
                return RecordKind.TASK_PARAMETER
            case ProjectImported() as event:
                more = Field.PROJECT_FILE | (Field.LINE if event.line else _NONE) | (Field.COLUMN if event.column else _NONE)
                self._fields(out, record, event.text, more=more)
                out.number(self._string(event.project))
                for number in (event.line, event.column):
                    if number:
                        out.number(number)
                out.flag(event.ignored)
                out.number(self._optional(event.imported))
                out.number(self._optional(event.unexpanded))
                return RecordKind.PROJECT_IMPORTED
            case PropertyReassignment() as event:
                self._message_fields(out, record, None, event.importance)
                self._texts(out, event.name, event.previous, event.new, event.location)
                return RecordKind.PROPERTY_REASSIGNMENT
            case PropertyInitialValue() as event:
                self._message_fields(out, record, None, event.importance)
                self._texts(out, event.name, event.value, event.source)
                return RecordKind.PROPERTY_INITIAL_VALUE_SET
            case UninitializedPropertyRead() as event:
                self._message_fields(out, record, None, event.importance)
                self._texts(out, event.name)
                return RecordKind.UNINITIALIZED_PROPERTY_READ
            case EnvironmentVariableRead() as event:
                self._message_fields(out, record, event.text, Importance.LOW)
                self._texts(out, event.name)
                return RecordKind.ENVIRONMENT_VARIABLE_READ
            case ResponseFileUsed() as event:
                self._message_fields(out, record, event.text, Importance.LOW)
                self._texts(out, event.path)
                return RecordKind.RESPONSE_FILE_USED
            case other:
                raise AssertionError(f"no record for {other}")

    def _texts(self, out: _Bytes, *texts: str) -> None:
        for text in texts:
            out.number(self._string(text))

    def _skipped(self, record: Record, event: TargetSkipped, out: _Bytes) -> RecordKind:
        """Without its importance, as MSBuild writes it: played from a log, targets are skipped in silence."""
        self._fields(out, record, None, more=Field.PROJECT_FILE if event.project else _NONE)
        if event.project:
            out.number(self._string(event.project))
        for text in (event.file, event.target, event.parent, event.condition, event.evaluated_condition):
            out.number(self._optional(text))
        out.flag(event.originally_succeeded)
        out.number(event.reason.value)
        out.number(event.skip_reason.value)
        out.flag(event.original is not None)
        if event.original is not None:
            out.content += struct.pack("<7i", *_context_numbers(event.original))
        return RecordKind.TARGET_SKIPPED

    def _diagnostic(self, record: Record, event: Diagnostic, out: _Bytes) -> RecordKind:
        place = event.location or Location("")
        self._fields(out, record, event.message)
        for text in (event.subcategory, event.code, place.file, event.project):
            out.number(self._optional(text))
        for number in (place.line, place.column, place.end_line, place.end_column):
            out.number(number)
        return RecordKind.ERROR if event.severity is Severity.ERROR else RecordKind.WARNING

    def _boundary(
        self,
        record: Record,
        event: ProjectStarted | ProjectFinished | TargetStarted | TargetFinished | TaskStarted | TaskFinished,
        out: _Bytes,
    ) -> RecordKind:
        match event:
            case ProjectStarted():
                self._fields(out, record, None)
                out.flag(True)
                out.context(event.parent)
                out.number(self._string(event.project))
                out.number(event.instance)
                self._texts(out, event.targets, event.tools_version)
                out.flag(True)
                out.number(self._list(event.global_properties))
                out.number(self._list(event.properties))
                self._typed_items(out, event.items)
                return RecordKind.PROJECT_STARTED
            case ProjectFinished():
                self._fields(out, record, None)
                out.number(self._string(event.project))
                out.flag(event.succeeded)
                return RecordKind.PROJECT_FINISHED
            case TargetStarted():
                self._fields(out, record, None)
                self._texts(out, event.target, event.project, event.file)
                out.number(self._optional(event.parent))
                out.number(event.reason.value)
                return RecordKind.TARGET_STARTED
            case TargetFinished():
                self._fields(out, record, None)
                out.flag(event.succeeded)
                self._texts(out, event.project, event.file, event.target)
                self._items(out, event.outputs or ())
                return RecordKind.TARGET_FINISHED
            case TaskStarted():
                self._fields(out, record, None, more=Field.LINE | Field.COLUMN)
                out.number(event.line)
                out.number(event.column)
                self._texts(out, event.task, event.project, event.file)
                return RecordKind.TASK_STARTED
            case TaskFinished():
                self._fields(out, record, None)
                out.flag(event.succeeded)
                self._texts(out, event.task, event.project, event.file)
                return RecordKind.TASK_FINISHED

    def _items(self, out: _Bytes, items: Items) -> None:
        out.number(len(items))
        for item in items:
            out.number(self._string(item.include))
            out.number(self._list(item.metadata))

    def _typed_items(self, out: _Bytes, items: TypedItems) -> None:
        for item_type, members in items:
            out.number(self._string(item_type))
            self._items(out, members)
        out.number(NULL_INDEX)


def write_log(stream: IO[bytes], records: Iterable[Record], imports_archive: bytes = b"") -> None:
    """Writes a whole log."""
    writer = BinaryLogWriter(stream)
    for record in records:
        writer(record)
    writer.close(imports_archive)
