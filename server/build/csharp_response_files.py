"""Response files of csc -> what they add to a compilation: switches, sources, references and folders of references.

They are read here, not by the compiler, so that what they name is known like all else that a project names. Lines are read as csc reads
them: words apart by white space, which quotes keep together, up to a `#` that begins a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from compiler.csharp.client import CSharpReference
from compiler.diagnostics import InputError, Location

_WORD = re.compile(r'(?:\\"|[^\s"]|"(?:\\"|[^"])*"?)+')
_WHOLLY_QUOTED = re.compile(r'"[^"]*"\Z')
_OPTION = re.compile(r"(?:-|/(?![^:]*/))([^:]*)(?::(.*))?\Z", re.DOTALL)
_ALIAS = re.compile(r"(\w+)=")
_SPLIT = re.compile(r'[,;](?=(?:[^"]*"[^"]*")*[^"]*\Z)')


@dataclass(slots=True)
class ResponseArguments:
    """What response files say. Paths are as they are written: they are relative to the project's folder."""

    switches: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    references: list[CSharpReference] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)


def read_response_files(files: list[str], directory: Path) -> ResponseArguments:
    """What `files` and the files that they name in turn say, in order. Raises InputError for one that cannot be read."""
    found = ResponseArguments()
    for file in files:
        for word in _words(directory / file, directory, ()):
            _take(word, directory, found)
    return found


def _words(file: Path, directory: Path, outer: tuple[Path, ...]) -> Iterator[str]:
    """The arguments in a file. One that names a file around it is an error: it would never end."""
    try:
        if file in outer:
            raise OSError
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("CS2011", f"Error opening response file '{file}'", Location("CSC")) from error
    for line in lines:
        for word in _WORD.findall(line):
            if word.startswith("#"):
                break
            plain = word[1:-1] if _WHOLLY_QUOTED.match(word) else word
            if plain.startswith("@"):
                yield from _words(directory / _unquoted(plain[1:]), directory, (*outer, file))
            else:
                yield plain


def _take(word: str, directory: Path, found: ResponseArguments) -> None:
    option = _OPTION.match(word)
    if option is None:
        found.sources += _matching(_unquoted(word), directory, is_recursive=False)
        return
    name, value = option[1].lower(), option[2] or ""
    match name:
        case "r" | "reference":
            alias = _ALIAS.match(value)
            paths = [value[alias.end() :]] if alias is not None else _SPLIT.split(value)
            found.references += [CSharpReference(_unquoted(path), (alias[1],) if alias is not None else ()) for path in paths if path]
        case "l" | "link":
            found.references += [CSharpReference(_unquoted(path), embed_interop_types=True) for path in _SPLIT.split(value) if path]
        case "lib" | "libpath" | "libpaths":
            found.folders += [_unquoted(path) for path in _SPLIT.split(value) if path]
        case "recurse":
            found.sources += _matching(_unquoted(value), directory, is_recursive=True)
        case _:
            found.switches.append(word)


def _matching(written: str, directory: Path, *, is_recursive: bool) -> list[str]:
    """The files of a pattern, in order; what is no pattern stands for itself."""
    path = Path(written.replace("\\", "/"))
    if not is_recursive and not {"*", "?"} & set(path.name):
        return [written]
    folder = directory / path.parent
    return [str(file) for file in sorted(folder.rglob(path.name) if is_recursive else folder.glob(path.name)) if file.is_file()]


def _unquoted(text: str) -> str:
    return text.replace('"', "").strip()
