"""Text and progress to the caller's terminal: the only module of the command line that knows what a terminal is.

Diagnostics and results go to stdout, as MSBuild's do; errors about the command itself and progress go to stderr.
Colour and the moving progress line appear only on a terminal, and never with NO_COLOR set or TERM=dumb.
"""

from __future__ import annotations

import io
import sys
import time

from compiler.diagnostics import Diagnostic, Severity
from compiler.render import canonical_line
from server.cli.caller import Channel, caller

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
    caller().out.output.write(text)


def error_line(line: str) -> None:
    """Writes one line to stderr, in red on a terminal; stdout is flushed first so that the order is kept."""
    whom = caller()
    whom.out.output.flush()
    whom.err.output.write(coloured(line, COLOURS[Severity.ERROR], whom.err) + "\n")
    whom.err.output.flush()


def diagnostic_line(diagnostic: Diagnostic) -> None:
    """Writes the diagnostic in canonical form to stdout."""
    out = caller().out
    out.output.write(coloured(canonical_line(diagnostic), COLOURS[diagnostic.severity], out) + "\n")


def result(**values: str) -> None:
    """Tells a program that called what the command made; a person reads it in the text."""
    listener = caller().listener
    if listener is not None:
        listener.result(values)


def coloured(line: str, colour: str, channel: Channel) -> str:
    """`line` in `colour` when `channel` shows colours, else unchanged."""
    return f"{colour}{line}{RESET}" if colour and channel.shows_colour else line


class Progress:
    """What is being done now: one moving line on a terminal, one plain line per step elsewhere.

    Use as a context manager: leaving it removes the moving line. Plain lines go to stdout, so that a log shows them in
    order with the diagnostics; the moving line goes to stderr. At most one redraw per `REDRAW_SECONDS`.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._caller = caller()
        self._moving = not quiet and self._caller.err.is_terminal
        self._step = ""
        self._last_redraw = 0.0
        self._drawn = False

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()

    def step(self, text: str) -> None:
        """A new step begins. Raises KeyboardInterrupt when the caller has cancelled."""
        self._check_cancelled()
        if self._caller.listener is not None:
            self._caller.listener.step(text)
        self._step = text
        self._last_redraw = 0.0
        if self._moving:
            self._redraw(text)
        elif not self._quiet:
            self._caller.out.output.write(f"  {text}\n")
            self._caller.out.output.flush()

    def count(self, done: int, total: int) -> None:
        """`done` of `total` parts of the present step are ready, `total` 0 when it is not known; on a terminal only. Raises as `step`."""
        self._check_cancelled()
        if self._caller.listener is not None:
            self._caller.listener.count(done, total)
        now = time.monotonic()
        if self._moving and (now - self._last_redraw >= REDRAW_SECONDS or done == total):
            self._last_redraw = now
            self._redraw(f"{self._step} {done}/{total}" if total else f"{self._step} {done}")

    def diagnostic(self, diagnostic: Diagnostic) -> None:
        """Writes a diagnostic without breaking the moving line."""
        if self._caller.listener is not None:
            self._caller.listener.diagnostic(diagnostic)
        self.clear()
        diagnostic_line(diagnostic)
        self._caller.out.output.flush()

    def clear(self) -> None:
        """Removes the moving line."""
        if self._drawn:
            self._say(CLEAR_LINE)
            self._drawn = False

    def _check_cancelled(self) -> None:
        if self._caller.is_cancelled():
            raise KeyboardInterrupt

    def _redraw(self, text: str) -> None:
        self._say(CLEAR_LINE + text[: self._caller.columns() - 1])
        self._drawn = True

    def _say(self, text: str) -> None:
        self._caller.err.output.write(text)
        self._caller.err.output.flush()
