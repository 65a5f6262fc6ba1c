"""`shutdown`: the editor will end the process soon; nothing is computed or said from now on."""

from __future__ import annotations

from lsprotocol import types

from server.lsp.session import EditorSession

METHOD = types.SHUTDOWN


def handle(session: EditorSession, params: None) -> None:
    """Stops the watcher, the analysis and the tools that they keep."""
    session.stop()
