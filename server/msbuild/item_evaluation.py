"""Item elements outside targets -> changes of the item lists: Include, Exclude, Remove, Update, metadata and item definitions."""

from __future__ import annotations

from collections.abc import Callable

from compiler.diagnostics import Location
from server.msbuild import globs, paths
from server.msbuild.conditions import Allowed, evaluate_condition
from server.msbuild.escaping import escape, unescape
from server.msbuild.expand import (
    Expander,
    expand_escaped,
    expand_item_list,
    expand_properties,
    single_item_list,
)
from server.msbuild.item_metadata import is_well_known_metadata
from server.msbuild.items import Item, Metadata
from server.msbuild.model import ProjectInstance
from server.msbuild.shredder import ItemListReference, split_list
from server.msbuild.tracing import Made
from server.msbuild.written_metadata import Written, condition_context, metadata_elements, set_metadata
from server.msbuild.xml import XmlElement


def evaluate_item_definition(instance: ProjectInstance, expander: Expander, element: XmlElement) -> None:
    """Adds what one element of an ItemDefinitionGroup says to the definition of its type."""
    key = element.name.lower()
    definition: Metadata = dict(instance.item_definitions.get(key, {}))

    def lookup(item_type: str | None, name: str) -> str | None:
        if is_well_known_metadata(name):
            return None
        if item_type is not None and item_type.lower() != key:
            return ""
        found = definition.get(name.lower())
        return found[1] if found is not None else ""

    scoped = expander.with_metadata(lookup)
    allowed = Allowed.PROPERTIES | Allowed.CUSTOM_METADATA
    if not _holds(scoped, element.value("Condition"), element.at("Condition"), allowed, instance):
        return
    for name, value, location, child in metadata_elements(element):
        if child is not None and not _holds(scoped, child.value("Condition"), child.at("Condition"), allowed, instance):
            continue
        definition[name.lower()] = (name, expand_escaped(scoped, value, location))
    instance.item_definitions[key] = definition


def _holds(expander: Expander, condition: str, location: Location, allowed: Allowed, instance: ProjectInstance) -> bool:
    return not condition or evaluate_condition(condition, allowed, condition_context(expander, location, instance))


def evaluate_item(instance: ProjectInstance, expander: Expander, element: XmlElement, made: Made) -> None:
    """Applies one item element, whose condition holds, to the lists of `instance`. What was made of the same thing is in `made`."""
    if element.attribute("Include") is not None:
        _include(instance, expander, element, made)
    elif element.attribute("Remove") is not None:
        _remove(instance, expander, element, made)
    else:
        _update(instance, expander, element, made)


def _depends_on_lists(written: Written) -> bool:
    """Could the metadata of one item differ with the other items of its list, or with what folders hold?"""
    texts = [text for _, value, _, child in written for text in (value, child.value("Condition") if child is not None else "")]
    return any("@(" in text or "directory]" in text.lower() for text in texts)


def item_parts(expander: Expander, text: str, location: Location) -> list[str]:
    """The elements of an item spec: properties expanded, split at semicolons, backslashes made slashes; item lists still unexpanded."""
    expanded = expand_properties(expander, text, location) if "$(" in text else text
    if "\\" in expanded:
        expanded = paths.fix_slashes(expanded, expander.surroundings.current_directory, expander.files)
    return [part if part.startswith("@(") else paths.fix_file_path(part) for part in split_list(expanded)]


def _include(instance: ProjectInstance, expander: Expander, element: XmlElement, made: Made) -> None:
    location = element.at("Include")
    excludes = _exclude_patterns(expander, element)
    written = metadata_elements(element)
    takes_over = not _depends_on_lists(written)
    items: list[Item] = []
    new: list[Item] = []
    for number, part in enumerate(item_parts(expander, element.value("Include"), location)):
        first = len(new)
        reference = single_item_list(part, location)
        if reference is not None:
            new += _from_reference(instance, expander, element, reference, excludes)
        elif globs.has_wildcards(part):
            globs.refuse_everything(part, instance.directory, "ItemGroup", "Include", location)
            instance.globs.append((instance.directory, unescape(part)))
            pattern = unescape(part)
            for path in globs.expand_glob(part, instance.directory, excludes, expander.files):
                item = made.earlier.get((number, path)) if takes_over else None
                if item is None:
                    item = _new_item(instance, element, path)
                    item.recursive_dir = escape(globs.recursive_dir(pattern, unescape(path), instance.directory))
                    new.append(item)
                made.now[number, path] = item
                items.append(item)
            continue
        elif not _excluded(unescape(part), excludes, instance.directory):
            new.append(_new_item(instance, element, part))
        items += new[first:]
    if written and new:
        set_metadata(instance, expander, written, element.name, new, None)
    instance.items.add(items)


def _exclude_patterns(expander: Expander, element: XmlElement) -> list[str]:
    text = element.value("Exclude")
    if not text:
        return []
    location = element.at("Exclude")
    patterns: list[str] = []
    for part in split_list(expand_properties(expander, text, location) if "$(" in text else text):
        single_item_list(part, location)
        patterns += [paths.fix_file_path(piece) for piece in split_list(expand_escaped(expander, part, location))]
    return patterns


def _excluded(path: str, excludes: list[str], root: str) -> bool:
    return bool(excludes) and globs.is_excluded(path, [unescape(exclude) for exclude in excludes], root)


def _new_item(instance: ProjectInstance, element: XmlElement, include: str) -> Item:
    return Item(element.name, include, instance.home, element.file, instance.item_definitions.get(element.name.lower(), {}))


