"""The task that settles which of two assemblies of one file name counts, the class library's or a package's: the newer one."""

from __future__ import annotations

import os

from server.build.assembly_identity import AssemblyReader
from server.build.tasks.task import Kind, Parameter, TaskCall, TaskDefinition, output_item


def _run(call: TaskCall) -> bool:
    """`Kept`: files of packages without those that the platform has in the same or a newer version; `Replaced`: its older ones."""
    reader = AssemblyReader()
    platform = {os.path.basename(item.identity).lower(): item for item in call.items("PlatformFiles")}
    kept, replaced = [], []
    for item in call.items("Files"):
        known = platform.get(os.path.basename(item.identity).lower())
        if known is None or _version(reader, item.full_path()) > _version(reader, known.full_path()):
            kept.append(output_item(item))
            replaced += [output_item(known)] if known is not None else []
    call.set_items("Kept", kept)
    call.set_items("Replaced", replaced)
    return True


def _version(reader: AssemblyReader, path: str) -> tuple[int, ...]:
    facts = reader.read(path)
    return (facts.identity.version or ()) if facts is not None else ()


TASK = TaskDefinition(
    "AotdResolvePlatformConflicts", (Parameter("Files", Kind.ITEMS), Parameter("PlatformFiles", Kind.ITEMS)), ("Kept", "Replaced"), _run
)
