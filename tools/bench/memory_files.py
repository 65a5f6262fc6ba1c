"""A few files in memory as evaluation sees a file system; everything that is not among them comes from the disk below one folder."""

from __future__ import annotations

from collections.abc import Mapping

from server.msbuild.files import DirectoryEntry, DiskFiles


class MemoryFiles:
    """Files by absolute path. `replace` puts others in their place; each file of a new set has a time of its own."""

    def __init__(self, disk_folder: str) -> None:
        self._disk_folder = disk_folder
        self._disk = DiskFiles()
        self._files: Mapping[str, str] = {}
        self._folders: dict[str, dict[str, bool]] = {}
        self._stamps: dict[str, float] = {}
        self._clock = 1_000_000_000.0

    def replace(self, files: Mapping[str, str]) -> None:
        """Holds `files` and nothing else."""
        self._clock += 1
        self._stamps = {path: self._stamps[path] if self._files.get(path) == text else self._clock for path, text in files.items()}
        self._files = files
        self._folders = {"/": {}}
        for path in files:
            is_folder = False
            while path != "/":
                parent, _, name = path.rpartition("/")
                self._folders.setdefault(parent or "/", {})[name] = is_folder
                path, is_folder = parent or "/", True

    def _on_disk(self, path: str) -> bool:
        return path == self._disk_folder or path.startswith(f"{self._disk_folder}/")

    def read_text(self, path: str) -> str:
        """See FileSystem."""
        if self._on_disk(path):
            return self._disk.read_text(path)
        if path not in self._files:
            raise FileNotFoundError(2, "No such file or directory", path)
        return self._files[path]

    def is_file(self, path: str) -> bool:
        """See FileSystem."""
        return self._disk.is_file(path) if self._on_disk(path) else path in self._files

    def is_directory(self, path: str) -> bool:
        """See FileSystem."""
        return self._disk.is_directory(path) if self._on_disk(path) else (path.rstrip("/") or "/") in self._folders

    def entries(self, path: str) -> list[DirectoryEntry]:
        """See FileSystem."""
        if self._on_disk(path):
            return self._disk.entries(path)
        return [DirectoryEntry(name, is_folder) for name, is_folder in self._folders.get(path.rstrip("/") or "/", {}).items()]

    def times(self, path: str) -> tuple[float, float, float] | None:
        """See FileSystem."""
        if self._on_disk(path):
            return self._disk.times(path)
        stamp = self._stamps.get(path)
        return (stamp, stamp, stamp) if stamp is not None else None