def _from_reference(
    instance: ProjectInstance, expander: Expander, element: XmlElement, reference: ItemListReference, excludes: list[str]
) -> list[Item]:
    found: list[Item] = []
    own = instance.item_definitions.get(element.name.lower(), {})
    for entry in expand_item_list(expander, reference, element.at("Include")):
        if not entry.value or (excludes and _excluded(unescape(entry.value), excludes, instance.directory)):
            continue
        item = _new_item(instance, element, entry.value)
        if entry.item is not None:
            copy_metadata(entry.item, item, own)
        found.append(item)
    return found


def copy_metadata(source: Item, item: Item, own_definition: Metadata) -> None:
    """Gives `item`, made from `source`, the source's metadata; what the source had by definition goes before the new type's definition."""
    item.metadata = dict(source.metadata)
    if source.definition is not own_definition and source.definition:
        item.definition = {**own_definition, **source.definition}
    if item.include == source.include:
        item.recursive_dir = source.recursive_dir


class SpecMatcher:
    """Which items an item spec (values, patterns, item lists) names, comparing normalised paths without case.

    `whole` is the item type whose items are matched: a reference to that whole list matches all of them. `names_whole` says that the spec
    depends on that list in another way.
    """

    def __init__(self, instance: ProjectInstance, expander: Expander, text: str, location: Location, whole: str = "") -> None:
        self.matches_all = False
        self.names_whole = False
        self.root = instance.directory
        self.values: dict[str, None] = {}
        self.patterns: list[str] = []
        self.referenced: dict[str, dict[str, Item]] = {}
        self.reference_items: list[Item] = []
        self.only_references = True
        for part in item_parts(expander, text, location):
            reference = single_item_list(part, location)
            if reference is not None:
                if whole and reference.item_type.lower() == whole.lower():
                    if reference.steps is None and reference.separator is None:
                        self.matches_all = True
                        continue
                    self.names_whole = True
                for entry in expand_item_list(expander, reference, location):
                    if entry.value:
                        self.values[self.normalized(entry.value)] = None
                        if entry.item is not None:
                            self.reference_items.append(entry.item)
                            self.referenced.setdefault(reference.item_type.lower(), {})[self.normalized(entry.value)] = entry.item
                continue
            self.only_references = False
            if globs.has_wildcards(part):
                self.patterns.append(unescape(part))
            else:
                self.values[self.normalized(part)] = None

    def normalized(self, escaped: str) -> str:
        """The path that an escaped include names, for comparing."""
        return paths.full_path(unescape(escaped).replace("\\", "/"), self.root).rstrip("/").lower()

    def matches(self, item: Item) -> bool:
        """Does the spec name the item?"""
        if self.matches_all:
            return True
        if self.values and self.normalized(item.include) in self.values:
            return True
        return any(globs.matches_spec(pattern, item.identity, self.root) for pattern in self.patterns)


def _remove(instance: ProjectInstance, expander: Expander, element: XmlElement, made: Made) -> None:
    items = instance.items.items(element.name)
    match_names = element.value("MatchOnMetadata")
    matcher = SpecMatcher(instance, expander, element.value("Remove"), element.at("Remove"), "" if match_names else element.name)
    if match_names:
        location = element.at("MatchOnMetadata")
        names = [unescape(part) for part in split_list(expand_escaped(expander, match_names, location))]
        matches = metadata_matcher(matcher.reference_items, names, element.value("MatchOnMetadataOptions"))
        if items:
            instance.items.replace(element.name, [item for item in items if not matches(item)])
    elif items:
        instance.items.replace(element.name, _remaining(matcher, items, made))


def _remaining(matcher: SpecMatcher, items: list[Item], made: Made) -> list[Item]:
    earlier = {} if matcher.names_whole else made.earlier
    remaining: list[Item] = []
    for item in items:
        left = earlier.get(item, item)
        if left is item and item not in earlier and matcher.matches(item):
            left = None
        made.now[item] = left
        if left is not None:
            remaining.append(left)
    return remaining


def metadata_matcher(references: list[Item], names: list[str], options: str) -> Callable[[Item], bool]:
    """Does an item have, in all of `names`, the values that one of `references` has? Empty values never match."""

    def fold(value: str) -> str:
        if options == "CaseInsensitive":
            return value.lower()
        if options == "PathLike":
            return paths.full_path(value.replace("\\", "/"), "/").rstrip("/")
        return value

    def key(item: Item) -> tuple[str, ...]:
        return tuple(fold(item.value(name)) for name in names)

    wanted = {key(item) for item in references}
    return lambda item: key(item) in wanted and any(key(item))


def _update(instance: ProjectInstance, expander: Expander, element: XmlElement, made: Made) -> None:
    written = metadata_elements(element)
    items = instance.items.items(element.name)
    if not items or not written:
        return
    matcher = SpecMatcher(instance, expander, element.value("Update"), element.at("Update"), element.name)
    earlier = {} if matcher.names_whole or _depends_on_lists(written) else made.earlier
    changed: list[Item] = []
    updated: list[Item] = []
    for item in items:
        known = earlier.get(item)
        if known is None and matcher.matches(item):
            known = item.clone()
            changed.append(known)
        made.now[item] = known = item if known is None else known
        updated.append(known)

    def others(item: Item, item_type: str, name: str) -> str:
        found = matcher.referenced.get(item_type.lower(), {}).get(matcher.normalized(item.include))
        return found.escaped(name) if found is not None else ""

    set_metadata(instance, expander, written, element.name, changed, others)
    instance.items.replace(element.name, updated)
