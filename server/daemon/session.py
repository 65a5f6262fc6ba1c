"""One connection to the daemon: lines in, verbs run on threads, text and exit codes out.

The commands of a connection end with it: when the caller goes away, each is told at its next sign of life and unwinds as it would
for Ctrl+C. Everything but the verbs runs on the event loop.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path

from compiler.diagnostics import Diagnostic
from server.build.warm import WarmTools
from server.cli.caller import Caller, Channel, serving
from server.daemon.wire import (
    INTERNAL_ERROR,
    INVALID_REQUEST,
    PING,
    CancelNotice,
    CommandRequest,
    CountEvent,
    DiagnosticEvent,
    ErrorResponse,
    Event,
    EventNotice,
    ExitResponse,
    FromDaemon,
    PlainRequest,
    ResultEvent,
    StepEvent,
    TextNotice,
    WireError,
    decode_request,
    encode,
)

logger = logging.getLogger(__name__)

EXIT_INTERRUPTED = 130
COUNT_SECONDS = 0.1

# (verb, arguments) -> exit code, for the caller that `caller()` answers.
RunVerb = Callable[[str, tuple[str, ...]], int]


@dataclass(slots=True, eq=False)
class Session:
    """A connection. Invariant: `writer` is used on the event loop only; `commands` holds what still runs."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    executor: Executor
    run_verb: RunVerb
    tools: WarmTools
    describe: Callable[[int], FromDaemon]
    shut_down: Callable[[], None]
    commands: dict[int, threading.Event] = field(default_factory=dict)

    async def serve(self) -> None:
        """Answers until the other side closes; then cancels what still runs for it."""
        try:
            while line := await self.reader.readline():
                self._receive(line)
        except (ConnectionError, ValueError) as error:
            # ValueError is the stream's word for a line over the limit.
            logger.warning("event=connection_dropped error=%s", error)
        finally:
            for cancelled in self.commands.values():
                cancelled.set()
            self.writer.close()

    def _receive(self, line: bytes) -> None:
        try:
            message = decode_request(line)
        except WireError as error:
            return self._send(ErrorResponse(None, INVALID_REQUEST, str(error)))
        match message:
            case ErrorResponse():
                self._send(message)
            case CancelNotice(request_id):
                if request_id in self.commands:
                    self.commands[request_id].set()
            case PlainRequest(request_id, method):
                self._send(self.describe(request_id))
                if method != PING:
                    self.shut_down()
            case CommandRequest():
                self._start(message)

    def _start(self, request: CommandRequest) -> None:
        if request.request_id in self.commands:
            return self._send(ErrorResponse(request.request_id, INVALID_REQUEST, "this id is in use"))
        cancelled = threading.Event()
        self.commands[request.request_id] = cancelled
        loop = asyncio.get_running_loop()
        task = loop.run_in_executor(self.executor, self._run, request, cancelled, loop)
        task.add_done_callback(lambda done: self._finish(request, done))

    def _finish(self, request: CommandRequest, done: asyncio.Future[int]) -> None:
        self.commands.pop(request.request_id, None)
        if done.cancelled():
            self._send(ErrorResponse(request.request_id, INTERNAL_ERROR, "the daemon ends"))
        elif (error := done.exception()) is not None:
            self._send(ErrorResponse(request.request_id, INTERNAL_ERROR, f"{type(error).__name__}: {error}"))
        else:
            self._send(ExitResponse(request.request_id, done.result()))

    def _run(self, request: CommandRequest, cancelled: threading.Event, loop: asyncio.AbstractEventLoop) -> int:
        """Runs the verb on a thread of the executor, with the client as its caller."""
        out = _TextToClient(self, request.request_id, "out", cancelled, loop)
        err = _TextToClient(self, request.request_id, "err", cancelled, loop)
        facts = request.terminal
        client = Caller(
            out=Channel(out, facts.out_is_terminal, facts.out_shows_colour),
            err=Channel(err, facts.err_is_terminal, facts.err_shows_colour),
            columns=lambda: facts.columns,
            directory=Path(request.directory),
            environment=request.environment,
            is_cancelled=cancelled.is_set,
            tools=self.tools,
            listener=_EventsToClient(out) if request.wants_events else None,
        )
        try:
            with serving(client):
                code = self.run_verb(request.verb, request.args)
                out.flush()
                err.flush()
                return code
        except KeyboardInterrupt:
            return EXIT_INTERRUPTED
        except Exception:
            # Re-raised into the future: the response says it, and the daemon goes on.
            logger.exception("event=verb_failed verb=%s args=%s", request.verb, request.args)
            raise

    def _send(self, message: FromDaemon) -> None:
        if not self.writer.is_closing():
            self.writer.write(encode(message))

    async def send_and_drain(self, message: FromDaemon) -> None:
        """Sends, and returns when the client has taken most of what was sent: a slow reader slows its own verb only."""
        self._send(message)
        if not self.writer.is_closing():
            await self.writer.drain()


class _TextToClient:
    """An `Output` whose text goes to the client in pieces; used on the thread of one verb."""

    def __init__(
        self, session: Session, request_id: int, channel: str, cancelled: threading.Event, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._session = session
        self._request_id = request_id
        self._channel = channel
        self._cancelled = cancelled
        self._loop = loop
        self._held: list[str] = []

    def write(self, text: str, /) -> None:
        """Keeps `text` until a flush, or a whole line. Raises KeyboardInterrupt when the caller has cancelled."""
        self._held.append(text)
        if "\n" in text:
            self.flush()

    def flush(self) -> None:
        """Sends what was kept. Raises KeyboardInterrupt when the caller has cancelled or is gone."""
        text = "".join(self._held)
        self._held.clear()
        if text:
            self._send(TextNotice(self._request_id, self._channel, text))

    def event(self, event: Event) -> None:
        """Sends an event after the text before it. Raises as `flush` does."""
        self.flush()
        self._send(EventNotice(self._request_id, event))

    def _send(self, notice: TextNotice | EventNotice) -> None:
        if self._cancelled.is_set():
            raise KeyboardInterrupt
        try:
            asyncio.run_coroutine_threadsafe(self._session.send_and_drain(notice), self._loop).result()
        except ConnectionError as error:
            raise KeyboardInterrupt from error


class _EventsToClient:
    """A `Listener` whose events go to the client; counts at most every `COUNT_SECONDS`, the last one of a step always."""

    def __init__(self, client: _TextToClient) -> None:
        self._client = client
        self._counted = 0.0

    def step(self, text: str) -> None:
        """See `Listener`."""
        self._counted = 0.0
        self._client.event(StepEvent(text))

    def count(self, done: int, total: int) -> None:
        """See `Listener`."""
        now = time.monotonic()
        if now - self._counted >= COUNT_SECONDS or done == total:
            self._counted = now
            self._client.event(CountEvent(done, total))

    def diagnostic(self, diagnostic: Diagnostic) -> None:
        """See `Listener`."""
        self._client.event(DiagnosticEvent(diagnostic))

    def result(self, values: Mapping[str, str]) -> None:
        """See `Listener`."""
        self._client.event(ResultEvent(values))
