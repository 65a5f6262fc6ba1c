"""The CallTarget task: runs targets of the same project now."""

from __future__ import annotations

from server.build.tasks.task import Kind, OutputItem, Parameter, TaskCall, TaskDefinition, output_item


def _run(call: TaskCall) -> bool:
    names = [part.strip() for text in call.texts("Targets") for part in text.split(";") if part.strip()]
    succeeded = True
    outputs: list[OutputItem] = []
    batches = [[name] for name in names] if call.flag("RunEachTargetSeparately") else [names]
    for batch in batches:
        for answer in call.call_targets(batch):
            succeeded = succeeded and answer.succeeded
            call.child_failed = not answer.succeeded
            for _, items in answer.outputs:
                outputs += [output_item(item) for item in items]
    call.set_items("TargetOutputs", outputs)
    return succeeded


TASK = TaskDefinition(
    "CallTarget",
    (Parameter("Targets", Kind.TEXTS), Parameter("RunEachTargetSeparately", Kind.BOOL), Parameter("UseResultsCache", Kind.BOOL)),
    ("TargetOutputs",),
    _run,
)
