"""The daemon process: a lock, a socket, and a session per connection until it is asked to end or nobody comes.

**Invariant:** at most one daemon of a user runs; the lock decides, not the socket, so that a socket left by a crash is replaced.
Only processes of the same user are answered: folder and socket are private, and the peer's user id is checked as well.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from server.build.program_text import program_fingerprint
from server.build.warm import WarmTools
from server.daemon.place import PRIVATE_FILE, DaemonPlace, make_private, peer_uid
from server.daemon.session import RunVerb, Session
from server.daemon.wire import LONGEST_LINE_BYTES, DaemonState

logger = logging.getLogger(__name__)

N_COMMANDS_AT_A_TIME = 8
IDLE_CHECK_SECONDS = 30.0


class AlreadyRunning(Exception):
    """Another daemon of this user holds the lock."""


def run_daemon(place: DaemonPlace, run_verb: RunVerb, idle_seconds: float) -> None:
    """Serves until `shutdown`, SIGTERM, or `idle_seconds` without a connection. Raises AlreadyRunning, UnsafePlace."""
    make_private(place)
    with _only_daemon(place):
        asyncio.run(_Daemon(place, run_verb, idle_seconds).serve())


@contextmanager
def _only_daemon(place: DaemonPlace) -> Iterator[None]:
    descriptor = os.open(place.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunning(f"a daemon already serves '{place.socket}'") from error
        yield
    finally:
        os.close(descriptor)


class _Daemon:
    """State of the running daemon; on the event loop only."""

    def __init__(self, place: DaemonPlace, run_verb: RunVerb, idle_seconds: float) -> None:
        self._place = place
        self._run_verb = run_verb
        self._idle_seconds = idle_seconds
        self._executor = ThreadPoolExecutor(N_COMMANDS_AT_A_TIME, thread_name_prefix="verb")
        self._tools = WarmTools(is_resident=True)
        self._fingerprint = program_fingerprint()
        self._began = time.monotonic()
        self._last_used = self._began
        self._sessions: set[Session] = set()
        self._end = asyncio.Event()

    async def serve(self) -> None:
        """Listens until the end; then stops taking connections, cancels what runs and removes the socket."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end.set)
        self._place.socket.unlink(missing_ok=True)
        mask = os.umask(0o177)
        try:
            server = await asyncio.start_unix_server(self._connect, str(self._place.socket), limit=LONGEST_LINE_BYTES)
        finally:
            os.umask(mask)
        logger.info("event=listening socket=%s pid=%d", self._place.socket, os.getpid())
        try:
            await self._until_end()
        finally:
            server.close()
            self._place.socket.unlink(missing_ok=True)
            for session in list(self._sessions):
                for cancelled in session.commands.values():
                    cancelled.set()
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._tools.close()
            logger.info("event=ended")

    async def _until_end(self) -> None:
        while not self._end.is_set():
            try:
                await asyncio.wait_for(self._end.wait(), min(IDLE_CHECK_SECONDS, self._idle_seconds))
            except TimeoutError:
                if not self._sessions and time.monotonic() - self._last_used >= self._idle_seconds:
                    logger.info("event=idle")
                    return

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        uid = peer_uid(writer.get_extra_info("socket"))
        if uid is not None and uid != os.getuid():
            logger.warning("event=refused uid=%d", uid)
            writer.close()
            return
        session = Session(reader, writer, self._executor, self._run_verb, self._tools, self._describe, self._end.set)
        self._sessions.add(session)
        try:
            await session.serve()
        except asyncio.CancelledError:
            # The loop ends: that is the end of the connection too, and nothing to report.
            logger.info("event=connection_ended")
        finally:
            self._sessions.discard(session)
            self._last_used = time.monotonic()

    def _describe(self, request_id: int) -> DaemonState:
        n_running = sum(len(session.commands) for session in self._sessions)
        return DaemonState(request_id, os.getpid(), self._fingerprint, int(time.monotonic() - self._began), n_running)
