"""The bodies of a source file as the C# worker sees them: control-flow graphs of operations, in rows that refer to tables of symbols.

`worker/Bodies.cs` and `worker/Symbols.cs` say what the rows hold. Nothing here reads them; `compiler/flow` does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from compiler.csharp.wire import Json
from compiler.diagnostics import Location

Row = Sequence[Json]


@dataclass(frozen=True, slots=True, eq=False)
class SourceFile:
    """One file: its path, the symbols that its bodies name, and the bodies."""

    path: str
    types: Sequence[Row]
    methods: Sequence[Row]
    fields: Sequence[Row]
    bodies: Sequence[Row]

    def spans(self) -> list[Location]:
        """The places of all bodies."""
        return [self.span(number) for number in range(len(self.bodies))]

    def span(self, number: int) -> Location:
        """The place of body `number`, from its declaration to its end."""
        place = self.bodies[number][2]
        assert isinstance(place, list), "a place is a list"
        line, column, end_line, end_column = (each if isinstance(each, int) else 0 for each in place)
        return Location(self.path, line, column, end_line, end_column)


def read_files(paths: Sequence[Json], files: Sequence[Json]) -> tuple[SourceFile, ...]:
    """The worker's answer as files; both lists are in the same order."""
    return tuple(_file(str(path), file) for path, file in zip(paths, files, strict=True))


def _file(path: str, file: Json) -> SourceFile:
    assert isinstance(file, Mapping), "a file is an object"
    return SourceFile(path, *(_rows(file.get(name)) for name in ("types", "methods", "fields", "bodies")))


def _rows(value: Json) -> list[Row]:
    assert isinstance(value, list), "a table is a list"
    return value
