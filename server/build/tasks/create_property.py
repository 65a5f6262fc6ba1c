"""The CreateProperty task."""

from __future__ import annotations

from server.build.tasks.task import Kind, OutputItem, Parameter, TaskCall, TaskDefinition


def _run(call: TaskCall) -> bool:
    values = [OutputItem(text) for text in call.texts("Value")]
    call.set_items("Value", values)
    call.set_items("ValueSetByTask", values)
    return True


TASK = TaskDefinition("CreateProperty", (Parameter("Value", Kind.TEXTS),), ("Value", "ValueSetByTask"), _run)
