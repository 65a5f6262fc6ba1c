"""Bytes -> 64-bit hashes, whole columns at once (numpy): what rows and heaps are compared by from one version of an assembly to the next.

A hash of a span is the polynomial over its bytes, taken from sums over the heap, so thousands of names cost as much as one. Hashes
tell changes apart, they guard nothing: nobody gains by making two versions of a file of his own look alike.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Numbers = NDArray[np.int64]

_BASE = 0x9E3779B97F4A7C15
_BASE_INVERSE = pow(_BASE, -1, 1 << 64)
_FIRST_STEP, _SECOND_STEP, _OF_LENGTH = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0xD6E8FEB86659FD93
_FIRST, _SECOND, _LENGTH = np.uint64(_FIRST_STEP), np.uint64(_SECOND_STEP), np.uint64(_OF_LENGTH)
# Bytes that tell a place in a heap apart; how far to look for it; how many bytes are compared first.
_RUN, _FARTHEST, _FIRST_STRETCH = 24, 1024, 256
_MOST_RUNS = 64
_FEWEST_SLOT_BITS, _SLOTS_FOR_EACH = 8, 4
# So few hashes are looked for sooner by comparing all with each.
_COMPARED_ONE_BY_ONE = 8
_SHIFT_1, _SHIFT_2 = np.uint64(29), np.uint64(32)
_ALL_BITS = (1 << 64) - 1


def mix(first: Hashes, *rest: Hashes | np.uint64) -> Hashes:
    """One hash per row from several columns; the order of the columns counts.

    The columns are the coefficients of a polynomial, whose value is then spread over all bits.
    """
    result = first.astype(np.uint64)
    for column in rest:
        result *= _FIRST
        result += column
    shifted = result >> _SHIFT_2
    result ^= shifted
    result *= _SECOND
    np.right_shift(result, _SHIFT_1, out=shifted)
    result ^= shifted
    return result


def mix_one(first: int, *rest: int) -> int:
    """What `mix` gives for one row."""
    result = first
    for column in rest:
        result = (result * _FIRST_STEP + column) & _ALL_BITS
    result = ((result ^ (result >> 32)) * _SECOND_STEP) & _ALL_BITS
    return result ^ (result >> 29)


def _byte_values() -> Hashes:
    """One random-looking number per byte value, never 0: a byte more or less always counts."""
    return mix(np.arange(1, 257, dtype=np.uint64))


_BYTE_VALUES = _byte_values()
_VALUE_OF_BYTE: list[int] = _BYTE_VALUES.tolist()


class _Powers:
    """Powers of the base and of its inverse modulo 2^64. Invariant: both arrays are of one length, index is the exponent."""

    def __init__(self) -> None:
        self._up = np.ones(1, dtype=np.uint64)
        self._down = np.ones(1, dtype=np.uint64)

    def up(self, count: int) -> Hashes:
        """The powers below `count`."""
        self._grow(count)
        return self._up[:count]

    def down_at(self, exponents: Numbers) -> Hashes:
        """The powers of the inverse for each exponent."""
        self._grow(int(exponents.max(initial=0)) + 1)
        return self._down[exponents]

    def _grow(self, count: int) -> None:
        if count > len(self._up):
            size = max(count, 2 * len(self._up), 1 << 16)
            self._up = _powers_of(_BASE, size)
            self._down = _powers_of(_BASE_INVERSE, size)


def _powers_of(base: int, count: int) -> Hashes:
    steps = np.full(count, base, dtype=np.uint64)
    steps[0] = 1
    return np.cumprod(steps, dtype=np.uint64)


_POWERS = _Powers()


class SpanHashes:
    """Hashes of spans of some bytes."""

    def __init__(self, data: bytes) -> None:
        self.size = len(data)
        self.bytes = np.frombuffer(data, dtype=np.uint8)
        self._sums = np.zeros(self.size + 1, dtype=np.uint64)
        np.cumsum(_BYTE_VALUES[self.bytes] * _POWERS.up(self.size), out=self._sums[1:])

    def spans(self, starts: Numbers, ends: Numbers) -> Hashes:
        """The hash of each span. Raises IndexError when one leaves the bytes."""
        inside = (self._sums[ends] - self._sums[starts]) * _POWERS.down_at(starts)
        return mix(inside, (ends - starts).astype(np.uint64) * _LENGTH)


def text_hash(text: str) -> int:
    """The hash that `StringHashes` gives the same text."""
    data = text.encode("utf-8", "surrogatepass")
    total, power = 0, 1
    for byte in data:
        total += _VALUE_OF_BYTE[byte] * power
        power = power * _BASE & _ALL_BITS
    return mix_one(total & _ALL_BITS, len(data) * _OF_LENGTH & _ALL_BITS)


class StringHashes:
    """Hashes of the strings of a #Strings heap (ECMA-335 II.24.2.3). Many columns name most of them: all are hashed at once.

    A string may begin inside another one, with which it shares the end: `_hashes` has one for each byte of the heap up to the last zero.
    Those of the heap `before` are taken over where the bytes are the same.
    """

    def __init__(self, heap: bytes, before: StringHashes | None = None) -> None:
        self.heap = heap
        size = heap.rfind(b"\0") + 1
        self._hashes = np.empty(size, dtype=np.uint64)
        done = 0
        for old, new, length in aligned_runs(before.heap, heap) if before is not None else ():
            # What begins behind the last zero of a run ends elsewhere.
            end = heap.rfind(b"\0", new, new + length) + 1
            if before is not None and end > new:
                self._hash(done, new)
                self._hashes[new:end] = before._hashes[old : old + end - new]
                done = end
        self._hash(done, size)

    def _hash(self, start: int, end: int) -> None:
        """Hashes the strings that begin from `start` to `end`."""
        if start < end:
            spans = SpanHashes(self.heap[start : self.heap.index(b"\0", end - 1) + 1])
            ends = np.flatnonzero(spans.bytes == 0)
            self._hashes[start:end] = spans.spans(np.arange(end - start), np.repeat(ends, np.diff(ends, prepend=-1))[: end - start])

    def at(self, offsets: NDArray[np.generic]) -> Hashes:
        """The hash of the string at each offset. Raises IndexError when one leaves the heap."""
        return self._hashes[offsets.astype(np.int64, copy=False)]

    def first_bytes(self, offsets: NDArray[np.generic]) -> NDArray[np.uint8]:
        """The first byte of the string at each offset, 0 for an empty one."""
        return np.frombuffer(self.heap, dtype=np.uint8)[offsets.astype(np.int64, copy=False)]


def aligned_runs(old: bytes, new: bytes) -> Iterator[tuple[int, int, int]]:
    """Stretches of bytes that are equal, in order: where each is in `old` and in `new`, and its length.

    Finds what was put in, taken out or replaced here and there; where more than that differs it gives up and leaves the rest out.
    """
    first, second = (np.frombuffer(each, dtype=np.uint8) for each in (old, new))
    at_old = at_new = 0
    for _ in range(_MOST_RUNS):
        length = _n_common(first[at_old:], second[at_new:])
        if length:
            yield at_old, at_new, length
        at_old, at_new = at_old + length, at_new + length
        found = _next_run(old, new, at_old, at_new)
        if found is None:
            return
        at_old, at_new = found


def _n_common(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> int:
    """How many bytes at the beginning are equal."""
    size, done, step = min(len(first), len(second)), 0, _FIRST_STRETCH
    while done < size:
        differs = first[done : min(done + step, size)] != second[done : min(done + step, size)]
        position = int(differs.argmax())
        if differs[position]:
            return done + position
        done, step = min(done + step, size), step * 4
    return size


def _next_run(old: bytes, new: bytes, at_old: int, at_new: int) -> tuple[int, int] | None:
    """Where the bytes are equal again behind a difference: the nearest place where as many as tell a place apart are."""
    for skipped in range(0, _FARTHEST, _RUN):
        here, there = at_old + skipped, at_new + skipped
        put_in = new.find(old[here : here + _RUN], at_new, at_new + _FARTHEST) if here + _RUN <= len(old) else -1
        if put_in >= 0:
            return here, put_in
        taken_out = old.find(new[there : there + _RUN], at_old, at_old + _FARTHEST) if there + _RUN <= len(new) else -1
        if taken_out >= 0:
            return taken_out, there
    return None


class BlobHashes:
    """Hashes of the blobs of a #Blob or #US heap (ECMA-335 II.24.2.4)."""

    def __init__(self, heap: bytes) -> None:
        self.heap = heap
        self._spans = SpanHashes(heap + bytes(4))
        self._size = len(heap)

    def at(self, offsets: NDArray[np.generic]) -> Hashes:
        """The hash of the blob at each offset. Raises IndexError when one leaves the heap."""
        starts, where = distinct(offsets.astype(np.int64, copy=False), max(self._size, 1))
        return self.each(starts)[where]

    def each(self, starts: Numbers) -> Hashes:
        """The same for offsets that lie inside the heap and are seldom equal."""
        data = self._spans.bytes
        b0, b1, b2, b3 = (data[starts + i].astype(np.int64) for i in range(4))
        length = np.where(b0 < 0x80, b0, np.where(b0 < 0xC0, (b0 & 0x3F) << 8 | b1, (b0 & 0x1F) << 24 | b1 << 16 | b2 << 8 | b3))
        begin = starts + np.where(b0 < 0x80, 1, np.where(b0 < 0xC0, 2, 4))
        end = begin + np.where(starts == 0, 0, length)
        if len(end) and int(end.max()) > self._size + 4:
            raise IndexError("a blob leaves its heap")
        return self._spans.spans(begin, end)


