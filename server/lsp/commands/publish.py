"""`aotd.publish`: makes a native program, with progress in the editor and cancel.

One argument, `{project, configuration, rid}`; the last two may be missing or empty. The answer is
`{succeeded, cancelled, message}`, with `path` (and `symbols`) when there is a program.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pygls.exceptions import JsonRpcInvalidParams

from server.daemon.wire import CountEvent, Event, StepEvent
from server.lsp.progress import WorkDone
from server.lsp.publishing import EXIT_INTERRUPTED, Publishing
from server.lsp.session import EditorSession

NAME = "aotd.publish"


@dataclass(frozen=True, slots=True)
class PublishArguments:
    """What the editor asks for; empty text leaves the choice to `aotd publish`."""

    project: Path
    configuration: str
    rid: str

    def command_line(self) -> list[str]:
        """The arguments of `aotd publish`."""
        switches = [("-c", self.configuration), ("-r", self.rid)]
        return [str(self.project), *(part for switch, value in switches if value for part in (switch, value))]


async def run(session: EditorSession, arguments: list[Any]) -> dict[str, object]:
    """Publishes; a cancelled request ends the publish as well."""
    wanted = read_arguments(arguments)
    loop = asyncio.get_running_loop()

    def on_event(event: Event) -> None:
        loop.call_soon_threadsafe(show, work, event)

    publishing = Publishing(wanted.command_line(), wanted.project.parent, on_event)
    work = WorkDone(session.server, publishing.cancel)
    await work.begin(f"Publishing {wanted.project.stem}")
    session.at_stop.add(publishing.cancel)
    running = loop.run_in_executor(None, publishing.run)
    try:
        exit_code = await asyncio.shield(running)
    except asyncio.CancelledError:
        publishing.cancel()
        await running
        raise
    finally:
        session.at_stop.discard(publishing.cancel)
        work.end("")
    session.show_publish(wanted.project, tuple(publishing.diagnostics))
    return outcome(publishing, wanted.project.stem, exit_code)


def show(work: WorkDone, event: Event) -> None:
    """An event of the publish as progress."""
    match event:
        case StepEvent(text):
            work.step(text)
        case CountEvent(done, total):
            work.count(done, total)


def outcome(publishing: Publishing, name: str, exit_code: int) -> dict[str, object]:
    """The answer of the command."""
    program = publishing.result.get("program", "")
    if exit_code == 0 and program:
        lines = [line for line in publishing.text.splitlines() if line.strip()]
        message = publishing.result.get("summary") or (lines[-1] if lines else f"published {name}")
        return {"succeeded": True, "cancelled": False, "message": message, "path": program, "symbols": publishing.result.get("symbols", "")}
    cancelled = exit_code == EXIT_INTERRUPTED
    return {"succeeded": False, "cancelled": cancelled, "message": "cancelled" if cancelled else publishing.failure()}


def read_arguments(arguments: list[Any]) -> PublishArguments:
    """The typed arguments. Raises JsonRpcInvalidParams, which is the error response."""
    wanted = arguments[0] if len(arguments) == 1 else None
    if not isinstance(wanted, dict):
        raise JsonRpcInvalidParams("aotd.publish takes one object: {project, configuration, rid}")
    texts = {name: wanted.get(name) or "" for name in ("project", "configuration", "rid")}
    if not all(isinstance(text, str) for text in texts.values()) or not Path(texts["project"]).is_absolute():
        raise JsonRpcInvalidParams("project is the absolute path of a project file; configuration and rid are text")
    return PublishArguments(Path(texts["project"]), texts["configuration"], texts["rid"])
