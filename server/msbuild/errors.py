"""MSBuild's errors about project files: one exception type, raised with an official MSB code and a position.

Caught at the edge of an evaluation or of a build request, where it becomes one `Diagnostic`.
"""

from __future__ import annotations

from compiler.diagnostics import Diagnostic, InputError, Location


class InvalidProjectFile(InputError):
    """The project file (or one that it imports) says something that MSBuild refuses. `earlier` was reported before it came to that."""

    earlier: tuple[Diagnostic, ...] = ()


def invalid(code: str, location: Location | None, message: str) -> InvalidProjectFile:
    """The exception for `code` (without the code in `message`) at `location`."""
    return InvalidProjectFile(code, message, location)
