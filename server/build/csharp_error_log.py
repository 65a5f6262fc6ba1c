"""Diagnostics of one C# compilation -> the SARIF 2.1.0 log that csc writes for `/errorlog` (OASIS standard), as text."""

from __future__ import annotations

import json
from pathlib import Path

from compiler.csharp.error_log import CompilationLog, LoggedResult, LoggedRule
from compiler.diagnostics import InputError, Location, Severity

Json = dict[str, object]

_SCHEMA = "http://json.schemastore.org/sarif-2.1.0"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note", Severity.HIDDEN: "none"}
_VERSIONS = ("", "2", "2.1", "2.1.0")


def error_log_file(value: str, folder: Path) -> Path:
    """The file of `FILE[,version=2.1]`. Raises InputError for a version that is not written."""
    name, _, option = value.replace(";", ",").partition(",")
    word, _, version = option.partition("=")
    if not name.strip() or (option and word.strip().lower() != "version") or version.strip() not in _VERSIONS:
        text = f"Command-line syntax error: Invalid option '{value}' for '/errorlog:': '<file>,version=2.1' was expected"
        raise InputError("CS2046", text, Location("CSC"))
    return folder / name.strip()


def error_log_text(log: CompilationLog) -> str:
    """The log. Equal logs give equal text."""
    rules = {rule.code: rule for rule in log.rules}
    for result in log.results:
        rules.setdefault(result.diagnostic.code, LoggedRule(result.diagnostic.code))
    indices = {code: index for index, code in enumerate(rules)}
    run: Json = {
        "results": [_result(result, indices[result.diagnostic.code]) for result in log.results],
        "tool": {
            "driver": {
                "name": "Microsoft (R) Visual C# Compiler",
                "language": "en-US",
                "rules": [_rule(rule) for rule in rules.values()],
            }
        },
        "columnKind": "utf16CodeUnits",
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _said(**values: object) -> Json:
    """What says anything: no empty texts, lists and tables, and no zero."""
    return {name: value for name, value in values.items() if value}


def _result(result: LoggedResult, rule: int) -> Json:
    diagnostic, place = result.diagnostic, result.diagnostic.location
    suppression = {"kind": "inSource", **_said(justification=result.justification), "properties": {"suppressionType": result.suppression}}
    return {
        "ruleId": diagnostic.code,
        "ruleIndex": rule,
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": diagnostic.message},
        **_said(
            suppressions=[suppression] if result.suppression else [],
            locations=[{"physicalLocation": _place(place)}] if place is not None and place.file else [],
            relatedLocations=[{"physicalLocation": _place(each.location)} for each in diagnostic.related],
            properties=_said(warningLevel=result.warning_level, customProperties=dict(result.properties)),
        ),
    }


def _rule(rule: LoggedRule) -> Json:
    """A rule with what differs from a warning that is on."""
    configuration: Json = {} if rule.severity is Severity.WARNING else {"level": _LEVELS[rule.severity]}
    if not rule.is_enabled:
        configuration["enabled"] = False
    return {
        "id": rule.code,
        **_said(
            shortDescription=_said(text=rule.title),
            fullDescription=_said(text=rule.description),
            defaultConfiguration=configuration,
            helpUri=rule.help_link,
            properties=_said(category=rule.category, tags=list(rule.tags)),
        ),
    }


def _place(location: Location) -> Json:
    path = Path(location.file)
    place: Json = {"artifactLocation": {"uri": path.as_uri() if path.is_absolute() else location.file}}
    if location.line:
        region = {"startLine": location.line, "startColumn": location.column}
        ends = {"endLine": location.end_line, "endColumn": location.end_column}
        place["region"] = {**region, **{name: number for name, number in ends.items() if number}}
    return place
