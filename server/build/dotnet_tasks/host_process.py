"""One run of the task host: a child process, a thread that reads its frames, and the requests that wait for them.

A request is answered by frames in order: what happens while a task runs, questions that want a reply, and the answer. They are taken
by the thread that made the request, which may make further requests meanwhile: a task that has another project built waits for its tasks.
A process that died stays dead; `hosts.py` starts the next one.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import queue
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import IO

from compiler.csharp.wire import BrokenFrame, Json, encode_request, read_answer
from compiler.diagnostics import InputError

HOST_DIED = "AOTD0321"
TASK_STOPPED = "AOTD0322"

# How often a request that waits looks whether its build was cancelled.
_POLL_SECONDS = 0.2
# What a task gets to end by itself after it was cancelled.
_CANCEL_SECONDS = 5.0
_CLOSE_SECONDS = 2.0
_STDERR_TAIL_BYTES = 4000

Body = Mapping[str, Json]
# What happens while a task runs: the kind of the frame and its body; a question gets its reply.
TakeEvent = Callable[[str, Body], Body | None]


class HostProcess:
    """A running task host. Invariant: a request that was sent has a queue in `_waiting` until it is answered; None in it means death.

    `learned` holds what was asked of this process and stays true as long as it lives, for the one build that it is lent to.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._stderr: IO[bytes] = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._stderr, env=dict(environment), start_new_session=True
        )
        self._ids = itertools.count(1)
        self._gate = threading.Lock()
        self._write_gate = threading.Lock()
        self._waiting: dict[int, queue.SimpleQueue[Body | None]] = {}
        self._is_closed = False
        self.learned: dict[object, object] = {}
        threading.Thread(target=self._read, name="task-host-frames", daemon=True).start()

    @property
    def process_id(self) -> int:
        """The child's process id."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """False once it died or was ended; it never becomes true again."""
        return not self._is_closed and self._process.poll() is None

    def request(
        self,
        verb: str,
        body: Body,
        take_event: TakeEvent,
        is_cancelled: Callable[[], bool],
        timeout_seconds: float | None = None,
    ) -> Body:
        """The body of the answer. Events are handed to `take_event` in order.

        Raises InputError when the process dies or the time is over (it is killed then), and KeyboardInterrupt when the build was
        cancelled: the task has been told then and has ended, or its process was killed.
        """
        number = next(self._ids)
        frames: queue.SimpleQueue[Body | None] = queue.SimpleQueue()
        with self._gate:
            if self._is_closed:
                raise self._death()
            self._waiting[number] = frames
        try:
            self._write(number, verb, body)
            return self._answer(number, frames, take_event, is_cancelled, timeout_seconds)
        except KeyboardInterrupt:
            self._cancel(number, frames, take_event)
            raise
        finally:
            with self._gate:
                self._waiting.pop(number, None)

    def _answer(
        self,
        number: int,
        frames: queue.SimpleQueue[Body | None],
        take_event: TakeEvent,
        is_cancelled: Callable[[], bool],
        timeout_seconds: float | None,
    ) -> Body:
        deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        while True:
            try:
                frame = frames.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                if is_cancelled():
                    raise KeyboardInterrupt from None
                if deadline is not None and time.monotonic() > deadline:
                    self.kill()
                    message = f"the task did not end within {timeout_seconds:g} s and was stopped"
                    raise InputError(TASK_STOPPED, message) from None
                continue
            if frame is None:
                raise self._death()
            if frame["kind"] == "answer":
                return frame
            self._take(number, frame, take_event)

    def _take(self, number: int, frame: Body, take_event: TakeEvent) -> None:
        reply = take_event(str(frame["kind"]), frame)
        if reply is not None:
            self._write(number, "reply", {**reply, "question": frame["question"]})

    def _cancel(self, number: int, frames: queue.SimpleQueue[Body | None], take_event: TakeEvent) -> None:
        """Tells the task that it should end, and waits for that; a task that does not is ended with its process."""
        with contextlib.suppress(InputError):
            self._write(next(self._ids), "cancel", {"request": number})
        deadline = time.monotonic() + _CANCEL_SECONDS
        while time.monotonic() < deadline:
            try:
                frame = frames.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                continue
            if frame is None or frame["kind"] == "answer":
                return
            if "question" not in frame:
                self._take(number, frame, take_event)
        self.kill()

    def kill(self) -> None:
        """Ends the process and what it has started at once; requests that wait fail."""
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                if os.name == "posix":
                    os.killpg(self._process.pid, signal.SIGKILL)
                else:
                    self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """Lets the process end by itself, by closing its input; it is killed when it takes too long."""
        assert self._process.stdin is not None
        try:
            with self._write_gate:
                self._process.stdin.close()
            self._process.wait(_CLOSE_SECONDS)
        except BrokenPipeError:
            self._process.wait()
        except subprocess.TimeoutExpired:
            self.kill()

    def _write(self, number: int, verb: str, body: Body) -> None:
        assert self._process.stdin is not None
        frame = encode_request(number, verb, body, ())
        try:
            with self._write_gate:
                if self._process.stdin.closed:
                    raise BrokenPipeError
                self._process.stdin.write(frame)
                self._process.stdin.flush()
        except BrokenPipeError as error:
            self.kill()
            raise self._death() from error

    def _read(self) -> None:
        """Body of the reading thread: hands frames out until the stream ends, then tells those who wait."""
        assert self._process.stdout is not None
        try:
            while (frame := read_answer(self._process.stdout)) is not None:
                with self._gate:
                    waiting = self._waiting.get(frame.id)
                if waiting is not None:
                    waiting.put(frame.body)
        except BrokenFrame:
            self._process.kill()
        self._process.wait()
        with self._gate:
            self._is_closed = True
            abandoned = list(self._waiting.values())
        for frames in abandoned:
            frames.put(None)

    def _death(self) -> InputError:
        code = self._process.wait()
        how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        tail = self._stderr_tail()
        message = f"the process that runs tasks of .NET assemblies {how}"
        return InputError(HOST_DIED, f"{message}: {tail}" if tail else message)

    def _stderr_tail(self) -> str:
        """The first lines of what the process last wrote to its standard error, as one."""
        self._stderr.seek(0, 2)
        self._stderr.seek(max(0, self._stderr.tell() - _STDERR_TAIL_BYTES))
        lines = self._stderr.read().decode("utf-8", "replace").strip().splitlines()
        return " ".join(line.strip() for line in lines[:3])
