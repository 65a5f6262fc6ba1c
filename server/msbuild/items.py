"""Items and their metadata: what one item holds, what item definitions add, and the well-known metadata computed from its path.

Include and metadata values are kept escaped; whoever shows them to a user or a task unescapes them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from server.msbuild import paths
from server.msbuild.dates import format_item_time
from server.msbuild.errors import InvalidProjectFile, invalid
from server.msbuild.escaping import escape, unescape
from server.msbuild.files import FileSystem
from server.msbuild.item_metadata import WELL_KNOWN_METADATA

Metadata = dict[str, tuple[str, str]]  # lower-case name -> (name as written, escaped value)


@dataclass(slots=True, eq=False)
class ProjectHome:
    """Where relative item paths are rooted, and the file system that answers for times."""

    directory: str
    files: FileSystem


# A relative path that is its own last part of the absolute one.
_PLAIN_INCLUDE = re.compile(r"[^%*?@$();'\0/.][^%*?@$();'\0]*")


class Item:
    """One item. Invariant: `metadata` is this item's alone, `definition` is shared and never changed."""

    __slots__ = ("definition", "defining_project", "home", "include", "item_type", "metadata", "recursive_dir")

    def __init__(self, item_type: str, include: str, home: ProjectHome, defining_project: str, definition: Metadata) -> None:
        self.item_type = item_type
        self.include = paths.fix_file_path(include)
        self.home = home
        self.defining_project = defining_project
        self.definition = definition
        self.metadata: Metadata = {}
        self.recursive_dir = ""

    def clone(self, item_type: str | None = None) -> Item:
        """The same item, changeable on its own, optionally as another type."""
        copy = Item(item_type or self.item_type, self.include, self.home, self.defining_project, self.definition)
        copy.metadata = dict(self.metadata)
        copy.recursive_dir = self.recursive_dir
        return copy

    @property
    def identity(self) -> str:
        """The include, unescaped."""
        return unescape(self.include)

    def find(self, name: str) -> str | None:
        """The escaped value of metadata `name`, well-known, own or by definition; None when there is none of that name."""
        key = name.lower()
        if key in WELL_KNOWN_METADATA:
            return well_known(self, key)
        found = self.metadata.get(key)
        if found is None:
            found = self.definition.get(key)
        return found[1] if found is not None else None

    def escaped(self, name: str) -> str:
        """Like `find`, "" when there is none."""
        return self.find(name) or ""

    def value(self, name: str) -> str:
        """The metadata unescaped, "" when there is none."""
        return unescape(self.find(name) or "")

    def set(self, name: str, value: str) -> None:
        """Sets own metadata; `value` is escaped. The name is that of the first who gave this value."""
        key = name.lower()
        old = self.metadata.get(key)
        if old is None or old[1] != value:
            self.metadata[key] = (name, value)

    def all_metadata(self) -> Metadata:
        """Own metadata over what the definition gives, in order of name creation."""
        if not self.definition:
            return self.metadata
        merged = dict(self.definition)
        merged.update(self.metadata)
        return merged

    def full_path(self) -> str:
        """The unescaped absolute path that the include names."""
        return paths.full_path(self.identity, self.home.directory)


def well_known(item: Item, key: str) -> str:
    """The escaped value of the well-known metadata `key` (in lower case)."""
    if key == "identity":
        return item.include
    if key == "recursivedir":
        return item.recursive_dir
    if key.startswith("definingproject"):
        return _defining_project(item, key)
    if key in ("filename", "extension"):
        return _name_parts(item, key)
    if key == "relativedir":
        return _relative_dir(item.include)
    if key in ("modifiedtime", "createdtime", "accessedtime"):
        times = item.home.files.times(item.full_path())
        if times is None:
            return ""
        return format_item_time(times[("modifiedtime", "createdtime", "accessedtime").index(key)])
    full = path_of_include(item)
    if key == "fullpath":
        return escape(full)
    if key == "rootdir":
        return "/"
    directory = paths.directory_name(full) or "/"
    return escape(paths.ensure_trailing_slash(directory).lstrip("/"))


def metadata_column(items: Sequence[Item], name: str) -> list[str]:
    """`escaped(name)` of each item."""
    key = name.lower()
    if key not in WELL_KNOWN_METADATA:
        return [
            found[1] if (found := item.metadata.get(key)) is not None or (found := item.definition.get(key)) is not None else ""
            for item in items
        ]
    if key == "fullpath":
        return _full_paths(items)
    if key.startswith("definingproject"):
        values = {item.defining_project: item for item in items}
        by_project = {project: _defining_project(item, key) for project, item in values.items()}
        return [by_project[item.defining_project] for item in items]
    return [well_known(item, key) for item in items]


def _full_paths(items: Sequence[Item]) -> list[str]:
    directory = items[0].home.directory if items else ""
    front = escape(paths.normalize(paths.ensure_trailing_slash(directory)))
    is_plain = _PLAIN_INCLUDE.fullmatch
    return [
        front + item.include
        if is_plain(item.include) and "/." not in item.include and "//" not in item.include and item.home.directory == directory
        else well_known(item, "fullpath")
        for item in items
    ]


def path_of_include(item: Item) -> str:
    """The absolute path; refused (MSB4248) when the include holds a NUL."""
    text = item.identity
    if "\0" in text:
        raise null_character(text)
    return paths.full_path(text, item.home.directory)


def null_character(text: str) -> InvalidProjectFile:
    """The error for a path that holds a NUL character."""
    return invalid("MSB4248", None, f"Cannot expand metadata in expression \"{text}\". Null character in path. (Parameter 'path')")


def _name_parts(item: Item, key: str) -> str:
    text = item.identity
    if key == "extension":
        return escape(paths.extension(text))
    if paths.file_name(text) == "" and text.endswith("/"):
        return ""
    return escape(paths.file_name_without_extension(text))


def _relative_dir(include: str) -> str:
    directory = paths.directory_name(unescape(include))
    if directory is None:
        return "/" if include.startswith("/") else ""
    return escape(paths.ensure_trailing_slash(directory))


def _defining_project(item: Item, key: str) -> str:
    path = item.defining_project
    if not path:
        return ""
    if key == "definingprojectfullpath":
        return escape(path)
    if key == "definingprojectname":
        return escape(paths.file_name_without_extension(path))
    if key == "definingprojectextension":
        return escape(paths.extension(path))
    return escape(paths.ensure_trailing_slash(paths.directory_name(path) or "/"))
