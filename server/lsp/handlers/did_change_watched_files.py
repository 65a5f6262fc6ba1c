"""`workspace/didChangeWatchedFiles`: the editor saw files change on disk; our own watcher may have seen them first."""

from __future__ import annotations

from lsprotocol import types

from server.lsp.session import EditorSession

METHOD = types.WORKSPACE_DID_CHANGE_WATCHED_FILES


def handle(session: EditorSession, params: types.DidChangeWatchedFilesParams) -> None:
    """Analyses again; files are compared by content, so a second notice of one change costs nothing."""
    if params.changes:
        session.disk_changed()
