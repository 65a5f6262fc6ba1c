"""The places of declarations and operations in a project's sources, indexed for look-ups by file, range and key."""

from __future__ import annotations

from compiler.csharp.places import SourcePlace, SourcePlaces
from compiler.diagnostics import Location


class SourceIndex:
    """Look-ups over `SourcePlaces`."""

    def __init__(self, places: SourcePlaces) -> None:
        self._declarations: dict[str, Location] = {}
        for place in places.declarations:
            self._declarations.setdefault(place.key, place.location)
        self._operations: dict[tuple[str, str], list[SourcePlace]] = {}
        self._by_key: dict[str, Location] = {}
        self._initializers: dict[str, list[SourcePlace]] = {}
        for place in places.operations:
            self._operations.setdefault((place.location.file, place.key), []).append(place)
            if place.key.startswith("~"):
                self._initializers.setdefault(place.location.file, []).append(place)
            if place.key.startswith(("@", "!")):
                self._by_key.setdefault(place.key, place.location)

    def declaration(self, key: str) -> Location | None:
        """The name in a declaration."""
        return self._declarations.get(key)

    def attribute(self, key: str) -> Location | None:
        """An attribute or one of its named arguments, by its `@` key."""
        return self._by_key.get(key)

    def has_suppression(self, key: str, rule_id: str) -> bool:
        """Whether a SuppressMessage attribute for the rule stands on a declaration."""
        return f"!{key}!{rule_id}" in self._by_key

    def initialized_at(self, place: Location) -> str:
        """The key of the field or property in whose initializer a place is; empty elsewhere."""
        found = (p.key[1:] for p in self._initializers.get(place.file, ()) if _contains(p.location, place))
        return next(found, "")

    def operation(self, within: Location, keys: tuple[str, ...], ordinal: int) -> Location | None:
        """The operation number `ordinal` (in the order of evaluation, from 0) of one of `keys` in the statement `within`.

        Operations inside a lambda of the statement are another method's.
        """
        for key in keys:
            found = [p for p in self._operations.get((within.file, key), ()) if _contains(within, p.location)]
            if found:
                depth = min(place.depth for place in found)
                # What ends first is evaluated first: arguments before the call, receivers before the members taken from them.
                places = sorted((p.location for p in found if p.depth == depth), key=_evaluation_order)
                return places[min(ordinal, len(places) - 1)]
        return None


def _evaluation_order(place: Location) -> tuple[int, int, int, int]:
    return (place.end_line, place.end_column, -place.line, -place.column)


def _contains(outer: Location, inner: Location) -> bool:
    starts = (outer.line, outer.column) <= (inner.line, inner.column)
    return starts and (inner.end_line, inner.end_column) <= (outer.end_line, outer.end_column)
