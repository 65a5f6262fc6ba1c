"""`textDocument/didChange`: the text of an open document changed; pygls has applied the edits already."""

from __future__ import annotations

from lsprotocol import types

from server.lsp.convert import to_path
from server.lsp.session import EditorSession

METHOD = types.TEXT_DOCUMENT_DID_CHANGE


def handle(session: EditorSession, params: types.DidChangeTextDocumentParams) -> None:
    """Takes the text that resulted from the edits."""
    path = to_path(params.text_document.uri)
    if path is not None:
        document = session.server.workspace.get_text_document(params.text_document.uri)
        session.change_document(path, document.source, params.text_document.version)
