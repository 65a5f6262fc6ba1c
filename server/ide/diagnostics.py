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


class ShownDiagnostics:
    """The diagnostics of reports, per file. What a project says of a file as in the report before is not made again.

    `_placed` has, per project and file as the project names it, the diagnostics and what is shown of them where.
    """

    def __init__(self) -> None:
        self._placed: dict[tuple[Path, str], tuple[list[Diagnostic], Path, tuple[Diagnostic, ...]]] = {}

    def by_file(self, report: WorkspaceReport, said_at_publish: Mapping[Path, Sequence[Diagnostic]]) -> FileDiagnostics:
        """The visible diagnostics of `report`, per file, in the order of their places.

        What a publish of a project said is shown too, but for files that the report has something about: there the report is newer.
        """
        parts: dict[Path, list[tuple[Diagnostic, ...]]] = {}
        now: dict[tuple[Path, str], tuple[list[Diagnostic], Path, tuple[Diagnostic, ...]]] = {}
        for project in report.projects:
            for name, diagnostics in _by_name(project.diagnostics).items():
                key = (project.path, name)
                known = self._placed.get(key)
                now[key] = known if known is not None and known[0] == diagnostics else _placed(diagnostics, project.path)
                _, file, shown = now[key]
                if shown:
                    parts.setdefault(file, []).append(shown)
        self._placed = now
        live = frozenset(parts)
        for project in report.projects:
            for diagnostic in said_at_publish.get(project.path, ()):
                placed = place(diagnostic, project.path)
                if file_of(placed) not in live and placed.severity is not Severity.HIDDEN:
                    parts.setdefault(file_of(placed), []).append((placed,))
        return {file: _together(several) for file, several in parts.items()}


def _by_name(diagnostics: Sequence[Diagnostic]) -> dict[str, list[Diagnostic]]:
    """Diagnostics by their file as it is written."""
    found: dict[str, list[Diagnostic]] = {}
    for diagnostic in diagnostics:
        found.setdefault(diagnostic.location.file if diagnostic.location is not None else "", []).append(diagnostic)
    return found


def _placed(diagnostics: list[Diagnostic], project: Path) -> tuple[list[Diagnostic], Path, tuple[Diagnostic, ...]]:
    """Diagnostics of one file, that file, and those that are shown, each once and in order."""
    placed = [place(diagnostic, project) for diagnostic in diagnostics]
    shown = dict.fromkeys(each for each in placed if each.severity is not Severity.HIDDEN)
    return diagnostics, file_of(placed[0]), tuple(sorted(shown, key=order))


def _together(parts: list[tuple[Diagnostic, ...]]) -> tuple[Diagnostic, ...]:
    """What several projects, or names of one file, say about it."""
    if len(parts) == 1:
        return parts[0]
    return tuple(sorted(dict.fromkeys(each for part in parts for each in part), key=order))


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
