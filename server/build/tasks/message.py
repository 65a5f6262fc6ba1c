"""The Message task: writes a message to the log."""

from __future__ import annotations

from server.build.events import Importance
from server.build.tasks.task import Kind, Parameter, TaskCall, TaskDefinition

_IMPORTANCE = {"high": Importance.HIGH, "normal": Importance.NORMAL, "low": Importance.LOW}


def _run(call: TaskCall) -> bool:
    written = call.text("Importance")
    importance = _IMPORTANCE.get(written.lower()) if written else Importance.NORMAL
    if importance is None:
        call.error("MSB3511", f'"{written}" is an invalid value for the "Importance" parameter. Valid values are: High, Normal, Low.')
        return False
    text = call.text("Text")
    if call.text("Code") and not call.flag("IsCritical"):
        text = (
            f"message {call.text('Code')}: {text}"
            if not call.text("File")
            else (f"{call.text('File')} : message {call.text('Code')}: {text}")
        )
    if text or call.has("Text"):
        call.message(text, Importance.HIGH if call.flag("IsCritical") else importance)
    return True


TASK = TaskDefinition(
    "Message",
    (
        Parameter("Text", Kind.TEXT),
        Parameter("Importance", Kind.TEXT),
        Parameter("Code", Kind.TEXT),
        Parameter("File", Kind.TEXT),
        Parameter("HelpKeyword", Kind.TEXT),
        Parameter("HelpLink", Kind.TEXT),
        Parameter("IsCritical", Kind.BOOL),
    ),
    (),
    _run,
)
