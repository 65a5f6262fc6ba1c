"""What an analysis of a workspace found: plain values, handed to the editor and to the command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from compiler.diagnostics import Diagnostic, Severity


@dataclass(frozen=True, slots=True)
class ProjectReport:
    """One project at one moment. `is_program` says that it can be published as an executable.

    `diagnostics` are those of the project files, of C# and of the analyzers, in that order.
    """

    path: Path
    name: str
    is_program: bool
    diagnostics: tuple[Diagnostic, ...]

    def has_errors(self) -> bool:
        """True when a build of the project would fail."""
        return any(diagnostic.severity is Severity.ERROR for diagnostic in self.diagnostics)


@dataclass(frozen=True, slots=True)
class WorkspaceReport:
    """All projects of a workspace, sorted by path."""

    projects: tuple[ProjectReport, ...]
