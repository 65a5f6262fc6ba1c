"""Rows of an image -> hashes of what they name, the same in every version of the assembly however rows are numbered.

A type is its namespace, name and enclosing type; a member its type, name and signature. From these `declaration_digests` and
`body_digests` make what changed between two versions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from compiler.metadata.hashing import BlobHashes, Hashes, Numbers, StringHashes, mix, mix_one, text_hash
from compiler.metadata.image import Image
from compiler.metadata.signature_hashes import SignatureColumn, SignatureMemory, hash_columns, hash_signatures
from compiler.metadata.tables import SCHEMAS
from compiler.metadata.tokens import CODED_INDICES, TableId

Flags = NDArray[np.bool_]
_MOST_NESTING = 64
_T = TableId
_TYPE_COLUMNS = {
    _T.ASSEMBLY_REF: ("Name",),
    _T.TYPE_REF: ("ResolutionScope", "TypeName", "TypeNamespace"),
    _T.TYPE_DEF: ("TypeName", "TypeNamespace"),
    _T.NESTED_CLASS: ("NestedClass", "EnclosingClass"),
}
# The columns of signatures, but for those of types.
_SIGNATURES = {
    _T.PROPERTY: "Type", _T.STAND_ALONE_SIG: "Signature", _T.FIELD: "Signature", _T.METHOD_DEF: "Signature", _T.MEMBER_REF: "Signature",
    _T.METHOD_SPEC: "Instantiation",
}
# The column of TypeDef that says whose rows of a table are.
_OWNED = {_T.FIELD: "FieldList", _T.METHOD_DEF: "MethodList"}
USER_STRING = 0x70
_TYPE_SALT = 0x51
_OF_SCOPE = np.uint64(0x52)


@dataclass(frozen=True, slots=True)
class Heaps:
    """The hashed heaps of one image; those with equal bytes are one in two versions."""

    strings: StringHashes
    blobs: BlobHashes


def hash_heaps(image: Image, before: Heaps | None) -> Heaps:
    """The heaps of `image`; what is as `before` is taken from there."""
    if before is None:
        return Heaps(StringHashes(image.strings_heap), BlobHashes(image.blob_heap))
    return Heaps(
        before.strings if before.strings.heap == image.strings_heap else StringHashes(image.strings_heap, before.strings),
        before.blobs if before.blobs.heap == image.blob_heap else BlobHashes(image.blob_heap),
    )


@dataclass(slots=True)
class RowIdentity:
    """`ids[table]` has the hash of each row of a table by its number (index 0 is no row); signatures are rows from 0."""

    image: Image
    heaps: Heaps
    ids: dict[int, Hashes]
    field_owner: Numbers
    method_owner: Numbers
    parameter_owner: Numbers
    methods: SignatureColumn
    fields: SignatureColumn
    locals: SignatureColumn
    type_specs: SignatureColumn
    properties: SignatureColumn
    columns: dict[TableId, SignatureColumn] = field(default_factory=dict)
    _numbers: dict[tuple[TableId, str], Numbers] = field(default_factory=dict)
    _names: dict[tuple[TableId, str], Hashes] = field(default_factory=dict)
    _blobs: dict[tuple[TableId, str], Hashes] = field(default_factory=dict)
    _joined: dict[str, _Joined] = field(default_factory=dict)

    def names(self, table: TableId, column: str) -> Hashes:
        """The hashes of a column of strings, which nobody changes."""
        found = self._names.get((table, column))
        if found is None:
            found = self._names[table, column] = self.heaps.strings.at(self.numbers(table, column))
        return found

    def begins_with(self, table: TableId, column: str, first: int) -> Flags:
        """Which strings of a column begin with the character `first`."""
        found: Flags = self.heaps.strings.first_bytes(self.numbers(table, column)) == first
        return found

    def blobs(self, table: TableId, column: str) -> Hashes:
        """The hashes of a column of blobs, by their bytes, which nobody changes."""
        found = self._blobs.get((table, column))
        if found is None:
            found = self._blobs[table, column] = self.heaps.blobs.at(self.numbers(table, column))
        return found

    def numbers(self, table: TableId, column: str) -> Numbers:
        """A column of numbers, which nobody changes; empty for an absent table."""
        found = self._numbers.get((table, column))
        if found is None:
            view = self.image.tables.array(table, column)
            found = self._numbers[table, column] = np.zeros(0, np.int64) if view is None else view.astype(np.int64)
        return found

    def coded(self, kind: str, values: Numbers) -> Hashes:
        """What each coded index names; indices into tables that have no identity count by their table.

        Raises IndexError for rows that do not exist.
        """
        bits, tables = CODED_INDICES[kind]
        columns = [self.ids.get(table) for table in tables]
        known = self._joined.get(kind)
        if known is None or any(one is not other for one, other in zip(known.columns, columns, strict=True)):
            known = self._joined[kind] = _join(columns)
        tags, rows = values & ((1 << bits) - 1), values >> bits
        if bool((tags >= len(tables)).any()) or bool((rows >= known.sizes[tags]).any()):
            raise IndexError("a coded index names a row that does not exist")
        found: Hashes = known.ids[known.starts[tags] + rows * known.steps[tags]]
        return found


@dataclass(frozen=True, slots=True)
class _Joined:
    """The identities of the rows of all tables that a coded index can name, in one column: `starts` by tag; a table without identities
    has one for all of its rows, and `steps` is 0 for it."""

    columns: Sequence[Hashes | None]
    ids: Hashes
    starts: Numbers
    sizes: Numbers
    steps: Numbers


def _join(columns: Sequence[Hashes | None]) -> _Joined:
    parts = [np.array([tag], np.uint64) if column is None else column for tag, column in enumerate(columns)]
    lengths = [len(part) for part in parts]
    sizes = np.array([1 << 32 if column is None else len(column) for column in columns])
    steps = np.array([column is not None for column in columns], np.int64)
    return _Joined(columns, np.concatenate(parts), np.array([0, *accumulate(lengths)][:-1]), sizes, steps)


def by_row(hashes: Hashes) -> Hashes:
    """A column with a place for row 0, which is none."""
    return np.concatenate((np.zeros(1, np.uint64), hashes))


def owners_of_rows(starts: Numbers, count: int) -> Numbers:
    """Per row of a table with `count` rows the row that owns it, whose own rows begin at `starts` (ECMA-335 II.22.37, MethodList)."""
    result: Numbers = np.cumsum(np.bincount(np.minimum(starts, count + 1), minlength=count + 1))[1 : count + 1]
    return result


def read_identity(image: Image, memory: SignatureMemory, before: RowIdentity | None) -> RowIdentity:
    """The identity of all rows that tokens name; what is as in the version `before` is taken from there.

    Raises BadImage and IndexError.
    """
    heaps = hash_heaps(image, before.heaps if before is not None else None)
    ids: dict[int, Hashes] = {}
    none = hash_signatures(image, memory.others, heaps.blobs, None, ids)
    nothing = np.zeros(0, np.int64)
    identity = RowIdentity(image, heaps, ids, nothing, nothing, nothing, none, none, none, none, none)
    identity.field_owner, identity.method_owner = (
        owners_of_rows(identity.numbers(_T.TYPE_DEF, name), image.rows(table))
        for name, table in (("FieldList", _T.FIELD), ("MethodList", _T.METHOD_DEF))
    )
    identity.parameter_owner = owners_of_rows(identity.numbers(_T.METHOD_DEF, "ParamList"), image.rows(_T.PARAM))
    reuse = _Reuse(identity, before)
    if before is not None and reuse.is_same(_TYPE_COLUMNS, ()):
        ids |= {table: before.ids[table] for table in (_T.ASSEMBLY_REF, _T.TYPE_REF, _T.TYPE_DEF)}
    else:
        _types(identity)
        ids |= {table: reuse.known(table, found) for table, found in ids.items()}
    if before is not None and reuse.is_same({_T.TYPE_SPEC: ("Signature",)}, (_T.TYPE_DEF, _T.TYPE_REF)):
        ids[_T.TYPE_SPEC], identity.type_specs = before.ids[_T.TYPE_SPEC], before.type_specs
    else:
        _type_specs(identity, memory)
        ids[_T.TYPE_SPEC] = reuse.known(_T.TYPE_SPEC, ids[_T.TYPE_SPEC])
    _members(identity, memory, reuse)
    return identity


class _Reuse:
    """What of the version before is the same in the new one: columns, over heaps with the same bytes, and what they refer to."""

    def __init__(self, identity: RowIdentity, before: RowIdentity | None) -> None:
        self._identity = identity
        self.before = before
        heaps = identity.heaps
        self._heaps: set[str] = set()
        """The kinds of columns (see `SCHEMAS`) whose numbers mean in the new version what they meant before."""
        if before is not None:
            self._heaps = {"s"} if heaps.strings is before.heaps.strings else set()
            self._heaps |= {"b"} if heaps.blobs is before.heaps.blobs else set()

    def is_same(self, columns: Mapping[TableId, Sequence[str]], named: Sequence[TableId]) -> bool:
        """Whether the columns are equal, and the identities of the rows of the `named` tables are those of before."""
        before = self.before
        if before is None or any(self._identity.ids[table] is not before.ids[table] for table in named):
            return False
        kinds = {kind for table, names in columns.items() for name, kind in SCHEMAS[table] if name in names}
        if not kinds & {"s", "b"} <= self._heaps:
            return False
        new, each = self._identity, ((table, name) for table, names in columns.items() for name in names)
        return all(np.array_equal(new.numbers(*column), before.numbers(*column)) for column in each)

    def known(self, table: int, ids: Hashes) -> Hashes:
        """`ids`, or those of before when they are equal: one object says that nothing has changed."""
        before = self.before.ids.get(table) if self.before is not None else None
        return before if before is not None and np.array_equal(before, ids) else ids


def _members(identity: RowIdentity, memory: SignatureMemory, reuse: _Reuse) -> None:
    ids, before = identity.ids, reuse.before
    types = (_T.TYPE_DEF, _T.TYPE_REF, _T.TYPE_SPEC)
    _signatures(identity, memory, reuse)

    def entities(table: TableId, columns: Sequence[str], named: Sequence[TableId], make: Callable[[SignatureColumn], Hashes]) -> None:
        column = identity.columns[table]
        read = {table: columns}
        if table in _OWNED:
            read[_T.TYPE_DEF] = (_OWNED[table],)
        is_same = before is not None and column is before.columns[table] and reuse.is_same(read, named)
        ids[table] = before.ids[table] if before is not None and is_same else reuse.known(table, make(column))

    own = (_T.TYPE_DEF,)
    entities(_T.STAND_ALONE_SIG, (), (), lambda column: by_row(column.ids))
    entities(_T.FIELD, ("Name",), own, lambda column: _unique(_owned(identity, identity.field_owner, _T.FIELD, column)))
    entities(_T.METHOD_DEF, ("Name",), own, lambda column: _unique(_owned(identity, identity.method_owner, _T.METHOD_DEF, column)))
    def references(column: SignatureColumn) -> Hashes:
        parents = identity.coded("MemberRefParent", identity.numbers(_T.MEMBER_REF, "Class"))
        return by_row(mix(parents, identity.names(_T.MEMBER_REF, "Name"), column.ids))

    def instantiations(column: SignatureColumn) -> Hashes:
        generic = identity.coded("MethodDefOrRef", identity.numbers(_T.METHOD_SPEC, "Method"))
        return by_row(mix(generic, column.ids))

    entities(_T.MEMBER_REF, ("Class", "Name"), (*types, _T.METHOD_DEF), references)
    entities(_T.METHOD_SPEC, ("Method",), (_T.METHOD_DEF, _T.MEMBER_REF), instantiations)


def _signatures(identity: RowIdentity, memory: SignatureMemory, reuse: _Reuse) -> None:
    """The columns of signatures: those that are as before from there, all others at once."""
    before, tables = reuse.before, identity.image.tables
    fresh: list[TableId] = []
    for table, column in _SIGNATURES.items():
        if before is not None and reuse.is_same({table: (column,)}, (_T.TYPE_DEF, _T.TYPE_REF, _T.TYPE_SPEC)):
            identity.columns[table] = before.columns[table]
        else:
            fresh.append(table)
    views = [tables.array(table, _SIGNATURES[table]) for table in fresh]
    made = hash_columns(identity.image, memory.others, identity.heaps.blobs, views, identity.ids)
    identity.columns.update(zip(fresh, made, strict=True))
    identity.properties, identity.locals, identity.fields, identity.methods = (
        identity.columns[table] for table in (_T.PROPERTY, _T.STAND_ALONE_SIG, _T.FIELD, _T.METHOD_DEF)
    )


def _owned(identity: RowIdentity, owners: Numbers, table: TableId, signatures: SignatureColumn) -> Hashes:
    return mix(identity.ids[_T.TYPE_DEF][owners], identity.names(table, "Name"), signatures.ids)


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
        identity.type_specs = hash_signatures(image, memory.types, identity.heaps.blobs, view, ids)
        ids[_T.TYPE_SPEC] = by_row(identity.type_specs.ids)


def _unique(hashes: Hashes) -> Hashes:
    """`hashes` by row; rows that name the same, which no compiler writes, are told apart by their number."""
    ordered = np.sort(hashes)
    if bool((ordered[1:] == ordered[:-1]).any()):
        order = np.argsort(hashes, kind="stable")
        repeated = np.zeros(len(hashes), dtype=bool)
        repeated[order[1:]] = ordered[1:] == ordered[:-1]
        hashes = np.where(repeated, mix(hashes, np.arange(len(hashes), dtype=np.uint64)), hashes)
    return by_row(hashes)
