"""Evaluated project -> the files that go into the publish folder as they are.

Content and None items whose CopyToPublishDirectory asks for it; where that is empty CopyToOutputDirectory decides, as in the SDK's
ComputeResolvedFilesToPublishList. The place is `TargetPath`, else `Link`, else the path inside the project.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from compiler.diagnostics import InputError, Location
from server.build.atomic_files import replace_file
from server.build.project_values import EvaluatedItem, EvaluatedProject

COPYING = frozenset({"always", "preservenewest", "ifdifferent"})
OUTSIDE = "AOTD0308"


def content_files(project: EvaluatedProject) -> tuple[tuple[Path, PurePosixPath], ...]:
    """(file, place below the publish folder) of every file to copy; of several for one place the last wins.

    Raises InputError for a place outside the publish folder.
    """
    chosen: dict[PurePosixPath, Path] = {}
    for item_type in ("Content", "None"):
        for item in project.items_of(item_type):
            if is_copied(item):
                chosen[target_path(project, item)] = Path(item.full_path())
    return tuple((file, place) for place, file in sorted(chosen.items()))


def is_copied(item: EvaluatedItem) -> bool:
    """True when the item asks to be in the publish folder."""
    wish = item.value("CopyToPublishDirectory") or item.value("CopyToOutputDirectory")
    return wish.lower() in COPYING


def target_path(project: EvaluatedProject, item: EvaluatedItem) -> PurePosixPath:
    """Where the item goes, below the publish folder. A file from outside the project without a link keeps its name only."""
    written = (item.value("TargetPath") or item.value("Link")).replace("\\", "/")
    if not written:
        full, root = Path(item.full_path()), Path(project.directory)
        written = full.relative_to(root).as_posix() if full.is_relative_to(root) else full.name
    place = PurePosixPath(written)
    if place.is_absolute() or ".." in place.parts:
        message = f"'{item.identity}' would be published to '{written}', which is outside the publish folder"
        raise InputError(OUTSIDE, message, Location(project.property("MSBuildProjectFullPath")))
    return place


def copy_content(files: Sequence[tuple[Path, PurePosixPath]], folder: Path) -> None:
    """Copies each file to its place, permissions too; those that are there with the same content stay as they are. Raises OSError."""
    for file, place in files:
        replace_file(folder / place, file.read_bytes())
        shutil.copymode(file, folder / place)
