"""The answers of -getProperty, -getItem and -getTargetResult as text: a bare value, or JSON of the shape `dotnet msbuild` prints."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from server.msbuild.escaping import unescape
from server.msbuild.item_metadata import WELL_KNOWN_NAMES
from server.msbuild.items import Item
from server.msbuild.model import ProjectInstance

_HIDDEN = {"Identity"}
_ESCAPED = re.compile(r"\\.")


def item_values(item: Item) -> dict[str, str]:
    """All metadata of an item, unescaped: Identity, its own, then the well-known ones."""
    values = {"Identity": item.identity}
    values.update({name: unescape(value) for name, value in item.all_metadata().values()})
    values.update({name: item.value(name) for name in WELL_KNOWN_NAMES if name not in _HIDDEN})
    return values


def query_text(
    instance: ProjectInstance, properties: Sequence[str], items: Sequence[str], results: Mapping[str, object] | None = None
) -> str:
    """What is printed for the asked properties, items and target results, ending in a line end."""
    if len(properties) == 1 and not items and not results:
        return instance.property(properties[0]) + "\n"
    answer: dict[str, object] = {}
    if properties:
        answer["Properties"] = {name: instance.property(name) for name in properties}
    if items:
        answer["Items"] = {name: [item_values(item) for item in instance.items_of(name)] for name in items}
    if results:
        answer["TargetResults"] = dict(results)
    return json_text(answer)


def json_text(value: object) -> str:
    """Indented JSON, escaped as System.Text.Json escapes by default."""
    text = json.dumps(value, indent=2, ensure_ascii=True)
    text = _ESCAPED.sub(lambda match: "\\u0022" if match[0] == '\\"' else match[0], text)
    for character in "<>&'+`":
        text = text.replace(character, f"\\u{ord(character):04X}")
    return text + "\n"
