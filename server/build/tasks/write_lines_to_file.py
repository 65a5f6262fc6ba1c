"""The WriteLinesToFile task."""

from __future__ import annotations

import codecs
import os

from server.build.events import Importance
from server.build.tasks.io_errors import exception_text
from server.build.tasks.task import Kind, Parameter, TaskCall, TaskDefinition

# Encodings whose files start with a byte order mark when the project names them, as .NET writes them.
_MARKS = {"utf-8": codecs.BOM_UTF8, "utf-16": codecs.BOM_UTF16_LE, "utf-16-le": codecs.BOM_UTF16_LE, "utf-32": codecs.BOM_UTF32_LE}
_WITHOUT_MARK = {"utf-16": "utf-16-le", "utf-32": "utf-32-le", "unicode": "utf-16-le"}


def _run(call: TaskCall) -> bool:
    if not call.has("File"):
        return True
    name = call.text("Encoding").lower()
    name = {"utf8": "utf-8", "unicode": "utf-16"}.get(name, name)
    try:
        encoding = codecs.lookup(name or "utf-8").name
    except LookupError:
        call.error("MSB3098", '"WriteLinesToFile" task received an invalid value for the "Encoding" parameter.')
        return False
    mark = _MARKS.get(name, b"")
    path = call.path(call.text("File"))
    text = "".join(line.identity + "\n" for line in call.items("Lines"))
    data = text.encode(_WITHOUT_MARK.get(encoding, encoding), "replace")
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if call.flag("Overwrite"):
            data = mark + data if data else data
            shown, only_different = call.text("File"), call.flag("WriteOnlyWhenDifferent")
            if only_different and _holds(path, data):
                call.message(f'Skipping write to file "{shown}" because content would not change.', Importance.LOW)
            elif only_different and call.must_be_up_to_date and os.path.isfile(path):
                text = f'Could not read existing file "{shown}" to determine whether its contents are up to date. Overwriting it.'
                call.error("MSB3492", text)
                return False
            else:
                with open(path, "wb") as stream:
                    stream.write(data)
        else:
            fresh = not os.path.exists(path) or os.path.getsize(path) == 0
            with open(path, "ab") as stream:
                stream.write(mark + data if fresh and data else data)
    except OSError as error:
        call.error("MSB3491", f'Could not write lines to file "{call.text("File")}". {exception_text(error, path)} ')
        return False
    return True


def _holds(path: str, data: bytes) -> bool:
    try:
        with open(path, "rb") as stream:
            return stream.read() == data
    except FileNotFoundError:
        return False


TASK = TaskDefinition(
    "WriteLinesToFile",
    (
        Parameter("File", Kind.ITEM),
        Parameter("Lines", Kind.ITEMS),
        Parameter("Overwrite", Kind.BOOL),
        Parameter("Encoding", Kind.TEXT),
        Parameter("WriteOnlyWhenDifferent", Kind.BOOL),
        Parameter("FailIfNotIncremental", Kind.BOOL),
    ),
    (),
    _run,
)
