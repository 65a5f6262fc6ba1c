"""The places of declarations and operations in a project's sources, indexed for look-ups by file, range and key.

An edit replaces the places of the files that it changed; what the others hold stays. Each look-up is noted in `reads`: what it saw
tells later whether an edit can have changed the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from compiler.csharp.bodies import SourceFile
from compiler.csharp.places import (
    COLUMN,
    DEPTH,
    END_COLUMN,
    END_LINE,
    KEY,
    LINE,
    FilePlaces,
    PlaceFinder,
    PlaceRow,
    SourcePlaces,
    location,
)
from compiler.diagnostics import Location


@dataclass(slots=True)
class PlaceReads:
    """What was looked at: `spans` (file, first and last line) of places, `keys` of declarations, attributes and suppressions."""

    spans: set[tuple[str, int, int]] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)

    def note(self, place: Location) -> None:
        """A place was looked at."""
        self.spans.add((place.file, place.line, place.end_line))


_NOTHING = FilePlaces()


class SourceIndex:
    """Look-ups over the places of all files, asked of `finder` when they are first needed.

    Invariant: `_files` has the places of the last texts that the finder knew, and is empty as long as nothing was needed.
    """

    def __init__(self, finder: PlaceFinder) -> None:
        self._finder = finder
        self.reads = PlaceReads()
        self._files: dict[str, FilePlaces] = {}
        self._is_loaded = False
        # The files that declare each key, or have its attribute: several files declare the parts of one type.
        self._holders: dict[str, dict[str, None]] = {}
        self._order: dict[str, int] = {}
        self._bodies: dict[str, SourceFile] = {}

    def use(self, finder: PlaceFinder, files: Iterable[str]) -> None:
        """The finder for the next texts, and the project's files in the order in which they are compiled."""
        self._finder = finder
        if list(files) != list(self._order):
            self._order = {file: number for number, file in enumerate(files)}

    def expect(self, files: Iterable[str]) -> None:
        """Asks for the places of files that the next refresh will need, and does not wait for them."""
        if self._is_loaded:
            self._finder.begin([file for file in files if file in self._order])

    def refresh(self, files: Sequence[str], stays: Callable[[str, PlaceRow, PlaceRow], bool]) -> set[str]:
        """Asks for the places of `files` again and forgets files that the project has no more; the keys that came, went or moved.

        `stays` says whether a place of before in a file, where the text took it, is the second one.
        """
        if not self._is_loaded:
            return set()
        gone = self._files.keys() - self._order.keys() if self._order else set()
        asked = [file for file in files if file not in gone]
        before = {file: self._files.pop(file, _NOTHING) for file in (*asked, *gone)}
        for file in before:
            self._bodies.pop(file, None)
        self._add(self._finder.find(asked) if asked else SourcePlaces({}))
        changed: set[str] = set()
        for file, old in before.items():
            new = self._files.get(file, _NOTHING)
            for mine, theirs in ((old.declarations, new.declarations), (old.attributes, new.attributes)):
                for key in mine.keys() | theirs.keys():
                    was, now = mine.get(key), theirs.get(key)
                    if was is None or now is None or not stays(file, was, now):
                        changed.add(key)
                    if now is None:
                        self._holders.get(key, {}).pop(file, None)
        return changed

    def clear(self) -> None:
        """Forgets all places."""
        self._files.clear()
        self._holders.clear()
        self._bodies.clear()
        self._is_loaded = False

    def _need(self) -> None:
        if not self._is_loaded:
            self._add(self._finder.find(None))
            self._is_loaded = True

    def _add(self, places: SourcePlaces) -> None:
        self._bodies |= {file.path: file for file in places.files}
        for file, found in places.by_file.items():
            known = self._files.get(file)
            self._files[file] = found if known is None else known.merged(found)
            for key in (*found.declarations, *found.attributes):
                self._holders.setdefault(key, {})[file] = None

    def _at(self, file: str) -> FilePlaces:
        self._need()
        return self._files.get(file, _NOTHING)

    def _first(self, key: str) -> Location | None:
        """The place of a key: in the first of several files."""
        self._need()
        self.reads.keys.add(key)
        holders = self._holders.get(key)
        if not holders:
            return None
        file = min(holders, key=lambda each: self._order.get(each, 0))
        places = self._files[file]
        place = location(file, places.declarations.get(key) or places.attributes[key])
        self.reads.note(place)
        return place

    def bodies(self) -> dict[str, SourceFile]:
        """The bodies of all files, by path."""
        self._need()
        return self._bodies

    def declaration(self, key: str) -> Location | None:
        """The name in a declaration."""
        return self._first(key)

    def attribute(self, key: str) -> Location | None:
        """An attribute or one of its named arguments, by its `@` key."""
        return self._first(key)

    def has_suppression(self, key: str, rule_id: str) -> bool:
        """Whether a SuppressMessage attribute for the rule stands on a declaration."""
        self._need()
        self.reads.keys.add(f"!{key}!{rule_id}")
        return bool(self._holders.get(f"!{key}!{rule_id}"))

    def files_of(self, key: str) -> list[str]:
        """The files that declare a key."""
        self._need()
        return list(self._holders.get(key, ()))

    def initialized_at(self, place: Location) -> str:
        """The key of the field or property in whose initializer a place is; empty elsewhere."""
        self.reads.note(place)
        found = (row[KEY][1:] for row in self._at(place.file).initializers if _contains(location(place.file, row), place))
        return next(found, "")

    def operation(self, within: Location, keys: tuple[str, ...], ordinal: int) -> Location | None:
        """The operation number `ordinal` (in the order of evaluation, from 0) of one of `keys` in the statement `within`.

        Operations inside a lambda of the statement are another method's.
        """
        self.reads.note(within)
        operations = self._at(within.file).operations
        for key in keys:
            found = [row for row in operations.get(key, ()) if _has_inside(within, row)]
            if found:
                depth = min(row[DEPTH] for row in found)
                # What ends first is evaluated first: arguments before the call, receivers before the members taken from them.
                places = sorted((location(within.file, row) for row in found if row[DEPTH] == depth), key=_evaluation_order)
                return places[min(ordinal, len(places) - 1)]
        return None

    def local_origin(self, place: Location, index: int) -> str:
        """`foreach` or `pattern` when the operation at `place` gets such a local for its parameter `index` (-1: `this`), else empty."""
        self.reads.note(place)
        operations = self._at(place.file).operations
        for origin in ("foreach", "pattern"):
            if any(location(place.file, row) == place for row in operations.get(f"?{index}{origin}", ())):
                return origin
        return ""

    def enclosing(self, statement: Location, keys: tuple[str, ...]) -> Location | None:
        """The operation of one of `keys` whose code is `statement`, a part of it: a constructor's call of its base."""
        self.reads.note(statement)
        operations = self._at(statement.file).operations
        places = [location(statement.file, row) for key in keys for row in operations.get(key, ())]
        found = next((place for place in places if _contains(place, statement)), None)
        if found is not None:
            self.reads.note(found)
        return found


def _evaluation_order(place: Location) -> tuple[int, int, int, int]:
    return (place.end_line, place.end_column, -place.line, -place.column)


def _has_inside(outer: Location, row: PlaceRow) -> bool:
    starts = (outer.line, outer.column) <= (row[LINE], row[COLUMN])
    return starts and (row[END_LINE], row[END_COLUMN]) <= (outer.end_line, outer.end_column)


def _contains(outer: Location, inner: Location) -> bool:
    starts = (outer.line, outer.column) <= (inner.line, inner.column)
    return starts and (inner.end_line, inner.end_column) <= (outer.end_line, outer.end_column)
