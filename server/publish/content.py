"""Evaluated project -> the files that go into the publish folder as they are.

Content and None items that ask for it; `server/build/published_files.py` says which do, and where to.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from server.build.atomic_files import replace_file
from server.build.project_values import EvaluatedProject
from server.build.published_files import is_published, published_place


def content_files(project: EvaluatedProject) -> tuple[tuple[Path, PurePosixPath], ...]:
    """(file, place below the publish folder) of every file to copy; of several for one place the last wins.

    Raises InputError for a place outside the publish folder.
    """
    chosen: dict[PurePosixPath, Path] = {}
    for item_type in ("Content", "None"):
        for item in project.items_of(item_type):
            if is_published(item):
                chosen[published_place(item, project.directory, project.property("MSBuildProjectFullPath"))] = Path(item.full_path())
    return tuple((file, place) for place, file in sorted(chosen.items()))


def copy_content(files: Sequence[tuple[Path, PurePosixPath]], folder: Path) -> None:
    """Copies each file to its place, permissions too; those that are there with the same content stay as they are. Raises OSError."""
    for file, place in files:
        replace_file(folder / place, file.read_bytes())
        shutil.copymode(file, folder / place)
