"""System.Text.RegularExpressions.Regex over the `regex` library: patterns and replacement texts are translated from .NET's notation.

Patterns are checked by Python's own `re`, whose complaints are known, and run by `regex`, which can be told to give up: no pattern of a
project makes its evaluation hang.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import regex

from server.msbuild.functions.binding import TYPES
from server.msbuild.functions.values import ClrError, ClrValue, EnumValue
from server.whole_numbers import is_number, magnitude

_TIMEOUT_SECONDS = 1.0
Found = TypeVar("Found")
_REPLACEMENT = re.compile(r"\$(?:(\$)|(&)|(\d+)|\{(\w+)\}|(`)|(')|(_))")


@dataclass(frozen=True, slots=True)
class Group:
    """A group (or a whole match) of one match; `found` is None when there is none."""

    found: regex.Match[str] | None
    index: int | str
    clr_name = "System.Text.RegularExpressions.Group"

    def __str__(self) -> str:
        if self.found is None:
            return ""
        try:
            return self.found.group(self.index) or ""
        except IndexError:
            return ""

    def start(self) -> int:
        """Where the group begins, 0 when it did not take part."""
        return self.found.start(self.index) if self.found is not None else 0

    def success(self) -> bool:
        """Did the group take part?"""
        if self.found is None:
            return False
        try:
            return self.found.group(self.index) is not None
        except IndexError:
            return False


@dataclass(frozen=True, slots=True)
class Match(Group):
    """A match; its groups are reached through `groups`."""

    clr_name = "System.Text.RegularExpressions.Match"

    def groups(self) -> Groups:
        """All groups, the whole match first."""
        return Groups(self.found)


@dataclass(frozen=True, slots=True)
class Groups:
    """The groups of a match, by number or name."""

    found: regex.Match[str] | None
    clr_name = "System.Text.RegularExpressions.GroupCollection"

    def count(self) -> int:
        """How many groups there are, the whole match included."""
        return (self.found.re.groups if self.found is not None else 0) + 1

    def numbered(self, number: int) -> Group:
        """The group by .NET's number: named groups are numbered after all others."""
        return Group(self.found, group_index(self.found.re, number) if self.found is not None else number)


def group_index(pattern: regex.Pattern[str], number: int) -> int:
    """Python's number of the group that .NET numbers `number`; the number itself when there is none."""
    named = set(pattern.groupindex.values())
    order = [0, *(n for n in range(1, pattern.groups + 1) if n not in named), *sorted(named)]
    return order[number] if 0 <= number < len(order) else number


def _next_match(match: Group) -> Match:
    found = match.found
    if found is None:
        return Match(None, 0)
    start = found.end() + (found.end() == found.start())
    if start > len(found.string):
        return Match(None, 0)
    return Match(_limited(lambda: found.re.search(found.string, start, timeout=_TIMEOUT_SECONDS)), 0)


def _translate(pattern: str) -> str:
    """The pattern in Python's notation."""
    text = re.sub(r"\(\?<([A-Za-z_]\w*)>", r"(?P<\1>", pattern)
    text = re.sub(r"\(\?'([A-Za-z_]\w*)'", r"(?P<\1>", text)
    text = re.sub(r"\\k<(\w+)>", r"(?P=\1)", text)
    text = _QUANTIFIER.sub(_without_leading_zeros, text)
    return text.replace(r"\z", r"(?!\n)\Z").replace(r"\p{L}", "[^\\W\\d_]").replace(r"\p{Lu}", "[A-Z]").replace(r"\p{Ll}", "[a-z]")


def _without_leading_zeros(quantifier: re.Match[str]) -> str:
    return "{" + ",".join(str(magnitude(digits)) for digits in quantifier.groups() if digits is not None) + "}"


def compile_pattern(pattern: str, options: EnumValue | None = None) -> regex.Pattern[str]:
    """The compiled pattern. Raises ClrError with .NET's text for a wrong one."""
    flags = 0
    _refuse_large_quantifiers(pattern)
    value = options.value if options is not None else 0
    for bit, flag in ((1, re.IGNORECASE), (2, re.MULTILINE), (16, re.DOTALL), (32, re.VERBOSE)):
        if value & bit:
            flags |= flag
    try:
        re.compile(_translate(pattern), flags)
        return regex.compile(_translate(pattern), flags)
    except re.error as error:
        raise ClrError(_pattern_error(pattern, error)) from None
    except (regex.error, OverflowError, RecursionError):
        raise ClrError(f"Invalid pattern '{pattern}'.") from None


_QUANTIFIER = re.compile(r"(?<!\\)\{([0-9]+)(?:,([0-9]+))?\}")
_INT_MAX = 0x7FFFFFFF


def _refuse_large_quantifiers(pattern: str) -> None:
    """Raises ClrError at the first digit that makes the number of a quantifier too large."""
    for quantifier in _QUANTIFIER.finditer(pattern):
        for digits, start in ((quantifier[1], quantifier.start(1)), (quantifier[2] or "", quantifier.start(2))):
            if magnitude(digits) <= _INT_MAX:
                continue
            n_zeros = len(digits) - len(digits.lstrip("0"))
            n_read = n_zeros + (10 if int(digits[n_zeros : n_zeros + 10]) > _INT_MAX else 11)
            text = "Quantifier and capture group numbers must be less than or equal to Int32.MaxValue."
            raise ClrError(f"Invalid pattern '{pattern}' at offset {start + n_read}. {text}")


