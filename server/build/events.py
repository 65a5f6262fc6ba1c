"""What a build reports while it runs: messages, warnings, errors, targets. Listeners get plain values; nothing here prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from compiler.diagnostics import Diagnostic, Severity


class Importance(Enum):
    """Importance of a message; `value` is the lowest rank of verbosity that shows it (1 minimal, 2 normal, 3 detailed)."""

    HIGH = 1
    NORMAL = 2
    LOW = 3


@dataclass(frozen=True, slots=True)
class Message:
    """A line (or more) of text; `placed` is set when it is about a place, as an error is."""

    text: str
    importance: Importance
    placed: Diagnostic | None = None


@dataclass(frozen=True, slots=True)
class TargetStarted:
    """A target, or one batch of it, begins."""

    project: str
    target: str


@dataclass(frozen=True, slots=True)
class TargetFinished:
    """The end of what the last unfinished TargetStarted of that project and target began."""

    project: str
    target: str
    succeeded: bool


Event = Message | TargetStarted | TargetFinished | Diagnostic


class Listener(Protocol):
    """Takes events in the order in which they happen."""

    def __call__(self, event: Event) -> None:
        """Takes one event."""


@dataclass(slots=True)
class BuildLog:
    """Where a build sends its events. It applies -warnaserror and -nowarn on the way.

    `warnings_as_errors` is None when the switch was not given, empty when it was given without codes (all warnings).
    """

    listeners: Sequence[Listener]
    warnings_as_errors: frozenset[str] | None = None
    warnings_not_as_errors: frozenset[str] = frozenset()
    no_warn: frozenset[str] = frozenset()
    has_errors: bool = False
    has_escalated: bool = False
    error_projects: set[str] = field(default_factory=set)

    def send(self, event: Event) -> None:
        """Hands an event to all listeners."""
        if isinstance(event, Diagnostic):
            changed = self._adjusted(event)
            if changed is None:
                return
            event = changed
            if event.severity is Severity.ERROR:
                self.has_errors = True
        for listener in self.listeners:
            listener(event)

    def turns_into_error(self, code: str) -> bool:
        """Is a warning with this code an error in this build?"""
        if self.warnings_as_errors is None or code.upper() in self.warnings_not_as_errors:
            return False
        return not self.warnings_as_errors or code.upper() in self.warnings_as_errors

    def _adjusted(self, diagnostic: Diagnostic) -> Diagnostic | None:
        if diagnostic.severity is not Severity.WARNING:
            return diagnostic
        code = diagnostic.code.upper()
        if code and code in self.no_warn:
            return None
        if self.turns_into_error(diagnostic.code):
            self.has_escalated = True
            return Diagnostic(
                diagnostic.code, Severity.ERROR, diagnostic.message, diagnostic.location, diagnostic.subcategory, project=diagnostic.project
            )
        return diagnostic
