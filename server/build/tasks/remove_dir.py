"""The RemoveDir task. A folder that is not there counts as removed."""

from __future__ import annotations

import os
import shutil

from server.build.tasks.io_errors import exception_text
from server.build.tasks.task import Kind, OutputItem, Parameter, TaskCall, TaskDefinition, copied_item


def _run(call: TaskCall) -> bool:
    removed: list[OutputItem] = []
    succeeded = True
    for directory in call.items("Directories"):
        if not directory.identity:
            call.warning("MSB3232", "An empty directory was passed to RemoveDir and was ignored.")
            continue
        path = call.path(directory.identity)
        if os.path.isdir(path):
            comment = f'Removing directory "{directory.identity}".'
            if call.must_be_up_to_date:
                call.error("", comment)
                succeeded = False
                continue
            try:
                call.message(comment)
                shutil.rmtree(path)
            except OSError as error:
                call.error("MSB3231", f'Unable to remove directory "{directory.identity}". {exception_text(error, path)}')
                succeeded = False
                continue
        else:
            call.message(f'Directory "{directory.identity}" doesn\'t exist. Skipping.')
        removed.append(copied_item(directory))
    call.set_items("RemovedDirectories", removed)
    return succeeded


TASK = TaskDefinition(
    "RemoveDir",
    (Parameter("Directories", Kind.ITEMS, required=True), Parameter("FailIfNotIncremental", Kind.BOOL)),
    ("RemovedDirectories",),
    _run,
)
