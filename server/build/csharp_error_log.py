"""Diagnostics of one C# compilation -> the SARIF 2.1.0 log that csc writes for `/errorlog` (OASIS standard), as text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from compiler.diagnostics import Diagnostic, InputError, Location, Severity

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


def error_log_text(diagnostics: Sequence[Diagnostic]) -> str:
    """The log. Equal diagnostics give equal text."""
    codes = sorted({diagnostic.code for diagnostic in diagnostics})
    run: Json = {
        "results": [_result(diagnostic, codes.index(diagnostic.code)) for diagnostic in diagnostics],
        "tool": {
            "driver": {
                "name": "Microsoft (R) Visual C# Compiler",
                "language": "en-US",
                "rules": [{"id": code} for code in codes],
            }
        },
        "columnKind": "utf16CodeUnits",
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _result(diagnostic: Diagnostic, rule: int) -> Json:
    found: Json = {
        "ruleId": diagnostic.code,
        "ruleIndex": rule,
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": diagnostic.message},
    }
    if diagnostic.location is not None and diagnostic.location.file:
        found["locations"] = [{"physicalLocation": _place(diagnostic.location)}]
    if diagnostic.related:
        found["relatedLocations"] = [{"physicalLocation": _place(each.location)} for each in diagnostic.related]
    return found


def _place(location: Location) -> Json:
    path = Path(location.file)
    place: Json = {"artifactLocation": {"uri": path.as_uri() if path.is_absolute() else location.file}}
    if location.line:
        region = {"startLine": location.line, "startColumn": location.column}
        ends = {"endLine": location.end_line, "endColumn": location.end_column}
        place["region"] = {**region, **{name: number for name, number in ends.items() if number}}
    return place
