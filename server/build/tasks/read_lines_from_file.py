"""The ReadLinesFromFile task. A file that is not there gives no lines."""

from __future__ import annotations

from server.build.tasks.io_errors import exception_text
from server.build.tasks.task import Kind, OutputItem, Parameter, TaskCall, TaskDefinition


def _run(call: TaskCall) -> bool:
    path = call.path(call.text("File"))
    files = call.instance.surroundings.files
    if not files.is_file(path):
        call.set_items("Lines", [])
        return True
    try:
        text = files.read_text(path)
    except OSError as error:
        call.error("MSB3501", f'Could not read lines from file "{call.text("File")}". {exception_text(error, path)}')
        return False
    lines = (line.strip() for line in text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").split("\n"))
    call.set_items("Lines", [OutputItem(line) for line in lines if line])
    return True


TASK = TaskDefinition("ReadLinesFromFile", (Parameter("File", Kind.ITEM, required=True),), ("Lines",), _run)
