"""Bytes -> 64-bit hashes, whole columns at once (numpy): what rows and heaps are compared by from one version of an assembly to the next.

A hash of a span is the polynomial over its bytes, taken from sums over the heap, so thousands of names cost as much as one. Hashes
tell changes apart, they guard nothing: nobody gains by making two versions of a file of his own look alike.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Numbers = NDArray[np.int64]

_BASE = 0x9E3779B97F4A7C15
_BASE_INVERSE = pow(_BASE, -1, 1 << 64)
_FIRST_STEP, _SECOND_STEP, _OF_LENGTH = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0xD6E8FEB86659FD93
_FIRST, _SECOND, _LENGTH = np.uint64(_FIRST_STEP), np.uint64(_SECOND_STEP), np.uint64(_OF_LENGTH)
_SHIFT_1, _SHIFT_2 = np.uint64(29), np.uint64(32)
_ALL_BITS = (1 << 64) - 1


def mix(first: Hashes, *rest: Hashes | np.uint64) -> Hashes:
    """One hash per row from several columns; the order of the columns counts."""
    result = first.astype(np.uint64)
    for column in rest:
        result = (result ^ (result >> _SHIFT_1)) * _FIRST + column
    result = (result ^ (result >> _SHIFT_2)) * _SECOND
    return result ^ (result >> _SHIFT_1)


def mix_one(first: int, *rest: int) -> int:
    """What `mix` gives for one row."""
    result = first
    for column in rest:
        result = ((result ^ (result >> 29)) * _FIRST_STEP + column) & _ALL_BITS
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
    """Hashes of the strings of a #Strings heap (ECMA-335 II.24.2.3)."""

    def __init__(self, heap: bytes) -> None:
        self._spans = SpanHashes(heap)
        self._ends = np.flatnonzero(self._spans.bytes == 0)

    def at(self, offsets: NDArray[np.generic]) -> Hashes:
        """The hash of the string at each offset. Raises IndexError when one leaves the heap."""
        starts = offsets.astype(np.int64)
        return self._spans.spans(starts, self._ends[np.searchsorted(self._ends, starts)])

    def first_bytes(self, offsets: NDArray[np.generic]) -> NDArray[np.uint8]:
        """The first byte of the string at each offset, 0 for an empty one."""
        return self._spans.bytes[offsets.astype(np.int64)]


class BlobHashes:
    """Hashes of the blobs of a #Blob or #US heap (ECMA-335 II.24.2.4)."""

    def __init__(self, heap: bytes) -> None:
        self._spans = SpanHashes(heap + bytes(4))
        self._size = len(heap)

    def at(self, offsets: NDArray[np.generic]) -> Hashes:
        """The hash of the blob at each offset. Raises IndexError when one leaves the heap."""
        starts = offsets.astype(np.int64)
        if len(starts) and int(starts.max()) >= max(self._size, 1):
            raise IndexError("a blob begins outside its heap")
        data = self._spans.bytes
        b0, b1, b2, b3 = (data[starts + i].astype(np.int64) for i in range(4))
        length = np.where(b0 < 0x80, b0, np.where(b0 < 0xC0, (b0 & 0x3F) << 8 | b1, (b0 & 0x1F) << 24 | b1 << 16 | b2 << 8 | b3))
        begin = starts + np.where(b0 < 0x80, 1, np.where(b0 < 0xC0, 2, 4))
        end = begin + np.where(starts == 0, 0, length)
        if len(end) and int(end.max()) > self._size + 4:
            raise IndexError("a blob leaves its heap")
        return self._spans.spans(begin, end)


def is_in(values: Hashes, others: Hashes) -> NDArray[np.bool_]:
    """Which of `values` are among `others`."""
    if not len(others):
        return np.zeros(len(values), dtype=bool)
    ordered = np.sort(others)
    found: NDArray[np.bool_] = ordered[np.minimum(np.searchsorted(ordered, values), len(ordered) - 1)] == values
    return found


def sum_by(keys: Numbers, values: Hashes, count: int) -> Hashes:
    """The sum of the values per key, for keys below `count`; index is the key. Raises IndexError for other keys."""
    result = np.zeros(count, dtype=np.uint64)
    np.add.at(result, keys, values)
    return result
