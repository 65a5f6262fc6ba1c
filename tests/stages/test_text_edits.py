"""Which lines an edit touches, and where the others are."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from analyzers.text_edits import TextEdits
from compiler.csharp.places import FilePlaces, PlaceFinder, SourcePlaces
from compiler.diagnostics import Location
from compiler.metadata.hashing import Hashes, HashNumbers, StringHashes, common_ends, mix, mix_one, text_hash
from compiler.metadata.portable_pdb import Document, Documents


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


def test_hashes_are_numbered_as_they_come() -> None:
    numbers = HashNumbers()
    assert numbers.look_up(np.array([0, 7], np.uint64))[1].tolist() == [False, False]
    # Of the first many share their first bits, of the others their last ones.
    keys = np.array([*range(1, 2000), *(number << 50 for number in range(1, 2000))], np.uint64)
    for part in (keys[:5], keys[5:3000], keys[3000:]):
        numbers.add(part)
    found, is_known = numbers.look_up(np.concatenate((keys[::-1], np.array([0, 1 << 40], np.uint64))))
    assert is_known.tolist() == [True] * len(keys) + [False, False]
    assert found[: len(keys)].tolist() == list(range(len(keys)))[::-1]


def test_ends_that_are_equal() -> None:
    def ends(first: str, second: str) -> tuple[int, int]:
        return common_ends(*(np.frombuffer(text.encode(), np.uint8).astype(np.uint64) for text in (first, second)))

    assert [ends("abcd", "abcd"), ends("abcd", "abxd"), ends("abcd", "abcxyd"), ends("abb", "ab"), ends("", "a")] == [
        (4, 0), (2, 1), (3, 1), (2, 0), (0, 0),
    ]  # fmt: skip


def test_places_are_asked_for_once() -> None:
    asked: list[list[str] | None] = []

    def ask(paths: Sequence[str] | None) -> Callable[[], SourcePlaces]:
        asked.append(None if paths is None else list(paths))
        by_file = {path: FilePlaces({path: (path, 0, 1, 1, 1, 2, 0)}) for path in paths or ()}
        return lambda: SourcePlaces(by_file)

    finder = PlaceFinder(ask)
    finder.begin(["a"])
    assert sorted(finder.find(["b", "a"]).by_file) == ["a", "b"]
    assert finder.find(["a"]).by_file["a"] is finder.find(["a", "b"]).by_file["a"]
    finder.find(None)
    assert asked == [["a"], ["b"], None]


def test_documents_that_share_a_hash_change_together() -> None:
    names, hashes = (np.array(offsets, np.uint32).tobytes() for offsets in ([1, 1, 1], [3, 3, 6]))
    heap = b"\0\1/\2ab\2cd"
    documents = Documents([Document("x", b"")] * 3, names, hashes, heap, len(heap))
    assert documents.changed(names, hashes, heap.replace(b"ab", b"ax")) == [0, 1]
    assert documents.changed(names, hashes, heap.replace(b"d", b"x")) == [2]
    assert documents.changed(names, hashes, heap) == []
    assert documents.changed(names, hashes, heap.replace(b"/", b"y")) is None
