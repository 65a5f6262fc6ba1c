"""The switches that say who listens to a build -> which loggers there are and what each of them shows."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from server.build.logger_parameters import DETAILED, VERBOSITIES, LoggerError, LoggerParameters, parse_logger_parameters
from server.cli.switch_gathering import GatheredSwitches, SwitchError, initialization_error, split_unquoted, switch_error, unquote

_MOST_NODES = 1024
_BINLOG = ".binlog"
_EXPECTED = (
    "Expected: ProjectImports={None,Embed,ZipFile} and/or [LogFile=]filePath.binlog "
    '(the log file name or path, must have the ".binlog" extension).'
)


@dataclass(frozen=True, slots=True)
class BinaryLogSwitch:
    """A binary log to write; `imports` is "none", "embed" or "zipfile"."""

    file: str = "msbuild.binlog"
    imports: str = "embed"
    initial_facts: bool = True


@dataclass(frozen=True, slots=True)
class AssemblyLogger:
    """A logger of a .NET assembly, a file or a name; `class_name` is "" for the only one there. `written` is the switch's text."""

    class_name: str
    assembly: str
    parameters: str
    written: str
    is_file: bool

    @property
    def shown_name(self) -> str:
        """How errors name it."""
        return self.class_name or PurePosixPath(self.assembly).name


@dataclass(frozen=True, slots=True)
class LoggerSwitches:
    """All loggers of a build. `console` is None when there is none; `rank` is that of -verbosity."""

    rank: int
    console: LoggerParameters | None
    files: tuple[LoggerParameters, ...] = ()
    binary: tuple[BinaryLogSwitch, ...] = ()
    n_nodes: int = 1
    duplicate_logs: tuple[str, ...] = ()
    shows_progress: bool = True
    assemblies: tuple[AssemblyLogger, ...] = ()


NO_LOGGERS = LoggerSwitches(1, None)


def parse_logger_switches(gathered: GatheredSwitches) -> LoggerSwitches:
    """The loggers that were asked for. Raises SwitchError; a bad parameter of a logger is one too, with MSBuild's text."""
    n_nodes = _node_count(gathered)
    rank = 1
    for value in gathered.values("verbosity"):
        if value.lower() not in VERBOSITIES:
            raise switch_error("MSB1018", "Verbosity level is not valid.", value)
        rank = VERBOSITIES[value.lower()]
    assemblies = _assembly_loggers(gathered)
    shows_progress = _terminal_logger(gathered)
    try:
        console = None
        if not gathered.has("noconsolelogger"):
            console = parse_logger_parameters(";".join(gathered.values("consoleloggerparameters")), rank, n_nodes)
        binary = [parse_binary_log(text) for text in _given("binarylogger", gathered)]
        files = _file_loggers(gathered, n_nodes)
    except LoggerError as error:
        raise logger_failure(error) from None
    distinct = {one.file: one for one in reversed(binary)}
    duplicates = [one.file for index, one in enumerate(binary) if any(other.file == one.file for other in binary[:index])]
    kept = tuple(one for one in binary if distinct.get(one.file) is one)
    return LoggerSwitches(rank, console, files, kept, n_nodes, tuple(dict.fromkeys(duplicates)), shows_progress, assemblies)


def logger_failure(error: LoggerError) -> SwitchError:
    """What MSBuild prints when a logger cannot be used."""
    return SwitchError(f"MSBUILD : Logger error {error.code}: {error.message}\n")


def parse_binary_log(text: str) -> BinaryLogSwitch:
    """The parameters of `-binaryLogger`. Raises LoggerError (MSB4234)."""
    found = BinaryLogSwitch()
    for piece in (part for part in text.split(";") if part):
        lowered = piece.lower()
        if lowered in ("projectimports=none", "projectimports=embed", "projectimports=zipfile"):
            found = replace(found, imports=lowered.partition("=")[2])
        elif lowered == "omitinitialinfo":
            found = replace(found, initial_facts=False)
        else:
            path = (piece[len("logfile=") :] if lowered.startswith("logfile=") else piece).strip('"')
            if not path.lower().endswith(_BINLOG) and "{}" not in path:
                raise LoggerError("MSB4234", f'Invalid binary logger parameter(s): "{piece}". {_EXPECTED}')
            found = replace(found, file=path.replace("\\", "/"))
    return found


