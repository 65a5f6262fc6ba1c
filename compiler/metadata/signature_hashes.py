"""Signature blobs (ECMA-335 II.23.2) -> hashes that do not depend on row numbers: tokens count by what they name.

A blob is taken apart once, into its shape and its tokens in order, and that is kept by the hash of its bytes for later versions of
the assembly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

from compiler.diagnostics import InputError
from compiler.metadata.hashing import BlobHashes, Hashes, HashNumbers, Numbers, distinct, mix, sum_by
from compiler.metadata.image import Image
from compiler.metadata.signatures import (
    ElementType,
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
# An instantiation is looked at for its arguments; what these have inside counts for them.
_PLAIN = frozenset((ElementType.BYREF, ElementType.PTR, ElementType.SZARRAY, ElementType.ARRAY))
Parts = tuple[int, tuple[int, ...], bool]


class KnownSignatures:
    """Blobs that were taken apart, by the hash of their bytes.

    Invariant: of the blob with number `n` in `_numbers` the shape is `_shapes[n]`, and
    its tokens are those from `_ends[n]` to `_ends[n + 1]` in `_tokens`; `_have_arguments` says whether a type in it is instantiated.
    """

    def __init__(self, *, is_type: bool) -> None:
        self._is_type = is_type
        self._numbers = HashNumbers()
        self._shapes, self._ends, self._tokens = np.zeros(0, np.uint64), np.zeros(1, np.int64), np.zeros(0, np.int64)
        self._have_arguments = np.zeros(0, dtype=bool)

    def numbers(self, image: Image, offsets: Numbers, hashes: Hashes) -> Numbers:
        """The number of each blob of `image`; those that nobody saw before are taken apart. Raises BadImage."""
        found, is_known = self._numbers.look_up(hashes)
        if is_known.all():
            return found
        new, first = np.unique(hashes[~is_known], return_index=True)
        self._add(new, [_take_apart(image.blob(offset), is_type=self._is_type) for offset in offsets[~is_known][first].tolist()])
        return self._numbers.look_up(hashes)[0]

    def _add(self, keys: Hashes, parts: list[Parts]) -> None:
        self._shapes = np.concatenate((self._shapes, np.array([shape for shape, _, _ in parts], dtype=np.uint64)))
        self._have_arguments = np.concatenate((self._have_arguments, np.array([each for _, _, each in parts], dtype=bool)))
        ends = np.cumsum([len(tokens) for _, tokens, _ in parts]) + self._ends[-1]
        self._ends = np.concatenate((self._ends, ends))
        self._tokens = np.concatenate((self._tokens, np.array([token for _, tokens, _ in parts for token in tokens], dtype=np.int64)))
        self._numbers.add(keys)

    def shapes(self, numbers: Numbers) -> Hashes:
        """The shapes of blobs."""
        return self._shapes[numbers]

    def have_arguments(self, numbers: Numbers) -> NDArray[np.bool_]:
        """Whether a type of the field, of a parameter or of the result has type arguments."""
        return self._have_arguments[numbers]

    def tokens(self, numbers: Numbers) -> tuple[Numbers, Numbers, Numbers]:
        """The tokens of several blobs in a row: which of the blobs (from 0) each is in, its position there, and the token."""
        starts = self._ends[numbers]
        counts = self._ends[numbers + 1] - starts
        owners = np.repeat(np.arange(len(numbers)), counts)
        positions = np.arange(len(owners)) - np.repeat(np.cumsum(counts) - counts, counts)
        return owners, positions, self._tokens[starts[owners] + positions]


class SignatureMemory:
    """Signatures that were taken apart: those of types, and others."""

    def __init__(self) -> None:
        self.types = KnownSignatures(is_type=True)
        self.others = KnownSignatures(is_type=False)


@dataclass(frozen=True, slots=True)
class SignatureColumn:
    """The signatures of one column.

    `ids` tell the rows apart. `blobs` says which of the column's different signatures each row has. `owners` and `types` are parallel:
    the signatures that name a type of the own module, and the TypeDef row that they name. `heads` are the first tokens of the rows,
    0 for none: the generic type of a type specification. `has_arguments` says of each row whether a type of the field, of a parameter
    or of the result has type arguments.
    """

    ids: Hashes
    blobs: Numbers
    owners: Numbers
    types: Numbers
    heads: Numbers
    has_arguments: NDArray[np.bool_]
    n_blobs: int

    def sums(self, of_types: Hashes) -> Hashes:
        """Per row the sum over the own types that its signature names, of values by TypeDef row."""
        return sum_by(self.owners, of_types[self.types], self.n_blobs)[self.blobs]


def hash_signatures(
    image: Image, known: KnownSignatures, blobs: BlobHashes, offsets: NDArray[np.generic] | None, ids: dict[int, Hashes]
) -> SignatureColumn:
    """The signatures at `offsets` of #Blob; `ids` has what TypeDef, TypeRef and TypeSpec rows name. Raises BadImage and IndexError."""
    if offsets is None:
        nothing = np.zeros(0, np.int64)
        return SignatureColumn(np.zeros(0, np.uint64), nothing, nothing, nothing, nothing, np.zeros(0, dtype=bool), 0)
    starts, where = distinct(offsets.astype(np.int64), max(len(image.blob_heap), 1))
    numbers = known.numbers(image, starts, blobs.each(starts))
    owners, positions, tokens = known.tokens(numbers)
    result = known.shapes(numbers)
    # The position of a token among all of its blob counts.
    np.add.at(result, owners, mix(token_ids(tokens, ids), positions.astype(np.uint64)))
    heads = np.zeros(len(numbers), dtype=np.int64)
    heads[owners[positions == 0]] = tokens[positions == 0]
    own = tokens >> 24 == TableId.TYPE_DEF
    have_arguments = known.have_arguments(numbers)[where]
    return SignatureColumn(mix(result)[where], where, owners[own], tokens[own] & 0xFFFFFF, heads[where], have_arguments, len(numbers))


