"""What a running target sees of properties and items: the project's own, under layers of changes that are not yet its.

Each batch and each target works in a scope of its own. Leaving a scope hands its changes to the scope outside, in the end to the project.
A clone shares the scopes that are open and grows its own on top: that is how two batches do not see each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from compiler.diagnostics import Location
from server.msbuild.items import Item
from server.msbuild.model import ItemTable, PropertyTable


@dataclass(frozen=True, slots=True)
class MetadataChange:
    """What to do to the metadata of an item: lower-case name -> (name as written, escaped value or None).

    None removes the item's own value; under `keep_only`, which drops all names that are not given, None keeps it as it is.
    """

    values: dict[str, tuple[str, str | None]]
    keep_only: bool


@dataclass(slots=True, eq=False)
class _TypeLayer:
    """Changes of one item type in one scope. Invariant: `removed` and the keys of `changed` are items from below, never of `added`."""

    shown: list[Item] | None = None
    added: list[Item] = field(default_factory=list)
    removed: set[Item] = field(default_factory=set)
    changed: dict[Item, Item] = field(default_factory=dict)
    origin: dict[Item, Item] = field(default_factory=dict)

    def remove(self, item: Item) -> None:
        """Takes away an item that this layer shows."""
        if item in self.added:
            self.added.remove(item)
        else:
            self.removed.add(self.origin.get(item, item))

    def change(self, item: Item, new: Item) -> None:
        """Puts `new` in the place of an item that this layer shows."""
        if item in self.added:
            self.added[self.added.index(item)] = new
            return
        original = self.origin.get(item, item)
        self.changed[original] = new
        self.origin[new] = original

    def over(self, below: Sequence[Item]) -> list[Item]:
        """The list that this layer shows over `below`."""
        base = self.shown if self.shown is not None else below
        if self.removed or self.changed:
            kept = [self.changed.get(item, item) for item in base if item not in self.removed]
        else:
            kept = list(base)
        return kept + self.added


@dataclass(slots=True, eq=False)
class Scope:
    """One layer of changes."""

    types: dict[str, _TypeLayer] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    properties: dict[str, tuple[str, str]] = field(default_factory=dict)

    def of(self, item_type: str) -> _TypeLayer:
        """The layer of an item type, made when it is not there."""
        key = item_type.lower()
        self.names.setdefault(key, item_type)
        return self.types.setdefault(key, _TypeLayer())

    def take_over(self, inner: Scope) -> None:
        """Adds the changes of the scope inside."""
        self.properties.update(inner.properties)
        for key, changes in inner.types.items():
            if not (changes.added or changes.removed or changes.changed):
                continue
            layer = self.of(inner.names[key])
            for item in changes.removed:
                layer.remove(item)
            for item, new in changes.changed.items():
                if item not in changes.removed:
                    layer.change(item, new)
            layer.added.extend(changes.added)


class Lookup:
    """Properties and items of one running project, seen through scopes. Provider for an Expander."""

    def __init__(self, properties: PropertyTable, items: ItemTable, scopes: list[Scope]) -> None:
        self.base_properties = properties
        self.base_items = items
        self.scopes = scopes

    def clone(self) -> Lookup:
        """Another view with the same open scopes; scopes entered later are its own."""
        return Lookup(self.base_properties, self.base_items, list(self.scopes))

    def enter(self) -> Scope:
        """A new innermost scope."""
        scope = Scope()
        self.scopes.append(scope)
        return scope

    def leave(self, scope: Scope) -> None:
        """Closes the innermost scope, which is `scope`, and hands on its changes."""
        innermost = self.scopes.pop()
        assert innermost is scope, "scopes are left in the order opposite to entering"
        if self.scopes:
            self.scopes[-1].take_over(scope)
            return
        for name, value in scope.properties.values():
            self.base_properties.set(name, value)
        for key, layer in scope.types.items():
            if layer.added or layer.removed or layer.changed:
                layer.shown = None
                self.base_items.replace(scope.names[key], layer.over(self.base_items.items(key)))

    def get(self, name: str, location: Location) -> str | None:
        """See expand.PropertyProvider."""
        key = name.lower()
        for scope in reversed(self.scopes):
            found = scope.properties.get(key)
            if found is not None:
                return found[1]
        return self.base_properties.get(name, location)

    def set_property(self, name: str, value: str) -> None:
        """Sets a property (escaped) in the innermost scope."""
        if self.scopes:
            self.scopes[-1].properties[name.lower()] = (name, value)
        else:
            self.base_properties.set(name, value)

    def items(self, item_type: str) -> list[Item]:
        """See expand.ItemProvider: the list with all layers applied."""
        key = item_type.lower()
        result: list[Item] | None = None
        for scope in self.scopes:
            layer = scope.types.get(key)
            if layer is not None:
                result = layer.over(result if result is not None else self.base_items.items(key))
        return result if result is not None else self.base_items.items(key)

    def show_only(self, item_type: str, items: Iterable[Item]) -> None:
        """Makes `items` all that the innermost scope shows of a type, besides its own additions."""
        self.scopes[-1].of(item_type).shown = list(items)

    def add(self, items: Sequence[Item], *, keep_duplicates: bool) -> None:
        """Adds items in the innermost scope; without `keep_duplicates` those that are there already with equal metadata are left out."""
        if not items:
            return
        if not keep_duplicates:
            present = {_identity_of(item) for item in self.items(items[0].item_type)}
            items = [item for item in items if _identity_of(item) not in present]
        for item in items:
            self.scopes[-1].of(item.item_type).added.append(item)

    def remove(self, item_type: str, items: Iterable[Item]) -> None:
        """Removes items, as `items()` gave them, in the innermost scope."""
        layer = self.scopes[-1].of(item_type)
        for item in items:
            layer.remove(item)

    def modify(self, item_type: str, items: Iterable[Item], change: MetadataChange) -> None:
        """Changes metadata of items, as `items()` gave them, in the innermost scope."""
        layer = self.scopes[-1].of(item_type)
        for item in list(items):
            new = item.clone()
            _change_metadata(new, change)
            layer.change(item, new)


def _identity_of(item: Item) -> tuple[str, tuple[tuple[str, str], ...]]:
    """What makes two items duplicates: the include, and all metadata that are not computed."""
    return item.include.lower(), tuple(sorted((key, value) for key, (_, value) in item.all_metadata().items()))


def _change_metadata(item: Item, change: MetadataChange) -> None:
    if change.keep_only:
        item.metadata = {key: value for key, value in item.metadata.items() if key in change.values}
    for key, (name, value) in change.values.items():
        if value is not None:
            item.set(name, value)
        elif not change.keep_only:
            item.metadata.pop(key, None)
