"""A verb, its arguments and its caller to an exit code, by the running daemon; None when none runs.

The thin side of the command line. What the verb writes is written to the caller's streams as it comes. A daemon that runs another
program text than the one on disk is not used, and asked to end unless it is at work.
"""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from server.build.program_text import program_fingerprint
from server.cli.caller import Caller
from server.daemon.place import DaemonPlace, UnsafePlace, check_private, daemon_place, make_private, peer_uid
from server.daemon.wire import (
    COMMAND_METHODS,
    LONGEST_LINE_BYTES,
    PING,
    SHUTDOWN,
    CancelNotice,
    CommandRequest,
    DaemonState,
    ErrorResponse,
    Event,
    EventNotice,
    ExitResponse,
    FromDaemon,
    PlainRequest,
    TerminalFacts,
    TextNotice,
    ToDaemon,
    WireError,
    decode_answer,
    encode,
)

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 2.0
CANCEL_SECONDS = 10.0
START_SECONDS = 15.0
EXIT_INTERRUPTED = 130
EXIT_FAILED = 1


class Connection:
    """A connection to a daemon of this user; a context manager that closes it."""

    def __init__(self, stream: socket.socket) -> None:
        self._stream = stream
        self._reader = stream.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._reader.close()
        self._stream.close()

    def send(self, message: ToDaemon) -> None:
        """Sends one message. Raises OSError when the daemon is gone."""
        self._stream.sendall(encode(message))

    def receive(self) -> FromDaemon | None:
        """The next message; None when the daemon is gone."""
        line = self._reader.readline(LONGEST_LINE_BYTES)
        return decode_answer(line) if line.endswith(b"\n") else None

    def limit_wait(self, seconds: float | None) -> None:
        """How long `receive` waits before it raises TimeoutError."""
        self._stream.settimeout(seconds)


def connect(place: DaemonPlace) -> Connection | None:
    """A connection to the daemon at `place`; None when none listens there, or its folder is not this user's alone."""
    stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    stream.settimeout(CONNECT_SECONDS)
    try:
        check_private(place)
        stream.connect(str(place.socket))
        if peer_uid(stream) not in (os.getuid(), None):
            raise UnsafePlace(f"'{place.socket}' is served by another user")
    except (OSError, UnsafePlace) as error:
        stream.close()
        if isinstance(error, UnsafePlace):
            logger.warning("event=unsafe_daemon error=%s", error)
        return None
    return Connection(stream)


def ask_state(connection: Connection, method: str) -> DaemonState | None:
    """The answer to `ping` or `shutdown`; None when there is none in time."""
    try:
        connection.send(PlainRequest(0, method))
        answer = connection.receive()
    except (OSError, WireError) as error:
        logger.warning("event=no_answer method=%s error=%s", method, error)
        return None
    return answer if isinstance(answer, DaemonState) else None


def try_daemon(verb: str, args: Sequence[str], whom: Caller) -> int | None:
    """Exit code of `verb` run by the daemon for `whom`; None when no daemon of this program runs, and then nothing was done.

    With AOTD_NO_DAEMON set (to anything but the empty string) the answer is None.
    Raises KeyboardInterrupt after cancelling the verb, when the user interrupts.
    """
    if verb not in COMMAND_METHODS or whom.environment.get("AOTD_NO_DAEMON") or not hasattr(socket, "AF_UNIX"):
        return None
    connection = connect(daemon_place(whom.environment))
    if connection is None:
        return None
    with connection:
        state = ask_state(connection, PING)
        if state is None:
            return None
        if state.fingerprint != program_fingerprint():
            if not state.n_running:
                ask_state(connection, SHUTDOWN)
            return None
        return _run(connection, verb, args, whom)


def _run(connection: Connection, verb: str, args: Sequence[str], whom: Caller) -> int:
    facts = TerminalFacts(whom.out.is_terminal, whom.out.shows_colour, whom.err.is_terminal, whom.err.shows_colour, whom.columns())
    connection.limit_wait(None)
    connection.send(CommandRequest(1, verb, tuple(args), str(whom.directory), dict(whom.environment), facts))
    try:
        return _relay(connection, whom)
    except KeyboardInterrupt:
        connection.limit_wait(CANCEL_SECONDS)
        connection.send(CancelNotice(1))
        try:
            _relay(connection, whom)
        except (TimeoutError, KeyboardInterrupt):
            logger.warning("event=cancel_not_answered verb=%s", verb)
        raise


