"""Loggers of .NET assemblies (`-logger`, `-distributedLogger`): the build writes a binary log, and they hear it played at the end.

They are looked for before the build, so that a wrong name costs nothing. Of a distributed logger the central part is used: all events
are there. In restricted mode they are refused by name.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import IO

from compiler.csharp.wire import Json
from server.build.binlog_writer import BinaryLogWriter
from server.build.dotnet_tasks.host_process import Body
from server.build.logger_parameters import DETAILED
from server.cli.build_loggers import BuildLoggers
from server.cli.build_services import CallerServices
from server.cli.caller import caller
from server.cli.logger_switches import AssemblyLogger, LoggerSwitches
from server.cli.switch_gathering import SwitchError, initialization_error

_NOT_FOUND = (
    "The logger was not found. Check the following: 1.) The logger name specified is the same as the name of the logger class. 2.) The "
    'logger class is "public" and implements the Microsoft.Build.Framework.ILogger interface. 3.) The path to the logger assembly is '
    "correct, or the logger can be loaded using only the assembly name provided."
)


class HostedLoggers:
    """The loggers of one build, maybe none. Invariant: the log that they will hear is there from `listen` to `close`."""

    def __init__(self, switches: LoggerSwitches, services: CallerServices) -> None:
        self._switches = switches
        self._services = services
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._stream: IO[bytes] | None = None
        self._writer: BinaryLogWriter | None = None

    def check(self) -> None:
        """Are they all there? Raises SwitchError, and InputError when there is no tool chain to run them."""
        if not self._switches.assemblies:
            return
        for logger in self._switches.assemblies:
            if self._services.is_restricted:
                text = "In restricted mode nothing of the workspace is run."
                raise _unusable(logger, text)
            if logger.is_file and not (caller().directory / logger.assembly).is_file():
                path = caller().directory / logger.assembly
                raise _unusable(logger, f"Could not load file or assembly '{path}'. The system cannot find the file specified.")
        self._ask("")

    def listen(self, loggers: BuildLoggers) -> None:
        """Begins to write the log, unless there is nobody to hear it."""
        if not self._switches.assemblies:
            return
        self._folder = tempfile.TemporaryDirectory()
        self._stream = open(self._log(), "wb")  # noqa: SIM115  # closed by `finish` or `close`
        self._writer = BinaryLogWriter(self._stream)
        loggers.listeners.append(self._writer)
        loggers.wants(DETAILED)
        loggers.names += [logger.class_name.rpartition(".")[2] for logger in self._switches.assemblies]

    def finish(self) -> bool:
        """Plays the log that was written; see `play`."""
        if self._writer is None or self._stream is None:
            return True
        self._writer.close()
        self._stream.close()
        return self.play(self._log())

    def play(self, log: str) -> bool:
        """Plays a log to the loggers; False when one failed, which has been said. Raises InputError."""
        if not self._switches.assemblies:
            return True
        answer = self._ask(log)
        if "failed" in answer:
            code = answer.get("code")
            text = f"MSBUILD : Logger error {code if code else 'MSB1029'}: {answer['failed']}\n"
        elif "crashed" in answer:
            text = f"MSBUILD : error MSB1028: The logger failed unexpectedly.\n{answer['crashed']}\n"
        else:
            return True
        caller().out.output.write(text)
        return False

    def close(self) -> None:
        """Deletes the log."""
        if self._stream is not None and self._folder is not None:
            self._stream.close()
            self._folder.cleanup()

    def _log(self) -> str:
        assert self._folder is not None
        return str(Path(self._folder.name) / "build.binlog")

    def _ask(self, log: str) -> Body:
        rows: list[Json] = [
            {
                "class": logger.class_name,
                "assembly": str(caller().directory / logger.assembly) if logger.is_file else logger.assembly,
                "parameters": logger.parameters,
            }
            for logger in self._switches.assemblies
        ]
        body: dict[str, Json] = {"log": log, "nodes": self._switches.n_nodes, "verbosity": self._switches.rank, "loggers": rows}
        _, answer = self._services.dotnet_tasks().hosts.request("loggers", body, self._take, self._services.is_cancelled)
        if "index" in answer:
            logger = self._switches.assemblies[int(str(answer["index"]))]
            raise _not_found(logger) if "missing" in answer else _unusable(logger, str(answer["unusable"]))
        return answer

    def _take(self, kind: str, body: Body) -> Body | None:
        if kind == "print":
            self._services.print_text(str(body["text"]), to_errors=body["stream"] == "err")
        return None


def _not_found(logger: AssemblyLogger) -> SwitchError:
    return initialization_error("MSB1020", _NOT_FOUND, logger.written)


def _unusable(logger: AssemblyLogger, why: str) -> SwitchError:
    return initialization_error("MSB1021", f"Cannot create an instance of the logger {logger.shown_name}. {why}", logger.written)
