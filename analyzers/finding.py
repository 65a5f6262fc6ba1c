"""Findings: what a rule says about a member, before severity and options are applied."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from analyzers.rule import FATAL, Rule
from compiler.diagnostics import Diagnostic, Explanation, Location, Related, Severity
from compiler.flow.facts import Fact, Member
from compiler.flow.overrides import Override


class Reporter(Enum):
    """Which of .NET's two reporters gives a finding; `value` is the word in the output."""

    BUILD = "build"
    PUBLISH = "publish"


BOTH = (Reporter.BUILD, Reporter.PUBLISH)


class Suppression(Enum):
    """What keeps a finding from being shown; `value` is the word in the output."""

    ATTRIBUTE = "attribute"
    PRAGMA = "pragma"
    BASELINE = "baseline"


@dataclass(frozen=True, slots=True)
class RawFinding:
    """A finding at a member: `member` is where suppressions are looked up, `location` where it is shown (None: no place).

    `member_name` replaces the member's own name where the finding is about something that has no definition. `cause` is the fact about
    a body or declaration that it comes from, `override` the pair of methods.
    """

    rule: Rule
    message: str
    member: Member
    location: Location | None
    related: tuple[Related, ...] = ()
    member_name: str = ""
    cause: Fact | None = None
    override: Override | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding as it is shown. `member` is the display name of the member in which it lies.

    One with a `suppression` is known and not shown.
    """

    id: str
    severity: Severity
    message: str
    location: Location | None
    member: str
    reported_by: tuple[Reporter, ...]
    related: tuple[Related, ...]
    help_link: str
    suppression: Suppression | None = None
    explanation: Explanation | None = None

    def to_diagnostic(self) -> Diagnostic:
        """The finding as every part of the server shows it; the hint is the page that explains the rule.

        Where no line says it, the message begins with the member, as the native compiler's own does.
        """
        has_place = self.location is not None and (self.location.line > 0 or not self.member or self.id in FATAL)
        message = self.message if has_place or not self.member else f"{self.member}: {self.message}"
        return Diagnostic(
            self.id, self.severity, message, self.location, related=self.related, hint=self.help_link, explanation=self.explanation
        )

    @property
    def sort_key(self) -> tuple[str, int, int, str, str]:
        """File, line, column, id and message: the order of all output."""
        place = self.location
        if place is None:
            return ("", 0, 0, self.id, self.message)
        return (place.file, place.line, place.column, self.id, self.message)
