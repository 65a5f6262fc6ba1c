"""What `workspace/executeCommand` can ask for: one command per file, each `NAME` and `run(session, arguments)`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from server.lsp.commands import doctor, projects, publish
from server.lsp.session import EditorSession

COMMANDS: dict[str, Callable[[EditorSession, list[Any]], Awaitable[object]]] = {
    module.NAME: module.run for module in (doctor, projects, publish)
}
