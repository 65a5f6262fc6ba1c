"""Properties and items of a project -> the plain values that log events hold, unescaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from server.build.events import Items, LoggedItem, Pairs, TypedItems
from server.build.tasks.task import Argument, OutputItem
from server.msbuild.escaping import unescape
from server.msbuild.items import Item
from server.msbuild.model import ProjectInstance


def logged_item(item: Item) -> LoggedItem:
    """The item with the metadata that it does not share with all items."""
    return LoggedItem(item.identity, tuple((name, unescape(value)) for name, value in item.all_metadata().values()))


def logged_items(items: Iterable[Item]) -> Items:
    """Items in their order."""
    return tuple(logged_item(item) for item in items)


def logged_outputs(items: Sequence[OutputItem]) -> Items:
    """Items that a task gave out, with the metadata of those that they were made of."""
    found: list[LoggedItem] = []
    for item in items:
        metadata = {} if item.source is None else {name: unescape(value) for name, value in item.source.all_metadata().values()}
        found.append(LoggedItem(item.include, tuple((metadata | dict(item.metadata)).items())))
    return tuple(found)


def logged_argument(value: Argument) -> Items:
    """What a task parameter was given."""
    if isinstance(value, Item):
        return (logged_item(value),)
    if isinstance(value, bool):
        return (LoggedItem("True" if value else "False"),)
    if isinstance(value, str | int):
        return (LoggedItem(str(value)),)
    return tuple(logged_item(one) if isinstance(one, Item) else LoggedItem(one) for one in value)


def logged_globals(properties: Mapping[str, str]) -> Pairs:
    """Global properties, which are given escaped."""
    return tuple((name, unescape(value)) for name, value in properties.items())


def logged_properties(instance: ProjectInstance) -> Pairs:
    """All properties of a project."""
    return tuple((found.name, unescape(found.value)) for found in instance.properties.values.values())


def logged_item_table(instance: ProjectInstance) -> TypedItems:
    """All items of a project by type; types without items are left out."""
    table = instance.items
    return tuple((table.names[key], logged_items(items)) for key, items in table.lists.items() if items)
