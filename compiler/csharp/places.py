"""Where declarations and operations stand in the source, as the C# worker sees it: plain values.

Keys are documentation ids, and what `worker/Places.cs` adds to them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from compiler.csharp.bodies import SourceFile, read_files
from compiler.csharp.wire import Json
from compiler.diagnostics import Location


@dataclass(frozen=True, slots=True)
class SourcePlace:
    """One place. `depth` counts the lambdas and local functions around it."""

    key: str
    location: Location
    depth: int


@dataclass(frozen=True, slots=True)
class SourcePlaces:
    """The places of a project's files, in source order per file, and the bodies in them."""

    declarations: tuple[SourcePlace, ...]
    operations: tuple[SourcePlace, ...]
    files: tuple[SourceFile, ...] = ()


@dataclass(frozen=True, slots=True)
class PlaceFinder:
    """Asks for the places in some files of a project, or in all for None."""

    find: Callable[[Sequence[str] | None], SourcePlaces]


def read_places(paths: Sequence[Json], declarations: Sequence[Json], operations: Sequence[Json], bodies: Sequence[Json]) -> SourcePlaces:
    """Rows of the worker's answer as places."""
    files = [str(path) for path in paths]
    return SourcePlaces(
        tuple(_place(files, row) for row in declarations), tuple(_place(files, row) for row in operations), read_files(paths, bodies)
    )


def _place(files: list[str], row: Json) -> SourcePlace:
    assert isinstance(row, list), "a place is a list"
    key, *numbers = row
    file, line, column, end_line, end_column, depth = (n if isinstance(n, int) else 0 for n in numbers)
    return SourcePlace(str(key), Location(files[file], line, column, end_line, end_column), depth)
