"""The MakeDir task."""

from __future__ import annotations

import os

from server.build.tasks.io_errors import exception_text
from server.build.tasks.task import Kind, OutputItem, Parameter, TaskCall, TaskDefinition, output_item


def _run(call: TaskCall) -> bool:
    made: list[OutputItem] = []
    seen: set[str] = set()
    succeeded = True
    for directory in call.items("Directories"):
        if not directory.identity or directory.identity.lower() in seen:
            continue
        seen.add(directory.identity.lower())
        path = call.path(directory.identity)
        try:
            if not os.path.isdir(path):
                comment = f'Creating directory "{directory.identity}".'
                if call.must_be_up_to_date:
                    call.error("", comment)
                    succeeded = False
                else:
                    call.message(comment)
                    os.makedirs(path)
            made.append(output_item(directory))
        except OSError as error:
            call.error("MSB3191", f'Unable to create directory "{directory.identity}". {exception_text(error, path)}')
            succeeded = False
    call.set_items("DirectoriesCreated", made)
    return succeeded


TASK = TaskDefinition(
    "MakeDir",
    (Parameter("Directories", Kind.ITEMS, required=True), Parameter("FailIfNotIncremental", Kind.BOOL)),
    ("DirectoriesCreated",),
    _run,
)
