"""PropertyGroup and ItemGroup inside a target: changes of properties and items while the build runs."""

from __future__ import annotations

from collections.abc import Sequence

from server.build.batching import Bucket, prepare_buckets
from server.build.events import BuildLog, Importance, ParameterKind, TaskParameter
from server.build.logged_values import logged_items
from server.build.lookup import Lookup, MetadataChange
from server.msbuild import globs, paths
from server.msbuild.conditions import Allowed
from server.msbuild.errors import invalid
from server.msbuild.escaping import unescape
from server.msbuild.evaluate import condition_holds
from server.msbuild.expand import Expander, MetadataLookup, expand_escaped, expand_item_list, expand_text, single_item_list
from server.msbuild.item_evaluation import copy_metadata, metadata_matcher
from server.msbuild.items import Item
from server.msbuild.model import ProjectInstance
from server.msbuild.shredder import split_list
from server.msbuild.written_metadata import metadata_elements
from server.msbuild.xml import XmlElement, inner_text


def run_property_group(instance: ProjectInstance, group: XmlElement, lookup: Lookup, expander: Expander, log: BuildLog) -> None:
    """Sets the properties of the group, whose own condition holds. Raises InvalidProjectFile."""
    for element in group.elements():
        value = inner_text(element)
        buckets = prepare_buckets([value, element.value("Condition")], lookup, expander, element.location)
        for bucket in buckets:
            if condition_holds(bucket.expander, element, Allowed.ALL, instance.directory):
                expanded = expand_escaped(bucket.expander, value, element.location)
                if log.logs_task_inputs:
                    log.comment(Importance.LOW, f"Set Property: {element.name}={expanded}")
                bucket.lookup.set_property(element.name, expanded)
        for bucket in buckets:
            bucket.leave()


def run_item_group(instance: ProjectInstance, group: XmlElement, lookup: Lookup, expander: Expander, log: BuildLog) -> None:
    """Adds, removes and modifies the items of the group, whose own condition holds. Raises InvalidProjectFile."""
    for element in group.elements():
        texts = [element.value(name) for name in ("Include", "Exclude", "Remove", "Condition")]
        for _, value, _, child in metadata_elements(element):
            texts += [value, child.value("Condition") if child is not None else ""]
        buckets = prepare_buckets([text for text in texts if text], lookup, expander, group.location, element.name)
        for bucket in buckets:
            if condition_holds(bucket.expander, element, Allowed.ALL, instance.directory):
                _run_item(instance, element, bucket, log)
        for bucket in buckets:
            bucket.leave()


def _names(bucket: Bucket, element: XmlElement, attribute: str) -> set[str]:
    text = element.value(attribute)
    if not text:
        return set()
    return {unescape(part) for part in split_list(expand_escaped(bucket.expander, text, element.at(attribute)))}


def _run_item(instance: ProjectInstance, element: XmlElement, bucket: Bucket, log: BuildLog) -> None:
    keep, remove = _names(bucket, element, "KeepMetadata"), _names(bucket, element, "RemoveMetadata")
    if keep and remove:
        raise invalid("MSB4224", element.at("KeepMetadata"), "KeepMetadata and RemoveMetadata are mutually exclusive.")
    if element.attribute("Include") is not None:
        _add(instance, element, bucket, keep, remove, log)
    elif element.attribute("Remove") is not None:
        _remove(instance, element, bucket, log)
    else:
        _modify(instance, element, bucket, keep, remove)


def _add(  # noqa: PLR0913
    instance: ProjectInstance, element: XmlElement, bucket: Bucket, keep: set[str], remove: set[str], log: BuildLog
) -> None:
    definition = instance.item_definitions.get(element.name.lower(), {})
    added: dict[str, tuple[str, str]] = {}
    outer = bucket.expander.metadata

    def lookup(item_type: str | None, name: str) -> str | None:
        key = name.lower()
        if item_type is None or item_type.lower() == element.name.lower():
            if key in added:
                return added[key][1]
        value = outer(item_type, name) if outer is not None else None
        if not value and (item_type is None or item_type.lower() == element.name.lower()) and key in definition:
            return definition[key][1]
        return value

    scoped: Expander = bucket.expander.with_metadata(_typed(lookup))
    items = _included(instance, element, scoped)
    if keep or remove:
        for item in items:
            named = item.metadata.items()
            item.metadata = {key: value for key, value in named if (value[0] in keep if keep else value[0] not in remove)}
    for name, value, location, child in metadata_elements(element):
        if child is None or condition_holds(scoped, child, Allowed.ALL, instance.directory):
            added[name.lower()] = (name, expand_escaped(scoped, value, location))
    for item in items:
        for name, escaped in added.values():
            item.set(name, escaped)
    _report(log, ParameterKind.ADD_ITEM, element, items)
    keeps_duplicates = condition_holds(bucket.expander, element, Allowed.ALL, instance.directory, element.value("KeepDuplicates"))
    bucket.lookup.add(items, keep_duplicates=keeps_duplicates)


