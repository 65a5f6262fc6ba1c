"""File patterns (`*`, `?`, `**`) -> the files they match, and whether a path matches a pattern.

As in MSBuild: `**` counts only as a whole segment; the folders before the first wildcard are taken as the disk has them (case matters
there, not in wildcard parts); an illegal pattern matches nothing and stands for itself; results come sorted without case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from compiler.diagnostics import Location
from server.msbuild import paths
from server.msbuild.errors import invalid
from server.msbuild.escaping import escape, has_escaped_wildcards, unescape
from server.msbuild.files import DirectoryEntry, FileSystem

_WILDCARD = re.compile(r"[*?]")
_SLASHES = re.compile(r"/{2,}")
_MAX_DEPTH = 256


@dataclass(frozen=True, slots=True)
class Glob:
    """A legal pattern in three parts: folders without wildcards (ending in a slash, or empty), folder segments, file name."""

    fixed: str
    segments: tuple[str, ...]
    name: str


def has_wildcards(text: str) -> bool:
    """Is there a `*` or `?` in the (escaped) text, and none escaped beside it?"""
    return _WILDCARD.search(text) is not None and not has_escaped_wildcards(text)


@lru_cache(maxsize=4096)
def parse_glob(pattern: str) -> Glob | None:
    """The parts of an unescaped pattern; None when it is not legal."""
    text = _SLASHES.sub("/", pattern.replace("\\", "/"))
    if "..." in text or "\0" in text or ":" in text[2:] or text[:1] == ":":
        return None
    slash = text.rfind("/")
    folders, name = text[: slash + 1], text[slash + 1 :]
    first = _WILDCARD.search(folders)
    if first is None:
        fixed, rest = folders, ""
    else:
        cut = folders.rfind("/", 0, first.start()) + 1
        fixed, rest = folders[:cut], folders[cut:]
    segments = tuple(rest[:-1].split("/")) if rest else ()
    if any(segment == ".." or ("**" in segment and segment != "**") for segment in segments):
        return None
    if name == "**":
        segments, name = (*segments, "**"), "*.*"
    elif "**" in name:
        return None
    if "." in segments and "**" in segments:
        below = segments.index("**")
        segments = (*segments[:below], *(segment for segment in segments[below:] if segment != "."))
    return Glob(fixed, segments, name)


def _name_pattern(name: str) -> str:
    """A file name pattern; `*.*` stands for all names there, with a dot or without."""
    return "[^/]*" if name == "*.*" else _segment_pattern(name)


def _segment_pattern(segment: str) -> str:
    return "".join("[^/]*" if c == "*" else "[^/]" if c == "?" else re.escape(c) for c in segment)


@lru_cache(maxsize=4096)
def _segment_regex(segment: str) -> re.Pattern[str]:
    return re.compile(_segment_pattern(segment) + r"\Z", re.IGNORECASE | re.DOTALL)


@lru_cache(maxsize=4096)
def _name_regex(name: str) -> re.Pattern[str]:
    return re.compile(_name_pattern(name) + r"\Z", re.IGNORECASE | re.DOTALL)


@lru_cache(maxsize=4096)
def glob_regex(glob: Glob, root: str) -> re.Pattern[str]:
    """Matches absolute normalised paths; group `wild` is the part that RecursiveDir is made of."""
    fixed = paths.full_path(glob.fixed, root) if glob.fixed else root
    fixed = paths.ensure_trailing_slash(fixed)
    wild = "".join("(?:[^/]+/)*" if segment == "**" else _segment_pattern(segment) + "/" for segment in glob.segments)
    return re.compile(f"{re.escape(fixed)}(?P<wild>(?i:{wild}))(?i:{_name_pattern(glob.name)})\\Z", re.DOTALL)


def enumerates_everything(pattern: str, root: str) -> bool:
    """Would the escaped `pattern` walk the whole file system?"""
    glob = parse_glob(unescape(pattern)) if has_wildcards(pattern) else None
    return glob is not None and "**" in glob.segments and (paths.full_path(glob.fixed, root) if glob.fixed else root) == "/"


def refuse_everything(pattern: str, root: str, element: str, attribute: str, location: Location) -> None:
    """Raises MSB5029 for a pattern that would walk the whole file system.

    Deviates: MSBuild warns with this code and walks it, which takes minutes.
    """
    if enumerates_everything(pattern, root):
        raise invalid(
            "MSB5029",
            location,
            f'The value "{unescape(pattern)}" of the "{attribute}" attribute in element <{element}> in file "{location.file}" is a '
            "wildcard that "
            "results in enumerating all files on the drive, which was likely not intended. Check that referenced properties are always "
            "defined and "
            "that the project and current working directory are not at the drive root.",
        )


class ExcludeFilter:
    """Which files of a walk a list of unescaped exclude patterns takes away.

    Paths and patterns are compared as they are spelled, each behind the folder `root` when it is relative: `./a.txt` does not take away
    `a.txt`. A plain path counts with its case, a pattern without; a pattern is a regular expression for folders and one for names.
    """

    def __init__(self, patterns: Sequence[str], root: str) -> None:
        self._root = paths.ensure_trailing_slash(root)
        globs = [glob for pattern in patterns if _WILDCARD.search(pattern) and (glob := parse_glob(pattern)) is not None]
        self._literals = {self._spelled(pattern) for pattern in patterns if not _WILDCARD.search(pattern)}
        self._folders = [(_spelled_regex(Glob(glob.fixed, glob.segments, ""), self._root), glob.name) for glob in globs]
        self._pruned = [
            _spelled_regex(Glob(glob.fixed, glob.segments[:-1], ""), self._root)
            for glob in globs
            if glob.name in ("*", "*.*") and glob.segments and glob.segments[-1] == "**"
        ]

    def _spelled(self, path: str) -> str:
        return _spelled_from(_SLASHES.sub("/", path.replace("\\", "/")), self._root)

    def in_folder(self, shown: str) -> Callable[[str], bool] | None:
        """Which names in the folder that is spelled `shown` (empty or ending in a slash) are taken away; None when none can be."""
        folder = _spelled_from(shown, self._root)
        names = tuple(name for regex, name in self._folders if regex.match(folder))
        matches = _any_name(names).match if names else None
        literals = {path[len(folder) :] for path in self._literals if path.startswith(folder)} if self._literals else set()
        if matches is None and not literals:
            return None

        def excludes(name: str) -> bool:
            return (matches is not None and matches(name) is not None) or name in literals

        return excludes

    def prunes(self, shown: str) -> bool:
        """Is everything below the folder that is spelled `shown` taken away?"""
        folder = _spelled_from(shown, self._root)
        return any(regex.match(folder) for regex in self._pruned)


def _spelled_from(path: str, root: str) -> str:
    return path if path.startswith("/") else root + path


@lru_cache(maxsize=4096)
def _spelled_regex(glob: Glob, root: str) -> re.Pattern[str]:
    fixed = paths.ensure_trailing_slash(_spelled_from(glob.fixed, root))
    wild = "".join("(?:[^/]+/)*" if segment == "**" else _segment_pattern(segment) + "/" for segment in glob.segments)
    return re.compile(f"{re.escape(fixed)}(?i:{wild})\\Z", re.DOTALL)


def is_excluded(path: str, excludes: Sequence[str], root: str) -> bool:
    """Do the unescaped patterns take away the item with the unescaped include `path`? Plain paths are compared without case."""
    full = paths.full_path(path.replace("\\", "/"), root).lower()
    return any(
        matches_spec(exclude, path, root)
        if _WILDCARD.search(exclude)
        else paths.full_path(exclude.replace("\\", "/"), root).lower() == full
        for exclude in excludes
    )


@lru_cache(maxsize=1024)
def _any_name(names: tuple[str, ...]) -> re.Pattern[str]:
    alternatives = "|".join(dict.fromkeys(_name_pattern(name) for name in names))
    return re.compile(f"(?:{alternatives})\\Z", re.IGNORECASE | re.DOTALL)


def expand_glob(pattern: str, root: str, excludes: Sequence[str], files: FileSystem) -> list[str]:
    """The escaped paths that the escaped `pattern` stands for, spelled as the pattern is; itself when it has no wildcards or is illegal.

    `root` is the folder that relative patterns start from; `excludes` are escaped patterns.
    """
    text = unescape(pattern)
    unescaped_excludes = [unescape(exclude) for exclude in excludes]
    glob = parse_glob(text) if has_wildcards(pattern) else None
    if glob is None:
        return [] if is_excluded(text, unescaped_excludes, root) else [pattern]
    base = paths.full_path(glob.fixed, root) if glob.fixed else root
    base = paths.ensure_trailing_slash(base)
    if not files.is_directory(base):
        return []
    found: list[str] = []
    _walk(base, glob.fixed, glob.segments, glob.name, ExcludeFilter(unescaped_excludes, root), files, found, 0)
    unique = list(dict.fromkeys(found))
    unique.sort(key=str.upper)
    return [escape(path) for path in unique]


def _walk(
    folder: str, shown: str, segments: tuple[str, ...], name: str, excluded: ExcludeFilter, files: FileSystem, found: list[str], depth: int
) -> None:
    """Adds the matches below `folder` (absolute, trailing slash), spelled with `shown` in front."""
    if depth > _MAX_DEPTH:
        return
    entries = files.entries(folder)
    if not segments:
        names = _matching(entries, name)
        excludes = excluded.in_folder(shown) if names else None
        found.extend([shown + name for name in names if excludes is None or not excludes(name)])
        return
    segment, rest = segments[0], segments[1:]
    if segment == "**":
        _walk(folder, shown, rest, name, excluded, files, found, depth)
        for entry in entries:
            if entry.is_directory and not excluded.prunes(f"{shown}{entry.name}/"):
                _walk(f"{folder}{entry.name}/", f"{shown}{entry.name}/", segments, name, excluded, files, found, depth + 1)
        return
    matches = _segment_regex(segment).match
    for entry in entries:
        if entry.is_directory and matches(entry.name):
            _walk(f"{folder}{entry.name}/", f"{shown}{entry.name}/", rest, name, excluded, files, found, depth + 1)


def _matching(entries: list[DirectoryEntry], name: str) -> list[str]:
    """The names of the files that match a name pattern."""
    if name in ("*", "*.*"):
        return [entry.name for entry in entries if not entry.is_directory]
    if name.startswith("*.") and not _WILDCARD.search(name, 1):
        end = name[1:].lower()
        return [entry.name for entry in entries if not entry.is_directory and entry.name.lower().endswith(end)]
    matches = _name_regex(name).match
    return [entry.name for entry in entries if not entry.is_directory and matches(entry.name)]


@lru_cache(maxsize=256)
def _everywhere(name: str) -> Glob:
    """`**/name`."""
    return Glob("", ("**",), name)


def _is_plain_relative(path: str) -> bool:
    """Is `path` one of names and single slashes below the folder that it starts from?"""
    return not path.startswith("/") and "./" not in path and "//" not in path and "\\" not in path and not path.endswith(("/", "."))


def recursive_dir(pattern: str, path: str, root: str) -> str:
    """RecursiveDir of the (unescaped) `path` that came from `pattern`: what its folder wildcards matched."""
    if not _WILDCARD.search(pattern):
        return ""
    glob = parse_glob(pattern)
    if glob is None or not glob.segments:
        return ""
    if glob == _everywhere(glob.name) and _is_plain_relative(path):
        return path[: path.rfind("/") + 1]
    match = glob_regex(glob, root).match(paths.full_path(path, root))
    return match["wild"] if match is not None else ""


def matches_spec(pattern: str, path: str, root: str) -> bool:
    """Does the unescaped `path` match the unescaped item spec `pattern` (a pattern or a plain path)?"""
    glob = parse_glob(pattern) if _WILDCARD.search(pattern) else None
    if glob is not None and glob == _everywhere(glob.name):
        # MSBuild compares the file name alone here, and takes `*.*` at its word: a dot must be in it.
        name = path.replace("\\", "/").rpartition("/")[2]
        if _segment_regex(glob.name).match(name) is None:
            return False
        return _is_plain_relative(path) or paths.full_path(path.replace("\\", "/"), root).startswith(paths.ensure_trailing_slash(root))
    if glob is not None and _is_plain_relative(path) and _name_regex(glob.name).match(path[path.rfind("/") + 1 :]) is None:
        return False
    full = paths.full_path(path.replace("\\", "/"), root)
    if glob is not None:
        return glob_regex(glob, root).match(full) is not None
    return paths.full_path(pattern.replace("\\", "/"), root) == full
