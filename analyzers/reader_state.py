"""What one reader knows of an assembly between two edits: the results of all units, and which units rest on which facts and places.

Invariant: `facts`, `sources` and the places in `index` are of one version; a unit is in `results` with a result that is right for
that version, or in `pending`, or the version does not have it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from analyzers.finding import Finding
from analyzers.options import AnalysisOptions
from analyzers.sorted_findings import SortedFindings, SortKey
from analyzers.source_index import PlaceReads, SourceIndex
from analyzers.text_edits import TextEdits
from analyzers.units import Identity, Raised, Unit, UnitKind, UnitResult
from compiler.csharp.bodies import SourceFile
from compiler.diagnostics import Explanation, Location
from compiler.metadata.fact_table import FactTable
from compiler.metadata.hashing import Hashes
from compiler.metadata.portable_pdb import Document
from compiler.types.definitions import TypeDefinition

# Types of the module, by identity, and types of others.
Annotated = tuple[frozenset[Identity], frozenset[TypeDefinition]]


@dataclass(slots=True)
class ReaderState:
    """See the module. `shown` are the findings of each unit under the options of before, with the keys that they are sorted by."""

    index: SourceIndex | None
    facts: FactTable | None = None
    sources: Mapping[str, str] = field(default_factory=dict)
    documents: Sequence[Document] = ()
    results: dict[Unit, UnitResult] = field(default_factory=dict)
    shown: dict[Unit, list[tuple[SortKey, Finding]]] = field(default_factory=dict)
    unshown: dict[Unit, None] = field(default_factory=dict)
    sorted: SortedFindings = field(default_factory=SortedFindings)
    _users: dict[Unit, None] = field(default_factory=dict)
    """The units with `uses` or annotated types."""
    pending: dict[Unit, None] = field(default_factory=dict)
    rows: dict[UnitKind, Hashes] = field(default_factory=lambda: defaultdict(lambda: np.zeros(0, np.uint64)))
    """The identities of the methods and types that the version has."""
    _needing: dict[Unit, None] = field(default_factory=dict)
    options: AnalysisOptions | None = None
    annotated: Annotated = (frozenset(), frozenset())
    """Those of `in_program` for which types were read."""
    _in_program: tuple[set[Unit], Annotated] | None = None
    n_read: int = 0
    is_consistent: bool = True
    reads_source: bool = False
    bodies: dict[str, dict[Identity, Location]] = field(default_factory=dict)
    """The bodies of each source file, in order, with their places."""
    file_of_body: dict[Identity, str] = field(default_factory=dict)
    """The file of each body."""
    _n_bodies: int = 0
    _by_key: dict[int, set[Unit]] = field(default_factory=lambda: defaultdict(set))
    _by_place_key: dict[str, set[Unit]] = field(default_factory=lambda: defaultdict(set))
    _by_file: dict[str, set[Unit]] = field(default_factory=lambda: defaultdict(set))

    def put(self, unit: Unit, result: UnitResult) -> None:
        """A unit was read."""
        self.n_read += 1
        self.drop(unit)
        self.results[unit] = result
        self.unshown[unit] = None
        if result.needs:
            self._needing[unit] = self._in_program = None
        if result.uses or result.annotated or result.annotated_elsewhere:
            self._users[unit] = self._in_program = None
        for key in result.keys:
            self._by_key[key].add(unit)
        self._enter_places(unit, result.places)

    def drop(self, unit: Unit) -> None:
        """What is known of a unit is not right any more."""
        self.pending.pop(unit, None)
        self.hide(unit)
        self.unshown.pop(unit, None)
        if unit in self._needing or unit in self._users:
            self._in_program = None
            self._needing.pop(unit, None)
            self._users.pop(unit, None)
        old = self.results.pop(unit, None)
        if old is not None:
            for key in old.keys:
                self._by_key[key].discard(unit)
            self._leave_places(unit, old.places)

    def _enter_places(self, unit: Unit, places: PlaceReads) -> None:
        for key in places.keys:
            self._by_place_key[key].add(unit)
        for file, _, _ in places.spans:
            self._by_file[file].add(unit)

    def _leave_places(self, unit: Unit, places: PlaceReads) -> None:
        for key in places.keys:
            self._by_place_key[key].discard(unit)
        for file, _, _ in places.spans:
            self._by_file[file].discard(unit)

    def await_again(self, units: Iterable[Unit]) -> None:
        """These units are to be read again."""
        for unit in list(units):
            self.drop(unit)
            self.pending[unit] = None

    def take_facts(self, facts: FactTable, changed: list[int]) -> set[str]:
        """Takes the facts of the next version: units that rest on `changed` ones wait. The files that these units looked at."""
        self.facts = facts
        dirty = {unit for key in changed for unit in self._by_key.get(key, ())}
        files = {file for unit in dirty for file, _, _ in self.results[unit].places.spans}
        self.await_again(dirty)
        return files

    def apply_edits(self, edits: TextEdits, changed_keys: Iterable[str]) -> None:
        """Takes the texts of the next version: units that rest on touched places or changed keys wait, the others move with the text."""
        dirty = {unit for key in changed_keys for unit in self._by_place_key.get(key, ())}
        moved: dict[Unit, UnitResult] = {}
        for file in edits.files:
            moves_from = edits.moves_from(file)
            for unit in self._by_file.get(file, ()):
                result = self.results[unit]
                if any(edits.touches(*span) for span in result.places.spans):
                    dirty.add(unit)
                elif moves_from is not None and any(span[0] == file and span[1] > moves_from for span in result.places.spans):
                    moved[unit] = result
        self.await_again(dirty)
        for unit, result in moved.items():
            if unit not in dirty:
                result.raised = tuple(_moved(raised, edits) for raised in result.raised)
                result.places.spans = {(file, edits.line(file, first), edits.line(file, last)) for file, first, last in result.places.spans}
                self.hide(unit)

    def take_bodies(self, files: Mapping[str, SourceFile], asked: Iterable[str], edits: TextEdits, recompiled: Iterable[Location]) -> None:
        """Takes the bodies of the files that were asked for again. One that stands where its text was before stays what it was, unless
        code of it, at a place in `recompiled`, is compiled otherwise now."""
        changed: dict[str, list[Location]] = {}
        for place in recompiled:
            changed.setdefault(place.file, []).append(place)
        for path in asked:
            before: dict[Location, list[Identity]] = {}
            for identity, place in self.bodies.pop(path, {}).items():
                now = edits.shift(place)
                before.setdefault(now if now is not None else Location(""), []).append(identity)
            file = files.get(path)
            kept: dict[Identity, Location] = {}
            for place in file.spans() if file is not None else ():
                known = before.get(place)
                if known and not any(_is_in(each, place) for each in changed.get(path, ())):
                    kept[known.pop(0)] = place
                else:
                    self._n_bodies += 1
                    kept[self._n_bodies] = place
                    self.file_of_body[self._n_bodies] = path
                    self.pending[Unit(UnitKind.SOURCE, self._n_bodies)] = None
            self.bodies[path] = kept
            for several in before.values():
                for identity in several:
                    self.drop(Unit(UnitKind.SOURCE, identity))
                    del self.file_of_body[identity]

    def dead(self) -> set[Unit]:
        """The units that are not in the program: those that need instantiations which no unit of the program makes."""
        return self._read_program()[0]

    def in_program(self) -> Annotated:
        """The types on which the program calls object.GetType: those of the module by identity, and those of others."""
        return self._read_program()[1]

    def _read_program(self) -> tuple[set[Unit], Annotated]:
        if self._in_program is None:
            dead = self._find_dead()
            live = [self.results[unit] for unit in self._users if unit not in dead]
            annotated = frozenset().union(*(result.annotated for result in live))
            self._in_program = (dead, (annotated, frozenset().union(*(result.annotated_elsewhere for result in live))))
        return self._in_program

    def _find_dead(self) -> set[Unit]:
        waiting = set(self._needing)
        if not waiting:
            return waiting
        used = {each for unit in self._users if unit not in waiting for each in self.results[unit].uses}
        while ready := {unit for unit in waiting if self.results[unit].needs <= used}:
            waiting -= ready
            used.update(each for unit in ready for each in self.results[unit].uses)
        return waiting

    def hide(self, unit: Unit) -> None:
        """Takes the findings of a unit out of what is shown, to be shown again later."""
        rows = self.shown.pop(unit, None)
        if rows is not None:
            self.sorted.remove_all(rows)
            self.unshown[unit] = None

    def hide_all(self) -> None:
        """Takes all findings out of what is shown."""
        self.shown.clear()
        self.sorted.clear()
        self.unshown = dict.fromkeys(self.results)


def _is_in(inner: Location, outer: Location) -> bool:
    starts = (outer.line, outer.column) <= (inner.line, inner.column)
    return starts and (inner.line, inner.column) < (outer.end_line, outer.end_column)


def _moved(raised: Raised, edits: TextEdits) -> Raised:
    place = _moved_if_any(raised.location, edits)
    if place is raised.location and not raised.related and raised.why.asked_at is None and not raised.why.fixes:
        return raised
    related = tuple(replace(each, location=_moved_place(each.location, edits)) for each in raised.related)
    return replace(raised, location=place, related=related, why=_moved_explanation(raised.why, edits))


def _moved_explanation(why: Explanation, edits: TextEdits) -> Explanation:
    if why.asked_at is None and not why.fixes:
        return why
    fixes = tuple(replace(fix, place=_moved_if_any(fix.place, edits), attributes=_moved_if_any(fix.attributes, edits)) for fix in why.fixes)
    return replace(why, asked_at=_moved_if_any(why.asked_at, edits), fixes=fixes)


def _moved_if_any(place: Location | None, edits: TextEdits) -> Location | None:
    return _moved_place(place, edits) if place is not None else None


def _moved_place(place: Location, edits: TextEdits) -> Location:
    return edits.shift(place) or place
