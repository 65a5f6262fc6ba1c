"""The places of declarations and operations in a project's sources, indexed for look-ups by file, range and key."""

from __future__ import annotations

from compiler.csharp.bodies import SourceFile
from compiler.csharp.places import PlaceFinder, SourcePlace
from compiler.diagnostics import Location


class SourceIndex:
    """Look-ups over the places that `finder` gives, asked for when they are first needed.

    Invariant: the rows of the files in `_loaded` are in the tables; those of all files when `_has_all`.
    """

    def __init__(self, finder: PlaceFinder) -> None:
        self._finder = finder
        self._loaded: set[str] = set()
        self._has_all = False
        self._declarations: dict[str, Location] = {}
        self._operations: dict[tuple[str, str], list[SourcePlace]] = {}
        self._by_key: dict[str, Location] = {}
        self._initializers: dict[str, list[SourcePlace]] = {}
        self._files: dict[str, SourceFile] = {}

    def _need(self, file: str | None) -> None:
        """Loads a file, or all for None."""
        if self._has_all or file in self._loaded:
            return
        if file is not None and self._finder.by_file:
            places = self._finder.find((file,))
            self._loaded.add(file)
            # Without a row the file has another path in the sources than in the symbols (`#line`, PathMap).
            if not places.declarations and not places.operations:
                self._need(None)
                return
        else:
            places = self._finder.find(None)
            self._has_all = True
        self._files |= {file.path: file for file in places.files}
        for place in places.declarations:
            self._declarations.setdefault(place.key, place.location)
        for place in places.operations:
            if place.location.file in self._loaded and place.location.file != file:
                continue
            self._operations.setdefault((place.location.file, place.key), []).append(place)
            if place.key.startswith("~"):
                self._initializers.setdefault(place.location.file, []).append(place)
            if place.key.startswith(("@", "!")):
                self._by_key.setdefault(place.key, place.location)

    def files(self) -> tuple[SourceFile, ...]:
        """The bodies of all files."""
        self._need(None)
        return tuple(self._files.values())

    def declaration(self, key: str) -> Location | None:
        """The name in a declaration."""
        self._need(None)
        return self._declarations.get(key)

    def attribute(self, key: str) -> Location | None:
        """An attribute or one of its named arguments, by its `@` key."""
        self._need(None)
        return self._by_key.get(key)

    def has_suppression(self, key: str, rule_id: str, file: str | None) -> bool:
        """Whether a SuppressMessage attribute for the rule stands on a declaration in `file`, or in any file for None."""
        self._need(file)
        return f"!{key}!{rule_id}" in self._by_key

    def initialized_at(self, place: Location) -> str:
        """The key of the field or property in whose initializer a place is; empty elsewhere."""
        self._need(place.file)
        found = (p.key[1:] for p in self._initializers.get(place.file, ()) if _contains(p.location, place))
        return next(found, "")

    def operation(self, within: Location, keys: tuple[str, ...], ordinal: int) -> Location | None:
        """The operation number `ordinal` (in the order of evaluation, from 0) of one of `keys` in the statement `within`.

        Operations inside a lambda of the statement are another method's.
        """
        self._need(within.file)
        for key in keys:
            found = [p for p in self._operations.get((within.file, key), ()) if _contains(within, p.location)]
            if found:
                depth = min(place.depth for place in found)
                # What ends first is evaluated first: arguments before the call, receivers before the members taken from them.
                places = sorted((p.location for p in found if p.depth == depth), key=_evaluation_order)
                return places[min(ordinal, len(places) - 1)]
        return None

    def local_origin(self, place: Location, index: int) -> str:
        """`foreach` or `pattern` when the operation at `place` gets such a local for its parameter `index` (-1: `this`), else empty."""
        self._need(place.file)
        for origin in ("foreach", "pattern"):
            if any(row.location == place for row in self._operations.get((place.file, f"?{index}{origin}"), ())):
                return origin
        return ""

    def enclosing(self, statement: Location, keys: tuple[str, ...]) -> Location | None:
        """The operation of one of `keys` whose code is `statement`, a part of it: a constructor's call of its base."""
        self._need(statement.file)
        rows = [row for key in keys for row in self._operations.get((statement.file, key), ())]
        return next((row.location for row in rows if _contains(row.location, statement)), None)


def _evaluation_order(place: Location) -> tuple[int, int, int, int]:
    return (place.end_line, place.end_column, -place.line, -place.column)


def _contains(outer: Location, inner: Location) -> bool:
    starts = (outer.line, outer.column) <= (inner.line, inner.column)
    return starts and (inner.end_line, inner.end_column) <= (outer.end_line, outer.end_column)
