"""Logs of versions that are read and not written: records with sizes, fields and kinds that came later."""

from __future__ import annotations

import gzip
import io
import struct

import pytest

from server.build.binlog_format import Field, RecordKind
from server.build.binlog_reader import BinaryLog, BinaryLogError, with_arguments
from server.build.event_texts import event_text
from server.build.events import EnvironmentVariableRead, Importance, Message, ProjectStarted, TaskParameter, TaskStarted

TICKS = 638_000_000_000_000_000
CONTEXT = bytes([1, 5, 2, 3, 0, 1, 1])


def number(value: int) -> bytes:
    """A number of 7 bits a byte."""
    found = bytearray()
    while value >= 0x80:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


class Log:
    """A log under construction; texts are given, their indexes come back."""

    def __init__(self, version: int, minimum: int = 18) -> None:
        self.content = struct.pack("<ii", version, minimum)
        self.n_strings = 0
        self.n_lists = 0

    def text(self, text: str) -> bytes:
        data = text.encode()
        self.content += number(RecordKind.STRING) + number(len(data)) + data
        self.n_strings += 1
        return number(9 + self.n_strings)

    def pairs(self, name: str, value: str) -> bytes:
        content = self.text(name) + self.text(value)
        self.record(RecordKind.NAME_VALUE_LIST, number(1) + content)
        self.n_lists += 1
        return number(9 + self.n_lists)

    def record(self, kind: int, content: bytes) -> None:
        self.content += number(kind) + number(len(content)) + content

    def fields(self, flags: Field, *more: bytes, message: bytes = b"") -> bytes:
        flags |= Field.CONTEXT | Field.TIMESTAMP | (Field.MESSAGE if message else Field(0))
        return number(flags) + message + CONTEXT + struct.pack("<q", TICKS) + b"\x01" + b"".join(more)

    def read(self) -> BinaryLog:
        return BinaryLog(io.BytesIO(gzip.compress(self.content + b"\x00")))


def test_fields_and_kinds_of_later_versions() -> None:
    log = Log(25)
    message = log.text("{0} of {1}")
    arguments = number(2) + log.text("one") + log.text("two")
    log.record(RecordKind.MESSAGE, log.fields(Field.ARGUMENTS | Field.IMPORTANCE, arguments, b"\x00", message=message) + b"later")
    log.record(99, b"of a kind that is not known")
    names = [log.text(text) for text in ("Csc", "/p/a.proj", "/p/a.targets", "Tasks, Version=1")]
    log.record(RecordKind.TASK_STARTED, log.fields(Field.LINE | Field.COLUMN, b"\x07", b"\x09") + b"".join(names))
    named = log.text("Out")
    listed = number(1) + log.text("item") + log.pairs("M", "v")
    log.record(RecordKind.TASK_PARAMETER, log.fields(Field(0)) + b"\x01" + named + listed + named + log.text("Prop"))
    project = log.text("/p/a.proj")
    globals_ = log.pairs("Configuration", "Release")
    started = b"\x01" + CONTEXT + project + b"\x01" + b"\x01" + log.text("Current") + globals_ + b"\x00" + b"\x00"
    log.record(RecordKind.PROJECT_STARTED, log.fields(Field(0)) + started)
    value = log.text("value")
    log.record(RecordKind.ENVIRONMENT_VARIABLE_READ, log.fields(Field(0), message=value) + log.text("NAME") + b"\x01\x02" + project)
    log.record(RecordKind.PROJECT_IMPORT_ARCHIVE, b"zip")
    read = log.read()
    records = list(read.records())
    assert (read.version, read.minimum_reader_version, read.imports_archive) == (25, 18, b"zip")
    events = [record.event for record in records]
    assert events[0] == Message("one of two", Importance.HIGH)
    assert events[1] == TaskStarted("Csc", "/p/a.proj", "/p/a.targets", 7, 9, "Tasks, Version=1")
    assert isinstance(events[2], TaskParameter) and event_text(events[2]).startswith("Output Property: \n    Prop=\n        item")
    assert isinstance(events[3], ProjectStarted) and events[3].global_properties == (("Configuration", "Release"),)
    assert events[4] == EnvironmentVariableRead("NAME", "value")
    assert {record.ticks for record in records} == {TICKS} and records[0].context.project == 5


@pytest.mark.parametrize(("version", "minimum"), [(13, 13), (99, 28)])
def test_versions_that_cannot_be_read(version: int, minimum: int) -> None:
    with pytest.raises(BinaryLogError, match=f"version is {version} with minimum required reader version {minimum}"):
        list(Log(version, minimum).read().records())


def test_damaged_records() -> None:
    """Sizes, indexes and counts that lead outside are typed errors."""
    for content in (number(500) + b"\x01", b"\xff\xff\xff\xff\xff\xff", log_with_bad_string()):
        log = Log(25)
        log.content += number(RecordKind.MESSAGE) + content
        with pytest.raises(BinaryLogError):
            list(log.read().records())


def log_with_bad_string() -> bytes:
    content = number(Field.MESSAGE) + number(4000)
    return number(len(content)) + content


def test_arguments() -> None:
    assert with_arguments("{{0}} {0} {1,5} {2:x} {9}", ["a", "b", "c"]) == "{0} a b c {9}"