def hash_columns(
    image: Image, known: KnownSignatures, blobs: BlobHashes, columns: Sequence[NDArray[np.generic] | None], ids: dict[int, Hashes]
) -> list[SignatureColumn]:
    """`hash_signatures` of several columns at once: what they have in common is hashed once. Raises BadImage and IndexError."""
    offsets = [np.zeros(0, np.int64) if column is None else column.astype(np.int64) for column in columns]
    if not offsets:
        return []
    whole = hash_signatures(image, known, blobs, np.concatenate(offsets), ids)
    starts = [0, *accumulate(len(column) for column in offsets)]
    parts = [slice(start, end) for start, end in pairwise(starts)]
    return [
        replace(whole, ids=whole.ids[part], blobs=whole.blobs[part], heads=whole.heads[part], has_arguments=whole.has_arguments[part])
        for part in parts
    ]


def token_ids(tokens: Numbers, ids: dict[int, Hashes]) -> Hashes:
    """What each token names. Raises IndexError for a row that does not exist; tables without ids count by their number alone."""
    tables = tokens >> 24
    result = tables.astype(np.uint64)
    for table in np.flatnonzero(np.bincount(tables)).tolist():
        column = ids.get(table)
        if column is not None:
            chosen = np.flatnonzero(tables == table)
            result[chosen] = column[tokens[chosen] & 0xFFFFFF]
    return result


def _take_apart(blob: bytes, *, is_type: bool) -> Parts:
    shape: list[object] = []
    tokens: list[int] = []
    has_arguments = False
    try:
        sig = _read(blob, is_type=is_type)
        _flatten(sig, shape, tokens)
        types = (sig.return_type, *sig.parameters) if isinstance(sig, MethodSig) else (sig,)
        has_arguments = any(isinstance(each, SigType) and bool(each.args) and each.element not in _PLAIN for each in types)
    except InputError:
        # A malformed signature is what its bytes are.
        shape, tokens = ["malformed", blob], []
    digest = blake2b(repr(shape).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little"), tuple(tokens), has_arguments


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
