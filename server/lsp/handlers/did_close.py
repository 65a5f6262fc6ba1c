"""`textDocument/didClose`: the disk owns the text of a file again."""

from __future__ import annotations

from lsprotocol import types

from server.lsp.convert import to_path
from server.lsp.session import EditorSession

METHOD = types.TEXT_DOCUMENT_DID_CLOSE


def handle(session: EditorSession, params: types.DidCloseTextDocumentParams) -> None:
    """Uncovers the file on disk."""
    path = to_path(params.text_document.uri)
    if path is not None:
        session.close_document(path)
