"""Which lines an edit touches, and where the others are."""

from __future__ import annotations

import numpy as np

from analyzers.text_edits import TextEdits
from compiler.diagnostics import Location
from compiler.metadata.hashing import Hashes, StringHashes, mix, mix_one, text_hash


def edits(old: str, new: str) -> TextEdits:
    return TextEdits({"f": old}, {"f": new})


def test_lines_behind_an_edit_move() -> None:
    changed = edits("a\nb\nc\nd\n", "a\nx\ny\nc\nd\n")
    assert changed.files == ["f"]
    assert [changed.touches("f", line, line) for line in (1, 2, 3, 4)] == [False, True, False, False]
    assert changed.shift(Location("f", 1, 1, 1, 2)) == Location("f", 1, 1, 1, 2)
    assert changed.shift(Location("f", 2, 1, 2, 2)) is None
    assert changed.shift(Location("f", 3, 1, 4, 2)) == Location("f", 4, 1, 5, 2)


def test_what_spans_an_insertion_is_touched() -> None:
    changed = edits("a\nb\n", "a\n\nb\n")
    assert changed.touches("f", 1, 2)
    assert not changed.touches("f", 1, 1) and not changed.touches("f", 2, 2)
    assert changed.line("f", 2) == 3


def test_files_that_come_and_go_are_touched_whole() -> None:
    changed = TextEdits({"old": "a", "same": "b"}, {"new": "a", "same": "b"})
    assert sorted(changed.files) == ["new", "old"]
    assert changed.touches("old", 1, 1) and not changed.touches("same", 1, 1)


def test_hashes_of_columns_are_those_of_single_values() -> None:
    heap = b"\0Name\0Another.Name\0\xc3\xa4\0"
    hashes: Hashes = StringHashes(heap).at(np.array([0, 1, 6, 19]))
    assert hashes.tolist() == [text_hash(text) for text in ("", "Name", "Another.Name", "ä")]
    assert mix(hashes, hashes[::-1]).tolist() == [mix_one(*pair) for pair in zip(hashes.tolist(), hashes[::-1].tolist(), strict=True)]
