"""Project files by path -> checked XML trees, parsed once per content.

A `ProjectFileCache` belongs to whoever evaluates (one command, or the daemon); trees in it are shared and never changed.
"""

from __future__ import annotations

from dataclasses import dataclass

from compiler.diagnostics import Location
from server.msbuild.errors import InvalidProjectFile
from server.msbuild.files import FileSystem
from server.msbuild.structure import check_project
from server.msbuild.xml import XmlElement, XmlSyntaxError, read_project_xml


@dataclass(slots=True)
class _Kept:
    stamp: tuple[float, float, float] | None
    root: XmlElement


class ProjectFileCache:
    """Parsed project files. Invariant: an entry is used only while the file's times are those it was read with."""

    def __init__(self, files: FileSystem) -> None:
        self.files = files
        self.kept: dict[str, _Kept] = {}

    def load(self, path: str) -> XmlElement:
        """The root element of the file. Raises OSError, XmlSyntaxError, InvalidProjectFile."""
        stamp = self.files.times(path)
        kept = self.kept.get(path)
        if kept is not None and stamp is not None and kept.stamp is not None and kept.stamp[0] == stamp[0]:
            return kept.root
        root = read_project_xml(self.files.read_text(path), path)
        check_project(root)
        self.kept[path] = _Kept(stamp, root)
        return root

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
