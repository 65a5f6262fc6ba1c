"""The <UsingTask> elements of a project and the name of a task -> the declaration that counts.

MSBuild's rules: one that overrides wins; then the first whose name is the same; then the first whose name ends in the name or the other
way round, at the beginning of a namespace or class.
"""

from __future__ import annotations

from collections.abc import Iterable

from server.msbuild.model import UsingTask

BUILT_IN_ASSEMBLIES = frozenset(
    {"microsoft.build.tasks.core", "microsoft.build.tasks.v4.0", "microsoft.build.tasks.v12.0", "microsoft.build.tasks.codeanalysis"}
)


def find_declarations(declared: Iterable[UsingTask], name: str) -> list[UsingTask]:
    """The declarations of the task `name`, the one that counts first."""
    found = list(declared)
    overriding = [one for one in found if one.overrides and is_partial_match(one.task_name, name)]
    exact = [one for one in found if one.task_name.lower() == name.lower()]
    partial = [one for one in found if is_partial_match(one.task_name, name)]
    return overriding or exact or partial


def is_partial_match(one: str, other: str) -> bool:
    """Are the names the same, or is the shorter one the end of the longer one from the beginning of a namespace or class?"""
    one, other = one.lower(), other.lower()
    if len(one) == len(other):
        return one == other
    longer, shorter = (one, other) if len(one) > len(other) else (other, one)
    if not longer.endswith(shorter):
        return False
    before = longer[: len(longer) - len(shorter)]
    if before[-1] not in ".+":
        return False
    prefix = before[:-1]
    return (len(prefix) - len(prefix.rstrip("\\"))) % 2 == 0


def is_built_in_assembly(declaration: UsingTask) -> bool:
    """Does the declaration name one of the assemblies whose tasks are built in here, without a factory of its own?"""
    if declaration.task_factory and declaration.task_factory.lower() not in ("assemblytaskfactory", "taskhostfactory"):
        return False
    name = declaration.assembly_name.partition(",")[0].strip()
    if declaration.assembly_file:
        name = declaration.assembly_file.replace("\\", "/").rpartition("/")[2].removesuffix(".dll")
    return name.lower() in BUILT_IN_ASSEMBLIES
