"""A publish that an editor asks for, by the daemon: the editor's server stays free, and the next publish finds everything warm.

From the arguments of `aotd publish` to its outcome, on a thread that waits. Where no daemon can run the verb runs in this process,
with the same events.
"""

from __future__ import annotations

import io
import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from compiler.diagnostics import Diagnostic, Severity
from server.cli.caller import channel, serving, this_process
from server.cli.main import run_in_process
from server.daemon.client import RemoteCommand, connect, start_daemon
from server.daemon.place import UnsafePlace, daemon_place
from server.daemon.wire import CountEvent, DiagnosticEvent, Event, ResultEvent, StepEvent, WireError

logger = logging.getLogger(__name__)

EXIT_INTERRUPTED = 130


@dataclass(slots=True)
class Publishing:
    """One publish. `cancel` may be called from any thread; the rest belongs to the thread of `run`.

    `on_event` is called on that thread for every step, count and diagnostic.
    """

    args: Sequence[str]
    folder: Path
    on_event: Callable[[Event], None]
    diagnostics: list[Diagnostic] = field(default_factory=list)
    result: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    _cancelled: threading.Event = field(default_factory=threading.Event)
    _remote: RemoteCommand | None = None

    def run(self) -> int:
        """Exit code of the publish, 130 when it was cancelled."""
        code = self._run_in_daemon()
        if code is None:
            code = self._run_here()
        return EXIT_INTERRUPTED if self._cancelled.is_set() else code

    def cancel(self) -> None:
        """Ends the publish soon."""
        self._cancelled.set()
        if self._remote is not None:
            self._remote.cancel()

    def failure(self) -> str:
        """One line that says why there is no program: the first error, else the last that was said."""
        for diagnostic in self.diagnostics:
            if diagnostic.severity is Severity.ERROR:
                return f"{diagnostic.code}: {diagnostic.message}"
        lines = self.text.strip().splitlines()
        errors = [line for line in lines if ": error " in line]
        return (errors or lines or ["it ended without a word"])[0 if errors else -1]

    def _run_in_daemon(self) -> int | None:
        """None when there is no daemon and none can be started, or it ended: then the publish is to be done here."""
        if os.environ.get("AOTD_NO_DAEMON"):
            return None
        try:
            if start_daemon(os.environ) is None:
                return None
            connection = connect(daemon_place(os.environ))
            if connection is None:
                return None
            with connection:
                self._remote = RemoteCommand(connection, "publish", self.args, self.folder, os.environ)
                if self._cancelled.is_set():
                    return EXIT_INTERRUPTED
                return self._remote.run(self._take, self._hear)
        except (OSError, WireError, UnsafePlace) as error:
            logger.warning("event=no_daemon error=%s", error)
            return None

    def _run_here(self) -> int:
        text = io.StringIO()
        output = channel(text, is_tty=False, environment=os.environ)
        whom = replace(
            this_process(),
            out=output,
            err=output,
            directory=self.folder,
            is_cancelled=self._cancelled.is_set,
            listener=_Listener(self._take),
        )
        try:
            with serving(whom):
                return run_in_process("publish", self.args)
        except KeyboardInterrupt:
            return EXIT_INTERRUPTED
        finally:
            self._hear(text.getvalue())

    def _take(self, event: Event) -> None:
        if isinstance(event, ResultEvent):
            self.result = event.values
        if isinstance(event, DiagnosticEvent):
            self.diagnostics.append(event.diagnostic)
        self.on_event(event)

    def _hear(self, text: str) -> None:
        self.text += text


@dataclass(frozen=True, slots=True)
class _Listener:
    """A `Listener` that makes events of its calls."""

    take: Callable[[Event], None]

    def step(self, text: str) -> None:
        """See `Listener`."""
        self.take(StepEvent(text))

    def count(self, done: int, total: int) -> None:
        """See `Listener`."""
        self.take(CountEvent(done, total))

    def diagnostic(self, diagnostic: Diagnostic) -> None:
        """See `Listener`."""
        self.take(DiagnosticEvent(diagnostic))

    def result(self, values: Mapping[str, str]) -> None:
        """See `Listener`."""
        self.take(ResultEvent(values))
