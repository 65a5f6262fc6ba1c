"""Signature blobs (ECMA-335 II.23.2) -> hashes that do not depend on row numbers: tokens count by what they name.

A blob is taken apart once, into its shape and its tokens in order, and that is kept by its bytes for later versions of the assembly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from compiler.diagnostics import InputError
from compiler.metadata.hashing import Hashes, Numbers, mix
from compiler.metadata.image import Image
from compiler.metadata.signatures import (
    MethodSig,
    SigType,
    read_field_sig,
    read_local_sig,
    read_method_sig,
    read_method_spec,
    read_type_spec,
)
from compiler.metadata.tokens import TableId

_FIELD, _LOCALS, _METHOD_SPEC = 0x06, 0x07, 0x0A
Parts = tuple[int, tuple[int, ...]]


@dataclass(slots=True)
class SignatureMemory:
    """Bytes of a blob -> (hash of its shape, tokens in order), for types and for other signatures apart; hash of a method's name ->
    whether a compiler made it from a body."""

    types: dict[bytes, Parts] = field(default_factory=dict)
    others: dict[bytes, Parts] = field(default_factory=dict)
    made_from_bodies: dict[int, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SignatureColumn:
    """The signatures of one column, one per row.

    `ids` tell them apart. `rows` and `types` are parallel: the rows (from 0) whose signature names a type of the own module, and the
    TypeDef row that it names. `heads` are the first tokens, 0 for none: the generic type of a type specification.
    """

    ids: Hashes
    rows: Numbers
    types: Numbers
    heads: Numbers


def hash_signatures(
    image: Image, memory: SignatureMemory, offsets: NDArray[np.generic] | None, ids: dict[int, Hashes], *, is_type: bool
) -> SignatureColumn:
    """The signatures at `offsets` of #Blob; `ids` has what TypeDef, TypeRef and TypeSpec rows name. Raises BadImage and IndexError."""
    if offsets is None:
        nothing = np.zeros(0, np.int64)
        return SignatureColumn(np.zeros(0, np.uint64), nothing, nothing, nothing)
    known = memory.types if is_type else memory.others
    unique, where = np.unique(offsets.astype(np.int64), return_inverse=True)
    shapes: list[int] = []
    heads: list[int] = []
    tokens: list[int] = []
    owners: list[int] = []
    for index, offset in enumerate(unique.tolist()):
        blob = image.blob(offset)
        parts = known.get(blob)
        if parts is None:
            parts = known[blob] = _take_apart(blob, is_type=is_type)
        shapes.append(parts[0])
        heads.append(parts[1][0] if parts[1] else 0)
        if parts[1]:
            tokens.extend(parts[1])
            owners.extend([index] * len(parts[1]))
    result = np.array(shapes, dtype=np.uint64)
    token_array, owner_array = np.array(tokens, dtype=np.int64), np.array(owners, dtype=np.int64)
    if tokens:
        # The position of a token among all of its blob counts.
        firsts = np.searchsorted(owner_array, owner_array)
        positions = (np.arange(len(owner_array)) - firsts).astype(np.uint64)
        np.add.at(result, owner_array, mix(token_ids(token_array, ids), positions))
    own = token_array >> 24 == TableId.TYPE_DEF
    rows, types = _per_row(where, owner_array[own], token_array[own] & 0xFFFFFF, len(unique))
    return SignatureColumn(mix(result)[where], rows, types, np.array(heads, dtype=np.int64)[where])


def _per_row(where: Numbers, owners: Numbers, types: Numbers, n_blobs: int) -> tuple[Numbers, Numbers]:
    """(row, type) pairs from (blob, type) pairs: every row of a blob has its types."""
    order = np.argsort(where, kind="stable")
    counts = np.bincount(where, minlength=n_blobs)
    firsts = np.cumsum(counts) - counts
    repeats = counts[owners]
    total = int(repeats.sum())
    within = np.arange(total) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    return order[np.repeat(firsts[owners], repeats) + within], np.repeat(types, repeats)


def token_ids(tokens: Numbers, ids: dict[int, Hashes]) -> Hashes:
    """What each token names. Raises IndexError for a row that does not exist; tables without ids count by their number alone."""
    result = (tokens >> 24).astype(np.uint64)
    for table, column in ids.items():
        chosen = tokens >> 24 == table
        if chosen.any():
            result[chosen] = column[tokens[chosen] & 0xFFFFFF]
    return result


def _take_apart(blob: bytes, *, is_type: bool) -> Parts:
    shape: list[object] = []
    tokens: list[int] = []
    try:
        _flatten(_read(blob, is_type=is_type), shape, tokens)
    except InputError:
        # A malformed signature is what its bytes are.
        shape, tokens = ["malformed", blob], []
    digest = blake2b(repr(shape).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little"), tuple(tokens)


def _read(blob: bytes, *, is_type: bool) -> object:
    if is_type:
        return read_type_spec("", blob)
    readers: dict[int, Callable[[str, bytes], object]] = {_FIELD: read_field_sig, _LOCALS: read_local_sig, _METHOD_SPEC: read_method_spec}
    first = blob[0] & 0x0F if blob else 0
    if first == _METHOD_SPEC and blob[0] != _METHOD_SPEC:
        first = 0
    return readers.get(first, read_method_sig)("", blob)


def _flatten(sig: object, shape: list[object], tokens: list[int]) -> None:
    if isinstance(sig, tuple):
        shape.append(len(sig))
        for each in sig:
            _flatten(each, shape, tokens)
    elif isinstance(sig, MethodSig):
        shape.append((sig.convention, sig.generic_count, len(sig.parameters)))
        _flatten((sig.return_type, *sig.parameters), shape, tokens)
    elif isinstance(sig, SigType):
        if sig.token:
            tokens.append(sig.token)
        shape.append((int(sig.element), bool(sig.token), len(sig.args), sig.number, sig.sizes, sig.lower_bounds))
        _flatten(sig.args, shape, tokens)
        if sig.method is not None:
            _flatten(sig.method, shape, tokens)
