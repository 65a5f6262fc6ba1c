"""Diagnostics: what every stage reports to the user, as plain values.

The compiler, the analyzers and the server all append `Diagnostic` values; `compiler/render.py` is the only place
that turns them into text. This module formats nothing and imports nothing of the project.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Severity(Enum):
    """Severity as MSBuild and LSP know it; `value` is the word of MSBuild's canonical form."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "message"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a file. Lines and columns count from 1; 0 means unknown. The end is exclusive."""

    file: str
    line: int = 0
    column: int = 0
    end_line: int = 0
    end_column: int = 0


@dataclass(frozen=True, slots=True)
class Related:
    """A second place that helps to understand a diagnostic."""

    message: str
    location: Location


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. `message` stands alone on one line; `code` is CSxxxx, ILxxxx, MSBxxxx or AOTDxxxx."""

    code: str
    severity: Severity
    message: str
    location: Location | None = None
    subcategory: str = ""
    related: tuple[Related, ...] = ()
    hint: str = ""
    project: str = ""


class InputError(Exception):
    """Bad input found deep inside a stage; caught at a listed edge, where it becomes a `Diagnostic`."""

    def __init__(self, code: str, message: str, location: Location | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.location = location

    def to_diagnostic(self) -> Diagnostic:
        """The error as a value with severity ERROR."""
        return Diagnostic(self.code, Severity.ERROR, self.message, self.location)
