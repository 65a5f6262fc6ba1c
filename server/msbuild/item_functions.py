"""The `->` of item lists: quoted transforms and item functions over a list of (value, item) pairs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from compiler.diagnostics import Location
from server.msbuild import paths, property_functions
from server.msbuild.errors import invalid
from server.msbuild.escaping import escape, unescape
from server.msbuild.functions.surroundings import Surroundings
from server.msbuild.functions.values import to_text
from server.msbuild.item_metadata import WELL_KNOWN_METADATA
from server.msbuild.items import Item, well_known
from server.msbuild.shredder import ItemListReference, TransformStep, find_metadata, split_list


@dataclass(frozen=True, slots=True)
class TransformEntry:
    """An escaped value (None for a transform that gave nothing) and the item it came from, if still one."""

    value: str | None
    item: Item | None


Entries = list[TransformEntry]
_DERIVABLE = WELL_KNOWN_METADATA - {"recursivedir"}


def has_value_without_items(reference: ItemListReference) -> bool:
    """Do Count and AnyHaveMetadataValue make a value even of an empty list?"""
    return any(step.function is not None and step.function.lower() in ("count", "anyhavemetadatavalue") for step in reference.steps or ())


def transform(surroundings: Surroundings, steps: tuple[TransformStep, ...], entries: Entries, location: Location) -> Entries:
    """`entries` after all steps. Raises InvalidProjectFile."""
    for step in steps:
        if step.function is None:
            entries = _quoted(step.argument or "", entries, location)
            continue
        arguments = property_functions.split_arguments(step.argument, step.argument, location) if step.argument is not None else None
        entries = _function(surroundings, step.function, arguments, entries, location)
    return entries


def _quoted(text: str, entries: Entries, location: Location) -> Entries:
    references = find_metadata(text)
    for reference in references:
        if reference.item_type is not None:
            whole = text[reference.start : reference.end]
            raise invalid(
                "MSB4043",
                location,
                f'The item metadata reference "{whole}" is invalid because it is qualified with an item name. Item metadata referenced '
                "in transforms "
                "do not need to be qualified, because the item name is automatically deduced from the items being transformed. "
                f'Change "{whole}" to "%({reference.name})".',
            )
    result: Entries = []
    for entry in entries:
        if not entry.value:
            continue
        parts: list[str] = []
        at = 0
        for reference in references:
            parts += [text[at : reference.start], _metadata_of(entry, reference.name)]
            at = reference.end
        value = "".join(parts) + text[at:]
        result.append(TransformEntry(value or None, entry.item))
    return result


def _metadata_of(entry: TransformEntry, name: str) -> str:
    """Metadata of the entry's item; what is made from the path is made from the current value."""
    if entry.item is None:
        return entry.value or "" if name.lower() == "identity" else ""
    if name.lower() in _DERIVABLE and entry.value != entry.item.include:
        moved = entry.item.clone()
        moved.include = entry.value or ""
        return well_known(moved, name.lower())
    return entry.item.escaped(name)


def _wrong_arguments(name: str, arguments: tuple[str | None, ...] | None, location: Location) -> Exception:
    count = len(arguments) if arguments is not None else 0
    return invalid(
        "MSB4199",
        location,
        f'Invalid transformation syntax "{name}". An item function was not found with that name and {count} parameters.',
    )


def _function(
    surroundings: Surroundings, name: str, arguments: tuple[str | None, ...] | None, entries: Entries, location: Location
) -> Entries:
    key = name.lower()
    if key in _DERIVABLE:
        if arguments:
            raise _wrong_arguments(name, arguments, location)
        return [TransformEntry(_metadata_of(entry, name) or None, entry.item) for entry in entries if entry.value]
    counts = _ARGUMENT_COUNTS.get(key)
    if counts is None:
        return _string_function(surroundings, name, arguments or (), entries, location)
    given = [argument or "" for argument in arguments or ()]
    if key != "count" and len(given) != counts:
        raise _wrong_arguments(name, arguments, location)
    return _INTRINSIC[key](entries, given, surroundings)


def _string_function(
    surroundings: Surroundings, name: str, arguments: tuple[str | None, ...], entries: Entries, location: Location
) -> Entries:
    """A member of System.String called on every value."""
    result: Entries = []
    for entry in entries:
        value = property_functions.call_on_text(entry.value or "", name, arguments, surroundings, location)
        text = to_text(value)
        if text:
            result.append(TransformEntry(text, entry.item))
        else:
            result.append(TransformEntry(None, entry.item))
    return result


def _count(entries: Entries, arguments: list[str], surroundings: Surroundings) -> Entries:
    return [TransformEntry(str(len(entries)), None)]


def _rooted(entry: TransformEntry, surroundings: Surroundings) -> str:
    directory = entry.item.home.directory if entry.item is not None else surroundings.current_directory
    return paths.combine(directory, unescape(entry.value or ""))


