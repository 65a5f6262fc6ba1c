"""FormatVersion and FormatUrl."""

from __future__ import annotations

from urllib.parse import quote

from server.build.tasks.task import Kind, Parameter, TaskCall, TaskDefinition


def _format_version(call: TaskCall) -> bool:
    version = call.text("Version")
    revision = str(call.number("Revision", 0))
    if not version:
        version = "1.0.0." + revision
    elif version.endswith("*"):
        version = version[:-1] + revision
    kind = call.text("FormatType").lower() or "version"
    if kind not in ("version", "path"):
        call.error(
            "MSB3095", f'Invalid argument. Expecting something like "Version" but found "{call.text("FormatType")}" in "FormatType".'
        )
        return False
    call.set_value("OutputVersion", version.replace(".", "_") if kind == "path" else version)
    return True


def _format_url(call: TaskCall) -> bool:
    call.set_value("OutputUrl", quote(call.text("InputUrl"), safe="-._~:/?#[]@!$&'()*+,;=%"))
    return True


TASKS = (
    TaskDefinition(
        "FormatVersion",
        (Parameter("Version", Kind.TEXT), Parameter("Revision", Kind.INT), Parameter("FormatType", Kind.TEXT)),
        ("OutputVersion",),
        _format_version,
    ),
    TaskDefinition("FormatUrl", (Parameter("InputUrl", Kind.TEXT),), ("OutputUrl",), _format_url),
)
