"""`workspace/didChangeWorkspaceFolders`: folders came to or went from the workspace."""

from __future__ import annotations

from lsprotocol import types

from server.lsp.convert import to_path
from server.lsp.session import EditorSession

METHOD = types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS


def handle(session: EditorSession, params: types.DidChangeWorkspaceFoldersParams) -> None:
    """Watches and analyses the folders of now."""
    for folder in params.event.removed:
        path = to_path(folder.uri)
        if path is not None:
            session.remove_folder(path)
    for folder in params.event.added:
        path = to_path(folder.uri)
        if path is not None:
            session.add_folder(path)
