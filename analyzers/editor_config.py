"""The .editorconfig and .globalconfig files of a project -> their settings for one source file, as the C# compiler reads them.

A file named .globalconfig, or with `is_global = true`, is global: its settings before any section hold for the whole project, its
sections name files by their full paths, and of two such files the one with the higher `global_level` decides (at the same level
neither does). The other files hold for what is below their folder, the nearer ones after the outer ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_SECTION = re.compile(r"\s*\[((?:[^#;]|\\#|\\;)+)\]\s*(?:[#;].*)?\Z")
_SETTING = re.compile(r"\s*([\w.\-]+)\s*[=:]\s*(.*?)\s*(?:[#;].*)?\Z")
_RANGE = re.compile(r"(-?\d+)\.\.(-?\d+)\Z")
_GLOBAL_NAME = ".globalconfig"
_GLOBAL_LEVEL_BY_NAME = 100


@dataclass(frozen=True, slots=True)
class _Section:
    """A section: its header as written ("" for what stands before any), and its settings by key in lower case."""

    name: str
    settings: dict[str, str]


@dataclass(frozen=True, slots=True)
class _File:
    """One configuration file that belongs to a folder."""

    folder: str
    is_root: bool
    sections: tuple[tuple[re.Pattern[str], dict[str, str]], ...]


@dataclass(slots=True)
class EditorConfigurations:
    """The settings of all configuration files of a project. Paths are full ones with slashes."""

    files: tuple[_File, ...]
    """Outermost first."""
    global_settings: Mapping[str, str]
    global_sections: Mapping[str, Mapping[str, str]]
    _by_file: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def own(self, file: str) -> Mapping[str, str]:
        """The settings that the configuration files give to the file itself; without a file there are none."""
        found = self._by_file.get(file)
        if found is None:
            found = self._by_file[file] = self._read(file) if file else {}
        return found

    def _read(self, file: str) -> Mapping[str, str]:
        found = dict(self.global_sections.get(file, {}))
        below = [each for each in self.files if file.startswith(each.folder + "/")]
        first = max((index for index, each in enumerate(below) if each.is_root), default=0)
        for each in below[first:]:
            path = file[len(each.folder) :]
            for pattern, settings in each.sections:
                if pattern.fullmatch(path):
                    found.update(settings)
        return found


def read_configurations(files: Iterable[tuple[str, str]]) -> EditorConfigurations:
    """The configurations in files given by path and text."""
    local: list[_File] = []
    by_level: list[tuple[int, list[_Section]]] = []
    for path, text in files:
        folder, _, name = path.rpartition("/")
        preamble, *sections = _read_sections(text)
        if name.lower() == _GLOBAL_NAME or preamble.settings.get("is_global", "").lower() == "true":
            level = preamble.settings.get("global_level", "")
            default = _GLOBAL_LEVEL_BY_NAME if name.lower() == _GLOBAL_NAME else 0
            by_level.append((int(level) if re.fullmatch(r"-?\d+", level) else default, [preamble, *sections]))
            continue
        patterns = tuple((_pattern(section.name), section.settings) for section in sections)
        local.append(_File(folder, preamble.settings.get("root", "").lower() == "true", patterns))
    merged = _merged(by_level)
    return EditorConfigurations(tuple(sorted(local, key=lambda each: len(each.folder))), merged.pop("", {}), merged)


def _merged(files: list[tuple[int, list[_Section]]]) -> dict[str, dict[str, str]]:
    """The settings of global files by section; those that files of one level do not agree on are left out."""
    levels: dict[tuple[str, str], int] = {}
    values: dict[tuple[str, str], str | None] = {}
    for level, sections in files:
        own = {(section.name, key): value for section in sections for key, value in section.settings.items()}
        for setting, value in own.items():
            before = levels.get(setting)
            if before is None or level > before:
                levels[setting], values[setting] = level, value
            elif level == before and values[setting] != value:
                values[setting] = None
    found: dict[str, dict[str, str]] = {}
    for (section_name, key), decided in values.items():
        if decided is not None:
            found.setdefault(section_name, {})[key] = decided
    return found


def _read_sections(text: str) -> list[_Section]:
    """The sections of one file, that before the first header first."""
    sections = [_Section("", {})]
    for line in text.removeprefix("\ufeff").splitlines():
        stripped = line.strip()
        if not stripped or stripped[0] in "#;":
            continue
        header = _SECTION.match(line)
        if header is not None:
            sections.append(_Section(header.group(1), {}))
            continue
        setting = _SETTING.match(line)
        if setting is not None:
            sections[-1].settings[setting.group(1).lower()] = setting.group(2)
    return sections


def _pattern(name: str) -> re.Pattern[str]:
    """The paths below the folder, from its slash on, that a section holds for: a name without a slash matches at any depth."""
    if "/" not in name:
        prefix = ".*/"
    else:
        prefix = "" if name.startswith("/") else "/"
    try:
        return re.compile(prefix + _glob(name), re.DOTALL)
    except re.error:
        return re.compile(r"(?!)")


def _glob(text: str) -> str:
    """A glob as an expression: `*` within a folder, `**` across folders, `?`, `[abc]`, `[!abc]`, `{a,b}` and `{1..9}`."""
    parts: list[str] = []
    at = 0
    while at < len(text):
        char = text[at]
        end = at + 1
        if char == "*":
            across = text.startswith("**", at)
            parts.append(".*" if across else "[^/]*")
            end += across
        elif char == "?":
            parts.append(".")
        elif char == "[" and "]" in text[at:]:
            end = text.index("]", at) + 1
            inside = text[at + 1 : end - 1]
            negated = inside.startswith("!")
            parts.append(f"[{'^' if negated else ''}{re.escape(inside[negated:]).replace(chr(92) + '-', '-')}]")
        elif char == "{" and _closing(text, at) is not None:
            end = (_closing(text, at) or at) + 1
            parts.append(_choice(text[at + 1 : end - 1]))
        elif char == "\\" and end < len(text):
            parts.append(re.escape(text[end]))
            end += 1
        else:
            parts.append(re.escape(char))
        at = end
    return "".join(parts)


def _choice(inside: str) -> str:
    span = _RANGE.match(inside)
    if span is not None:
        low, high = sorted((int(span.group(1)), int(span.group(2))))
        return f"(?:{'|'.join(str(number) for number in range(low, high + 1))})" if high - low < 10_000 else r"-?\d+"
    options: list[str] = [""]
    depth = 0
    for char in inside:
        depth += {"{": 1, "}": -1}.get(char, 0)
        if char == "," and depth == 0:
            options.append("")
        else:
            options[-1] += char
    return f"(?:{'|'.join(_glob(option) for option in options)})"


def _closing(text: str, at: int) -> int | None:
    """Where the brace at `at` closes."""
    depth = 0
    for index in range(at, len(text)):
        depth += {"{": 1, "}": -1}.get(text[index], 0)
        if depth == 0:
            return index
    return None