def _limited(search: Callable[[], Found]) -> Found:
    """What a search finds. Raises ClrError with .NET's text when it takes too long."""
    try:
        return search()
    except TimeoutError:
        raise ClrError("The Regex engine has timed out while trying to match a pattern to an input string.") from None


def _pattern_error(pattern: str, error: re.error) -> str:
    kinds = (
        ("missing ), unterminated subpattern", len(pattern), "Not enough )'s."),
        ("unbalanced parenthesis", error.pos or 0, "Too many )'s."),
        ("nothing to repeat", (error.pos or 0) + 1, f"Quantifier '{pattern[error.pos or 0 : (error.pos or 0) + 1]}' following nothing."),
        ("unterminated character set", len(pattern), "Unterminated [] set."),
        ("bad character range", (error.pos or 0) + 3, "[x-y] range in reverse order."),
        ("bad escape (end of pattern)", len(pattern), "Illegal \\ at end of pattern."),
        ("multiple repeat", (error.pos or 0) + 1, f"Nested quantifier '{pattern[error.pos or 0 : (error.pos or 0) + 1]}'."),
    )
    for start, offset, text in kinds:
        if error.msg.startswith(start):
            return f"Invalid pattern '{pattern}' at offset {offset}. {text}"
    return f"Invalid pattern '{pattern}' at offset {error.pos or 0}. {error.msg}."


def _substitute(found: regex.Match[str], replacement: str) -> str:
    def one(mark: re.Match[str]) -> str:
        dollar, whole, number, name, before, after, everything = mark.groups()
        if dollar:
            return "$"
        if whole:
            return found.group()
        if before:
            return found.string[: found.start()]
        if after:
            return found.string[found.end() :]
        if everything:
            return found.string
        key: int | str = name
        if number or is_number(name):
            key = group_index(found.re, magnitude(number or name))
        try:
            return found.group(key) or ""
        except IndexError:
            return mark.group()

    return _REPLACEMENT.sub(one, replacement)


def _replace(text: str, pattern: str, replacement: str, options: EnumValue | None = None) -> str:
    compiled = compile_pattern(pattern, options)
    return _limited(lambda: compiled.sub(lambda found: _substitute(found, replacement), text, timeout=_TIMEOUT_SECONDS))


def _split(text: str, pattern: str, options: EnumValue | None = None) -> list[str]:
    compiled = compile_pattern(pattern, options)
    return [part for part in _limited(lambda: compiled.split(text, timeout=_TIMEOUT_SECONDS)) if part is not None]


def _search(text: str, pattern: str, options: EnumValue | None = None) -> regex.Match[str] | None:
    compiled = compile_pattern(pattern, options)
    return _limited(lambda: compiled.search(text, timeout=_TIMEOUT_SECONDS))


def _matches(text: str, pattern: str, options: EnumValue | None = None) -> list[Match]:
    compiled = compile_pattern(pattern, options)
    return _limited(lambda: [Match(found, 0) for found in compiled.finditer(text, timeout=_TIMEOUT_SECONDS)])


def _escape(text: str) -> str:
    marks = {"\t": "\\t", "\n": "\\n", "\r": "\\r", "\f": "\\f", " ": "\\ "}
    return "".join(marks.get(c) or (f"\\{c}" if c in "\\*+?|{[()^$.#" else c) for c in text)


def _result(match: Group, replacement: str) -> str:
    if match.found is None:
        raise ClrError("Result cannot be called on a failed Match.")
    return _substitute(match.found, replacement)


def _group(groups: Groups, key: str) -> ClrValue:
    return groups.numbered(magnitude(key)) if is_number(key) else Group(groups.found, key)


def _members() -> None:
    clr_regex = TYPES.add("System.Text.RegularExpressions.Regex")
    for parameters in ("string string", "string string RegexOptions"):
        clr_regex.static("IsMatch", parameters, lambda text, pattern, options=None: _search(text, pattern, options) is not None)
        clr_regex.static("Match", parameters, lambda text, pattern, options=None: Match(_search(text, pattern, options), 0))
        clr_regex.static("Matches", parameters, _matches)
        clr_regex.static("Split", parameters, _split)
    clr_regex.static("Replace", "string string string", _replace)
    clr_regex.static("Replace", "string string string RegexOptions", _replace)
    clr_regex.static("Escape", "string", _escape)
    clr_regex.static("Unescape", "string", lambda text: re.sub(r"\\(.)", r"\1", text))
    for name in ("Match", "Group"):
        clr_type = TYPES.add(f"System.Text.RegularExpressions.{name}", only="")
        clr_type.property("Value", str)
        clr_type.property("Success", lambda group: group.success())
        clr_type.property("Index", lambda group: group.start())
        clr_type.property("Length", lambda group: len(str(group)))
        clr_type.property("Groups", lambda match: match.groups())
        clr_type.method("ToString", "", str)
        clr_type.method("Result", "string", _result)
        clr_type.method("NextMatch", "", _next_match)
    groups = TYPES.add("System.Text.RegularExpressions.GroupCollection", only="")
    groups.property("Count", lambda value: value.count())
    groups.method("get_Item", "int", lambda value, number: value.numbered(number))
    groups.method("get_Item", "string", _group)


_members()
