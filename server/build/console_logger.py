"""Build events -> the lines that MSBuild's console logger prints at a verbosity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from compiler.diagnostics import Diagnostic, Location, Severity
from server.build.events import Event, Importance, Message


@dataclass(frozen=True, slots=True)
class ConsoleLogger:
    """A listener. `rank` is that of the verbosity: 0 quiet, 1 minimal, 2 normal, 3 detailed, 4 diagnostic; `write` takes whole lines."""

    rank: int
    write: Callable[[str], None]

    def __call__(self, event: Event) -> None:
        """Prints what the verbosity shows of one event."""
        if isinstance(event, Message):
            if event.importance.value <= self.rank:
                self.write(build_line(event.placed) + "\n" if event.placed is not None else indented(event.text))
        elif isinstance(event, Diagnostic):
            if event.severity in (Severity.ERROR, Severity.WARNING):
                self.write(build_line(event) + "\n")


def indented(text: str) -> str:
    """Every line of a message, indented as messages of targets are."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "".join(f"  {line}\n" for line in lines)


def build_line(diagnostic: Diagnostic) -> str:
    """`file(line,col): error CODE: text [project]`, spaced as MSBuild's logger does; several lines when the text has them."""
    place = diagnostic.location
    origin = "MSBUILD"
    if place is not None and place.file:
        origin = place.file + (_numbers(place) if place.line else " ")
    else:
        origin += " "
    category = f"{diagnostic.subcategory} " if diagnostic.subcategory else ""
    project = f" [{diagnostic.project}]" if diagnostic.project else ""
    head = f"{origin}: {category}{diagnostic.severity.value} {diagnostic.code}: "
    lines = diagnostic.message.replace("\r\n", "\n").split("\n")
    return "\n".join(head + line + project for line in lines)


def _numbers(place: Location) -> str:
    """The position in a file, in the forms of MSBuild."""
    if not place.column:
        return f"({place.line}-{place.end_line})" if place.end_line else f"({place.line})"
    if not place.end_line:
        return f"({place.line},{place.column}-{place.end_column})" if place.end_column else f"({place.line},{place.column})"
    return f"({place.line},{place.column},{place.end_line},{place.end_column})"


def importance_of(name: str) -> Importance | None:
    """The importance that a word means, without case."""
    return {"high": Importance.HIGH, "normal": Importance.NORMAL, "low": Importance.LOW}.get(name.lower())
