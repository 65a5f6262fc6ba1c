"""The metadata that an item element writes -> set on items, by columns when there are many.

By columns is a way to be sooner only: with a fault, or where items do not go together, each item is taken by itself, in order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from compiler.diagnostics import Location
from server.msbuild import paths
from server.msbuild.condition_columns import holding
from server.msbuild.conditions import Allowed, ConditionContext, evaluate_condition
from server.msbuild.errors import InvalidProjectFile
from server.msbuild.expand import Expander, MetadataLookup, expand_escaped, expand_list, expand_text
from server.msbuild.items import Item
from server.msbuild.model import ProjectInstance
from server.msbuild.structure import ITEM_ATTRIBUTES, is_metadata_attribute
from server.msbuild.text_columns import NotByColumns, Others, TextColumns
from server.msbuild.xml import XmlElement, inner_text

Written = list[tuple[str, str, Location, XmlElement | None]]
"""Name, unexpanded value, place, and the element (None for an attribute)."""

# So few items are set one by one.
_FEW = 4


def metadata_elements(element: XmlElement) -> Written:
    """The metadata written on an item."""
    found: Written = []
    for attribute in element.attributes:
        if attribute.name not in ITEM_ATTRIBUTES and is_metadata_attribute(attribute.name):
            found.append((attribute.name, attribute.value, element.at(attribute.name), None))
    for child in element.elements():
        found.append((child.name, inner_text(child), child.location, child))
    return found


def condition_context(expander: Expander, location: Location, instance: ProjectInstance) -> ConditionContext:
    """What a condition inside an item element asks."""

    def exists(path: str) -> bool:
        full = paths.full_path(path, instance.directory)
        return expander.files.is_file(full) or expander.files.is_directory(full)

    return ConditionContext(
        lambda text: expand_text(expander, text, location),
        lambda text: expand_list(expander, text, location),
        exists,
        expander.warnings.mixed,
        location,
    )


def metadata_lookup(item: Item, item_type: str, others: Others | None) -> MetadataLookup:
    """Answers `%(...)` from one item; another type's metadata is asked of `others`, or empty."""

    def lookup(wanted_type: str | None, name: str) -> str | None:
        if wanted_type is not None and wanted_type.lower() != item_type.lower():
            return others(item, wanted_type, name) if others is not None else ""
        return item.escaped(name)

    return lookup


def set_metadata(
    instance: ProjectInstance, expander: Expander, written: Written, item_type: str, items: Sequence[Item], others: Others | None
) -> None:
    """Sets on each of `items`, of one type, the metadata whose conditions hold for it; `others` answers for other item types."""
    if len(items) > _FEW:
        before = [dict(item.metadata) for item in items]
        try:
            return _set_by_columns(instance, expander, written, item_type, items, others)
        except (NotByColumns, InvalidProjectFile):
            for item, metadata in zip(items, before, strict=True):
                item.metadata = metadata
    setter = _MetadataSetter(instance, expander, written, item_type)
    for item in items:
        setter.set_on(item, others)


def _set_by_columns(
    instance: ProjectInstance, expander: Expander, written: Written, item_type: str, items: Sequence[Item], others: Others | None
) -> None:
    columns = TextColumns(expander, item_type, others)
    for name, value, location, child in written:
        condition = child.value("Condition") if child is not None else ""
        chosen = items
        if condition and child is not None:
            place = child.at("Condition")
            context = condition_context(expander, place, instance)
            chosen = holding(condition, Allowed.ALL, context, _at(columns, place), items)
        if not chosen:
            continue
        entries: dict[str, tuple[str, str]] = {}
        key = name.lower()
        for item, found in zip(chosen, columns.column(value, location, chosen), strict=True):
            entry = entries.get(found)
            if entry is None:
                entry = entries[found] = (name, found)
            item.metadata[key] = entry


def _at(columns: TextColumns, location: Location) -> Callable[[str, Sequence[Item]], list[str]]:
    return lambda text, items: columns.column(text, location, items)


class _MetadataSetter:
    """Sets what an element writes on one item after another. What is the same for all items, as scope and conditions, is made once."""

    def __init__(self, instance: ProjectInstance, expander: Expander, written: Written, item_type: str) -> None:
        self._lookup: MetadataLookup = _nothing
        self._scoped = expander.with_metadata(lambda wanted_type, name: self._lookup(wanted_type, name))
        self._item_type = item_type
        self._written = [
            (name, value, location, child.value("Condition") if child is not None else "", self._context(child, instance))
            for name, value, location, child in written
        ]

    def _context(self, child: XmlElement | None, instance: ProjectInstance) -> ConditionContext | None:
        return condition_context(self._scoped, child.at("Condition"), instance) if child is not None else None

    def set_on(self, item: Item, others: Others | None) -> None:
        """Sets the metadata whose conditions hold for `item`; `others` answers for other item types."""
        self._lookup = metadata_lookup(item, self._item_type, others)
        for name, value, location, condition, context in self._written:
            if condition and context is not None and not evaluate_condition(condition, Allowed.ALL, context):
                continue
            item.set(name, expand_escaped(self._scoped, value, location))


def _nothing(item_type: str | None, name: str) -> str | None:
    return None
