"""IL offsets -> places in source files, by the sequence points of a module's PDB."""

from __future__ import annotations

from bisect import bisect_right

from compiler.diagnostics import Location
from compiler.flow.facts import Member, Origin
from compiler.metadata.portable_pdb import PortablePdb, SequencePoint
from compiler.types.definitions import MethodDefinition, Module


class Positions:
    """Places of one module. Without a PDB every answer is None."""

    def __init__(self, module: Module, pdb: PortablePdb | None) -> None:
        self._module = module
        self._pdb = pdb
        self._points: dict[int, list[SequencePoint]] = {}
        self._declarations: dict[Member, Location] = {}

    def at(self, origin: Origin) -> Location | None:
        """The statement around an IL offset: that of the last visible sequence point at or before it, else the method's first."""
        if origin.il_offset < 0 or not isinstance(origin.member, MethodDefinition):
            return self.declaration(origin.member)
        points = self._visible_points(origin.member)
        if not points:
            return None
        index = bisect_right([point.il_offset for point in points], origin.il_offset) - 1
        return _location(points[max(index, 0)])

    def declaration(self, member: Member) -> Location | None:
        """The place of a declaration, None where it is not known: symbols have places of statements alone."""
        return self._declarations.get(member)

    def _visible_points(self, method: MethodDefinition) -> list[SequencePoint]:
        if self._pdb is None or method.module is not self._module:
            return []
        points = self._points.get(method.rid)
        if points is None:
            points = self._points[method.rid] = [p for p in self._pdb.sequence_points(method.rid) if p.line]
        return points


def _location(point: SequencePoint) -> Location:
    return Location(point.document, point.line, point.column, point.end_line, point.end_column)
