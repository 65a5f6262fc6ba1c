"""Where declarations and operations stand in the source, as the C# worker sees it: plain values.

Keys are documentation ids, and what `worker/Places.cs` adds to them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Final, cast

from compiler.csharp.bodies import SourceFile, read_files
from compiler.csharp.wire import Json
from compiler.diagnostics import Location

# A place as the worker writes it: its key, its file's index, line and column of start and end, and how many lambdas and local functions
# are around it. Most are never looked at, so that nothing is made of them before.
PlaceRow = tuple[str, int, int, int, int, int, int]
KEY: Final = 0
FILE: Final = 1
LINE: Final = 2
COLUMN: Final = 3
END_LINE: Final = 4
END_COLUMN: Final = 5
DEPTH: Final = 6


def location(file: str, row: PlaceRow) -> Location:
    """Where a place is."""
    return Location(file, row[LINE], row[COLUMN], row[END_LINE], row[END_COLUMN])


@dataclass(slots=True)
class FilePlaces:
    """The places of one file by key, the first where a declaration or an attribute has several; `initializers` are those whose key
    begins with `~`. Nobody changes them once they are complete."""

    declarations: dict[str, PlaceRow] = field(default_factory=dict)
    operations: dict[str, list[PlaceRow]] = field(default_factory=dict)
    attributes: dict[str, PlaceRow] = field(default_factory=dict)
    initializers: list[PlaceRow] = field(default_factory=list)

    def operate(self, row: PlaceRow) -> None:
        """Adds an operation, an attribute or a suppression."""
        key = row[KEY]
        self.operations.setdefault(key, []).append(row)
        if key.startswith("~"):
            self.initializers.append(row)
        if key.startswith(("@", "!")):
            self.attributes.setdefault(key, row)

    def merged(self, other: FilePlaces) -> FilePlaces:
        """The places of both, for parts of one file that several sources tell of."""
        operations = {key: list(places) for key, places in self.operations.items()}
        for key, places in other.operations.items():
            operations[key] = [*operations.get(key, ()), *places]
        return FilePlaces(
            other.declarations | self.declarations,
            operations,
            other.attributes | self.attributes,
            [*self.initializers, *other.initializers],
        )


@dataclass(frozen=True, eq=False)
class SourcePlaces:
    """The places of a project's files by the file that they stand in, in source order, and the bodies of the sources."""

    by_file: Mapping[str, FilePlaces]
    files: tuple[SourceFile, ...] = ()

    def merged(self, other: SourcePlaces) -> SourcePlaces:
        """The places of both."""
        by_file = dict(self.by_file)
        for file, places in other.by_file.items():
            by_file[file] = by_file[file].merged(places) if file in by_file else places
        return SourcePlaces(by_file, (*self.files, *other.files))


# Asks for the places in some files of a project, or in all for None; what it gives waits for the answer.
AskPlaces = Callable[[Sequence[str] | None], Callable[[], SourcePlaces]]


class PlaceFinder:
    """The places in one version of a project's sources: each file is asked for once, whoever wants to know."""

    def __init__(self, ask: AskPlaces) -> None:
        self._ask = ask
        self._asked: dict[frozenset[str] | None, Callable[[], SourcePlaces]] = {}
        self._answers: dict[frozenset[str] | None, SourcePlaces] = {}

    def begin(self, paths: Sequence[str]) -> None:
        """Asks for files that will be wanted soon, without waiting. Raises what asking raises."""
        files = frozenset(paths)
        if files and files not in self._asked:
            self._asked[files] = self._ask(list(paths))

    def find(self, paths: Sequence[str] | None) -> SourcePlaces:
        """The places in these files, in all for None. Raises what asking raises."""
        if paths is None:
            return self._answer(None)
        left = frozenset(paths)
        parts: list[frozenset[str]] = []
        for files in self._asked:
            if files is not None and files <= left:
                parts.append(files)
                left -= files
        if left:
            parts.append(left)
        return reduce(SourcePlaces.merged, [self._answer(files) for files in parts])

    def _answer(self, files: frozenset[str] | None) -> SourcePlaces:
        found = self._answers.get(files)
        if found is None:
            if files not in self._asked:
                self._asked[files] = self._ask(None if files is None else sorted(files))
            found = self._answers[files] = self._asked[files]()
        return found


def read_places(paths: Sequence[Json], declarations: Sequence[Json], operations: Sequence[Json], bodies: Sequence[Json]) -> SourcePlaces:
    """Rows of the worker's answer as places."""
    files = [str(path) for path in paths]
    found: dict[str, FilePlaces] = defaultdict(FilePlaces)
    for row in cast("Sequence[PlaceRow]", declarations):
        found[files[row[FILE]]].declarations.setdefault(row[KEY], row)
    for row in cast("Sequence[PlaceRow]", operations):
        found[files[row[FILE]]].operate(row)
    return SourcePlaces(dict(found), read_files(paths, bodies))
