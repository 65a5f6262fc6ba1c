"""The Error task: fails the build with a text of the project's own."""

from __future__ import annotations

from compiler.diagnostics import Location
from server.build.tasks.task import Kind, Parameter, TaskCall, TaskDefinition

NO_MESSAGE = "(No message specified)"
DIAGNOSTIC_PARAMETERS = (
    Parameter("Text", Kind.TEXT),
    Parameter("Code", Kind.TEXT),
    Parameter("File", Kind.TEXT),
    Parameter("HelpKeyword", Kind.TEXT),
    Parameter("HelpLink", Kind.TEXT),
)


def diagnostic_place(call: TaskCall) -> Location | None:
    """The place that File names; None for that of the task."""
    return Location(call.text("File")) if call.text("File") else None


def _run(call: TaskCall) -> bool:
    call.error(call.text("Code"), call.text("Text") or NO_MESSAGE, location=diagnostic_place(call))
    return False


TASK = TaskDefinition("Error", DIAGNOSTIC_PARAMETERS, (), _run)
