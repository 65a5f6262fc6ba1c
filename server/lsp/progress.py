"""Long work to `$/progress` notifications with a cancel button, in editors that can show them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Callable

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from server.lsp.protocol import QuietServer

logger = logging.getLogger(__name__)

CREATE_SECONDS = 5.0


class WorkDone:
    """One work done progress, on the event loop. Invariant: nothing is sent before `begin` was, nor after `end`."""

    def __init__(self, server: QuietServer, on_cancel: Callable[[], None]) -> None:
        self._server = server
        self._on_cancel = on_cancel
        self._token: str | None = None
        self._step = ""

    async def begin(self, title: str) -> None:
        """Shows the progress, when the editor can and wants to."""
        window = self._server.client_capabilities.window
        if window is None or not window.work_done_progress:
            return
        token = f"aotd-{uuid.uuid4()}"
        progress = self._server.work_done_progress
        try:
            await asyncio.wait_for(progress.create_async(token), CREATE_SECONDS)
        except (TimeoutError, JsonRpcException) as error:
            logger.warning("event=no_progress error=%r", error)
            return
        self._token = token
        progress.tokens[token].add_done_callback(lambda future: self._on_cancel() if future.cancelled() else None)
        progress.begin(token, types.WorkDoneProgressBegin(title=title, cancellable=True))

    def step(self, text: str) -> None:
        """A new step begins."""
        self._step = text
        self._report(text)

    def count(self, done: int, total: int) -> None:
        """`done` of `total` parts of the step are ready; a `total` of 0 is not known yet."""
        self._report(f"{self._step} {done}/{total}" if total else f"{self._step} {done}")

    def end(self, text: str) -> None:
        """The work is over."""
        if self._token is not None:
            self._server.work_done_progress.end(self._token, types.WorkDoneProgressEnd(message=text))
            del self._server.work_done_progress.tokens[self._token]
            self._token = None

    def _report(self, text: str) -> None:
        if self._token is not None:
            self._server.work_done_progress.report(self._token, types.WorkDoneProgressReport(message=text, cancellable=True))


class ShownWork:
    """Work whose progress is shown once it takes longer than `seconds`. Everything is called on the event loop."""

    def __init__(self, server: QuietServer, title: str, seconds: float, on_cancel: Callable[[], None]) -> None:
        self._progress = WorkDone(server, on_cancel)
        self._is_over = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._show(title, seconds))

    def step(self, text: str) -> None:
        """A new step begins."""
        self._progress.step(text)

    def end(self) -> None:
        """The work is over: what is shown goes away, and nothing comes any more."""
        self._is_over.set()

    async def _show(self, title: str, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._is_over.wait(), seconds)
            return
        await self._progress.begin(title)
        await self._is_over.wait()
        self._progress.end("")
