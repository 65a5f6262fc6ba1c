"""The CreateItem task."""

from __future__ import annotations

from server.build.tasks.task import ORIGINAL_ITEM_SPEC, Kind, OutputItem, Parameter, TaskCall, TaskDefinition
from server.msbuild import globs
from server.msbuild.escaping import escape, unescape
from server.msbuild.item_metadata import is_well_known_metadata
from server.msbuild.items import Item


def _run(call: TaskCall) -> bool:
    added: dict[str, str] = {}
    for text in call.texts("AdditionalMetadata"):
        name, equals, value = text.partition("=")
        if not equals:
            correct = 'Correct syntax is AdditionalMetadata="<name>=<value>".'
            call.error("MSB3100", f'Syntax for "AdditionalMetadata" parameter is not valid ({text}). {correct}')
            return False
        if is_well_known_metadata(name.strip()):
            text = f'Could not set additional metadata. "{name.strip()}" is a reserved metadata name and cannot be modified.'
            call.error("MSB3031", text)
            return False
        added[name.strip()] = value.strip()
    excluded = {item.identity.lower() for item in _expanded(call, call.items("Exclude"))}
    found: list[OutputItem] = []
    for item in _expanded(call, call.items("Include")):
        if item.identity.lower() in excluded:
            continue
        keeps = call.flag("PreserveExistingMetadata")
        metadata = {name: value for name, value in added.items() if not (keeps and item.escaped(name))}
        found.append(OutputItem(item.identity, metadata, item))
    call.set_items("Include", found)
    return True


def _expanded(call: TaskCall, items: list[Item]) -> list[Item]:
    """The items with wildcards replaced by the files they match."""
    found: list[Item] = []
    for item in items:
        if not globs.has_wildcards(item.include):
            found.append(item)
            continue
        for path in globs.expand_glob(item.include, call.instance.directory, (), call.instance.surroundings.files):
            copy = item.clone()
            if not copy.value(ORIGINAL_ITEM_SPEC):
                copy.set(ORIGINAL_ITEM_SPEC, item.include)
            copy.include = path
            copy.recursive_dir = escape(globs.recursive_dir(item.identity, unescape(path), call.instance.directory))
            found.append(copy)
    return found


TASK = TaskDefinition(
    "CreateItem",
    (
        Parameter("Include", Kind.ITEMS),
        Parameter("Exclude", Kind.ITEMS),
        Parameter("AdditionalMetadata", Kind.TEXTS),
        Parameter("PreserveExistingMetadata", Kind.BOOL),
    ),
    ("Include",),
    _run,
)
