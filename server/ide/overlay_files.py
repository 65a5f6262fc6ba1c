"""A view of the files -> the file system that project evaluation reads, so that project files count before they are saved."""

from __future__ import annotations

from pathlib import Path

from server.msbuild.files import DirectoryEntry, DiskFiles
from server.workspace.files import FileView


class OverlayFiles:
    """What is open in the editor, over the disk; a `FileSystem` of evaluation.

    Invariant: `view` is set by the one thread that evaluates, and stays during an evaluation.
    """

    def __init__(self, view: FileView) -> None:
        self.view = view
        self._disk = DiskFiles()

    def read_text(self, path: str) -> str:
        """See `FileSystem`."""
        overlay = self.view.overlays.get(Path(path))
        return overlay.text if overlay is not None else self._disk.read_text(path)

    def is_file(self, path: str) -> bool:
        """See `FileSystem`."""
        return self.view.is_open(Path(path)) or self._disk.is_file(path)

    def is_directory(self, path: str) -> bool:
        """See `FileSystem`."""
        return self._disk.is_directory(path)

    def entries(self, path: str) -> list[DirectoryEntry]:
        """See `FileSystem`."""
        found = self._disk.entries(path)
        known = {entry.name for entry in found}
        # A document that was never saved is in its folder already.
        new = (each for each in self.view.unsaved if str(each.parent) == path.rstrip("/") and each.name not in known)
        return [*found, *(DirectoryEntry(each.name, is_directory=False) for each in new)]

    def times(self, path: str) -> tuple[float, float, float] | None:
        """See `FileSystem`. The times of an open document are made of its content: they change when it does."""
        if not self.view.is_open(Path(path)):
            return self._disk.times(path)
        content = float(int.from_bytes(self.view.digest(Path(path))[:6], "big"))
        return content, content, content
