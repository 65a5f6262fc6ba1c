"""The Touch task."""

from __future__ import annotations

import os

from server.build.tasks.io_errors import exception_text
from server.build.tasks.task import Kind, OutputItem, Parameter, TaskCall, TaskDefinition, output_item
from server.msbuild.functions.times import parse_moment
from server.msbuild.functions.values import ClrError

_UNIX_TICKS = 621355968000000000


def _run(call: TaskCall) -> bool:
    moment: float | None = None
    if call.text("Time"):
        try:
            moment = (parse_moment(call.text("Time")).ticks - _UNIX_TICKS) / 10_000_000
        except ClrError as error:
            call.error("MSB3376", f"The syntax of the Time parameter is incorrect. {error.message}")
            return False
    touched: list[OutputItem] = []
    succeeded = True
    seen: set[str] = set()
    for file in call.items("Files"):
        if file.identity.lower() in seen:
            continue
        seen.add(file.identity.lower())
        path = call.path(file.identity)
        try:
            if not os.path.isfile(path):
                if not call.flag("AlwaysCreate"):
                    call.error("MSB3375", f'The file "{file.identity}" does not exist.')
                    succeeded = False
                    continue
                call.tell_change(f'Creating "{file.identity}" because "AlwaysCreate" was specified.')
                with open(path, "xb"):
                    pass
            else:
                call.tell_change(f'Touching "{file.identity}".')
            os.utime(path, (moment, moment) if moment is not None else None)
            touched.append(output_item(file))
        except OSError as error:
            code, text = ("MSB3374", "The last access/last write time on file") if os.path.exists(path) else ("MSB3371", "The file")
            end = "cannot be set." if code == "MSB3374" else "cannot be created."
            call.error(code, f'{text} "{file.identity}" {end} {exception_text(error, path)} '.rstrip())
            succeeded = False
    call.set_items("TouchedFiles", touched)
    return succeeded


TASK = TaskDefinition(
    "Touch",
    (
        Parameter("Files", Kind.ITEMS, required=True),
        Parameter("AlwaysCreate", Kind.BOOL),
        Parameter("ForceTouch", Kind.BOOL),
        Parameter("FailIfNotIncremental", Kind.BOOL),
        Parameter("Time", Kind.TEXT),
    ),
    ("TouchedFiles",),
    _run,
)
