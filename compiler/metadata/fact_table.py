"""Facts of one version of an image: a key for each, which names it in every version, and a value that is another one when the fact is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from compiler.metadata.hashing import Hashes, is_in, mix, mix_one, text_hash
from compiler.metadata.row_identity import type_id

_ALL_BITS = (1 << 64) - 1


class FactKind(IntEnum):
    """What a key is about; the value sets keys of one row apart."""

    HEADER = 0x9D3F2A8B5C1E7F01
    METHOD = 0xC2B2AE3D27D4EB4F
    FIELD = 0x165667B19E3779F9
    MEMBERS = 0x27D4EB2F165667C5
    EVERYTHING = 0x2545F4914F6CDD1D
    NAMED = 0x85EBCA77C2B2AE63
    BODY = 0xFF51AFD7ED558CCD
    WHOLE = 0xC4CEB9FE1A85EC53
    GUARDS = 0x9FB21C651E98DF25
    GENERIC_CODE = 0xA0761D6478BD642F


@dataclass(slots=True)
class FactTable:
    """Keys and values of all facts of one version, in parallel; `row_keys[kind]` has the keys of rows by number (index 0: none).
    A key that several rows have, that of a name, stands for all of them: it has changed when one of them has.
    `ends` are where the kinds of facts end; those of bodies, in the order of their methods, begin at `bodies`."""

    keys: Hashes
    values: Hashes
    row_keys: dict[FactKind, Hashes]
    ends: tuple[int, ...]
    bodies: int

    def changed_since(self, before: FactTable) -> Hashes:
        """The keys whose value differs, or which only one of the two versions has."""
        if self.keys is before.keys:
            found: Hashes = self.keys[self.values != before.values]
            return found
        parts = [
            _changed(self.keys[new], self.values[new], before.keys[old], before.values[old])
            for new, old in zip(self._blocks(), before._blocks(), strict=True)
        ]
        return np.unique(np.concatenate(parts))

    def _blocks(self) -> list[slice]:
        ends = [*self.ends, len(self.keys)]
        return [slice(start, end) for start, end in zip([0, *ends[:-1]], ends, strict=True)]


def _changed(keys: Hashes, values: Hashes, old_keys: Hashes, old_values: Hashes) -> Hashes:
    """The same for one kind of facts: rows at both ends that are equal are left out first."""
    if len(keys) == len(old_keys):
        differs = np.flatnonzero((keys != old_keys) | (values != old_values))
        if np.array_equal(keys[differs], old_keys[differs]):
            return keys[differs]
    common = min(len(keys), len(old_keys))
    first = _n_equal(keys[:common], values[:common], old_keys[:common], old_values[:common])
    common -= first
    ends = (column[len(column) - common :][::-1] for column in (keys, values, old_keys, old_values))
    last = _n_equal(*ends)
    new, old = slice(first, len(keys) - last), slice(first, len(old_keys) - last)
    ours, theirs = mix(keys[new], values[new]), mix(old_keys[old], old_values[old])
    return np.concatenate((keys[new][~is_in(ours, theirs)], old_keys[old][~is_in(theirs, ours)]))


def _n_equal(keys: Hashes, values: Hashes, old_keys: Hashes, old_values: Hashes) -> int:
    """How many rows at the beginning are equal."""
    differs = (keys != old_keys) | (values != old_values)
    return int(differs.argmax()) if differs.any() else len(differs)


def key_of(kind: FactKind, hashes: Hashes) -> Hashes:
    """The keys of facts of a kind about what `hashes` identify."""
    return hashes + np.uint64(int(kind))


def header_key(path: Sequence[str]) -> int:
    """The key of the header of the type that `type_id` identifies by its path."""
    return (type_id(path) + FactKind.HEADER) & _ALL_BITS


def named_key(type_hash: int, name: str) -> int:
    """The key of the methods called `name` of the type with that identity."""
    return (mix_one(type_hash, text_hash(name)) + FactKind.NAMED) & _ALL_BITS
