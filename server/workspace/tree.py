"""The names of the files below the workspace's folders: which projects there are, and what their globs can see.

From folders on disk to a `FolderTree` that never changes; it is read again when something came, went or was renamed. Contents
are not looked at.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from server.workspace.watch import IGNORED_FOLDERS

PROJECT_SUFFIX = ".csproj"
DIGEST_BYTES = 16

# Files that evaluation looks for in every folder above a project.
INHERITED_NAMES = frozenset(
    {
        "Directory.Build.props",
        "Directory.Build.targets",
        "Directory.Build.rsp",
        "Directory.Packages.props",
        "Directory.Solution.props",
        "global.json",
        ".editorconfig",
        ".globalconfig",
    }
)


@dataclass(frozen=True, slots=True)
class FolderTree:
    """Names of files per folder, sorted, without the folders that builds and tools write."""

    names: Mapping[Path, tuple[str, ...]]

    def with_files(self, files: Iterable[Path]) -> FolderTree:
        """The tree with some files more, in the folders that it has."""
        more = list(files)
        if not more:
            return self
        names = dict(self.names)
        for file in more:
            if file.parent in names:
                names[file.parent] = tuple(sorted({*names[file.parent], file.name}))
        return FolderTree(names)

    def projects(self) -> list[Path]:
        """Every project file, sorted."""
        return sorted(folder / name for folder, names in self.names.items() for name in names if name.endswith(PROJECT_SUFFIX))

    def digest(self, project: Path) -> bytes:
        """Changes when a file that the evaluation of `project` could find by its name came or went."""
        digest = blake2b(digest_size=DIGEST_BYTES)
        for folder in sorted(self.names):
            if folder.is_relative_to(project.parent):
                digest.update(f"{folder}\0{self.names[folder]}\0".encode("utf-8", "surrogateescape"))
        for folder in project.parents:
            inherited = [name for name in sorted(INHERITED_NAMES) if (folder / name).is_file()]
            digest.update(f"{folder}\0{inherited}\0".encode("utf-8", "surrogateescape"))
        return digest.digest()


def read_tree(folders: Iterable[Path]) -> FolderTree:
    """The tree below `folders` as it is on disk now; a folder that cannot be read is empty."""
    names: dict[Path, tuple[str, ...]] = {}
    for root in folders:
        for folder, below, files in os.walk(root):
            below[:] = sorted(name for name in below if name not in IGNORED_FOLDERS and not name.startswith("."))
            names[Path(folder)] = tuple(sorted(files))
    return FolderTree(names)
