"""Finds item lists `@(...)` and metadata references `%(...)` in a text, and splits lists at semicolons.

Only finds; nothing is expanded here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_\-]*")
_SPACE = re.compile(r"\s*")
_METADATA = re.compile(r"%\(\s*(?:([A-Za-z_][A-Za-z0-9_\-]*)\s*\.\s*)?([A-Za-z_][A-Za-z0-9_\-]*)\s*\)")


@dataclass(frozen=True, slots=True)
class TransformStep:
    """One `->` of an item list: `function` is None for a quoted transform, whose text is `argument`.

    For a function `argument` is the text between its parentheses, None when there is none.
    """

    function: str | None
    argument: str | None


@dataclass(frozen=True, slots=True)
class ItemListReference:
    """One `@(...)` at text[start:end]. `steps` is None without any `->`."""

    start: int
    end: int
    item_type: str
    steps: tuple[TransformStep, ...] | None
    separator: str | None
    text: str


@dataclass(frozen=True, slots=True)
class MetadataReference:
    """One `%(...)` at text[start:end]; `item_type` is None when unqualified."""

    start: int
    end: int
    item_type: str | None
    name: str


def _skip_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    assert match is not None
    return match.end()


@lru_cache(maxsize=8192)
def find_item_lists(text: str) -> tuple[ItemListReference, ...]:
    """Every item list in `text`, in order."""
    found: list[ItemListReference] = []
    at = text.find("@(")
    while at >= 0:
        reference = _read_item_list(text, at)
        if reference is not None:
            found.append(reference)
            at = text.find("@(", reference.end)
        else:
            at = text.find("@(", at + 1)
    return tuple(found)


def _read_item_list(text: str, start: int) -> ItemListReference | None:
    at = _skip_space(text, start + 2)
    name = _NAME.match(text, at)
    if name is None:
        return None
    item_type = name.group()
    at = name.end()
    if item_type.endswith("-") and text.startswith(">", at):
        item_type, at = item_type[:-1], at - 1
    at = _skip_space(text, at)
    steps: list[TransformStep] = []
    while text.startswith("->", at):
        at = _skip_space(text, at + 2)
        step_end = _read_step(text, at, steps)
        if step_end is None:
            return None
        at = _skip_space(text, step_end)
    separator = None
    if text.startswith(",", at):
        at = _skip_space(text, at + 1)
        close = text.find("'", at + 1) if text.startswith("'", at) else -1
        if close < 0:
            return None
        separator = text[at + 1 : close]
        at = close + 1
    at = _skip_space(text, at)
    if not text.startswith(")", at):
        return None
    return ItemListReference(start, at + 1, item_type, tuple(steps) if steps else None, separator, text[start : at + 1])


def _read_step(text: str, at: int, steps: list[TransformStep]) -> int | None:
    if text.startswith("'", at):
        close = text.find("'", at + 1)
        if close < 0 or close + 1 >= len(text):
            return None
        steps.append(TransformStep(None, text[at + 1 : close]))
        return close + 1
    name = _NAME.match(text, at)
    if name is None:
        return None
    opening = _skip_space(text, name.end())
    end = _closing_parenthesis(text, opening)
    if end is None:
        return None
    arguments = text[opening + 1 : end - 1]
    steps.append(TransformStep(name.group(), arguments or None))
    return end


def _closing_parenthesis(text: str, at: int) -> int | None:
    """Offset behind the parenthesis that closes the one at `at`."""
    if not text.startswith("(", at):
        return None
    depth = 0
    while at < len(text):
        character = text[at]
        if character in "'`\"":
            at = text.find(character, at + 1)
            if at < 0:
                return None
        elif character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
            if depth == 0:
                return at + 1
        at += 1
    return None


@lru_cache(maxsize=8192)
def find_metadata(text: str) -> tuple[MetadataReference, ...]:
    """Every `%(...)` in `text` that is well-formed, in order, wherever it stands."""
    if "%(" not in text:
        return ()
    return tuple(MetadataReference(match.start(), match.end(), match[1], match[2]) for match in _METADATA.finditer(text))


def find_metadata_outside_transforms(text: str) -> list[MetadataReference]:
    """The `%(...)` of `text` that batching looks at: not those inside a transform, but those in a separator."""
    if "%(" not in text:
        return []
    lists = find_item_lists(text) if "@(" in text else ()
    found: list[MetadataReference] = []
    for reference in find_metadata(text):
        inside = next((item_list for item_list in lists if item_list.start <= reference.start < item_list.end), None)
        if inside is None or (
            inside.separator is not None and reference.start >= text.rfind("'", 0, text.rfind("'", inside.start, inside.end))
        ):
            found.append(reference)
    return found


@lru_cache(maxsize=4096)
def split_list(text: str) -> tuple[str, ...]:
    """The parts of `text` between semicolons that are outside `@(...)`; white space around parts and empty parts dropped."""
    if ";" not in text:
        stripped = text.strip()
        return (stripped,) if stripped else ()
    if "@(" not in text:
        return tuple(part for part in (piece.strip() for piece in text.split(";")) if part)
    parts: list[str] = []
    start = 0
    at = 0
    inside_list = False
    inside_quote = False
    while at < len(text):
        character = text[at]
        if character == ";" and not inside_list:
            parts.append(text[start:at])
            start = at + 1
        elif character == "@" and text.startswith("(", at + 1):
            inside_list, inside_quote = True, False
        elif character == ")" and inside_list and not inside_quote:
            inside_list = False
        elif character == "'" and inside_list:
            inside_quote = not inside_quote
        at += 1
    parts.append(text[start:])
    return tuple(part for part in (piece.strip() for piece in parts) if part)
