"""`aotd lsp`: two byte streams to an editor session that lasts until `exit` or the end of the input.

A thread reads frames; the event loop dispatches them. Ends with 0 after `shutdown`, else with 1, as LSP asks.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

from lsprotocol import types

from server.lsp.commands import COMMANDS
from server.lsp.handlers import (
    code_action,
    did_change,
    did_change_watched_files,
    did_change_workspace_folders,
    did_close,
    did_open,
    did_save,
    hover,
    initialized,
    shutdown,
)
from server.lsp.protocol import PARSE_ERROR, QuietServer, StrictProtocol
from server.lsp.session import EditorSession
from server.lsp.transport import ByteSink, ByteSource, FrameWriter, Malformed, read_frames
from server.workspace.queries import WorkspaceQueries

logger = logging.getLogger(__name__)

HANDLERS: tuple[ModuleType, ...] = (
    initialized,
    did_open,
    did_change,
    did_close,
    did_save,
    did_change_watched_files,
    did_change_workspace_folders,
    code_action,
    hover,
    shutdown,
)
# What is told about a feature in the answer to `initialize`.
OPTIONS: dict[str, Any] = {code_action.METHOD: code_action.OPTIONS}
NAME = "aotd"


def serve(stdin: ByteSource, stdout: ByteSink, version: str, queries: WorkspaceQueries) -> int:
    """Exit code of a whole session over `stdin` and `stdout`."""
    return asyncio.run(_serve(stdin, stdout, version, queries))


def create_server(version: str, queries: WorkspaceQueries) -> tuple[QuietServer, EditorSession]:
    """A server with every handler and command registered, and its session."""
    server = QuietServer(NAME, version, protocol_cls=StrictProtocol)
    session = EditorSession(server, queries)
    for module in HANDLERS:
        server.feature(module.METHOD, OPTIONS.get(module.METHOD))(_bound(module.handle, session))
    for name, command in COMMANDS.items():
        # pygls lists the registered names in `initialize`; running them is StrictProtocol's part.
        server.command(name)(_bound(command, session))
    server.protocol.commands = {name: partial(command, session) for name, command in COMMANDS.items()}
    return server, session


def _bound(handle: Callable[[EditorSession, Any], Any], session: EditorSession) -> Callable[[Any], Any]:
    def bound(params: Any) -> Any:
        return handle(session, params)

    async def bound_coroutine(params: Any) -> Any:
        return await handle(session, params)

    return bound_coroutine if inspect.iscoroutinefunction(handle) else bound


async def _serve(stdin: ByteSource, stdout: ByteSink, version: str, queries: WorkspaceQueries) -> int:
    server, session = create_server(version, queries)
    server.protocol.set_writer(FrameWriter(stdout))
    messages: asyncio.Queue[bytes | Malformed | None] = asyncio.Queue()
    reader = threading.Thread(target=_read, args=(stdin, messages, asyncio.get_running_loop()), name="lsp-reader", daemon=True)
    reader.start()
    was_shut_down = False
    try:
        while (message := await messages.get()) is not None:
            if isinstance(message, Malformed):
                server.protocol.reply_error(None, PARSE_ERROR, message.reason)
                continue
            method = server.protocol.receive(message)
            was_shut_down = was_shut_down or method == types.SHUTDOWN
            if method == types.EXIT:
                break
    except BrokenPipeError:
        logger.warning("event=editor_gone")
    finally:
        session.stop()
    return 0 if was_shut_down else 1


def _read(stdin: ByteSource, messages: asyncio.Queue[bytes | Malformed | None], loop: asyncio.AbstractEventLoop) -> None:
    """Feeds the event loop from the stream, on a thread, since a read cannot be interrupted."""
    put: Callable[[bytes | Malformed | None], None] = messages.put_nowait
    for frame in read_frames(stdin):
        loop.call_soon_threadsafe(put, frame)
    loop.call_soon_threadsafe(put, None)