def _given(name: str, gathered: GatheredSwitches) -> list[str]:
    """Texts of a switch that may stand without one."""
    return [value or "" for value in gathered.parameters.get(name, ())] or ([""] if gathered.has(name) else [])


def _node_count(gathered: GatheredSwitches) -> int:
    """How many nodes may build at a time: as many as there are processors unless told otherwise, as `dotnet msbuild` does."""
    values = gathered.values("maxcpucount")
    if not values:
        return os.cpu_count() or 1
    try:
        count = int(values[-1])
    except ValueError:
        text = f"Maximum CPU count is not valid. The input string '{values[-1]}' was not in a correct format."
        raise switch_error("MSB1030", text, values[-1]) from None
    if not 0 < count <= _MOST_NODES:
        text = f"Maximum CPU count is not valid. Value must be an integer greater than zero and no more than {_MOST_NODES}."
        raise switch_error("MSB1032", text, values[-1])
    return count


def _assembly_loggers(gathered: GatheredSwitches) -> tuple[AssemblyLogger, ...]:
    """`-logger:[CLASS,]ASSEMBLY[;PARAMETERS]`; of `-distributedLogger:CENTRAL*FORWARDING` the central one."""
    found: list[AssemblyLogger] = []
    for name in ("logger", "distributedlogger"):
        for value in gathered.values(name):
            central = split_unquoted(value, "*")[0] if name == "distributedlogger" else value
            specification, *parameters = split_unquoted(central, ";")
            class_name, *assembly = split_unquoted(specification, ",")
            where = unquote(",".join(assembly) if assembly else class_name).strip()
            if not where:
                raise initialization_error("MSB1019", "Logger switch was not correctly formed.", value)
            is_file = "/" in where or where.lower().endswith((".dll", ".exe"))
            given = unquote(";".join(parameters))
            found.append(AssemblyLogger(unquote(class_name).strip() if assembly else "", where.replace("\\", "/"), given, value, is_file))
    return tuple(found)


def _terminal_logger(gathered: GatheredSwitches) -> bool:
    """May progress be shown on a terminal?"""
    value = next(iter(gathered.values("terminallogger")[-1:]), "auto").lower()
    if value not in ("auto", "on", "off", "true", "false"):
        text = f"Terminal logger value is not valid. It should be one of 'auto', 'true', or 'false'. {value}"
        raise switch_error("MSB1065", text, value)
    return value not in ("off", "false")


def _file_loggers(gathered: GatheredSwitches, n_nodes: int) -> tuple[LoggerParameters, ...]:
    """`-fl` and `-flp`, each of which may carry a number; parameters alone make a logger too."""
    found: list[LoggerParameters] = []
    for number in ("", *map(str, range(1, 10))):
        texts = gathered.values(f"fileloggerparameters{number}")
        if texts or gathered.has(f"filelogger{number}"):
            found.append(_file_logger(texts, f"msbuild{number}.log", n_nodes))
    if gathered.has("distributedfilelogger"):
        one = _file_logger(gathered.values("fileloggerparameters"), "msbuild.log", n_nodes)
        path = PurePosixPath(one.file)
        found.append(replace(one, file=str(path.with_name(f"{path.stem}1{path.suffix}"))))
    return tuple(found)


def _file_logger(texts: Sequence[str], file: str, n_nodes: int) -> LoggerParameters:
    found = parse_logger_parameters(";".join([f"logfile={file}", *texts]), DETAILED, n_nodes)
    if found.shows_diagnostics_only:
        found = replace(found, summary=False, skips_project_started=True)
    return replace(found, performance_summary=found.performance_summary or (found.rank > DETAILED and not found.shows_diagnostics_only))
