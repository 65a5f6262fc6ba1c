"""`aotd.projects`: the projects of the workspace that a native program can be made of."""

from __future__ import annotations

from typing import Any

from server.lsp.session import EditorSession

NAME = "aotd.projects"


async def run(session: EditorSession, arguments: list[Any]) -> list[dict[str, str]]:
    """Name, file and folder of each program, sorted by file; waits for the analysis that is under way."""
    report = await session.up_to_date()
    return [
        {"name": project.name, "path": str(project.path), "folder": str(project.path.parent)}
        for project in report.projects
        if project.is_program
    ]
