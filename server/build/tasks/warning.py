"""The Warning task: a warning with a text of the project's own."""

from __future__ import annotations

from server.build.tasks.error import DIAGNOSTIC_PARAMETERS, diagnostic_place
from server.build.tasks.task import TaskCall, TaskDefinition


def _run(call: TaskCall) -> bool:
    if call.text("Text") or call.text("Code"):
        call.warning(call.text("Code"), call.text("Text"), location=diagnostic_place(call))
    return True


TASK = TaskDefinition("Warning", DIAGNOSTIC_PARAMETERS, (), _run)
