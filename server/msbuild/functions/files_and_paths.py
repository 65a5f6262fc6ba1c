"""System.IO.Path, File and Directory: the members that property functions may use."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass

from server.msbuild import paths
from server.msbuild.functions.binding import TYPES
from server.msbuild.functions.surroundings import Surroundings
from server.msbuild.functions.times import DateTime
from server.msbuild.functions.values import Char, ClrError, EnumValue, Named

PATH = TYPES.add("System.IO.Path")
FILE = TYPES.add(
    "System.IO.File",
    only="Exists GetCreationTime GetAttributes GetLastAccessTime GetLastWriteTime ReadAllText",
)
DIRECTORY = TYPES.add("System.IO.Directory", only="Exists GetDirectories GetFiles GetLastAccessTime GetLastWriteTime GetParent")


def _change_extension(path: str | None, extension: str | None) -> str | None:
    if path is None:
        return None
    index = path.rfind(".")
    base = path[:index] if index > path.rfind("/") else path
    if extension is None:
        return base
    return base + (extension if extension.startswith(".") or not extension else "." + extension) if extension else base + "."


def _full_path(surroundings: Surroundings, path: str) -> str:
    if not path:
        raise ClrError("The value cannot be an empty string. (Parameter 'path')")
    return paths.full_path(path, surroundings.current_directory)


def _full_path_from(surroundings: Surroundings, path: str, base: str) -> str:
    if not base.startswith("/"):
        raise ClrError("Basepath argument is not fully qualified. (Parameter 'basePath')")
    return paths.full_path(path, base)


def _relative_path(surroundings: Surroundings, base: str, path: str) -> str:
    here = surroundings.current_directory
    base_parts = [part for part in paths.full_path(base, here).split("/") if part]
    full = paths.full_path(path, here)
    path_parts = [part for part in full.split("/") if part]
    common = 0
    while common < min(len(base_parts), len(path_parts)) and base_parts[common] == path_parts[common]:
        common += 1
    text = "/".join([".."] * (len(base_parts) - common) + path_parts[common:])
    return (text + "/" if text and full.endswith("/") else text) or "."


def _join(*parts: str) -> str:
    result = ""
    for part in parts:
        if not part:
            continue
        if not result:
            result = part
        else:
            result = result + part if result.endswith("/") or part.startswith("/") else f"{result}/{part}"
    return result


def _path_members() -> None:
    path = PATH
    path.needs_surroundings = frozenset({"getfullpath", "getrelativepath", "gettemppath", "exists", "getrandomfilename"})
    path.value("DirectorySeparatorChar", lambda _: Char("/"))
    path.value("AltDirectorySeparatorChar", lambda _: Char("/"))
    path.value("PathSeparator", lambda _: Char(":"))
    path.value("VolumeSeparatorChar", lambda _: Char("/"))
    path.static("Combine", "string*", lambda *parts: paths.combine(*parts))
    path.static("Join", "string*", _join)
    path.static("GetDirectoryName", "string?", paths.directory_name)
    path.static("GetFileName", "string", paths.file_name)
    path.static("GetFileNameWithoutExtension", "string", paths.file_name_without_extension)
    path.static("GetExtension", "string", paths.extension)
    path.static("HasExtension", "string", lambda text: bool(paths.extension(text)))
    path.static("ChangeExtension", "string? string?", _change_extension)
    path.static("GetFullPath", "string", _full_path)
    path.static("GetFullPath", "string string", _full_path_from)
    path.static("GetRelativePath", "string string", _relative_path)
    path.static("GetPathRoot", "string", lambda text: "/" if text.startswith("/") else "")
    path.static("IsPathRooted IsPathFullyQualified", "string", lambda text: bool(text) and text.startswith("/"))
    path.static("EndsInDirectorySeparator", "string", lambda text: text.endswith("/"))
    path.static("TrimEndingDirectorySeparator", "string", lambda text: text[:-1] if len(text) > 1 and text.endswith("/") else text)
    path.static("GetTempPath", "", lambda s: paths.ensure_trailing_slash(s.variables.get("TMPDIR", "/tmp")))  # noqa: S108
    path.static("GetRandomFileName", "", _random_name)
    path.static("Exists", "string", lambda s, text: s.files.is_file(_at(s, text)) or s.files.is_directory(_at(s, text)))
    path.static("GetInvalidPathChars", "", lambda: [Char("\0")])
    path.static("GetInvalidFileNameChars", "", lambda: [Char("\0"), Char("/")])


def _random_name(surroundings: Surroundings) -> str:
    alphabet = "abcdefghijklmnopqrstuvwxyz012345"
    name = "".join(alphabet[byte & 31] for byte in surroundings.random_bytes(11))
    return f"{name[:8]}.{name[8:]}"


def _at(surroundings: Surroundings, path: str) -> str:
    return paths.full_path(path, surroundings.current_directory)


def _read_all_text(surroundings: Surroundings, path: str) -> str:
    full = _at(surroundings, path)
    try:
        return surroundings.files.read_text(full)
    except IsADirectoryError:
        raise ClrError(f"Access to the path '{full}' is denied.") from None
    except FileNotFoundError:
        parent = paths.directory_name(full) or "/"
        if surroundings.files.is_directory(parent):
            raise ClrError(f"Could not find file '{full}'.") from None
        raise ClrError(f"Could not find a part of the path '{full}'.") from None
    except PermissionError:
        raise ClrError(f"Access to the path '{full}' is denied.") from None


def _list(surroundings: Surroundings, path: str, pattern: str, option: EnumValue | None, *, directories: bool) -> list[str]:
    full = _at(surroundings, path)
    if not surroundings.files.is_directory(full):
        raise ClrError(f"Could not find a part of the path '{full}'.")
    if pattern == "*.*":
        pattern = "*"
    found: list[str] = []
    pending = [path]
    while pending:
        current = pending.pop(0)
        for entry in surroundings.files.entries(_at(surroundings, current)):
            name = paths.combine(current, entry.name)
            if entry.is_directory == directories and fnmatch.fnmatchcase(entry.name, pattern):
                found.append(name)
            if entry.is_directory and option is not None and option.value == 1:
                pending.append(name)
    return found


def _write_time(surroundings: Surroundings, path: str, which: int) -> DateTime:
    times = surroundings.files.times(_at(surroundings, path))
    return DateTime.from_unix(times[which] if times is not None else -11644473600.0)


def _attributes(surroundings: Surroundings, path: str) -> Named:
    full = _at(surroundings, path)
    if surroundings.files.is_directory(full):
        return Named("System.IO.FileAttributes", "Directory")
    if not surroundings.files.is_file(full):
        raise ClrError(f"Could not find file '{full}'.")
    return Named("System.IO.FileAttributes", "Normal")


@dataclass(frozen=True, slots=True)
class DirectoryInfo:
    """System.IO.DirectoryInfo: a folder by its full path."""

    full_name: str
    clr_name = "System.IO.DirectoryInfo"

    def parent(self) -> DirectoryInfo | None:
        """The folder above; None above the root."""
        above = paths.directory_name(self.full_name)
        return DirectoryInfo(above) if above else None

    def __str__(self) -> str:
        return self.full_name


def _parent(surroundings: Surroundings, path: str) -> DirectoryInfo | None:
    # A path that ends in a slash names what is in the folder: its parent is the folder itself.
    above = paths.directory_name(_at(surroundings, path))
    return DirectoryInfo(above) if above else None


def _directory_members() -> None:
    clr_type = TYPES.add("System.IO.DirectoryInfo", only="")
    clr_type.property("FullName", str)
    clr_type.property("Name", lambda folder: paths.file_name(folder.full_name) or "/")
    clr_type.property("Extension", lambda folder: paths.extension(folder.full_name))
    clr_type.property("Parent", lambda folder: folder.parent())
    clr_type.property("Root", lambda _: DirectoryInfo("/"))
    clr_type.method("ToString", "", str)


def _file_members() -> None:
    FILE.needs_surroundings = FILE.only or frozenset()
    FILE.static("Exists", "string", lambda s, path: bool(path) and s.files.is_file(_at(s, path)))
    FILE.static("ReadAllText", "string", _read_all_text)
    FILE.static("GetAttributes", "string", _attributes)
    DIRECTORY.needs_surroundings = DIRECTORY.only or frozenset()
    DIRECTORY.static("Exists", "string", lambda s, path: bool(path) and s.files.is_directory(_at(s, path)))
    DIRECTORY.static("GetParent", "string", _parent)
    FILE.static("GetCreationTime", "string", lambda s, path: _write_time(s, path, 1))
    for clr_type in (FILE, DIRECTORY):
        clr_type.static("GetLastWriteTime", "string", lambda s, path: _write_time(s, path, 0))
        clr_type.static("GetLastAccessTime", "string", lambda s, path: _write_time(s, path, 2))
    for name, directories in (("GetFiles", False), ("GetDirectories", True)):
        DIRECTORY.static(name, "string", lambda s, path, d=directories: _list(s, path, "*", None, directories=d))
        DIRECTORY.static(name, "string string", lambda s, path, pattern, d=directories: _list(s, path, pattern, None, directories=d))
        DIRECTORY.static(name, "string string SearchOption", lambda s, p, pattern, o, d=directories: _list(s, p, pattern, o, directories=d))


_path_members()
_directory_members()
_file_members()
