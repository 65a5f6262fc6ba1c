"""A type's name -> its TypeDef row, found in the heap of names.

Of a version of an assembly that lives for one edit a few types are looked up; a dictionary of all of them pays only after some more.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from compiler.metadata.image import Image
from compiler.metadata.tokens import TableId

_FEW, _MANY = 64, 16


class TypesByName:
    """Look-ups by (enclosing row, namespace, name); `enclosing` has the row of the type around each TypeDef row, 0 for none.

    Of several types with one name, which no valid file has, the first is found.
    """

    def __init__(self, image: Image, enclosing: NDArray[np.uint32]) -> None:
        self._image = image
        self._enclosing = enclosing
        self._found: dict[tuple[int, str, str], int] = {}
        self._n_asked = 0
        self._is_complete = False

    def row(self, outer: int, namespace: str, name: str) -> int:
        """The row of a type, 0 when there is none. A nested type's namespace is empty. Raises BadImage."""
        key = (outer, namespace, name)
        found = self._found.get(key)
        if found is not None or self._is_complete:
            return found or 0
        self._n_asked += 1
        rows = self._search(*key) if self._n_asked <= _FEW else None
        if rows is None:
            self._complete()
            return self._found.get(key, 0)
        found = self._found[key] = min(rows, default=0)
        return found

    def _search(self, outer: int, namespace: str, name: str) -> list[int] | None:
        """The rows of that name; None when so many strings end like it that a dictionary is cheaper."""
        names = np.frombuffer(self._image.column(TableId.TYPE_DEF, "TypeName"), np.uint32)
        spaces = self._image.column(TableId.TYPE_DEF, "TypeNamespace")
        heap, wanted = self._image.strings_heap, name.encode("utf-8", "surrogatepass") + b"\0"
        found: list[int] = []
        n_offsets = 0
        if "\0" in name:
            return found
        # A name may also be the end of another one.
        offset = heap.find(wanted)
        while offset >= 0:
            n_offsets += 1
            if n_offsets > _MANY:
                return None
            found.extend(row + 1 for row in np.flatnonzero(names == offset).tolist())
            offset = heap.find(wanted, offset + 1)
        return [row for row in found if self._enclosing[row] == outer and (outer or self._image.string(spaces[row - 1]) == namespace)]

    def _complete(self) -> None:
        image = self._image
        names, spaces = (image.column(TableId.TYPE_DEF, name) for name in ("TypeName", "TypeNamespace"))
        for row in range(len(names), 0, -1):
            outer = int(self._enclosing[row])
            self._found[outer, "" if outer else image.string(spaces[row - 1]), image.string(names[row - 1])] = row
        self._is_complete = True
