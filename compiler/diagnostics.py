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


class FixKind(Enum):
    """What a fix does; `value` is the word in the output."""

    ANNOTATE = "annotate"
    REQUIRE = "require"
    GUARD = "guard"
    REPLACE = "replace"
    SUPPRESS = "suppress"


@dataclass(frozen=True, slots=True)
class Fix:
    """One way out of a diagnostic, in words and as what changes in a source.

    `text` is the attribute that is added (without brackets), the condition that is put around a statement, or the code that replaces
    what is there; empty when the words are all there is. `place` is the declaration behind its attribute lists, the statement, or the
    code, None where no source is known; `attributes` are the arguments of such an attribute that is there already.
    """

    kind: FixKind
    title: str
    member: str
    text: str
    place: Location | None = None
    attributes: Location | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why something is diagnosed: in which `member` (a documentation id of the assembly `assembly`), what asks for it and where that is
    declared, and the ways out, the best first."""

    assembly: str
    member: str
    asked: str
    asked_at: Location | None
    fixes: tuple[Fix, ...]


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
    explanation: Explanation | None = None


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
