"""The Message task: writes a message to the log."""

from __future__ import annotations

from compiler.diagnostics import Diagnostic, Location, Severity
from server.build.events import Importance, Message
from server.build.tasks.task import Kind, Parameter, TaskCall, TaskDefinition

# By name or by number.
_IMPORTANCE = {
    word: importance
    for number, importance in enumerate((Importance.HIGH, Importance.NORMAL, Importance.LOW))
    for word in (importance.name.lower(), str(number))
}


def _run(call: TaskCall) -> bool:
    written = call.text("Importance")
    importance = _IMPORTANCE.get(written.strip().lower()) if written else Importance.NORMAL
    if importance is None:
        call.error("MSB3511", f'"{written}" is an invalid value for the "Importance" parameter. Valid values are: High, Normal and Low.')
        return False
    text = call.text("Text")
    if call.text("File"):
        project = "" if call.text("File") == call.instance.path else call.instance.path
        placed = Diagnostic(call.text("Code"), Severity.INFO, text, Location(call.text("File")), project=project)
        call.log.send(Message(text, importance, placed))
        return True
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
