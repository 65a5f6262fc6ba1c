"""A case: files and command lines in one text -> what the command lines said and wrote, as one text without names of places and times.

`=== PATH` begins a file, `$ WORDS` is a command line of `dotnet` or aotd, run in order; `[FOLDER]` before the words is where.
"""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

# Of longer texts the digest is compared.
_MOST_LINES = 60
# Exit code and output of words in a folder.
RunCommand = Callable[[Sequence[str], Path], tuple[int, str]]

# State that only its own tool reads, and binary files: that they are written counts, not what is in them.
_OPAQUE = re.compile(r"\.(dll|pdb|cache|nupkg|resources|sha512|metadata)$|/[^./]+$")
# Written or not, by version: what a task remembers for itself.
_UNSTEADY = re.compile(r"AssemblyReference\.cache\b|GenerateResource\.cache\b")
# The newer runtime has no BinaryFormatter, which the SDK's tasks keep their state with; banners and times differ as well.
_NOISE = re.compile(r"MSB3088|MSB3101|^Time Elapsed|^\s*\d+ Warning\(s\)$|^Microsoft \(R\)|^Copyright \(C\)|^MSBuild version")
_SUBSTITUTIONS = (
    (re.compile(r"\bin \d+(\.\d+)? m?s\b"), "in {TIME}"),
    (re.compile(r"^Build started .*"), "Build started {TIME}."),
    # Places of diagnostics of a compiler: older ones name files as the project does.
    (re.compile(r"^(\s*)\S*?([\w-]+(\.\w+)*\.(cs|vb)\(\d)"), r"\1\2"),
    (re.compile(r'("dgSpecHash"|"contentHash"|"sha512"|"hash"): "[^"]*"'), r'\1: "{HASH}"'),
)


@dataclass(frozen=True, slots=True)
class Case:
    """What a case's text says."""

    files: dict[str, str]
    commands: tuple[str, ...]


def read_case(text: str) -> Case:
    """The case that `text` describes."""
    files: dict[str, str] = {}
    commands: list[str] = []
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith("=== "):
            name, lines = line[4:], []
            files[name] = ""
        elif line.startswith("$ "):
            commands.append(line[2:])
        elif files:
            lines.append(line)
            files[name] = "\n".join(lines) + "\n"
    return Case(files, tuple(commands))


def played(case: Case, folder: Path, run: RunCommand, places: Sequence[tuple[str, str]]) -> str:
    """The answers, in `folder`, which is empty; `places` are paths with the names that stand for them."""
    for name, content in case.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    before = _files(folder)
    parts: list[str] = []
    for command in case.commands:
        words = shlex.split(command)
        where = folder / words.pop(0)[1:-1] if words[0].startswith("[") else folder
        exit_code, said = run(words, where)
        after = _files(folder)
        parts += [f"$ {command}", f"exit {exit_code}", *_lines(said, places), *_changes(folder, before, after, places), ""]
        before = after
    return "\n".join(parts)


def _files(folder: Path) -> dict[str, bytes]:
    found = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if not _UNSTEADY.search(name)}


def _lines(said: str, places: Sequence[tuple[str, str]]) -> list[str]:
    steady = [line.rstrip() for line in said.splitlines() if line.strip() and not _NOISE.search(line) and not _UNSTEADY.search(line)]
    shown = [_normalized(line, places) for line in steady]
    restored = iter(sorted(line for line in shown if line.startswith("  Restore completed")))
    return [next(restored) if line.startswith("  Restore completed") else line for line in shown]


def _normalized(line: str, places: Sequence[tuple[str, str]]) -> str:
    for path, name in places:
        line = line.replace(path, name)
    for pattern, shown in _SUBSTITUTIONS:
        line = pattern.sub(shown, line)
    return line


def _changes(folder: Path, before: dict[str, bytes], after: dict[str, bytes], places: Sequence[tuple[str, str]]) -> list[str]:
    lines = [f"- {name}" for name in before if name not in after]
    for name, content in after.items():
        is_opaque = _OPAQUE.search(f"/{name}") is not None
        if name not in before:
            lines.append(f"+ {name}")
        elif is_opaque or before[name] == content:
            continue
        else:
            lines.append(f"~ {name}")
        if not is_opaque:
            lines += _shown([_normalized(line, places) for line in _text(content)])
    return lines


def _shown(text: list[str]) -> list[str]:
    if len(text) > _MOST_LINES:
        digest = hashlib.sha256("\n".join(text).encode()).hexdigest()
        return [f"  | {len(text)} lines, {digest}"]
    return [f"  | {line}" for line in text]


def _text(content: bytes) -> list[str]:
    return [line for line in content.decode("utf-8-sig").splitlines() if not _UNSTEADY.search(line)]