def _exists(entries: Entries, arguments: list[str], surroundings: Surroundings) -> Entries:
    def there(path: str) -> bool:
        return surroundings.files.is_file(path) or surroundings.files.is_directory(path)

    return [entry for entry in entries if entry.value and there(paths.normalize(_rooted(entry, surroundings)))]


def _combine(entries: Entries, arguments: list[str], surroundings: Surroundings) -> Entries:
    return [TransformEntry(escape(paths.combine(unescape(entry.value), arguments[0])), None) for entry in entries if entry.value]


def _directories_above(entries: Entries, arguments: list[str], surroundings: Surroundings) -> Entries:
    found: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    for entry in entries:
        if not entry.value:
            continue
        # Files of one folder have the same folders above; a last segment of dots, or none, is a folder itself.
        folder, _, name = entry.value.rpartition("/")
        if name.strip(".%"):
            place = (entry.item.home.directory if entry.item is not None else "", folder)
            if place in seen:
                continue
            seen.add(place)
        directory = paths.directory_name(paths.normalize(_rooted(entry, surroundings)))
        while directory and directory.lower() not in found:
            found[directory.lower()] = directory
            directory = paths.directory_name(directory)
    return [TransformEntry(escape(directory), None) for directory in sorted(found.values(), key=str.upper)]


def _directory_name(entries: Entries, arguments: list[str], surroundings: Surroundings) -> Entries:
    return [
        TransformEntry(escape(paths.directory_name(_rooted(entry, surroundings)) or "") or None, entry.item)
        for entry in entries
        if entry.value
    ]


def _metadata(entries: Entries, arguments: list[str], surroundings: Surroundings) -> Entries:
    result: Entries = []
    for entry in entries:
        if entry.item is None:
            continue
        value = entry.item.escaped(arguments[0])
        if not value:
            continue
        parts = split_list(value) if ";" in value else (value,)
        result.extend(TransformEntry(part, entry.item) for part in parts)
    return result


def _distinct_by(key: Callable[[str], str]) -> Callable[[Entries, list[str], Surroundings], Entries]:
    def distinct(entries: Entries, arguments: list[str], surroundings: Surroundings) -> Entries:
        seen: set[str] = set()
        result: Entries = []
        for entry in entries:
            folded = key(entry.value or "")
            if entry.value and folded not in seen:
                seen.add(folded)
                result.append(entry)
        return result

    return distinct


def _reverse(entries: Entries, arguments: list[str], surroundings: Surroundings) -> Entries:
    return entries[::-1]


def _clear_metadata(entries: Entries, arguments: list[str], surroundings: Surroundings) -> Entries:
    return [TransformEntry(entry.value, None) for entry in entries if entry.value]


def _value(entry: TransformEntry, name: str) -> str:
    return unescape(entry.item.escaped(name)) if entry.item is not None else ""


def _has_metadata(entries: Entries, arguments: list[str], surroundings: Surroundings) -> Entries:
    return [entry for entry in entries if entry.item is not None and entry.item.escaped(arguments[0])]


def _with_value(entries: Entries, arguments: list[str], surroundings: Surroundings) -> Entries:
    wanted = arguments[1].lower()
    return [
        entry
        for entry in entries
        if entry.item is not None and entry.item.find(arguments[0]) is not None and _value(entry, arguments[0]).lower() == wanted
    ]


def _without_value(entries: Entries, arguments: list[str], surroundings: Surroundings) -> Entries:
    wanted = arguments[1].lower()
    return [entry for entry in entries if not _value(entry, arguments[0]) or _value(entry, arguments[0]).lower() != wanted]


def _any_has_value(entries: Entries, arguments: list[str], surroundings: Surroundings) -> Entries:
    wanted = arguments[1].lower()
    for entry in entries:
        if entry.item is not None and entry.item.find(arguments[0]) is not None and _value(entry, arguments[0]).lower() == wanted:
            return [TransformEntry("true", entry.item)]
    return [TransformEntry("false", None)]


_ARGUMENT_COUNTS = {
    "count": 0,
    "exists": 0,
    "combine": 1,
    "getpathsofalldirectoriesabove": 0,
    "directoryname": 0,
    "metadata": 1,
    "distinctwithcase": 0,
    "distinct": 0,
    "reverse": 0,
    "clearmetadata": 0,
    "hasmetadata": 1,
    "withmetadatavalue": 2,
    "withoutmetadatavalue": 2,
    "anyhavemetadatavalue": 2,
}
_INTRINSIC: dict[str, Callable[[Entries, list[str], Surroundings], Entries]] = {
    "count": _count,
    "exists": _exists,
    "combine": _combine,
    "getpathsofalldirectoriesabove": _directories_above,
    "directoryname": _directory_name,
    "metadata": _metadata,
    "distinctwithcase": _distinct_by(str),
    "distinct": _distinct_by(str.lower),
    "reverse": _reverse,
    "clearmetadata": _clear_metadata,
    "hasmetadata": _has_metadata,
    "withmetadatavalue": _with_value,
    "withoutmetadatavalue": _without_value,
    "anyhavemetadatavalue": _any_has_value,
}
