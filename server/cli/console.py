"""Text and progress to the terminal: the only module of the command line that knows what a terminal is.

Diagnostics and results go to stdout, as MSBuild's do; errors about the command itself and progress go to stderr.
Colour and the moving progress line appear only on a terminal, and never with NO_COLOR set or TERM=dumb.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
import time
from typing import TextIO

from compiler.diagnostics import Diagnostic, Severity
from compiler.render import canonical_line

RESET = "\x1b[0m"
COLOURS = {Severity.ERROR: "\x1b[31m", Severity.WARNING: "\x1b[33m", Severity.INFO: "", Severity.HIDDEN: "\x1b[2m"}
CLEAR_LINE = "\r\x1b[K"
REDRAW_SECONDS = 0.1


def prepare_streams() -> None:
    """Makes stdout and stderr able to print any path or message, whatever the locale."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def write(text: str) -> None:
    """Writes `text` to stdout as it is."""
    sys.stdout.write(text)


def error_line(line: str) -> None:
    """Writes one line to stderr, in red on a terminal; stdout is flushed first so that the order is kept."""
    sys.stdout.flush()
    sys.stderr.write(coloured(line, COLOURS[Severity.ERROR], sys.stderr) + "\n")
    sys.stderr.flush()


def diagnostic_line(diagnostic: Diagnostic) -> None:
    """Writes the diagnostic in canonical form to stdout."""
    write(coloured(canonical_line(diagnostic), COLOURS[diagnostic.severity], sys.stdout) + "\n")


def coloured(line: str, colour: str, stream: TextIO) -> str:
    """`line` in `colour` when `stream` shows colours, else unchanged."""
    return f"{colour}{line}{RESET}" if colour and shows_colour(stream) else line


def shows_colour(stream: TextIO) -> bool:
    """True on a terminal that is not dumb, unless NO_COLOR is set (to anything but the empty string)."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR")


def is_terminal(stream: TextIO) -> bool:
    """True when `stream` is a terminal that can redraw a line."""
    return stream.isatty() and os.environ.get("TERM", "") != "dumb"


class Progress:
    """What is being done now: one moving line on a terminal, one plain line per step elsewhere.

    Use as a context manager: leaving it removes the moving line. Plain lines go to stdout, so that a log shows them in
    order with the diagnostics; the moving line goes to stderr. At most one redraw per `REDRAW_SECONDS`.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._moving = not quiet and is_terminal(sys.stderr)
        self._step = ""
        self._last_redraw = 0.0
        self._drawn = False

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()

    def step(self, text: str) -> None:
        """A new step begins."""
        self._step = text
        self._last_redraw = 0.0
        if self._moving:
            self._redraw(text)
        elif not self._quiet:
            write(f"  {text}\n")
            sys.stdout.flush()

    def count(self, done: int, total: int) -> None:
        """`done` of `total` parts of the present step are ready; shown on a terminal only."""
        now = time.monotonic()
        if self._moving and (now - self._last_redraw >= REDRAW_SECONDS or done == total):
            self._last_redraw = now
            self._redraw(f"{self._step} {done}/{total}")

    def diagnostic(self, diagnostic: Diagnostic) -> None:
        """Writes a diagnostic without breaking the moving line."""
        self.clear()
        diagnostic_line(diagnostic)
        sys.stdout.flush()

    def clear(self) -> None:
        """Removes the moving line."""
        if self._drawn:
            sys.stderr.write(CLEAR_LINE)
            sys.stderr.flush()
            self._drawn = False

    def _redraw(self, text: str) -> None:
        width = shutil.get_terminal_size().columns - 1
        sys.stderr.write(CLEAR_LINE + text[:width])
        sys.stderr.flush()
        self._drawn = True
