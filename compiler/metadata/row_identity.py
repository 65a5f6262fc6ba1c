"""Rows of an image -> hashes of what they name, the same in every version of the assembly however rows are numbered.

A type is its namespace, name and enclosing type; a member its type, name and signature. From these `declaration_digests` and
`body_digests` make what changed between two versions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from compiler.metadata.hashing import BlobHashes, Hashes, Numbers, StringHashes, mix, mix_one, text_hash
from compiler.metadata.image import Image
from compiler.metadata.signature_hashes import SignatureColumn, SignatureMemory, hash_signatures
from compiler.metadata.tokens import CODED_INDICES, TableId

_MOST_NESTING = 64
_T = TableId
USER_STRING = 0x70
_NOTHING = np.zeros(0, dtype=np.uint64)
_TYPE_SALT = 0x51
_OF_SCOPE = np.uint64(0x52)


@dataclass(slots=True)
class Heaps:
    """The hashed heaps of one image, shared by versions whose bytes are equal."""

    strings_bytes: bytes
    blobs_bytes: bytes
    strings: StringHashes
    blobs: BlobHashes


def hash_heaps(image: Image, before: Heaps | None) -> Heaps:
    """The heaps of `image`; what is as `before` is taken from there."""
    same_strings = before is not None and before.strings_bytes == image.strings_heap
    same_blobs = before is not None and before.blobs_bytes == image.blob_heap
    return Heaps(
        image.strings_heap,
        image.blob_heap,
        before.strings if before is not None and same_strings else StringHashes(image.strings_heap),
        before.blobs if before is not None and same_blobs else BlobHashes(image.blob_heap),
    )


@dataclass(slots=True)
class RowIdentity:
    """`ids[table]` has the hash of each row of a table by its number (index 0 is no row); signatures are rows from 0."""

    image: Image
    heaps: Heaps
    ids: dict[int, Hashes]
    field_owner: Numbers
    method_owner: Numbers
    methods: SignatureColumn
    fields: SignatureColumn
    locals: SignatureColumn
    type_specs: SignatureColumn
    properties: SignatureColumn

    def names(self, table: TableId, column: str) -> Hashes:
        """The hashes of a column of strings."""
        view = self.image.tables.array(table, column)
        return _NOTHING if view is None else self.heaps.strings.at(view)

    def blobs(self, table: TableId, column: str) -> Hashes:
        """The hashes of a column of blobs, by their bytes."""
        view = self.image.tables.array(table, column)
        return _NOTHING if view is None else self.heaps.blobs.at(view)

    def numbers(self, table: TableId, column: str) -> Numbers:
        """A column of numbers."""
        return numbers(self.image, table, column)

    def coded(self, kind: str, values: Numbers) -> Hashes:
        """What each coded index names; indices into tables that have no identity count by their table."""
        return coded_ids(self.ids, kind, values)


def numbers(image: Image, table: TableId, column: str) -> Numbers:
    """A column of numbers; empty for an absent table."""
    view = image.tables.array(table, column)
    return np.zeros(0, np.int64) if view is None else view.astype(np.int64)


def coded_ids(ids: dict[int, Hashes], kind: str, values: Numbers) -> Hashes:
    """What each coded index names. Raises IndexError for rows that do not exist."""
    bits, tables = CODED_INDICES[kind]
    tags, rows = values & ((1 << bits) - 1), values >> bits
    result = tags.astype(np.uint64)
    for tag, table in enumerate(tables):
        column = ids.get(table)
        if column is not None:
            chosen = tags == tag
            if chosen.any():
                result[chosen] = column[rows[chosen]]
    return result


def by_row(hashes: Hashes) -> Hashes:
    """A column with a place for row 0, which is none."""
    return np.concatenate((np.zeros(1, np.uint64), hashes))


def read_identity(image: Image, memory: SignatureMemory, before: Heaps | None) -> RowIdentity:
    """The identity of all rows that tokens name. Raises BadImage and IndexError."""
    heaps = hash_heaps(image, before)
    ids: dict[int, Hashes] = {}
    owners = {
        name: np.searchsorted(numbers(image, _T.TYPE_DEF, name), np.arange(1, image.rows(table) + 1), side="right")
        for name, table in (("FieldList", _T.FIELD), ("MethodList", _T.METHOD_DEF))
    }
    none = hash_signatures(image, memory, None, ids, is_type=False)
    identity = RowIdentity(image, heaps, ids, owners["FieldList"], owners["MethodList"], none, none, none, none, none)
    _types(identity)
    _type_specs(identity, memory)

    def signatures(table: TableId, column: str) -> SignatureColumn:
        return hash_signatures(image, memory, image.tables.array(table, column), ids, is_type=False)

    identity.methods = signatures(_T.METHOD_DEF, "Signature")
    identity.fields = signatures(_T.FIELD, "Signature")
    identity.locals = signatures(_T.STAND_ALONE_SIG, "Signature")
    identity.properties = signatures(_T.PROPERTY, "Type")
    ids[_T.STAND_ALONE_SIG] = by_row(identity.locals.ids)
    types = ids[_T.TYPE_DEF]
    ids[_T.FIELD] = _unique(mix(types[identity.field_owner], identity.names(_T.FIELD, "Name"), identity.fields.ids))
    ids[_T.METHOD_DEF] = _unique(mix(types[identity.method_owner], identity.names(_T.METHOD_DEF, "Name"), identity.methods.ids))
    parents = identity.coded("MemberRefParent", identity.numbers(_T.MEMBER_REF, "Class"))
    ids[_T.MEMBER_REF] = by_row(mix(parents, identity.names(_T.MEMBER_REF, "Name"), signatures(_T.MEMBER_REF, "Signature").ids))
    generic = identity.coded("MethodDefOrRef", identity.numbers(_T.METHOD_SPEC, "Method"))
    ids[_T.METHOD_SPEC] = by_row(mix(generic, signatures(_T.METHOD_SPEC, "Instantiation").ids))
    return identity


def _types(identity: RowIdentity) -> None:
    ids = identity.ids
    ids[_T.ASSEMBLY_REF] = by_row(mix(identity.names(_T.ASSEMBLY_REF, "Name"), _OF_SCOPE))
    own = mix(identity.names(_T.TYPE_REF, "TypeNamespace"), identity.names(_T.TYPE_REF, "TypeName"))
    scopes = identity.numbers(_T.TYPE_REF, "ResolutionScope")
    ids[_T.TYPE_REF] = by_row(own)
    is_nested = bool(((scopes & 3) == 3).any())
    for _ in range(_MOST_NESTING if is_nested else 1):
        made = by_row(mix(own, identity.coded("ResolutionScope", scopes)))
        if np.array_equal(made, ids[_T.TYPE_REF]):
            break
        ids[_T.TYPE_REF] = made
    names = mix(identity.names(_T.TYPE_DEF, "TypeNamespace"), identity.names(_T.TYPE_DEF, "TypeName"))
    enclosing = np.zeros(len(names) + 1, dtype=np.int64)
    enclosing[identity.numbers(_T.NESTED_CLASS, "NestedClass")] = identity.numbers(_T.NESTED_CLASS, "EnclosingClass")
    found = np.zeros(len(names) + 1, dtype=np.uint64)
    for _ in range(_MOST_NESTING):
        made = mix(names, found[enclosing[1:]], np.uint64(_TYPE_SALT))
        if np.array_equal(made, found[1:]):
            break
        found[1:] = made
    ids[_T.TYPE_DEF] = _unique(found[1:])


def type_id(path: Sequence[str]) -> int:
    """The identity of a type by its namespace and the names from the outermost type inward; nested ones have no namespace of their own."""
    found, namespace = 0, path[0]
    for name in path[1:]:
        found = mix_one(mix_one(text_hash(namespace), text_hash(name)), found, _TYPE_SALT)
        namespace = ""
    return found


def _type_specs(identity: RowIdentity, memory: SignatureMemory) -> None:
    """A type specification may name another one: what comes out first is used for what comes out at last."""
    ids, image = identity.ids, identity.image
    view = image.tables.array(_T.TYPE_SPEC, "Signature")
    ids[_T.TYPE_SPEC] = np.zeros(image.rows(_T.TYPE_SPEC) + 1, dtype=np.uint64)
    for _ in range(2):
        identity.type_specs = hash_signatures(image, memory, view, ids, is_type=True)
        ids[_T.TYPE_SPEC] = by_row(identity.type_specs.ids)


def _unique(hashes: Hashes) -> Hashes:
    """`hashes` by row; rows that name the same, which no compiler writes, are told apart by their number."""
    if len(np.unique(hashes)) != len(hashes):
        order = np.argsort(hashes, kind="stable")
        ordered = hashes[order]
        repeated = np.zeros(len(hashes), dtype=bool)
        repeated[order[1:]] = ordered[1:] == ordered[:-1]
        hashes = np.where(repeated, mix(hashes, np.arange(len(hashes), dtype=np.uint64)), hashes)
    return by_row(hashes)
