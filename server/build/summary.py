"""The end of a build as MSBuild prints it: how it went, every warning and error again, their numbers and the time."""

from __future__ import annotations

from dataclasses import dataclass, field

from compiler.diagnostics import Diagnostic, Severity
from server.build.console_logger import build_line
from server.build.events import Event


@dataclass(slots=True)
class BuildSummary:
    """A listener. `warnings` and `errors` are the lines in order, each once."""

    warnings: dict[str, None] = field(default_factory=dict)
    errors: dict[str, None] = field(default_factory=dict)

    def __call__(self, event: Event) -> None:
        """Notes what the summary repeats."""
        if isinstance(event, Diagnostic) and event.severity is Severity.WARNING:
            self.warnings[build_line(event)] = None
        elif isinstance(event, Diagnostic) and event.severity is Severity.ERROR:
            self.errors[build_line(event)] = None

    def text(self, *, succeeded: bool, seconds: float) -> str:
        """The lines, an empty one before them."""
        repeated = "".join(f"{line}\n" for line in ("", *self.warnings, *self.errors)) if self.warnings or self.errors else ""
        outcome = "Build succeeded." if succeeded else "Build FAILED."
        hundredths = round(seconds * 100)
        minutes, rest = divmod(hundredths, 6000)
        time = f"{minutes // 60:02}:{minutes % 60:02}:{rest // 100:02}.{rest % 100:02}"
        numbers = f"    {len(self.warnings)} Warning(s)\n    {len(self.errors)} Error(s)\n"
        return f"\n{outcome}\n{repeated}{numbers}\nTime Elapsed {time}\n"
