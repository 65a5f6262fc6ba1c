"""The Warning task: a warning with a text of the project's own."""

from __future__ import annotations

from server.build.tasks.error import DIAGNOSTIC_PARAMETERS, NO_MESSAGE, diagnostic_place
from server.build.tasks.task import TaskCall, TaskDefinition


def _run(call: TaskCall) -> bool:
    call.warning(call.text("Code"), call.text("Text") or NO_MESSAGE, location=diagnostic_place(call))
    return True


TASK = TaskDefinition("Warning", DIAGNOSTIC_PARAMETERS, (), _run)
