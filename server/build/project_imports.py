"""The project files that a build read -> the zip archive that binary logs carry, and back.

Names in the archive are paths without their first slash, as MSBuild writes them.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

from server.msbuild.files import FileSystem

_OLDEST = (1980, 1, 1, 0, 0, 0)


class ProjectImports:
    """Collects files once each. Invariant: `_contents` is in the order in which the files were first named."""

    def __init__(self, files: FileSystem) -> None:
        self._files = files
        self._contents: dict[str, str] = {}

    def add(self, path: str) -> None:
        """Takes a file as it is now; one that cannot be read is left out."""
        if path in self._contents or not path:
            return
        try:
            self._contents[path] = self._files.read_text(path)
        except OSError:
            return

    def add_text(self, path: str, text: str) -> None:
        """Takes a file that is not on disk, or not with that text."""
        self._contents.setdefault(path, text)

    def archive(self) -> bytes:
        """The archive, b"" when there are no files. The same files give the same bytes."""
        if not self._contents:
            return b""
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for path, text in self._contents.items():
                archive.writestr(zipfile.ZipInfo(path.lstrip("/"), _OLDEST), text.encode("utf-8"), zipfile.ZIP_DEFLATED)
        return target.getvalue()


def archived_files(archive: bytes) -> Mapping[str, str]:
    """Path in the archive -> text of the file. Raises zipfile.BadZipFile."""
    if not archive:
        return {}
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name).decode("utf-8", "replace") for name in opened.namelist()}
