"""`aotd.doctor`: the table that `aotd doctor` prints, for the first folder of the workspace."""

from __future__ import annotations

import asyncio
import io
import os
from dataclasses import replace
from typing import Any

from server.cli.caller import channel, serving, this_process
from server.cli.main import run_in_process
from server.lsp.session import EditorSession

NAME = "aotd.doctor"


async def run(session: EditorSession, arguments: list[Any]) -> str:
    """The text of the table."""
    text = io.StringIO()
    output = channel(text, is_tty=False, environment=os.environ)
    whom = replace(this_process(), out=output, err=output)
    if session.folders:
        whom = replace(whom, directory=session.folders[0])

    def examine() -> str:
        with serving(whom):
            run_in_process("doctor", ())
        return text.getvalue()

    return await asyncio.to_thread(examine)
