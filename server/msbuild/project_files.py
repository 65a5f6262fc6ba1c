"""Project files by path -> checked XML trees, parsed once per content; those of an SDK once per user.

A `ProjectFileCache` belongs to whoever evaluates (one command, or the daemon); trees in it are shared and never changed.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from compiler.diagnostics import Location
from server.msbuild.errors import InvalidProjectFile
from server.msbuild.files import FileSystem
from server.msbuild.parsed_store import ParsedStore, StoreMiss
from server.msbuild.structure import check_project
from server.msbuild.xml import XmlElement, XmlSyntaxError, read_project_xml

# A file that changed just before it was read may change again within the same tick of the file system's clock.
_SETTLED_SECONDS = 0.1


@dataclass(slots=True)
class _Kept:
    stamp: tuple[float, float, float] | None
    text: str
    root: XmlElement


class ProjectFileCache:
    """Parsed project files, for any thread. Invariant: an entry is used only while the file's times, or else its text, are what they were.

    `store` holds the trees of files below `stored_roots`, the folders of SDKs, between processes; `save_new` writes what was parsed since.
    """

    def __init__(self, files: FileSystem, store: ParsedStore | None = None, stored_roots: Sequence[str] = ()) -> None:
        self.files = files
        self.kept: dict[str, _Kept] = {}
        self._store = store
        self._stored_roots = tuple(root.rstrip("/") + "/" for root in stored_roots if root)
        self._new: dict[str, XmlElement] = {}

    def load(self, path: str) -> XmlElement:
        """The root element of the file. Raises OSError, XmlSyntaxError, InvalidProjectFile."""
        stamp = self.files.times(path)
        kept = self.kept.get(path)
        if kept is not None and stamp is not None and kept.stamp is not None and kept.stamp[0] == stamp[0]:
            return kept.root
        now = time.time()
        text = self.files.read_text(path)
        settled = stamp if stamp is not None and now - stamp[0] > _SETTLED_SECONDS else None
        root = kept.root if kept is not None and kept.text == text else self._parse(text, path)
        self.kept[path] = _Kept(settled, text, root)
        return root

    def _parse(self, text: str, path: str) -> XmlElement:
        store = self._store if self._store is not None and path.startswith(self._stored_roots) else None
        if store is not None:
            try:
                return store.load(text, path)
            except StoreMiss:
                pass
        root = read_project_xml(text, path)
        check_project(root)
        if store is not None:
            self._new[text] = root
        return root

    def save_new(self) -> None:
        """Writes the trees that were parsed because the store had none."""
        new, self._new = self._new, {}
        for text, root in new.items():
            if self._store is not None:
                self._store.save(text, root)

    def load_entry(self, path: str) -> XmlElement:
        """Like `load` for the project that is asked for; every failure is an InvalidProjectFile."""
        if not self.files.is_file(path):
            raise InvalidProjectFile("MSB4025", f"The project file could not be loaded. Could not find file '{path}'.", Location(path))
        try:
            return self.load(path)
        except XmlSyntaxError as error:
            raise InvalidProjectFile("MSB4025", f"The project file could not be loaded. {error.message}", error.location) from None
        except OSError as error:
            raise InvalidProjectFile("MSB4025", f"The project file could not be loaded. {error.strerror}.", Location(path)) from None
