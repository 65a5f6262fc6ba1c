"""Who gave the command that runs now: its streams, its folder, its environment.

A verb never touches `sys.stdout`, `os.environ` or the current directory: it asks `caller()`. So the same verb runs in the process
of the command line and, for many command lines at a time, in threads of the daemon, with the same output.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from compiler.diagnostics import Diagnostic
from server.build.warm import WarmTools


class Output(Protocol):
    """Where text goes."""

    def write(self, text: str, /) -> object:
        """Takes `text`. Raises BrokenPipeError when nobody reads any more."""

    def flush(self) -> object:
        """Sends on what was taken."""


@dataclass(frozen=True, slots=True)
class Channel:
    """An output, and whether it ends in a terminal that can redraw a line and shows colours."""

    output: Output
    is_terminal: bool
    shows_colour: bool


class Listener(Protocol):
    """A program that wants to know what a command does, beside what it prints."""

    def step(self, text: str) -> None:
        """A new step begins."""

    def count(self, done: int, total: int) -> None:
        """`done` of `total` parts of the present step are ready."""

    def diagnostic(self, diagnostic: Diagnostic) -> None:
        """A diagnostic, as soon as it is known."""

    def result(self, values: Mapping[str, str]) -> None:
        """What the command made, by names that its verb defines."""


@dataclass(frozen=True, slots=True)
class Caller:
    """One command line.

    `columns` is asked again for each redraw, since a terminal can be resized. Once `is_cancelled` the command should end:
    progress that is reported then raises KeyboardInterrupt. `tools` outlive the command; whoever made the caller ends them.
    """

    out: Channel
    err: Channel
    columns: Callable[[], int]
    directory: Path
    environment: Mapping[str, str]
    is_cancelled: Callable[[], bool]
    tools: WarmTools
    listener: Listener | None = None


# Of this process: the compilers that its own commands started, ended by `server/cli/main.py`.
PROCESS_TOOLS = WarmTools()

_CALLER: ContextVar[Caller] = ContextVar("caller")


def caller() -> Caller:
    """The caller of this thread's command: the one that `serving` set, else this process itself."""
    return _CALLER.get(None) or this_process()


@contextmanager
def serving(served: Caller) -> Iterator[None]:
    """Inside the block `caller()` is `served`, for this thread and the tasks that it starts."""
    token = _CALLER.set(served)
    try:
        yield
    finally:
        _CALLER.reset(token)


def this_process() -> Caller:
    """The caller that is this process: its standard streams, its current directory, its environment."""
    return Caller(
        out=channel(sys.stdout, sys.stdout.isatty(), os.environ),
        err=channel(sys.stderr, sys.stderr.isatty(), os.environ),
        columns=terminal_columns,
        directory=Path.cwd(),
        environment=os.environ,
        is_cancelled=never_cancelled,
        tools=PROCESS_TOOLS,
    )


def never_cancelled() -> bool:
    """False: a process of its own is interrupted by a signal instead."""
    return False


def channel(output: Output, is_tty: bool, environment: Mapping[str, str]) -> Channel:
    """`output` with what its terminal can do: nothing when TERM is dumb, no colours when NO_COLOR is set and not empty."""
    is_terminal = is_tty and environment.get("TERM", "") != "dumb"
    return Channel(output, is_terminal, is_terminal and not environment.get("NO_COLOR"))


def terminal_columns() -> int:
    """Width of this process's terminal in characters."""
    return shutil.get_terminal_size().columns
