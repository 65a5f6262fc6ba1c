"""`initialized`: the editor is ready, so the workspace is watched and analysed."""

from __future__ import annotations

from lsprotocol import types

from server.lsp.capabilities import register_watched_files
from server.lsp.convert import to_path
from server.lsp.session import EditorSession

METHOD = types.INITIALIZED


def handle(session: EditorSession, params: types.InitializedParams) -> None:
    """Starts the session on the folders that `initialize` named."""
    register_watched_files(session.server)
    folders = [to_path(folder.uri) for folder in session.server.workspace.folders.values()]
    if not folders and session.server.workspace.root_uri:
        folders = [to_path(session.server.workspace.root_uri)]
    session.start([folder for folder in folders if folder is not None])
