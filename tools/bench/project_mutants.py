"""Project files of the corpus and a number -> a mutated project: the same number gives the same mutant, always."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

PROJECT_SUFFIXES = (".proj", ".csproj", ".props", ".targets", ".sln", ".slnx", ".tasks")
_LONGEST = 60_000
_ENTRIES = ("case.proj", "case.csproj", "case.sln", "case.slnx")
_NOT_INPUT = re.compile(r"case\.json|expected\..*")
_PIECE = re.compile(r"<[^<>]*>|\$\([^$()]*\)|@\([^()]*\)|%\([^()]*\)|'[^'<>]*'|\"[^\"<>]*\"|[A-Za-z_][\w.\-]*|\d+|\s+|.", re.DOTALL)
# A call up to its arguments: of a static function, or of a member.
_CALL = re.compile(r"\[[A-Za-z_.0-9]+\]::[A-Za-z]+\(|\.[A-Z][A-Za-z]+\(")
_ARGUMENTS = (
    *("''", "'a'", "'A;b'", "$(Undefined)", "$(MSBuildProjectName)", "-1", "0", "1", "7", "64", "2147483647"),
    *("2147483648", "-2147483649", "9223372036854775807", "9223372036854775808", "1.5", "-0.0", "1e308"),
    *("'NaN'", "'0x7fffffff'", "true", "'false'", "null", "'é'", "'*'", "'['", "'('", "'\\'", "'//'"),
    *("'http://[x'", "'http://a:99999999/'", "'../..'", "'/'", "'a:b'", "'%'", "'%41'", "'%zz'"),
    *("'1.2.3.4.5'", "'1.2'", "'net8.0'", "'net8.0-windows7.0'", "'.NETFramework,Version=v4.5'"),
    *("'2024-02-30'", "'yyyy'", "'{0}'", "'{'", "' '", "'a b'", "'x', 'y'", "$([System.DateTime]::MinValue)"),
    *("$([System.Guid]::Empty)", "'Ordinal'", "StringComparison.Ordinal", "'System.Int32'", "@(I)", "%(I.M)"),
)
# A value of an attribute, or text of an element.
_VALUE = re.compile(r"=\"([^\"<]*)\"|>([^<>]*[^<>\s][^<>]*)<")
_TOKENS = (
    *("$(", "@(", "%(", "->", "')", "'", '"', "`", ")", "(", "$()", "@()", "%()", "$([", "]::"),
    *("[MSBuild]::", ";", ";;", ",", "|", "!", "==", "&lt;", "&amp;", "&#0;", "&#xFFFF;", "&", "<", ">", "</"),
    *("/>", "<!--", "-->", "<![CDATA[", "]]>", "<?x?>", "<!DOCTYPE a>", "%3B", "%25", "%", "%zz", "*", "**"),
    *("**/*", "../", "//", "\\", "/", "?", "\x00", "\ufeff", "\ud800", "é", "\ud83d\ude00", "\r", "\n", "\t"),
    *(" ", "-1", "0", "99999999999999999999", "1e309", "0x", "NaN", "1.2.3.4.5", "true", "!true", "on", "and"),
    *("or", "Exists(", "HasTrailingSlash('", "'' != ''", "Condition", "Include", "Remove", "Update"),
    *("Exclude", "Sdk", "Import", "Project", "Target", "Name", "Inputs", "Outputs", "Returns"),
    *("DependsOnTargets", "BeforeTargets", "AfterTargets", "Identity", "Filename", "RecursiveDir"),
    *("MSBuildThisFile", "MSBuildProjectFullPath", "$(A.Substring(-1))", "$(A.PadLeft(2000000000))"),
    *("$([System.String]::new('x', 5))", "$([System.Math]::Pow(1e300, 1e300))"),
    *("$([System.Text.RegularExpressions.Regex]::Replace('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!', '(a+)+$', ''))",),
    *("$([System.DateTime]::Parse('x'))", "$([MSBuild]::Add(1, 'x'))", "$([System.Guid]::Parse(''))"),
    *("@(A->'%(B)'->Count())", "@(A->Distinct()->Reverse(), ',')", "$(Registry:HKEY)"),
)


@dataclass(frozen=True, slots=True)
class Case:
    """A folder of the corpus: its texts by relative path, and which of them is the project."""

    name: str
    files: dict[str, str]
    entry: str

    @property
    def projects(self) -> list[str]:
        """The files that may be mutated."""
        return [path for path in self.files if path.lower().endswith(PROJECT_SUFFIXES)]


def read_cases(corpus: Path) -> list[Case]:
    """All cases that hold a project, by name."""
    cases: list[Case] = []
    for folder in sorted(path.parent for path in corpus.glob("*/*/case.json")):
        files = {
            path.relative_to(folder).as_posix(): path.read_bytes().decode("utf-8-sig", "replace")
            for path in sorted(folder.rglob("*"))
            if path.is_file() and not _NOT_INPUT.fullmatch(path.name)
        }
        entry = next((name for name in _ENTRIES if name in files), None)
        if entry is not None:
            cases.append(Case(folder.relative_to(corpus).as_posix(), files, entry))
    return cases


def mutant(cases: Sequence[Case], number: int) -> Case:
    """The mutant of that number."""
    chance = random.Random(number)
    case = chance.choice(cases)
    path = case.entry if chance.random() < 0.7 else chance.choice(case.projects)
    other = chance.choice(cases)
    text = case.files[path]
    for _ in range(chance.choice((1, 1, 1, 2, 3, 5, 8))):
        text = chance.choice(_MUTATIONS)(chance, text, other.files[other.entry])
    return Case(case.name, {**case.files, path: text}, case.entry)


def _spot(chance: random.Random, text: str) -> tuple[int, int]:
    """Where a random piece of `text` begins and ends."""
    start = chance.randrange(len(text) + 1)
    found = _PIECE.search(text, start)
    return (found.start(), found.end()) if found is not None else (len(text), len(text))


def _insert_token(chance: random.Random, text: str, _: str) -> str:
    at, _end = _spot(chance, text)
    return text[:at] + chance.choice(_TOKENS) + text[at:]


def _replace_piece(chance: random.Random, text: str, _: str) -> str:
    start, end = _spot(chance, text)
    return text[:start] + chance.choice(_TOKENS) + text[end:]


def _remove_piece(chance: random.Random, text: str, _: str) -> str:
    start, end = _spot(chance, text)
    return text[:start] + text[end:]


def _swap_pieces(chance: random.Random, text: str, _: str) -> str:
    first, second = sorted((_spot(chance, text), _spot(chance, text)))
    if first[1] > second[0]:
        return text
    return text[: first[0]] + text[second[0] : second[1]] + text[first[1] : second[0]] + text[first[0] : first[1]] + text[second[1] :]


def _piece_of_other(chance: random.Random, text: str, other: str) -> str:
    start, end = _spot(chance, text)
    from_start, from_end = _spot(chance, other)
    return text[:start] + other[from_start:from_end] + text[end:]


def _lines_of_other(chance: random.Random, text: str, other: str) -> str:
    lines, others = text.split("\n"), other.split("\n")
    at, start = chance.randrange(len(lines) + 1), chance.randrange(len(others))
    return "\n".join(lines[:at] + others[start : start + chance.randrange(1, 6)] + lines[at:])


def _move_lines(chance: random.Random, text: str, _: str) -> str:
    lines = text.split("\n")
    start = chance.randrange(len(lines))
    taken = lines[start : start + chance.randrange(1, 4)]
    if chance.random() < 0.5:
        del lines[start : start + len(taken)]
    at = chance.randrange(len(lines) + 1)
    return "\n".join(lines[:at] + taken + lines[at:])


def _within_value(chance: random.Random, text: str, other: str) -> str:
    """Changes what an attribute or an element says and leaves the XML as it is."""
    start = chance.randrange(len(text) + 1)
    found = _VALUE.search(text, start) or _VALUE.search(text)
    if found is None:
        return text
    inner = found.group(1) or found.group(2) or ""
    changed = chance.choice(_INNER)(chance, inner, _some_value(chance, other))
    if "<" in changed or (found.group(1) is not None and '"' in changed):
        changed = changed.replace("<", "&lt;").replace('"', "&quot;")
    group = 1 if found.group(1) is not None else 2
    return text[: found.start(group)] + changed + text[found.end(group) :]


def _other_arguments(chance: random.Random, text: str, other: str) -> str:
    """A call of a function, of this file or of another one, with other arguments."""
    calls = _CALL.findall(other) if chance.random() < 0.7 else _CALL.findall(text)
    if not calls:
        return text
    arguments = ", ".join(chance.choice(_ARGUMENTS) for _ in range(chance.choice((0, 1, 1, 2, 2, 3, 4))))
    call = f"{chance.choice(calls)}{arguments})"
    start, end = _spot(chance, text)
    return text[:start] + (f"$({call})" if call.startswith("[") else f"$(A{call})") + text[end:]


def _some_value(chance: random.Random, text: str) -> str:
    values = [found.group(1) or found.group(2) or "" for found in _VALUE.finditer(text)]
    return chance.choice(values) if values else ""


def _truncate(chance: random.Random, text: str, _: str) -> str:
    return text[: chance.randrange(len(text) + 1)]


def _change_character(chance: random.Random, text: str, _: str) -> str:
    if not text:
        return text
    at = chance.randrange(len(text))
    code = chance.choice((0, 9, 10, 13, 32, 34, 37, 39, 40, 41, 60, 62, 91, 93, 0xFFFE, chance.randrange(0x300)))
    return text[:at] + chr(code) + text[at + 1 :]


def _repeat_piece(chance: random.Random, text: str, _: str) -> str:
    start, end = _spot(chance, text)
    times = min(chance.choice((1, 2, 100, 3000)), _LONGEST // max(end - start, 1))
    return text[:end] + text[start:end] * times + text[end:]


_INNER = (
    *(_other_arguments, _other_arguments, _other_arguments),
    *(_insert_token, _replace_piece, _remove_piece, _swap_pieces, _piece_of_other, _repeat_piece, _change_character),
)
_MUTATIONS: tuple[Callable[[random.Random, str, str], str], ...] = (
    *(_insert_token, _insert_token, _replace_piece, _replace_piece, _remove_piece, _swap_pieces, _piece_of_other, _piece_of_other),
    *(_lines_of_other, _move_lines, _truncate, _change_character, _repeat_piece),
    *((_within_value,) * 16),
)
