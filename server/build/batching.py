"""Metadata references in the attributes of a task or target -> buckets of items, one run for each.

Items whose consumed metadata have equal values (without case) share a bucket; buckets are in the order of their first items.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from compiler.diagnostics import Location
from server.build.lookup import Lookup, Scope
from server.msbuild.errors import invalid
from server.msbuild.expand import Expander
from server.msbuild.items import Item
from server.msbuild.shredder import MetadataReference, find_item_lists, find_metadata_outside_transforms


@dataclass(slots=True, eq=False)
class Bucket:
    """One batch: what it sees, and the values of the metadata it was made for ("name" or "type.name" in lower case)."""

    lookup: Lookup
    scope: Scope
    expander: Expander
    values: dict[str, str]

    def leave(self) -> None:
        """Hands the changes of the batch on."""
        self.lookup.leave(self.scope)


def prepare_buckets(
    parameters: Sequence[str], lookup: Lookup, expander: Expander, location: Location, implicit_type: str = ""
) -> list[Bucket]:
    """At least one bucket for the texts `parameters`; unqualified metadata may mean `implicit_type` without that it is named.

    Raises InvalidProjectFile (MSB4095, MSB4096).
    """
    references: dict[str, MetadataReference] = {}
    item_types: dict[str, str] = {implicit_type.lower(): implicit_type} if implicit_type else {}
    for text in parameters:
        for reference in find_metadata_outside_transforms(text):
            key = f"{reference.item_type}.{reference.name}" if reference.item_type is not None else reference.name
            references.setdefault(key.lower(), reference)
        for item_list in find_item_lists(text) if "@(" in text else ():
            item_types.setdefault(item_list.item_type.lower(), item_list.item_type)
    if not references:
        return [_bucket(lookup, expander, {}, {})]
    lists = _lists_to_batch(references, item_types, lookup, location)
    grouped: dict[tuple[str, ...], tuple[dict[str, str], dict[str, list[Item]]]] = {}
    for item_type, items in lists.items():
        for item in items:
            values = {key: _value(item, reference) for key, reference in references.items()}
            _, members = grouped.setdefault(tuple(value.lower() for value in values.values()), (values, {}))
            members.setdefault(item_type, []).append(item)
    if not grouped:
        return [_bucket(lookup, expander, {}, {})]
    return [
        _bucket(lookup, expander, values, {item_type: members.get(item_type, []) for item_type in lists})
        for values, members in grouped.values()
    ]


def _lists_to_batch(
    references: dict[str, MetadataReference], item_types: dict[str, str], lookup: Lookup, location: Location
) -> dict[str, list[Item]]:
    """Item type in lower case -> its items, for every list that takes part."""
    lists: dict[str, list[Item]] = {}
    for reference in references.values():
        if reference.item_type is not None:
            lists[reference.item_type.lower()] = lookup.items(reference.item_type)
            item_types.setdefault(reference.item_type.lower(), reference.item_type)
    for reference in references.values():
        if reference.item_type is not None:
            continue
        for key, item_type in item_types.items():
            items = lookup.items(item_type)
            for item in items:
                if item.find(reference.name) is None:
                    raise invalid(
                        "MSB4096",
                        location,
                        f'The item "{item.identity}" in item list "{item_type}" does not define a value for metadata "{reference.name}".  '
                        f"In order to use this metadata, either qualify it by specifying %({item_type}.{reference.name}), "
                        "or ensure that all items in this list define a value for this metadata.",
                    )
            lists[key] = items
    if not lists:
        name = next(iter(references.values())).name
        raise invalid(
            "MSB4095",
            location,
            f"The item metadata %({name}) is being referenced without an item name.  Specify the item name by using %(itemname.{name}).",
        )
    return lists


def _value(item: Item, reference: MetadataReference) -> str:
    if reference.item_type is not None and reference.item_type.lower() != item.item_type.lower():
        return ""
    return item.escaped(reference.name)


def _bucket(lookup: Lookup, expander: Expander, values: dict[str, str], members: dict[str, list[Item]]) -> Bucket:
    own = lookup.clone()
    scope = own.enter()
    for item_type, items in members.items():
        own.show_only(item_type, items)

    def metadata(item_type: str | None, name: str) -> str | None:
        key = name.lower() if item_type is None else f"{item_type}.{name}".lower()
        return values.get(key, "")

    return Bucket(own, scope, Expander(own, own, metadata, expander.surroundings, expander.warnings), values)
