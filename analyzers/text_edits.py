"""Two versions of a project's texts -> which lines of which files an edit touched, and where the other lines are now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from compiler.csharp.places import COLUMN, END_COLUMN, END_LINE, LINE, PlaceRow
from compiler.diagnostics import Location


@dataclass(frozen=True, slots=True)
class _Edit:
    """The lines of one file that are not as before, from `first` to `last` of the old text, and by how much later lines moved."""

    first: int
    last: int
    moved: int


_WHOLE = _Edit(0, 1 << 30, 0)


class TextEdits:
    """What changed between two versions of the sources. A file that only one version has is changed as a whole."""

    def __init__(self, old: Mapping[str, str], new: Mapping[str, str]) -> None:
        self._edits: dict[str, _Edit] = {}
        texts: Iterable[tuple[str, str]] = new.items()
        if list(old) == list(new):
            # Texts that stay are mostly the same objects.
            texts = [(file, text) for file, text, before in zip(new, new.values(), old.values(), strict=True) if text is not before]
        for file, text in texts:
            before = old.get(file)
            if before is None:
                self._edits[file] = _WHOLE
            elif before != text:
                self._edits[file] = _edit(before.splitlines(), text.splitlines())
        self._edits.update((file, _WHOLE) for file in old.keys() - new.keys())

    def copy(self) -> TextEdits:
        """The same edits, for one who adds to them."""
        found = TextEdits({}, {})
        found._edits = dict(self._edits)  # noqa: SLF001 (its own class)
        return found

    def add_file(self, file: str) -> None:
        """A file whose texts are not known has changed."""
        self._edits.setdefault(file, _WHOLE)

    @property
    def files(self) -> list[str]:
        """The files that changed."""
        return list(self._edits)

    def touches(self, file: str, first: int, last: int) -> bool:
        """Whether a line from `first` to `last` of the old text may have changed."""
        edit = self._edits.get(file)
        return edit is not None and first <= edit.last and last >= edit.first

    def moves_from(self, file: str) -> int | None:
        """The line of the old text behind which untouched lines are elsewhere now; None when all stay."""
        edit = self._edits.get(file)
        return edit.last if edit is not None and edit.moved else None

    def line(self, file: str, line: int) -> int:
        """Where an untouched line of the old text is now."""
        edit = self._edits.get(file)
        return line + edit.moved if edit is not None and line > edit.last else line

    def shift(self, place: Location) -> Location | None:
        """Where an untouched place of the old text is now; None for a touched one."""
        edit = self._edits.get(place.file)
        if edit is None:
            return place
        if self.touches(place.file, place.line, place.end_line):
            return None
        if place.line <= edit.last or not edit.moved:
            return place
        return replace(place, line=place.line + edit.moved, end_line=place.end_line + edit.moved)


    def stays(self, file: str, old: PlaceRow, new: PlaceRow) -> bool:
        """Whether an untouched place of the old text is `new` now."""
        edit = self._edits.get(file)
        line, end = old[LINE], old[END_LINE]
        if edit is not None and line <= edit.last and end >= edit.first:
            return False
        moved = edit.moved if edit is not None and line > edit.last else 0
        is_there = line + moved == new[LINE] and end + moved == new[END_LINE]
        return is_there and old[COLUMN] == new[COLUMN] and old[END_COLUMN] == new[END_COLUMN]


def _edit(old: list[str], new: list[str]) -> _Edit:
    n_same = 0
    most = min(len(old), len(new))
    while n_same < most and old[n_same] == new[n_same]:
        n_same += 1
    n_after = 0
    while n_after < most - n_same and old[-1 - n_after] == new[-1 - n_after]:
        n_after += 1
    last = len(old) - n_after
    # Lines that were put in touch the place between two lines: the line before and the line after stay.
    return _Edit(n_same + 1, last, len(new) - len(old))