def distinct(numbers: Numbers, limit: int) -> tuple[Numbers, Numbers]:
    """The different ones of `numbers`, sorted, and which of these each is. Raises IndexError when one is not below `limit`."""
    occurs = np.zeros(limit, dtype=bool)
    occurs[numbers] = True
    found = np.flatnonzero(occurs)
    index = np.empty(limit, dtype=np.int64)
    index[found] = np.arange(len(found))
    return found, index[numbers]


def is_in(values: Hashes, others: Hashes) -> NDArray[np.bool_]:
    """Which of `values` are among `others`."""
    if len(others) <= _COMPARED_ONE_BY_ONE:
        result = np.zeros(len(values), dtype=bool)
        for other in others:
            result |= values == other
        return result
    ordered = np.sort(others)
    found: NDArray[np.bool_] = ordered[np.minimum(np.searchsorted(ordered, values), len(ordered) - 1)] == values
    return found


def common_ends(first: Hashes, second: Hashes) -> tuple[int, int]:
    """How many rows of two columns are equal at the beginning, and how many more at the end."""
    size = min(len(first), len(second))
    differs = first[:size] != second[:size]
    if not differs.any():
        return size, 0
    at_begin = int(differs.argmax())
    left = size - at_begin
    differs = first[len(first) - left :][::-1] != second[len(second) - left :][::-1]
    return at_begin, int(differs.argmax()) if differs.any() else left


