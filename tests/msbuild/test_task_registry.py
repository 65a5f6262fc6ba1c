"""The table of built-in tasks says what the modules have, all of them."""

from __future__ import annotations

import importlib
import pkgutil

from server.build import tasks
from server.build.tasks.registry import MODULES, find_stand_in, find_task, tasks_of


def test_the_table_names_every_task_of_every_module() -> None:
    assert {module: " ".join(task.name for task in tasks_of(module)) for module in MODULES} == MODULES
    names = [name.lower() for written in MODULES.values() for name in written.split()]
    assert len(names) == len(set(names))


def test_no_module_with_tasks_is_left_out() -> None:
    modules = [module.name for module in pkgutil.iter_modules(tasks.__path__)]
    with_tasks = {name for name in modules if {"TASK", "TASKS"} & set(vars(importlib.import_module(f"server.build.tasks.{name}")))}
    assert with_tasks == set(MODULES)


def test_tasks_are_found_by_name() -> None:
    found = find_task("Microsoft.Build.Tasks.copy")
    assert found is not None and found.name == "Copy"
    assert find_task("NETSdkError") is None
    stand_in = find_stand_in("Microsoft.NET.Build.Tasks.NETSdkError")
    assert stand_in is not None and stand_in.name == "NETSdkError"
    assert find_stand_in("Copy") is None
