"""The Delete task. Files that are not there, and folders, count as deleted, as in MSBuild."""

from __future__ import annotations

import os

from server.build.events import Importance
from server.build.tasks.io_errors import exception_text
from server.build.tasks.task import Kind, OutputItem, Parameter, TaskCall, TaskDefinition, copied_item


def _run(call: TaskCall) -> bool:
    deleted: list[OutputItem] = []
    succeeded = True
    seen: set[str] = set()
    for file in call.items("Files"):
        path = call.path(file.identity)
        if path in seen:
            continue
        seen.add(path)
        try:
            if os.path.isfile(path) or os.path.islink(path):
                call.tell_change(f'Deleting file "{file.identity}".')
                os.unlink(path)
            else:
                call.message(f'File "{file.identity}" doesn\'t exist. Skipping.', Importance.LOW)
            deleted.append(copied_item(file))
        except OSError as error:
            text = f'Unable to delete file "{file.identity}". {exception_text(error, path)} '
            if call.flag("TreatErrorsAsWarnings"):
                call.warning("MSB3061", text)
            else:
                call.error("MSB3061", text)
                succeeded = False
    call.set_items("DeletedFiles", deleted)
    return succeeded


TASK = TaskDefinition(
    "Delete",
    (
        Parameter("Files", Kind.ITEMS, required=True),
        Parameter("TreatErrorsAsWarnings", Kind.BOOL),
        Parameter("Retries", Kind.INT),
        Parameter("RetryDelayMilliseconds", Kind.INT),
        Parameter("FailIfNotIncremental", Kind.BOOL),
    ),
    ("DeletedFiles",),
    _run,
)