class HashNumbers:
    """Numbers hashes from 0 in the order in which they come.

    A hash is looked for in the slot that its first bits name, then in that of its last bits; the few that share both with another one
    are searched for. Invariant: `_first` and `_second` hold numbers of `_keys`.
    """

    def __init__(self) -> None:
        self._keys = np.zeros(1, np.uint64)
        self._count = 0
        self._resize(_FEWEST_SLOT_BITS)

    def __len__(self) -> int:
        return self._count

    def look_up(self, hashes: Hashes) -> tuple[Numbers, NDArray[np.bool_]]:
        """The number of each hash, and whether it has one; the number of one that has none means nothing."""
        found = self._first[hashes >> self._shift]
        is_known: NDArray[np.bool_] = self._keys[found] == hashes
        for search in (self._in_second, self._in_all):
            left = np.flatnonzero(~is_known)
            if len(left):
                found[left], is_known[left] = search(hashes[left])
        return found, is_known if self._count else np.zeros(len(hashes), dtype=bool)

    def _in_second(self, hashes: Hashes) -> tuple[Numbers, NDArray[np.bool_]]:
        found = self._second[hashes & self._mask]
        return found, self._keys[found] == hashes

    def _in_all(self, hashes: Hashes) -> tuple[Numbers, NDArray[np.bool_]]:
        found = self._order[np.minimum(np.searchsorted(self._sorted, hashes), len(self._order) - 1)]
        return found, self._keys[found] == hashes

    def add(self, hashes: Hashes) -> None:
        """Numbers hashes that are not known, each once."""
        self._keys = np.concatenate((self._keys[: self._count], hashes))
        self._count = len(self._keys)
        self._resize(max((_SLOTS_FOR_EACH * self._count).bit_length(), _FEWEST_SLOT_BITS))

    def _resize(self, bits: int) -> None:
        self._shift, self._mask = np.uint64(64 - bits), np.uint64((1 << bits) - 1)
        self._first, self._second = np.zeros(1 << bits, np.int64), np.zeros(1 << bits, np.int64)
        numbers = np.arange(len(self._keys))
        self._first[self._keys >> self._shift] = numbers
        displaced = np.flatnonzero(self._first[self._keys >> self._shift] != numbers)
        self._second[self._keys[displaced] & self._mask] = displaced
        self._order = np.argsort(self._keys, kind="stable")
        self._sorted = self._keys[self._order]


def sum_by(keys: Numbers, values: Hashes, count: int) -> Hashes:
    """The sum of the values per key, for keys below `count`; index is the key. Raises IndexError for other keys."""
    result = np.zeros(count, dtype=np.uint64)
    np.add.at(result, keys, values)
    return result
