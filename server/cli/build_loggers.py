"""The loggers of one command, opened and closed: console, log files, binary logs; and the events that begin and end every build."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO
from uuid import uuid4

from server.build.binlog_writer import BinaryLogWriter
from server.build.console_logger import ConsoleLogger, verbosity_line
from server.build.events import (
    NOWHERE,
    BuildFinished,
    BuildLog,
    BuildStarted,
    Importance,
    Listener,
    Message,
    ProjectImported,
    ProjectStarted,
    Record,
    ResponseFileUsed,
    TargetStarted,
    utc_ticks,
)
from server.build.logger_parameters import DETAILED, DIAGNOSTIC, NORMAL, LoggerError, LoggerParameters
from server.build.project_imports import ProjectImports
from server.cli.caller import caller
from server.cli.console import Progress
from server.cli.logger_switches import BinaryLogSwitch, LoggerSwitches
from server.msbuild.files import FileSystem


@dataclass(slots=True, eq=False)
class _BinaryLog:
    """A listener that writes a binary log and collects the project files that belong into it."""

    path: Path
    switch: BinaryLogSwitch
    imports: ProjectImports
    stream: IO[bytes]
    writer: BinaryLogWriter

    def __call__(self, record: Record) -> None:
        """Writes the record."""
        match record.event:
            case ProjectImported(imported=path) | ProjectStarted(project=path) | ResponseFileUsed(path=path):
                self.imports.add(path)
        self.writer(record)

    def close(self) -> None:
        """Writes the project files and ends the log."""
        archive = b"" if self.switch.imports == "none" else self.imports.archive()
        if self.switch.imports == "zipfile":
            self.path.with_suffix(".ProjectImports.zip").write_bytes(archive)
            archive = b""
        self.writer.close(archive)
        self.stream.close()


@dataclass(slots=True, eq=False)
class ProgressLine:
    """A listener that shows on a terminal which target runs now; `write` takes the line away before it writes."""

    progress: Progress
    inner: Callable[[str], None]

    def __call__(self, record: Record) -> None:
        """Shows the target that begins."""
        match record.event:
            case TargetStarted(project=project, target=target):
                self.progress.step(f"{Path(project).name}: {target}")
            case BuildFinished():
                self.progress.clear()

    def write(self, text: str) -> None:
        """Writes without breaking the line."""
        self.progress.clear()
        self.inner(text)


@dataclass(slots=True, eq=False)
class BuildLoggers:
    """Loggers that are open. `least` is the least importance that one of them shows."""

    listeners: list[Listener] = field(default_factory=list)
    least: Importance = Importance.HIGH
    names: list[str] = field(default_factory=list)
    has_binary: bool = False
    logs_evaluations: bool = False
    _closing: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def wants(self, rank: int) -> None:
        """Somebody shows what a verbosity shows."""
        importance = Importance.LOW if rank >= DETAILED else Importance.NORMAL if rank >= NORMAL else Importance.HIGH
        if importance.value > self.least.value:
            self.least = importance
        self.logs_evaluations = self.logs_evaluations or rank >= DIAGNOSTIC

    def on_close(self, close: Callable[[], None]) -> None:
        """Has something done when the loggers are closed, last asked first."""
        self._closing.callback(close)

    def close(self) -> None:
        """Ends all logs."""
        self._closing.close()


def open_loggers(
    switches: LoggerSwitches, folder: Path, files: FileSystem, write: Callable[[str], None], console: Listener | None
) -> BuildLoggers:
    """The loggers of `switches`; paths are relative to `folder`. `console` takes the place of the console logger. Raises LoggerError."""
    found = BuildLoggers()
    outputs: list[tuple[str, str]] = []
    for switch in switches.binary:
        path = folder / switch.file.replace("{}", f"{datetime.now(UTC):%Y%m%d-%H%M%S}--{uuid4().hex[:12]}")
        found.listeners.append(_open_binary(found, switch, path, files))
        found.wants(DIAGNOSTIC)
        found.has_binary = True
        found.names.append("BinaryLogger")
        outputs.append(("BinaryLogger", str(path)))
    outputs += [("FileLogger", str(folder / one.file)) for one in switches.files]
    if console is not None:
        found.listeners.append(console)
        found.names.append("SimpleErrorLogger")
    elif switches.console is not None:
        if switches.shows_progress and caller().err.is_terminal and switches.console.rank < NORMAL:
            line = ProgressLine(Progress(quiet=False), write)
            found.listeners.append(line)
            write = line.write
        shown = replace(switches.console, force_colour=switches.console.force_colour or caller().out.shows_colour)
        found.listeners.append(ConsoleLogger(shown.rank, write, shown, outputs))
        found.wants(switches.console.rank)
        found.names.append("ConsoleLogger")
    for parameters in switches.files:
        found.listeners.append(_open_file(found, parameters, folder / parameters.file, outputs))
        found.wants(parameters.rank)
        found.names.append("FileLogger")
    return found


def _open_binary(loggers: BuildLoggers, switch: BinaryLogSwitch, path: Path, files: FileSystem) -> _BinaryLog:
    stream = _opened(path, "wb")
    log = _BinaryLog(path, switch, ProjectImports(files), stream, BinaryLogWriter(stream))
    loggers.on_close(log.close)
    if switch.initial_facts:
        for text in (f"BinLogFilePath={path}", "CurrentUICulture="):
            log(Record(Message(text, Importance.NORMAL, sender="BinaryLogger"), NOWHERE, utc_ticks()))
    return log


def _open_file(loggers: BuildLoggers, parameters: LoggerParameters, path: Path, outputs: Sequence[tuple[str, str]]) -> ConsoleLogger:
    stream = _opened(path, "ab" if parameters.append else "wb")
    loggers.on_close(stream.close)
    try:
        "".encode(parameters.encoding)
    except LookupError:
        how = "For information on defining a custom encoding, see the documentation for the Encoding.RegisterProvider method."
        text = f"'{parameters.encoding}' is not a supported encoding name. {how} (Parameter 'name')"
        raise LoggerError("MSB4128", text) from None

    def write(text: str) -> None:
        stream.write(text.encode(parameters.encoding, "replace"))

    greets = parameters.rank >= NORMAL and not parameters.shows_diagnostics_only
    return ConsoleLogger(parameters.rank, write, parameters, outputs, verbosity_line(parameters.rank) if greets else "")


def _opened(path: Path, mode: str) -> IO[bytes]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open(mode)
    except OSError as error:
        raise LoggerError("MSB4104", f'Failed to write to log file "{path}". {error.strerror}') from None


def begin_build(
    log: BuildLog, loggers: BuildLoggers, environment: Sequence[tuple[str, str]], facts: Sequence[str], response_files: Sequence[Path]
) -> None:
    """The events before the first project. `facts` are lines about the process."""
    log.send(BuildStarted(tuple(environment)))
    for path in response_files if log.wants_detail else ():
        text = f'Some command line switches were read from the auto-response file "{path}".'
        text += ' To disable this file, use the "-noAutoResponse" switch.'
        log.send(ResponseFileUsed(text, str(path)))
    for fact in facts:
        log.comment(Importance.LOW, fact)
    if loggers.names:
        log.comment(Importance.LOW, f"Enabled loggers: {', '.join(loggers.names)}")


def end_build(log: BuildLog, *, succeeded: bool, question: bool) -> None:
    """The event after the last project."""
    if question:
        text = "Question build succeeded. Up-to-date checks passed."
        if not succeeded:
            text = "Question build FAILED. The build exited early as it encountered a target or task that was not up-to-date."
    else:
        text = "Build succeeded." if succeeded else "Build FAILED."
    log.send(BuildFinished(succeeded, text))


def dotnet_process() -> str:
    """The program that runs, as logs name it."""
    return shutil.which("aotd") or "aotd"