def _report(log: BuildLog, kind: ParameterKind, element: XmlElement, items: Sequence[Item]) -> None:
    if items and log.logs_task_inputs:
        place = element.location
        log.send(TaskParameter(kind, element.name, logged_items(items), place.line, place.column))


def _typed(lookup: MetadataLookup) -> MetadataLookup:
    return lookup


def _included(instance: ProjectInstance, element: XmlElement, expander: Expander) -> list[Item]:
    location = element.at("Include")
    include = expand_escaped(expander.with_items(None), element.value("Include"), location)
    excludes: list[str] = []
    if element.value("Exclude"):
        excludes = [paths.fix_file_path(p) for p in split_list(expand_escaped(expander, element.value("Exclude"), element.at("Exclude")))]
    items: list[Item] = []
    referenced = False
    for part in split_list(include):
        reference = single_item_list(part, location)
        if reference is None:
            items += _from_files(instance, element, paths.fix_file_path(part), excludes, expander)
            continue
        referenced = True
        own = instance.item_definitions.get(element.name.lower(), {})
        for entry in expand_item_list(expander, reference, location):
            if entry.value:
                item = Item(element.name, entry.value, instance.home, element.file, own)
                if entry.item is not None:
                    copy_metadata(entry.item, item, own)
                items.append(item)
    if referenced and excludes:
        unwanted = {
            _comparable(path) for exclude in excludes for path in globs.expand_glob(exclude, instance.directory, (), expander.files)
        }
        items = [item for item in items if _comparable(item.include) not in unwanted]
    return items


def _comparable(escaped: str) -> str:
    return unescape(escaped).replace("\\", "/").rstrip("/").lower()


def _from_files(instance: ProjectInstance, element: XmlElement, part: str, excludes: list[str], expander: Expander) -> list[Item]:
    definition = instance.item_definitions.get(element.name.lower(), {})
    globs.refuse_everything(part, instance.directory, "ItemGroup", "Include", element.at("Include"))
    items: list[Item] = []
    for path in globs.expand_glob(part, instance.directory, excludes, expander.files):
        item = Item(element.name, path, instance.home, element.file, definition)
        if globs.has_wildcards(part):
            item.recursive_dir = globs.recursive_dir(unescape(part), unescape(path), instance.directory)
        items.append(item)
    return items


def _remove(instance: ProjectInstance, element: XmlElement, bucket: Bucket, log: BuildLog) -> None:
    items = bucket.lookup.items(element.name)
    if not items:
        return
    location = element.at("Remove")
    if element.value("MatchOnMetadata"):
        names = [unescape(p) for p in split_list(expand_escaped(bucket.expander, element.value("MatchOnMetadata"), location))]
        references: list[Item] = []
        for part in split_list(expand_escaped(bucket.expander.with_items(None), element.value("Remove"), location)):
            reference = single_item_list(part, location)
            if reference is not None:
                references += [entry.item for entry in expand_item_list(bucket.expander, reference, location) if entry.item is not None]
        matches = metadata_matcher(references, names, element.value("MatchOnMetadataOptions"))
        matching = [item for item in items if matches(item)]
        _report(log, ParameterKind.REMOVE_ITEM, element, matching)
        bucket.lookup.remove(element.name, matching)
        return
    wanted: set[str] = set()
    for part in split_list(expand_escaped(bucket.expander, element.value("Remove"), location)):
        found = globs.expand_glob(paths.fix_file_path(part), instance.directory, (), bucket.expander.files)
        wanted |= {unescape(path).lower() for path in found}
    matching = [item for item in items if item.identity.lower() in wanted]
    _report(log, ParameterKind.REMOVE_ITEM, element, matching)
    bucket.lookup.remove(element.name, matching)


def _modify(instance: ProjectInstance, element: XmlElement, bucket: Bucket, keep: set[str], remove: set[str]) -> None:
    items = bucket.lookup.items(element.name)
    if not items:
        return
    values: dict[str, tuple[str, str | None]] = {name.lower(): (name, None) for name in keep or remove}
    for name, value, location, child in metadata_elements(element):
        if child is None or condition_holds(bucket.expander, child, Allowed.ALL, instance.directory):
            values[name.lower()] = (name, expand_escaped(bucket.expander, value, location))
    if values:
        bucket.lookup.modify(element.name, items, MetadataChange(values, keep_only=bool(keep)))


def expanded_text(expander: Expander, element: XmlElement, attribute: str) -> str:
    """An attribute's text, expanded and unescaped."""
    return expand_text(expander, element.value(attribute), element.at(attribute))
