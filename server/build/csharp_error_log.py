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


def _result(result: LoggedResult, rule: int) -> Json:
    diagnostic = result.diagnostic
    found: Json = {
        "ruleId": diagnostic.code,
        "ruleIndex": rule,
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": diagnostic.message},
    }
    if result.suppression:
        why = {"justification": result.justification} if result.justification else {}
        found["suppressions"] = [{"kind": "inSource", **why, "properties": {"suppressionType": result.suppression}}]
    if diagnostic.location is not None and diagnostic.location.file:
        found["locations"] = [{"physicalLocation": _place(diagnostic.location)}]
    if diagnostic.related:
        found["relatedLocations"] = [{"physicalLocation": _place(each.location)} for each in diagnostic.related]
    properties: Json = {"warningLevel": result.warning_level} if result.warning_level else {}
    if result.properties:
        properties["customProperties"] = dict(result.properties)
    if properties:
        found["properties"] = properties
    return found


def _rule(rule: LoggedRule) -> Json:
    """A rule with what differs from a warning that is on."""
    found: Json = {"id": rule.code}
    for name, text in (("shortDescription", rule.title), ("fullDescription", rule.description)):
        if text:
            found[name] = {"text": text}
    configuration: Json = {} if rule.severity is Severity.WARNING else {"level": _LEVELS[rule.severity]}
    if not rule.is_enabled:
        configuration["enabled"] = False
    if configuration:
        found["defaultConfiguration"] = configuration
    if rule.help_link:
        found["helpUri"] = rule.help_link
    properties: Json = {"category": rule.category} if rule.category else {}
    if rule.tags:
        properties["tags"] = list(rule.tags)
    if properties:
        found["properties"] = properties
    return found


def _place(location: Location) -> Json:
    path = Path(location.file)
    place: Json = {"artifactLocation": {"uri": path.as_uri() if path.is_absolute() else location.file}}
    if location.line:
        region = {"startLine": location.line, "startColumn": location.column}
        ends = {"endLine": location.end_line, "endColumn": location.end_column}
        place["region"] = {**region, **{name: number for name, number in ends.items() if number}}
    return place
