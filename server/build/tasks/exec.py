"""The Exec task: runs a command in the shell, reads errors and warnings out of its output."""

from __future__ import annotations

import codecs
import contextlib
import os
import queue
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO

from compiler.diagnostics import Location
from server.build.events import CommandLine, Importance
from server.build.tasks.canonical_errors import parse_canonical
from server.build.tasks.task import Kind, Parameter, TaskCall, TaskDefinition, output_item

# How often a wait looks whether the build was cancelled, and whether the command has ended.
_POLL_SECONDS = 0.2
# How long a command that has ended is waited for while something that it started holds its output open.
_LAST_OUTPUT_SECONDS = 30.0
_TAIL = "but errors were detected during execution. ExitCode was set to -1."
_LINE_END = re.compile(r"\r\n|\r|\n")
_LEVELS = {"high": Importance.HIGH, "normal": Importance.NORMAL, "low": Importance.LOW}


@dataclass(slots=True)
class _Tool:
    """A command under way: its process, the lines of its streams (None ends a stream), and when it is out of time."""

    process: subprocess.Popen[bytes]
    lines: queue.SimpleQueue[tuple[str, str] | None]
    deadline: float | None
    last_output: float | None = None


def _read(stream: IO[bytes], name: str, encoding: str, lines: queue.SimpleQueue[tuple[str, str] | None]) -> None:
    """Passes lines on as .NET tells them apart: each of CR, LF and CRLF ends one."""
    for raw in stream:
        parts = _LINE_END.split(raw.decode(encoding, "replace"))
        for part in parts[:-1] if parts[-1] == "" else parts:
            lines.put((name, part))
    lines.put(None)


def _environment(call: TaskCall) -> dict[str, str] | None:
    """The command's variables; None when what the task is given is none, which is reported."""
    variables = dict(call.variables())
    for text in call.texts("EnvironmentVariables"):
        name, equals, value = text.partition("=")
        if not name or not equals:
            why = 'passed to the Environment property is not in the format "name=value", where the value part may be empty.'
            call.error("MSB6007", f'The "{name}" value {why}')
            return None
        variables[name] = value
    return variables


def _encoding(call: TaskCall, name: str) -> str | None:
    """Python's name of an encoding; None when there is no such, which is reported."""
    try:
        return codecs.lookup(call.text(name) or "utf-8").name
    except LookupError:
        call.error("MSB3098", f'"Exec" task received an invalid value for the "{name}" parameter.')
        return None


def _importance(call: TaskCall, name: str) -> Importance | None:
    """The importance of a stream's lines; None when there is no such, which is reported."""
    text = call.text(name) or "High"
    found = _LEVELS.get(text.strip().lower())
    if found is None:
        valid = "Valid values are: High, Normal and Low."
        call.error("MSB3511", f'"{text}" is an invalid value for the "Importance" parameter. {valid}')
    return found


def _expression(call: TaskCall, name: str) -> re.Pattern[str] | None:
    text = call.text(name)
    if not text:
        return None
    try:
        return re.compile(text)
    except re.error as error:
        call.error("MSB3076", f'The regular expression "{text}" that was supplied is invalid. {error.msg}')
        return None


def _run(call: TaskCall) -> bool:
    command = call.text("Command").replace("\r\n", "\n")
    encodings = [_encoding(call, name) for name in ("StdOutEncoding", "StdErrEncoding")]
    if None in encodings:
        return False
    if not command.strip():
        call.error("MSB3072", 'The "Exec" task needs a command to execute.')
        return False
    environment = _environment(call)
    if environment is None:
        return False
    levels = [_importance(call, name) for name in ("StandardOutputImportance", "StandardErrorImportance")]
    if None in levels:
        return False
    shell = _shell(call, environment)
    if shell is None:
        return False
    if not call.flag("EchoOff"):
        call.log.send(CommandLine(command, "Exec"))
    written = call.text("WorkingDirectory")
    folder = call.path(written) if written else call.instance.directory
    if not os.path.isdir(folder):
        error = f'System.IO.DirectoryNotFoundException: The working directory "{written}" does not exist.'
        call.error("MSB6003", f'The specified task executable "sh" could not be run. {error}')
        return False
    script = _script(command)
    try:
        tool = _start(call, [shell, "-c", f'. "{script}"'], folder, environment, [name for name in encodings if name is not None])
        if tool is None:
            return False
        return _follow(call, tool, command, [level for level in levels if level is not None])
    finally:
        os.unlink(script)


