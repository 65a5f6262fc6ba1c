"""A module by name -> a task's function that loads it with its first call: most builds need none of what these tasks are made with."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import cast

from server.build.tasks.task import TaskCall


def loaded_on_call(module: str, name: str) -> Callable[[TaskCall], bool]:
    """The function `name` of `module`."""

    def run(call: TaskCall) -> bool:
        function = cast(Callable[[TaskCall], bool], getattr(importlib.import_module(module), name))
        return function(call)

    return run
