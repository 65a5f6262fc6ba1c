"""What a build reports while it runs: messages, warnings, errors, targets. Listeners get plain values; nothing here prints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
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


@dataclass(frozen=True, slots=True)
class WarningPolicy:
    """What becomes of warnings. `as_errors` is None when none was asked for, empty when all were; codes are in upper case."""

    as_errors: frozenset[str] | None = None
    not_as_errors: frozenset[str] = frozenset()
    as_messages: frozenset[str] = frozenset()


@dataclass(slots=True)
class BuildLog:
    """Where a build sends its events. It applies the policies of the command line and of the project that is built on the way.

    Invariant: the last of `projects` is the policy of the project whose targets run now; a warning outside of them has none.
    """

    listeners: Sequence[Listener]
    policy: WarningPolicy = WarningPolicy()
    projects: list[WarningPolicy] = field(default_factory=list)
    has_errors: bool = False
    has_escalated: bool = False

    def send(self, event: Event) -> None:
        """Hands an event to all listeners."""
        if isinstance(event, Diagnostic):
            event = self._adjusted(event)
            if isinstance(event, Diagnostic) and event.severity is Severity.ERROR:
                self.has_errors = True
        for listener in self.listeners:
            listener(event)

    @contextmanager
    def building(self, policy: WarningPolicy) -> Iterator[None]:
        """Inside the block the targets of a project with that policy run."""
        self.projects.append(policy)
        try:
            yield
        finally:
            self.projects.pop()

    def turns_into_error(self, code: str) -> bool:
        """Is a warning with this code an error now?"""
        code = code.upper()
        project = self.projects[-1] if self.projects else WarningPolicy()
        if self._turns_into_message(code):
            return False
        everywhere = self.policy.as_errors
        if everywhere is not None and (
            code in everywhere or (not everywhere and code not in self.policy.not_as_errors | project.not_as_errors)
        ):
            return True
        here = project.as_errors
        return here is not None and (code in here or (not here and code not in project.not_as_errors))

    def _turns_into_message(self, code: str) -> bool:
        return bool(code) and (code in self.policy.as_messages or bool(self.projects and code in self.projects[-1].as_messages))

    def _adjusted(self, diagnostic: Diagnostic) -> Event:
        if diagnostic.severity is not Severity.WARNING:
            return diagnostic
        if self._turns_into_message(diagnostic.code.upper()):
            return Message(diagnostic.message, Importance.LOW, replace(diagnostic, severity=Severity.INFO))
        if self.turns_into_error(diagnostic.code):
            self.has_escalated = True
            return replace(diagnostic, severity=Severity.ERROR)
        return diagnostic
