"""Expands `$(...)`, `@(...)` and `%(...)` in a text, in MSBuild's order: metadata, then properties, then item lists.

Text stays escaped on the way; `expand_text` unescapes at the end, `expand_escaped` does not. Where properties, items and metadata come from
is given by the three providers of the `Expander`; a provider that is None leaves its kind of reference as written.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Protocol

from compiler.diagnostics import Diagnostic, Location, Severity
from server.msbuild import item_functions, paths, property_functions
from server.msbuild.errors import invalid
from server.msbuild.escaping import unescape
from server.msbuild.files import FileSystem
from server.msbuild.functions import library
from server.msbuild.functions.surroundings import Surroundings
from server.msbuild.functions.values import ClrValue, to_text
from server.msbuild.item_functions import TransformEntry
from server.msbuild.items import Item
from server.msbuild.shredder import ItemListReference, find_item_lists, find_metadata, split_list

assert library.TABLES  # the tables of types are filled by that import


class PropertyProvider(Protocol):
    """Gives values of properties."""

    def get(self, name: str, location: Location) -> str | None:
        """The escaped value, None when not defined. `location` answers MSBuildThisFile and its kin."""


class ItemProvider(Protocol):
    """Gives item lists."""

    def items(self, item_type: str) -> list[Item]:
        """The items of a type, in order; not to be changed."""


MetadataLookup = Callable[[str | None, str], str | None]
"""(item type or None, metadata name) -> escaped value; None leaves the reference as written."""


def _once() -> Callable[[str], bool]:
    """Says of each text whether it is asked about for the first time."""
    seen: set[str] = set()

    def is_first(text: str) -> bool:
        known = text in seen
        seen.add(text)
        return not known

    return is_first


@dataclass(slots=True)
class ConditionWarnings:
    """Where warnings about conditions go; each condition's text is warned about once."""

    send: Callable[[Diagnostic], None]
    is_first: Callable[[str], bool] = field(default_factory=_once)

    def mixed(self, text: str, location: Location) -> None:
        """Warns that `and` and `or` stand side by side without parentheses."""
        if not self.is_first(text):
            return
        message = (
            f'The condition "{text}" may have been evaluated incorrectly in an earlier version of MSBuild. Please verify that the order '
            "of the AND "
            "and OR clauses is written as intended. To avoid this warning, add parentheses to make the evaluation order explicit."
        )
        self.send(Diagnostic("MSB4130", Severity.WARNING, message, location))


@dataclass(frozen=True, slots=True)
class Expander:
    """What references are expanded from."""

    properties: PropertyProvider
    items: ItemProvider | None
    metadata: MetadataLookup | None
    surroundings: Surroundings
    warnings: ConditionWarnings

    @property
    def files(self) -> FileSystem:
        """The file system that property functions read."""
        return self.surroundings.files

    def with_metadata(self, metadata: MetadataLookup | None) -> Expander:
        """The same with other metadata."""
        return replace(self, metadata=metadata)

    def with_items(self, items: ItemProvider | None) -> Expander:
        """The same with other items."""
        return replace(self, items=items)


def expand_escaped(expander: Expander, text: str, location: Location) -> str:
    """`text` with all references replaced, still escaped. Raises InvalidProjectFile."""
    if not text:
        return text
    if "%(" in text and expander.metadata is not None:
        text = expand_metadata(expander.metadata, text)
    if "$(" in text:
        text = expand_properties(expander, text, location)
    if "@(" in text and expander.items is not None:
        text = expand_item_lists(expander, text, location)
    if "\\" in text:
        text = paths.fix_slashes(text, expander.surroundings.current_directory, expander.surroundings.files)
    return text


def expand_text(expander: Expander, text: str, location: Location) -> str:
    """`text` with all references replaced, unescaped."""
    return unescape(expand_escaped(expander, text, location))


def expand_metadata(lookup: MetadataLookup, text: str) -> str:
    """`text` with the `%(...)` outside item transforms replaced; in a transform's separator they are replaced too."""
    lists = find_item_lists(text) if "@(" in text else ()
    parts: list[str] = []
    at = 0
    for reference in find_metadata(text):
        inside = next((found for found in lists if found.start <= reference.start < found.end), None)
        if inside is not None and not _in_separator(text, inside, reference.start):
            continue
        value = lookup(reference.item_type, reference.name)
        if value is None:
            continue
        parts.append(text[at : reference.start])
        parts.append(value)
        at = reference.end
    parts.append(text[at:])
    return "".join(parts)


