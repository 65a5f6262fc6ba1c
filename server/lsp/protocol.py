"""JSON-RPC messages to handler calls and back: pygls's protocol, made strict about errors and cancellation.

From message bodies to dispatched requests. Every request that can be answered is answered: a body that is no JSON, a message
that is no JSON-RPC and parameters of the wrong shape get the error responses of JSON-RPC 2.0, and none of them ends the server.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Generator, Mapping
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, lsp_method

logger = logging.getLogger(__name__)

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
INVALID_PARAMS = -32602

Command = Callable[[list[Any]], Awaitable[object]]


class StrictProtocol(LanguageServerProtocol):
    """pygls's protocol with typed commands, UTF-16 positions and an answer for each malformed request."""

    commands: Mapping[str, Command]

    def receive(self, body: bytes) -> str:
        """Dispatches one message, and answers an error in the message itself; the method, "" when there is none.

        `exit` is not dispatched: the caller ends.
        """
        try:
            message = json.loads(body)
        except (ValueError, RecursionError) as error:
            self.reply_error(None, PARSE_ERROR, f"the message is not JSON: {error}")
            return ""
        if not isinstance(message, dict) or message.get("jsonrpc") != self.VERSION:
            self.reply_error(_request_id(message), INVALID_REQUEST, "the message is not JSON-RPC 2.0")
            return ""
        method = message.get("method", "")
        if not isinstance(method, str):
            self.reply_error(_request_id(message), INVALID_REQUEST, "the method is not a string")
            return ""
        if method != types.EXIT:
            self._dispatch(message)
        return method

    def _dispatch(self, message: dict[str, Any]) -> None:
        try:
            structured = self.structure_message(message)
        except JsonRpcInvalidParams:
            self._refuse_params(message)
            return
        except self.UNSTRUCTURABLE as error:
            logger.warning("event=unreadable_message error=%s", error)
            self._refuse_params(message)
            return
        self.handle_message(structured)

    # What converting a message of the wrong shape raises inside the converter, besides its own grouped error.
    UNSTRUCTURABLE = (KeyError, TypeError, ValueError, AttributeError, RecursionError)

    def reply_error(self, request_id: int | str | None, code: int, message: str) -> None:
        """Sends an error response; with no id, as JSON-RPC asks for messages that could not be read."""
        logger.warning("event=bad_message id=%s code=%d message=%s", request_id, code, message)
        self._send_data({"jsonrpc": self.VERSION, "id": request_id, "error": {"code": code, "message": message}})

    def _refuse_params(self, message: Mapping[str, Any]) -> None:
        request_id = _request_id(message)
        method = message.get("method", "")
        if request_id is None or not method:
            logger.warning("event=bad_notification method=%s", method)
            return
        self.reply_error(request_id, INVALID_PARAMS, f"the parameters of {method} are not valid")

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> Generator[Any, Any, types.InitializeResult]:
        """As pygls does, but positions always count UTF-16 code units, as Roslyn and portable PDBs do."""
        if params.capabilities.general is not None:
            params.capabilities.general.position_encodings = None
        return (yield from super().lsp_initialize(params))

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    async def lsp_workspace__execute_command(  # type: ignore[override] # pygls dispatches by the kind of function, and a task can be cancelled
        self, params: types.ExecuteCommandParams
    ) -> object:
        """Runs a command as a task of its own, so that `$/cancelRequest` reaches it."""
        command = self.commands.get(params.command)
        if command is None:
            raise JsonRpcInvalidParams(f"unknown command {params.command!r}")
        return await command(list(params.arguments or []))


def _request_id(message: object) -> int | str | None:
    found = message.get("id") if isinstance(message, dict) else None
    return found if isinstance(found, (int, str)) else None


class QuietServer(LanguageServer):
    """pygls's server, which logs its own errors instead of showing them to the user in a pop-up."""

    protocol: StrictProtocol

    def report_server_error(self, error: Exception, source: object) -> None:
        """Logs an error that no response can carry."""
        logger.error("event=server_error source=%s error=%s", getattr(source, "__name__", source), error)
