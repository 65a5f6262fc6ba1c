"""One run of the C# worker: a child process, a thread that reads its answers, and the requests that wait for them.

A process that died stays dead; `client.py` starts the next one. Requests may come from any thread.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from typing import IO

from compiler.csharp.errors import ToolchainCode, ToolchainError
from compiler.csharp.wire import Answer, BrokenFrame, Json, encode_request, read_answer

_LOG = logging.getLogger(__name__)
_STDERR_TAIL_BYTES = 2000
_CLOSE_SECONDS = 5.0


class RequestCancelled(Exception):
    """The request was given up because `WorkerProcess.cancel` asked for that."""


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """A request on its way; `answer` is completed by the thread that reads answers."""

    id: int
    verb: str
    answer: Future[Answer]


class WorkerProcess:
    """A running worker. Invariant: every request that was sent is in `_waiting` until it is answered or failed."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._stderr: IO[bytes] = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._stderr, env=dict(environment), start_new_session=True
        )
        self._ids = itertools.count(1)
        self._gate = threading.Lock()
        self._write_gate = threading.Lock()
        self._waiting: dict[int, Request] = {}
        self._is_closed = False
        threading.Thread(target=self._read, name="csharp-worker-answers", daemon=True).start()

    @property
    def process_id(self) -> int:
        """The child's process id."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """False once it died or was ended; it never becomes true again."""
        return not self._is_closed and self._process.poll() is None

    def request(self, verb: str, body: Mapping[str, Json], blobs: Sequence[bytes], timeout_seconds: float) -> Answer:
        """The answer to one request: `send` and `wait`."""
        return self.wait(self.send(verb, body, blobs), timeout_seconds)

    def send(self, verb: str, body: Mapping[str, Json], blobs: Sequence[bytes]) -> Request:
        """The request, on its way. Raises ToolchainError when the worker is dead."""
        request = Request(next(self._ids), verb, Future())
        with self._gate:
            if self._is_closed:
                raise self._death(verb)
            self._waiting[request.id] = request
        try:
            self._write(encode_request(request.id, verb, body, blobs))
        except BrokenPipeError as error:
            self.kill()
            raise self._death(verb) from error
        return request

    def wait(self, request: Request, timeout_seconds: float) -> Answer:
        """The answer. Raises RequestCancelled, and ToolchainError when the worker dies, hangs or fails on the request.

        A worker that does not answer in time is killed: what it holds is not known any more.
        """
        try:
            answer = request.answer.result(timeout_seconds)
        except FutureTimeoutError as error:
            self.kill()
            message = f"the C# compiler did not answer `{request.verb}` within {timeout_seconds:g} s and was stopped"
            raise ToolchainError(ToolchainCode.WORKER_TIMED_OUT, message) from error
        if answer.is_ok:
            return answer
        if answer.body.get("type") == "System.OperationCanceledException":
            raise RequestCancelled
        _LOG.error("verb=%s worker_trace=%s", request.verb, answer.body.get("trace"))
        message = f"the C# compiler failed on `{request.verb}`: {answer.body.get('type')}: {answer.body.get('message')}"
        raise ToolchainError(ToolchainCode.WORKER_FAILED, message)

    def cancel(self, request: Request) -> None:
        """Asks the worker to give a request up; nothing happens when it has been answered or the worker is dead."""
        with self._gate:
            if self._is_closed or request.id not in self._waiting:
                return
        with contextlib.suppress(BrokenPipeError):
            self._write(encode_request(next(self._ids), "cancel", {"request": request.id}, ()))

    def kill(self) -> None:
        """Ends the process at once; requests that wait fail."""
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

    def _write(self, frame: bytes) -> None:
        assert self._process.stdin is not None
        with self._write_gate:
            if self._process.stdin.closed:
                raise BrokenPipeError
            self._process.stdin.write(frame)
            self._process.stdin.flush()

    def _read(self) -> None:
        """Body of the reading thread: hands answers out until the stream ends, then fails what still waits."""
        assert self._process.stdout is not None
        try:
            while (answer := read_answer(self._process.stdout)) is not None:
                with self._gate:
                    request = self._waiting.pop(answer.id, None)
                if request is not None:
                    request.answer.set_result(answer)
        except BrokenFrame as error:
            _LOG.error("worker_pid=%d broken_frame=%s", self._process.pid, error)
            self._process.kill()
        self._process.wait()
        with self._gate:
            self._is_closed = True
            abandoned = list(self._waiting.values())
            self._waiting.clear()
        for request in abandoned:
            request.answer.set_exception(self._death(request.verb))

    def _death(self, verb: str) -> ToolchainError:
        code = self._process.poll()
        how = f"was killed by signal {-code}" if code is not None and code < 0 else f"ended with exit code {code}"
        message = f"the C# compiler process {how} during `{verb}`"
        tail = self._stderr_tail()
        return ToolchainError(ToolchainCode.WORKER_DIED, f"{message}: {tail}" if tail else message)

    def _stderr_tail(self) -> str:
        """The first line of what the process last wrote to its standard error."""
        self._stderr.seek(0, 2)
        self._stderr.seek(max(0, self._stderr.tell() - _STDERR_TAIL_BYTES))
        lines = self._stderr.read().decode("utf-8", "replace").strip().splitlines()
        return lines[0] if lines else ""
