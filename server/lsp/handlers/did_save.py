"""`textDocument/didSave`: the file on disk is what the editor shows, so what only the disk has may be newer."""

from __future__ import annotations

from lsprotocol import types

from server.lsp.session import EditorSession

METHOD = types.TEXT_DOCUMENT_DID_SAVE


def handle(session: EditorSession, params: types.DidSaveTextDocumentParams) -> None:
    """Analyses again; nothing is recomputed when the saved text was known."""
    session.disk_changed()
