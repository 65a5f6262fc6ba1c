"""Parameters of console and file loggers, `Name;Name=Value;...`, as values. Case does not count; unknown ones are ignored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from compiler.diagnostics import InputError

VERBOSITIES: Mapping[str, int] = {
    "q": 0,
    "quiet": 0,
    "m": 1,
    "minimal": 1,
    "n": 2,
    "normal": 2,
    "d": 3,
    "detailed": 3,
    "diag": 4,
    "diagnostic": 4,
}
VERBOSITY_WORDS = ("Quiet", "Minimal", "Normal", "Detailed", "Diagnostic")
QUIET, MINIMAL, NORMAL, DETAILED, DIAGNOSTIC = range(5)


class LoggerError(InputError):
    """A logger cannot be made of its parameters, or cannot write."""


@dataclass(frozen=True, slots=True)
class LoggerParameters:
    """What a console or file logger shows. `rank` is that of its verbosity; None where the verbosity decides."""

    rank: int
    summary: bool | None = None
    performance_summary: bool = False
    only_errors: bool = False
    only_warnings: bool = False
    items_and_properties: bool = True
    command_line: bool | None = None
    timestamp: bool = False
    event_id: bool = False
    environment: bool = False
    force_colour: bool = False
    disable_colour: bool = False
    skips_project_started: bool = False
    file: str = "msbuild.log"
    append: bool = False
    encoding: str = "utf-8"
    n_nodes: int = 1

    @property
    def shows_diagnostics_only(self) -> bool:
        """Are errors or warnings all that is shown?"""
        return self.only_errors or self.only_warnings

    @property
    def shows_summary(self) -> bool:
        """Is the end of the build summed up?"""
        if self.summary is not None:
            return self.summary
        return not self.shows_diagnostics_only and self.rank >= NORMAL


def parse_logger_parameters(text: str, rank: int, n_nodes: int) -> LoggerParameters:
    """The parameters in `text`, over a verbosity of `rank`. Raises LoggerError."""
    found = LoggerParameters(rank, performance_summary=rank >= DIAGNOSTIC, n_nodes=n_nodes)
    for piece in text.split(";"):
        name, equals, value = piece.partition("=")
        if name.strip():
            found = _applied(found, name.strip().lower(), value.strip(), has_value=bool(equals))
    if found.shows_diagnostics_only:
        found = replace(found, performance_summary=False)
    return found


_FLAGS: Mapping[str, Mapping[str, bool]] = {
    "performancesummary": {"performance_summary": True},
    "noperformancesummary": {"performance_summary": False},
    "nosummary": {"summary": False},
    "summary": {"summary": True},
    "noitemandpropertylist": {"items_and_properties": False},
    "warningsonly": {"only_warnings": True},
    "errorsonly": {"only_errors": True},
    "showenvironment": {"environment": True},
    "showtimestamp": {"timestamp": True},
    "showeventid": {"event_id": True},
    "forceconsolecolor": {"force_colour": True},
    "disableconsolecolor": {"disable_colour": True},
    "append": {"append": True},
}


def _applied(found: LoggerParameters, name: str, value: str, *, has_value: bool) -> LoggerParameters:
    if name in _FLAGS:
        return replace(found, **_FLAGS[name])  # type: ignore[arg-type]  # all of them are flags
    if name in ("v", "verbosity"):
        if value.lower() not in VERBOSITIES:
            raise LoggerError("MSB4103", f'"{value}" is not a valid logger verbosity level.')
        return replace(found, rank=VERBOSITIES[value.lower()])
    if name == "showcommandline":
        return replace(found, command_line=not has_value or value.lower() in ("true", "on", "yes", "!false", "!off", "!no"))
    if name == "logfile" and value:
        return replace(found, file=value.strip('"').replace("\\", "/"))
    if name == "encoding":
        return replace(found, encoding=value)
    return found
