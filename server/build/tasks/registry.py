"""All built-in tasks by name."""

from __future__ import annotations

from server.build.tasks import call_target, error, message, msbuild, warning
from server.build.tasks.task import TaskDefinition

_MODULES = (call_target, error, message, msbuild, warning)
_TASKS: dict[str, TaskDefinition] = {module.TASK.name.lower(): module.TASK for module in _MODULES}


def find_task(name: str) -> TaskDefinition | None:
    """The built-in task of that name, with or without its namespace, without case."""
    key = name.lower()
    for prefix in ("microsoft.build.tasks.", ""):
        if key.startswith(prefix):
            key = key[len(prefix) :]
            break
    return _TASKS.get(key)
