"""The Telemetry task (and its kin of the SDK): nothing is ever sent; it says so at low importance."""

from __future__ import annotations

from server.build.events import Importance
from server.build.tasks.task import Kind, Parameter, TaskCall, TaskDefinition


def _run(call: TaskCall) -> bool:
    call.message(f'Telemetry event "{call.text("EventName")}" is not sent.', Importance.LOW)
    return True


TASK = TaskDefinition("Telemetry", (Parameter("EventName", Kind.TEXT, required=True), Parameter("EventData", Kind.TEXT)), (), _run)
