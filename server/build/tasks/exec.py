"""The Exec task: runs a command in the shell, reads errors and warnings out of its output."""

from __future__ import annotations

import contextlib
import os
import queue
import re
import signal
import subprocess
import threading
import time
from typing import IO

from compiler.diagnostics import Location
from server.build.console_logger import importance_of
from server.build.events import CommandLine, Importance
from server.build.tasks.canonical_errors import parse_canonical
from server.build.tasks.task import Kind, Parameter, TaskCall, TaskDefinition, output_item

# How often a wait looks whether the build was cancelled.
_POLL_SECONDS = 0.2
_TAIL = "but errors were detected during execution. ExitCode was set to -1."


def _read(stream: IO[bytes], name: str, lines: queue.SimpleQueue[tuple[str, str] | None]) -> None:
    for raw in stream:
        lines.put((name, raw.decode("utf-8", "replace").rstrip("\r\n")))
    lines.put(None)


def _environment(call: TaskCall) -> dict[str, str]:
    variables = dict(call.variables())
    for text in call.texts("EnvironmentVariables"):
        name, _, value = text.partition("=")
        variables[name] = value
    return variables


def _expression(call: TaskCall, name: str) -> re.Pattern[str] | None:
    text = call.text(name)
    if not text:
        return None
    try:
        return re.compile(text, re.IGNORECASE)
    except re.error as error:
        call.error("MSB3076", f'The regular expression "{text}" that was supplied is invalid. {error.msg}')
        return None


def _run(call: TaskCall) -> bool:
    command = call.text("Command").strip()
    if not command:
        call.error("MSB3072", 'The "Exec" task needs a command to execute.')
        return False
    folder = call.path(call.text("WorkingDirectory")) if call.text("WorkingDirectory") else call.instance.directory
    if not os.path.isdir(folder):
        call.error("MSB6003", f'The specified task executable "sh" could not be run. The working directory "{folder}" does not exist.')
        return False
    process = subprocess.Popen(
        ["/bin/sh", "-c", command],
        cwd=folder,
        env=_environment(call),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    if not call.flag("EchoOff"):
        call.log.send(CommandLine(command, "Exec"))
    lines: queue.SimpleQueue[tuple[str, str] | None] = queue.SimpleQueue()
    assert process.stdout is not None and process.stderr is not None
    readers = [
        threading.Thread(target=_read, args=(stream, name, lines), daemon=True)
        for stream, name in ((process.stdout, "out"), (process.stderr, "err"))
    ]
    for reader in readers:
        reader.start()
    output: list[str] = []
    limit_ms = call.number("Timeout", -1)
    try:
        had_errors = _take_lines(call, lines, len(readers), output, _deadline(limit_ms))
        exit_code = process.wait()
    except subprocess.TimeoutExpired:
        _end(process)
        text = f'Terminating the task executable "sh" because it did not finish within the specified limit of {limit_ms} milliseconds.'
        call.warning("MSB5002", text)
        call.set_value("ExitCode", -1)
        return False
    finally:
        # Whoever gives the build up ends the command as well.
        if process.poll() is None:
            _end(process)
    if exit_code < 0:
        exit_code = 128 - exit_code
    if call.flag("ConsoleToMSBuild"):
        call.outputs["consoleoutput"] = output
    call.set_items("Outputs", [output_item(item) for item in call.items("Outputs")])
    return _finish(call, command, exit_code, had_errors=had_errors)


def _deadline(limit_ms: int) -> float | None:
    return time.monotonic() + limit_ms / 1000 if limit_ms >= 0 else None


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends the command and what it has started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _next_line(call: TaskCall, lines: queue.SimpleQueue[tuple[str, str] | None], deadline: float | None) -> tuple[str, str] | None:
    """The next line, None at the end of a stream. Raises TimeoutExpired, and KeyboardInterrupt when the build was given up."""
    while True:
        try:
            return lines.get(timeout=_POLL_SECONDS if deadline is None else max(0.0, min(_POLL_SECONDS, deadline - time.monotonic())))
        except queue.Empty:
            if call.services.is_cancelled():
                raise KeyboardInterrupt from None
            if deadline is not None and time.monotonic() >= deadline:
                raise subprocess.TimeoutExpired("sh", 0) from None


def _finish(call: TaskCall, command: str, exit_code: int, *, had_errors: bool) -> bool:
    if exit_code == 0 and had_errors:
        call.error("MSB3077", f'The command "{command}" exited with return value 0, {_TAIL}')
        call.set_value("ExitCode", -1)
        return False
    call.set_value("ExitCode", exit_code)
    if exit_code == 0:
        return True
    if call.flag("IgnoreExitCode"):
        call.message(f'The command "{command}" exited with code {exit_code}.')
        return True
    call.error("MSB3073", f'The command "{command}" exited with code {exit_code}.')
    return False


def _take_lines(
    call: TaskCall, lines: queue.SimpleQueue[tuple[str, str] | None], n_streams: int, output: list[str], deadline: float | None
) -> bool:
    """Logs every line as it comes; were there errors among them?"""
    error_pattern, warning_pattern = _expression(call, "CustomErrorRegularExpression"), _expression(call, "CustomWarningRegularExpression")
    importance = {
        "out": importance_of(call.text("StandardOutputImportance")) or Importance.HIGH,
        "err": importance_of(call.text("StandardErrorImportance")) or Importance.HIGH,
    }
    had_errors = False
    while n_streams:
        entry = _next_line(call, lines, deadline)
        if entry is None:
            n_streams -= 1
            continue
        stream, line = entry
        if line.strip():
            output.append(line.strip())
        if error_pattern is not None and error_pattern.search(line):
            call.error("", line)
            had_errors = True
        elif warning_pattern is not None and warning_pattern.search(line):
            call.warning("", line)
        elif stream == "err" and call.flag("LogStandardErrorAsError"):
            call.error("", line)
            had_errors = True
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
