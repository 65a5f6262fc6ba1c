"""The Move task."""

from __future__ import annotations

import os
import shutil

from server.build.tasks.copy import destinations
from server.build.tasks.io_errors import exception_text, is_read_only, make_writable
from server.build.tasks.task import Kind, OutputItem, Parameter, TaskCall, TaskDefinition


def _run(call: TaskCall) -> bool:
    sources = call.items("SourceFiles")
    if not sources:
        call.set_items("DestinationFiles", [])
        call.set_items("MovedFiles", [])
        return True
    targets = destinations(call, sources, ("MSB3678", "MSB3679"))
    if targets is None:
        return False
    moved: list[OutputItem] = []
    succeeded = True
    for source, target in zip(sources, targets, strict=True):
        from_path, to_path = call.path(source.identity), call.path(target.include)
        if os.path.isdir(from_path):
            call.error(
                "MSB3681", f'The source file "{source.identity}" is a directory. The "Move" task does not support moving directories.'
            )
        elif not os.path.isfile(from_path):
            call.error("MSB3680", f'The source file "{source.identity}" does not exist.')
        else:
            try:
                if not os.path.isdir(os.path.dirname(to_path)):
                    call.message(f'Creating directory "{os.path.dirname(target.include)}".')
                    os.makedirs(os.path.dirname(to_path), exist_ok=True)
                call.message(f'Moving file from "{source.identity}" to "{target.include}".')
                if os.path.isfile(to_path) and call.flag("OverwriteReadOnlyFiles"):
                    make_writable(to_path)
                elif is_read_only(to_path):
                    text = f'Unable to move file "{source.identity}" to "{target.include}". Moving target is read-only '
                    call.error("MSB3677", text)
                    succeeded = False
                    continue
                shutil.move(from_path, to_path)
                make_writable(to_path)
                moved.append(target)
                continue
            except OSError as error:
                call.error("MSB3677", f'Unable to move file "{source.identity}" to "{target.include}". {exception_text(error, to_path)} ')
        succeeded = False
    call.set_items("DestinationFiles", targets)
    call.set_items("MovedFiles", moved)
    return succeeded


TASK = TaskDefinition(
    "Move",
    (
        Parameter("SourceFiles", Kind.ITEMS, required=True),
        Parameter("DestinationFiles", Kind.ITEMS),
        Parameter("DestinationFolder", Kind.ITEM),
        Parameter("OverwriteReadOnlyFiles", Kind.BOOL),
    ),
    ("MovedFiles", "DestinationFiles"),
    _run,
)