def _relay(connection: Connection, whom: Caller) -> int:
    """Writes what the verb writes until it ends; its exit code."""
    while True:
        try:
            answer = connection.receive()
        except WireError as error:
            whom.err.output.write(f"aotd: error AOTD0003: the daemon sent what is no message: {error}\n")
            return EXIT_FAILED
        match answer:
            case TextNotice(_, channel, text):
                output = (whom.out if channel == "out" else whom.err).output
                output.write(text)
                output.flush()
            case ExitResponse(_, exit_code):
                return exit_code
            case ErrorResponse(_, _, message):
                whom.err.output.write(f"aotd: error AOTD0003: the daemon failed: {message}\n")
                return EXIT_FAILED
            case None:
                whom.err.output.write("aotd: error AOTD0003: the daemon ended before the command did\n")
                return EXIT_FAILED
            case DaemonState() | EventNotice():
                logger.warning("event=unexpected_answer answer=%s", answer)


class RemoteCommand:
    """A verb that the daemon runs for a program, which hears of what happens; used once.

    `run` is called on a thread that may wait; `cancel` may be called from any other.
    """

    def __init__(self, connection: Connection, verb: str, args: Sequence[str], directory: Path, environment: Mapping[str, str]) -> None:
        self._connection = connection
        facts = TerminalFacts(False, False, False, False, 80)
        self._request = CommandRequest(1, verb, tuple(args), str(directory), dict(environment), facts, wants_events=True)

    def run(self, on_event: Callable[[Event], None], on_text: Callable[[str], None]) -> int | None:
        """Exit code of the verb; None when the daemon ended before it. Raises OSError, WireError."""
        self._connection.limit_wait(None)
        self._connection.send(self._request)
        while True:
            match self._connection.receive():
                case EventNotice(_, event):
                    on_event(event)
                case TextNotice(_, _, text):
                    on_text(text)
                case ExitResponse(_, exit_code):
                    return exit_code
                case ErrorResponse(_, _, message):
                    on_text(f"aotd: error AOTD0003: the daemon failed: {message}\n")
                    return EXIT_FAILED
                case DaemonState():
                    logger.warning("event=unexpected_answer")
                case None:
                    return None

    def cancel(self) -> None:
        """Asks the daemon to end the verb; `run` returns when it has."""
        try:
            self._connection.send(CancelNotice(1))
        except OSError as error:
            logger.warning("event=cannot_cancel error=%s", error)


def start_daemon(environment: Mapping[str, str]) -> DaemonState | None:
    """State of the daemon that runs now, started in the background when there was none; None when it did not come up.

    Also None where there are no Unix sockets, and so no daemon.
    """
    if not hasattr(socket, "AF_UNIX"):
        return None
    place = daemon_place(environment)
    running = daemon_state(place)
    if running is not None and running.fingerprint == program_fingerprint():
        return running
    if running is not None:
        stop_daemon(place)
    make_private(place)
    with place.log.open("ab") as log:
        subprocess.Popen(
            [sys.executable, "-m", "server.cli.main", "daemon", "run"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=place.folder,
            env={**environment, "PYTHONPATH": _search_path(environment)},
            start_new_session=True,
        )
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        state = daemon_state(place)
        if state is not None:
            return state
        time.sleep(0.05)
    return None


def stop_daemon(place: DaemonPlace) -> bool:
    """True when no daemon serves `place` any more."""
    connection = connect(place)
    if connection is None:
        return True
    with connection:
        ask_state(connection, SHUTDOWN)
    end = time.monotonic() + CANCEL_SECONDS
    while time.monotonic() < end:
        if daemon_state(place) is None:
            return True
        time.sleep(0.05)
    return False


def daemon_state(place: DaemonPlace) -> DaemonState | None:
    """What the daemon at `place` says of itself; None when none answers."""
    connection = connect(place)
    if connection is None:
        return None
    with connection:
        return ask_state(connection, PING)


def _search_path(environment: Mapping[str, str]) -> str:
    """PYTHONPATH for the daemon: it runs the text that this process runs, installed or not."""
    here = str(Path(__file__).resolve().parents[2])
    rest = environment.get("PYTHONPATH", "")
    return os.pathsep.join([here, rest]) if rest else here
