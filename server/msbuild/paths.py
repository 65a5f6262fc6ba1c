"""Path texts as .NET and MSBuild treat them on Unix: normalising, combining, parts, backslashes to slashes.

Pure text, except `fix_slashes`, which asks the given file system whether the first segment of a path exists, as MSBuild does.
"""

from __future__ import annotations

import re

from server.msbuild.files import FileSystem

_SLASHES = re.compile(r"/{2,}")


def normalize(path: str) -> str:
    """An absolute path without `.`, `..` and doubled slashes; a trailing slash stays (System.IO.Path.GetFullPath)."""
    if "/." not in path and "//" not in path:
        return path
    parts: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if segment in ("", "."):
            continue
        if segment == "..":
            if parts:
                parts.pop()
        else:
            parts.append(segment)
    text = "/" + "/".join(parts)
    if segments[-1] in ("", ".", "..") and len(text) > 1 and (segments[-1] == "" or path.endswith("/")):
        text += "/"
    return text


def combine(*paths: str) -> str:
    """System.IO.Path.Combine: a rooted part drops what came before it."""
    result = ""
    for path in paths:
        if not path:
            continue
        if path.startswith("/") or not result:
            result = path
        else:
            result = result + path if result.endswith("/") else f"{result}/{path}"
    return result


def full_path(path: str, directory: str) -> str:
    """`path` made absolute against `directory` and normalised."""
    return normalize(path if path.startswith("/") else combine(directory, path))


def directory_name(path: str | None) -> str | None:
    """System.IO.Path.GetDirectoryName: None for the root and for ""."""
    if not path or not path.strip("/"):
        return None
    index = path.rfind("/")
    if index < 0:
        return ""
    head = path[:index].rstrip("/")
    return _SLASHES.sub("/", head) if head else "/"


def file_name(path: str) -> str:
    """What follows the last slash."""
    return path[path.rfind("/") + 1 :]


def extension(path: str) -> str:
    """The extension with its dot, "" without one or when the name ends in a dot."""
    name = file_name(path)
    index = name.rfind(".")
    if index < 0 or index == len(name) - 1:
        return ""
    return name[index:]


def file_name_without_extension(path: str) -> str:
    """The file name up to its last dot."""
    name = file_name(path)
    index = name.rfind(".")
    return name if index < 0 else name[:index]


def ensure_trailing_slash(path: str) -> str:
    """`path` ending in a slash; "" stays ""."""
    path = path.replace("\\", "/")
    return path if not path or path.endswith("/") else path + "/"


def make_relative(base: str, path: str) -> str:
    """`path` relative to the folder `base` as MSBuild's MakeRelative says it; both absolute; "./" for the folder itself."""
    base_parts = [part for part in base.split("/") if part]
    path_parts = [part for part in path.split("/") if part]
    common = 0
    while common < len(base_parts) and common < len(path_parts) and base_parts[common] == path_parts[common]:
        common += 1
    if common == len(base_parts) == len(path_parts):
        return "."
    if common == 0:
        return path
    parts = [".."] * (len(base_parts) - common) + path_parts[common:]
    text = "/".join(parts)
    if path.endswith("/") and text:
        text += "/"
    return text or "."


def fix_slashes(value: str, base_directory: str, files: FileSystem) -> str:
    """`value` with slashes for backslashes if it looks like a Unix path: its first segment must exist.

    Case `items/doubtful-forms` and the facts list pin it: property values are changed only then, item specs always.
    """
    if "\\" not in value or value.startswith(("$(", "@(", "\\\\")):
        return value
    changed = _SLASHES.sub("/", value.replace("\\", "/"))
    if looks_like_unix_path(changed, base_directory, files):
        return changed
    return value


def looks_like_unix_path(value: str, base_directory: str, files: FileSystem) -> bool:
    """Does the first segment of `value` name something that exists?"""
    text = value[1:-1] if len(value) > 2 and value[0] == value[-1] and value[0] in "'\"`" else value
    slash = text.find("/", 1)
    if slash > 0:
        return files.is_directory(combine(base_directory, text[:slash]))
    return text.startswith("/") and (files.is_file(text) or files.is_directory(text))


def fix_file_path(path: str) -> str:
    """`path` with every backslash turned into a slash."""
    return path.replace("\\", "/") if "\\" in path else path
