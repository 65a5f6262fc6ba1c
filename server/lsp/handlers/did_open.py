"""`textDocument/didOpen`: the editor owns the text of a file."""

from __future__ import annotations

from lsprotocol import types

from server.lsp.convert import to_path
from server.lsp.session import EditorSession

METHOD = types.TEXT_DOCUMENT_DID_OPEN


def handle(session: EditorSession, params: types.DidOpenTextDocumentParams) -> None:
    """Covers the file on disk with the text of the document."""
    document = params.text_document
    path = to_path(document.uri)
    if path is not None:
        session.open_document(path, document.uri, document.text, document.version)
