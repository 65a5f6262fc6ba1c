"""Diagnostics of projects to what an editor shows per file.

From a `WorkspaceReport` to sorted diagnostics per file, each once, though a file may belong to several projects. What has no
place of its own stands on the first line of its project. Knows no LSP type.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from compiler.diagnostics import Diagnostic, Location, Severity
from server.workspace.report import WorkspaceReport

FileDiagnostics = Mapping[Path, tuple[Diagnostic, ...]]

# Origins of diagnostics that are no files.
TOOLS = frozenset({"CSC"})


def diagnostics_by_file(report: WorkspaceReport, said_at_publish: Mapping[Path, Sequence[Diagnostic]]) -> FileDiagnostics:
    """The visible diagnostics of `report`, per file, in the order of their places.

    What a publish of a project said is shown too, but for files that the report has something about: there the report is newer.
    """
    found: dict[Path, dict[Diagnostic, None]] = {}
    for project in report.projects:
        for diagnostic in project.diagnostics:
            add(found, place(diagnostic, project.path))
    live = frozenset(found)
    for project in report.projects:
        for diagnostic in said_at_publish.get(project.path, ()):
            placed = place(diagnostic, project.path)
            if file_of(placed) not in live:
                add(found, placed)
    return {file: tuple(sorted(several, key=order)) for file, several in sorted(found.items())}


def add(found: dict[Path, dict[Diagnostic, None]], placed: Diagnostic) -> None:
    """Adds a placed diagnostic to its file, unless it is there or not to be seen."""
    if placed.severity is not Severity.HIDDEN:
        found.setdefault(file_of(placed), {})[placed] = None


def file_of(placed: Diagnostic) -> Path:
    """The file of a diagnostic that has a place."""
    assert placed.location is not None
    return Path(placed.location.file)


def place(diagnostic: Diagnostic, project: Path) -> Diagnostic:
    """`diagnostic` at a file that an editor can show, and without the project, which does not matter to it there."""
    location = diagnostic.location
    if location is None or not location.file or location.file in TOOLS:
        location = Location(str(project))
    elif not Path(location.file).is_absolute():
        location = replace(location, file=str(project.parent / location.file))
    return replace(diagnostic, location=location, project="")


def order(diagnostic: Diagnostic) -> tuple[int, int, str, str]:
    """Sorts by place, then code, then text."""
    location = diagnostic.location
    line, column = (location.line, location.column) if location is not None else (0, 0)
    return line, column, diagnostic.code, diagnostic.message