def _in_separator(text: str, item_list: ItemListReference, offset: int) -> bool:
    if item_list.separator is None:
        return False
    close = text.rfind("'", item_list.start, item_list.end)
    return offset > close - len(item_list.separator) - 1


def expand_properties(expander: Expander, text: str, location: Location) -> str:
    """`text` with every `$(...)` replaced, escaped."""
    return to_text(expand_properties_typed(expander, text, location))


def expand_properties_typed(expander: Expander, text: str, location: Location) -> ClrValue:
    """Like `expand_properties`, but a text that is one single reference keeps the type of its value."""
    if "$(" not in text:
        return text
    parts: list[ClrValue] = []
    for piece, is_expression in _pieces(text):
        if not is_expression:
            parts.append(piece)
            continue
        value = property_functions.evaluate_body(
            piece,
            lambda name: expander.properties.get(name, location),
            lambda inner: expand_properties_typed(expander, inner, location),
            expander.surroundings,
            location,
        )
        if value is not None:
            parts.append(value)
    if len(parts) == 1:
        only = parts[0]
        return _with_slashes(expander, only) if type(only) is str else only
    return "".join(_with_slashes(expander, to_text(part)) for part in parts)


@lru_cache(maxsize=16384)
def _pieces(text: str) -> tuple[tuple[str, bool], ...]:
    """What is between the `$(...)` of a text and what is inside them (with True); from a `$(` that is not closed on it is all text."""
    pieces: list[tuple[str, bool]] = []
    start, at = text.find("$("), 0
    while start >= 0:
        if start > at:
            pieces.append((text[at:start], False))
        end = property_functions.closing_parenthesis(text, start + 2)
        if end < 0:
            return (*pieces, (text[start:], False))
        pieces.append((text[start + 2 : end], True))
        at = end + 1
        start = text.find("$(", at)
    return (*pieces, (text[at:], False)) if at < len(text) else tuple(pieces)


def _with_slashes(expander: Expander, piece: str) -> str:
    """Every piece of an expansion has its backslashes turned by itself: `$(Dir)\\` ends in a slash even where Dir keeps backslashes."""
    if "\\" not in piece:
        return piece
    return paths.fix_slashes(piece, expander.surroundings.current_directory, expander.files)


def expand_item_lists(expander: Expander, text: str, location: Location) -> str:
    """`text` with every `@(...)` replaced by its items joined, escaped."""
    references = find_item_lists(text)
    if not references:
        return text
    parts: list[str] = []
    at = 0
    for reference in references:
        parts.append(text[at : reference.start])
        parts.append(";".join(entry.value or "" for entry in expand_item_list(expander, reference, location)))
        at = reference.end
    parts.append(text[at:])
    return "".join(parts)


def expand_item_list(expander: Expander, reference: ItemListReference, location: Location) -> list[TransformEntry]:
    """The values of one `@(...)`; one entry without an item when it has a separator."""
    assert expander.items is not None
    found = expander.items.items(reference.item_type)
    if not found and not item_functions.has_value_without_items(reference):
        return []
    entries = [TransformEntry(item.include, item) for item in found]
    if reference.steps is not None:
        entries = item_functions.transform(expander.surroundings, reference.steps, entries, location)
    if reference.separator is not None:
        separator = reference.separator
        if "$(" in separator:
            separator = expand_properties(expander, separator, location)
        return [TransformEntry(separator.join(entry.value or "" for entry in entries), None)]
    return entries


def expand_list(expander: Expander, text: str, location: Location) -> list[str]:
    """`text` expanded and split into its elements, each unescaped: what a condition's Exists and list parameters see."""
    return [unescape(part) for part in split_list(expand_escaped(expander, text, location))]


def single_item_list(text: str, location: Location) -> ItemListReference | None:
    """The reference when `text` is exactly one `@(...)`; None when it holds none. Raises MSB4012 for one with text around it."""
    if "@(" not in text:
        return None
    references = find_item_lists(text)
    if not references:
        return None
    if references[0].text != text:
        raise invalid(
            "MSB4012",
            location,
            f'The expression "{text}" cannot be used in this context. Item lists cannot be concatenated with other strings where an '
            "item list is expected. "
            "Use a semicolon to separate multiple item lists.",
        )
    return references[0]
