"""The worker's rows for the log of `/errorlog` (worker/ErrorLog.cs) -> typed results and rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from compiler.csharp.wire import Json
from compiler.diagnostics import Diagnostic, Severity

_SEVERITIES = {"Error": Severity.ERROR, "Warning": Severity.WARNING, "Info": Severity.INFO, "Hidden": Severity.HIDDEN}


@dataclass(frozen=True, slots=True)
class LoggedRule:
    """What the compiler or an analyzer says of a rule; empty text where it says nothing."""

    code: str
    title: str = ""
    description: str = ""
    help_link: str = ""
    category: str = ""
    tags: tuple[str, ...] = ()
    severity: Severity = Severity.WARNING
    is_enabled: bool = True


@dataclass(frozen=True, slots=True)
class LoggedResult:
    """One diagnostic of a log. `suppression` is what silences it in the source, "" when nothing does."""

    diagnostic: Diagnostic
    warning_level: int = 0
    properties: tuple[tuple[str, str], ...] = ()
    suppression: str = ""
    justification: str = ""


@dataclass(frozen=True, slots=True)
class CompilationLog:
    """What a log holds. `rules` has the rule of each result."""

    results: tuple[LoggedResult, ...] = ()
    rules: tuple[LoggedRule, ...] = ()


def read_log(body: Mapping[str, Json], read: Callable[[Sequence[Json], Sequence[Json]], Diagnostic]) -> CompilationLog | None:
    """The log in an answer's body; None when none was asked for. `read` makes a diagnostic of its row and of rows of further places."""
    results, rules = body.get("results"), body.get("rules")
    if not isinstance(results, list) or not isinstance(rules, list):
        return None
    return CompilationLog(tuple(_result(row, read) for row in results if isinstance(row, dict)), tuple(map(_rule, rules)))


def _result(row: Mapping[str, Json], read: Callable[[Sequence[Json], Sequence[Json]], Diagnostic]) -> LoggedResult:
    level, properties = row["level"], row["properties"]
    assert isinstance(level, int) and isinstance(properties, dict), "see worker/ErrorLog.cs"
    return LoggedResult(
        read(_list(row["finding"]), _list(row["related"])),
        level,
        tuple((name, str(value)) for name, value in properties.items()),
        str(row.get("suppression", "")),
        str(row.get("justification", "")),
    )


def _rule(row: Json) -> LoggedRule:
    assert isinstance(row, dict), "see worker/ErrorLog.cs"
    code, title, description, help_link, category = (str(row[name]) for name in ("id", "title", "description", "help", "category"))
    tags = tuple(map(str, _list(row["tags"])))
    severity = _SEVERITIES[str(row["severity"])]
    return LoggedRule(code, title, description, help_link, category, tags, severity, row["enabled"] is True)


def _list(value: Json) -> Sequence[Json]:
    assert isinstance(value, list), "see worker/ErrorLog.cs"
    return value