def _shell(call: TaskCall, environment: Mapping[str, str]) -> str | None:
    """The path of the shell, or of what ToolPath and ToolExe name in its place; None when that is not there, which is reported."""
    if not call.text("ToolPath"):
        return shutil.which(call.text("ToolExe") or "sh", path=environment.get("PATH")) or "/bin/sh"
    path = os.path.join(call.path(call.text("ToolPath")), call.text("ToolExe") or "sh")
    if not os.path.isfile(path):
        call.error("MSB6004", f'The specified task executable location "{path}" is invalid.')
        return None
    return path


def _script(command: str) -> str:
    """The file that the shell reads the command from, as long as that may be."""
    number, path = tempfile.mkstemp(prefix="tmp", suffix=".exec.cmd")
    with open(number, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        file.write(f"#!/bin/sh\n{command}\n")
    return path


def _start(call: TaskCall, arguments: list[str], folder: str, environment: Mapping[str, str], encodings: list[str]) -> _Tool | None:
    """The command under way; None when the system does not start it, which is reported."""
    try:
        process = subprocess.Popen(
            arguments,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        why = f"System.ComponentModel.Win32Exception ({error.errno}): {error.strerror}"
        call.error("MSB6003", f'The specified task executable "{os.path.basename(arguments[0])}" could not be run. {why}')
        return None
    lines: queue.SimpleQueue[tuple[str, str] | None] = queue.SimpleQueue()
    assert process.stdout is not None and process.stderr is not None
    for stream, name, encoding in zip((process.stdout, process.stderr), ("out", "err"), encodings, strict=True):
        threading.Thread(target=_read, args=(stream, name, encoding, lines), daemon=True).start()
    limit_ms = call.number("Timeout", -1)
    return _Tool(process, lines, time.monotonic() + limit_ms / 1000 if limit_ms >= 0 else None)


def _follow(call: TaskCall, tool: _Tool, command: str, levels: list[Importance]) -> bool:
    """Logs what the command prints until it ends, and what came of it."""
    output: list[str] = []
    try:
        had_errors = _take_lines(call, tool, output, dict(zip(("out", "err"), levels, strict=True)))
        exit_code = tool.process.wait()
    except subprocess.TimeoutExpired:
        _end(tool.process)
        limit = f"within the specified limit of {call.number('Timeout', -1)} milliseconds."
        call.warning("MSB5002", f'Terminating the task executable "sh" because it did not finish {limit}')
        call.set_value("ExitCode", _exit_code(tool.process.returncode))
        return False
    finally:
        # Whoever gives the build up ends the command as well.
        if tool.process.poll() is None:
            _end(tool.process)
    if call.flag("ConsoleToMSBuild"):
        call.outputs["consoleoutput"] = output
    call.set_items("Outputs", [output_item(item) for item in call.items("Outputs")])
    return _finish(call, command, _exit_code(exit_code), had_errors=had_errors)


def _exit_code(status: int) -> int:
    """The code as a shell tells it of a command that a signal ended."""
    return 128 - status if status < 0 else status


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends the command and what it has started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _next_line(call: TaskCall, tool: _Tool) -> tuple[str, str] | None:
    """The next line, None at the end of a stream. Raises TimeoutExpired, and KeyboardInterrupt when the build was given up."""
    while True:
        left = _POLL_SECONDS if tool.deadline is None else tool.deadline - time.monotonic()
        try:
            return tool.lines.get(timeout=max(0.0, min(_POLL_SECONDS, left)))
        except queue.Empty:
            if call.services.is_cancelled():
                raise KeyboardInterrupt from None
            if tool.deadline is not None and time.monotonic() >= tool.deadline:
                raise subprocess.TimeoutExpired("sh", 0) from None
            if tool.process.poll() is not None:
                tool.last_output = tool.last_output or time.monotonic() + _LAST_OUTPUT_SECONDS
                if time.monotonic() >= tool.last_output:
                    return None


def _finish(call: TaskCall, command: str, exit_code: int, *, had_errors: bool) -> bool:
    shown = "..." if call.flag("EchoOff") else command
    if exit_code == 0 and had_errors:
        exit_code = -1
        failed = ("MSB3077", f'The command "{shown}" exited with return value 0, {_TAIL}')
    else:
        failed = ("MSB3073", f'The command "{shown}" exited with code {exit_code}.')
    call.set_value("ExitCode", exit_code)
    if exit_code == 0:
        return True
    if call.flag("IgnoreExitCode"):
        if not call.flag("EchoOff"):
            call.message(f'The command "{command}" exited with code {exit_code}.')
        return True
    call.error(*failed)
    return False


def _take_lines(call: TaskCall, tool: _Tool, output: list[str], importance: Mapping[str, Importance]) -> bool:
    """Logs every line as it comes; were there errors among them?"""
    error_pattern, warning_pattern = _expression(call, "CustomErrorRegularExpression"), _expression(call, "CustomWarningRegularExpression")
    had_errors = call.logged_error
    n_streams = 2
    while n_streams:
        entry = _next_line(call, tool)
        if entry is None:
            n_streams -= 1
            continue
        stream, line = entry
        if line.strip():
            output.append(line.rstrip())
        if stream == "err" and call.flag("LogStandardErrorAsError"):
            call.error("", line)
            had_errors = True
        elif error_pattern is not None and error_pattern.search(line):
            call.error("", line)
            had_errors = True
        elif warning_pattern is not None and warning_pattern.search(line):
            call.warning("", line)
        else:
            had_errors = _log_line(call, line, importance[stream]) or had_errors
    return had_errors


def _log_line(call: TaskCall, line: str, importance: Importance) -> bool:
    """Logs one line; was it an error in canonical form?"""
    found = None if call.flag("IgnoreStandardErrorWarningFormat") else parse_canonical(line)
    if found is None:
        call.message(line, importance)
        return False
    place = Location(found.origin or "EXEC", found.line, found.column)
    if found.is_error:
        call.error(found.code, found.text, location=place, subcategory=found.subcategory)
        return True
    call.warning(found.code, found.text, location=place, subcategory=found.subcategory)
    return False


TASK = TaskDefinition(
    "Exec",
    (
        Parameter("Command", Kind.TEXT, required=True),
        Parameter("WorkingDirectory", Kind.TEXT),
        Parameter("IgnoreExitCode", Kind.BOOL),
        Parameter("IgnoreStandardErrorWarningFormat", Kind.BOOL),
        Parameter("CustomErrorRegularExpression", Kind.TEXT),
        Parameter("CustomWarningRegularExpression", Kind.TEXT),
        Parameter("ConsoleToMSBuild", Kind.BOOL),
        Parameter("LogStandardErrorAsError", Kind.BOOL),
        Parameter("StandardOutputImportance", Kind.TEXT),
        Parameter("StandardErrorImportance", Kind.TEXT),
        Parameter("StdOutEncoding", Kind.TEXT),
        Parameter("StdErrEncoding", Kind.TEXT),
        Parameter("EnvironmentVariables", Kind.TEXTS),
        Parameter("Outputs", Kind.ITEMS),
        Parameter("EchoOff", Kind.BOOL),
        Parameter("Timeout", Kind.INT),
        Parameter("UseUtf8Encoding", Kind.TEXT),
        Parameter("YieldDuringToolExecution", Kind.BOOL),
        Parameter("UseCommandProcessor", Kind.BOOL),
        Parameter("ToolExe", Kind.TEXT),
        Parameter("ToolPath", Kind.TEXT),
    ),
    ("ExitCode", "ConsoleOutput", "Outputs"),
    _run,
)
