"""Severities: what a project, its configuration files and its command line say about a rule, in the order in which the C# compiler asks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analyzers.editor_config import read_configurations
from analyzers.severity import Severities, SeverityOptions
from compiler.diagnostics import Severity

RULE, FILE = "IL2026", "/p/src/A.cs"
PLAIN = SeverityOptions()
ALL_ERRORS = SeverityOptions(treat_warnings_as_errors=True)
ONE_ERROR = SeverityOptions(warnings_as_errors=frozenset({RULE}))
NEVER_ERROR = SeverityOptions(warnings_as_errors=frozenset({RULE}), warnings_not_as_errors=frozenset({RULE}), treat_warnings_as_errors=True)
OFF = SeverityOptions(no_warn=frozenset({RULE}), warnings_as_errors=frozenset({RULE}))
WARNING, ERROR, INFO = Severity.WARNING, Severity.ERROR, Severity.INFO


@pytest.mark.parametrize(
    ("configured", "expected"),
    [
        ("", (WARNING, ERROR, ERROR, WARNING)),
        ("dotnet_diagnostic.IL2026.severity = error", (ERROR, ERROR, ERROR, WARNING)),
        ("dotnet_diagnostic.IL2026.severity = warning # for now", (WARNING, ERROR, ERROR, WARNING)),
        ("dotnet_diagnostic.IL2026.severity = default", (WARNING, WARNING, ERROR, WARNING)),
        ("dotnet_diagnostic.il2026.severity = Suggestion", (INFO, INFO, ERROR, INFO)),
        ("dotnet_diagnostic.IL2026.severity = silent", (None, None, ERROR, None)),
        ("dotnet_diagnostic.IL2026.severity = none", (None, None, ERROR, None)),
        ("dotnet_diagnostic.IL2026.severity = loud", (WARNING, ERROR, ERROR, WARNING)),
        ("dotnet_analyzer_diagnostic.severity = none", (None, None, ERROR, WARNING)),
        ("dotnet_analyzer_diagnostic.category-Trimming.severity = error", (ERROR, ERROR, ERROR, WARNING)),
        ("dotnet_analyzer_diagnostic.category-AOT.severity = none", (WARNING, ERROR, ERROR, WARNING)),
        (
            "dotnet_analyzer_diagnostic.severity = none\ndotnet_analyzer_diagnostic.category-Trimming.severity = suggestion",
            (INFO, INFO, ERROR, WARNING),
        ),
        ("dotnet_analyzer_diagnostic.severity = none\ndotnet_diagnostic.IL2026.severity = error", (ERROR, ERROR, ERROR, WARNING)),
    ],
)
def test_order(configured: str, expected: tuple[Severity | None, ...]) -> None:
    for options, severity in zip((PLAIN, ALL_ERRORS, ONE_ERROR, NEVER_ERROR), expected, strict=True):
        for path, text in (("/p/.editorconfig", f"[*.cs]\n{configured}\n"), ("/p/.globalconfig", f"{configured}\n")):
            severities = Severities(replace(options, editor_configs=((path, text),)), {})
            assert severities.of(RULE, FILE) is severity, (path, options)
    assert Severities(replace(OFF, editor_configs=(("/p/.editorconfig", f"[*.cs]\n{configured}\n"),)), {}).of(RULE, FILE) is None


@pytest.mark.parametrize(
    ("section", "holds"),
    [
        ("*.cs", True),
        ("*", True),
        ("A.cs", True),
        ("src/*.cs", True),
        ("/src/*.cs", True),
        ("**/A.cs", True),
        ("*/*.cs", True),
        ("*.{vb,cs}", True),
        ("[AB].cs", True),
        ("?.cs", True),
        ("/*.cs", False),
        ("a.cs", False),
        ("[!A].cs", False),
        ("*.{vb,fs}", False),
        ("A{1..3}.cs", False),
        ("src2/*.cs", False),
    ],
)
def test_sections(section: str, holds: bool) -> None:
    found = read_configurations([("/p/.editorconfig", f"[{section}]\nkey = value\n")]).own(FILE)
    assert (found == {"key": "value"}) is holds


def test_nearer_files_and_global_ones() -> None:
    files = [
        ("/p/src/.editorconfig", "[*.cs]\nnear = src\n"),
        ("/.editorconfig", "[*]\nfar = root\n"),
        ("/p/.editorconfig", "root = true\n[*.cs]\nnear = p\nmiddle = p\n"),
        ("/p/.globalconfig", "everywhere = named\n[/p/src/A.cs]\nnear = global\nalone = global\n"),
        ("/p/low.globalconfig", "is_global = true\neverywhere = low\nundecided = one\n"),
        ("/p/other.globalconfig", "is_global = true\nundecided = two\n"),
    ]
    found = read_configurations(files)
    assert found.own(FILE) == {"near": "src", "middle": "p", "alone": "global"}
    assert found.global_settings == {"everywhere": "named", "is_global": "true"}
    assert found.own("/q/B.cs") == {"far": "root"} and found.own("") == {}
