"""Evaluated item -> is it published as it is, and where below the publish folder.

CopyToPublishDirectory decides; where that is empty CopyToOutputDirectory does, as in the SDK's ComputeResolvedFilesToPublishList. The place
is `TargetPath`, else `Link`, else the path inside the project.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from compiler.diagnostics import InputError, Location
from server.build.project_values import EvaluatedItem

COPYING = frozenset({"always", "preservenewest", "ifdifferent"})
OUTSIDE = "AOTD0308"


def is_published(item: EvaluatedItem) -> bool:
    """True when the item asks to be in the publish folder."""
    wish = item.value("CopyToPublishDirectory") or item.value("CopyToOutputDirectory")
    return wish.lower() in COPYING


def published_place(item: EvaluatedItem, folder: str, project: str) -> PurePosixPath:
    """Where the item of `project` in `folder` goes. A file from elsewhere without a link keeps its name only.

    Raises InputError for a place outside the publish folder.
    """
    written = (item.value("TargetPath") or item.value("Link")).replace("\\", "/")
    if not written:
        full, root = Path(item.full_path()), Path(folder)
        written = full.relative_to(root).as_posix() if full.is_relative_to(root) else full.name
    place = PurePosixPath(written)
    if place.is_absolute() or ".." in place.parts:
        message = f"'{item.identity}' would be published to '{written}', which is outside the publish folder"
        raise InputError(OUTSIDE, message, Location(project))
    return place
