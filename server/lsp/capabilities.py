"""What the server asks the editor to do for it, beyond what `initialize` answers."""

from __future__ import annotations

import logging
from concurrent.futures import Future

from lsprotocol import types

from server.lsp.protocol import QuietServer

logger = logging.getLogger(__name__)

WATCHED_GLOBS = (
    "**/*.{cs,csproj,props,targets,editorconfig,globalconfig,xml}",
    "**/global.json",
    "**/obj/project.assets.json",
)


def register_watched_files(server: QuietServer) -> None:
    """Asks an editor that can watch files to tell of changes, which it also sees where our watcher cannot."""
    workspace = server.client_capabilities.workspace
    watched = workspace.did_change_watched_files if workspace is not None else None
    if watched is None or not watched.dynamic_registration:
        return
    watchers = [types.FileSystemWatcher(glob_pattern=pattern) for pattern in WATCHED_GLOBS]
    options = types.DidChangeWatchedFilesRegistrationOptions(watchers=watchers)
    registration = types.Registration(id="aotd.watched-files", method=types.WORKSPACE_DID_CHANGE_WATCHED_FILES, register_options=options)
    server.client_register_capability(types.RegistrationParams([registration])).add_done_callback(_log_refusal)


def _log_refusal(answer: Future[None]) -> None:
    if not answer.cancelled() and (error := answer.exception()) is not None:
        logger.warning("event=registration_refused error=%s", error)
