"""One version of the assembly under analysis: its module, and the keys by which its facts and rows are found in the next version."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from compiler.diagnostics import InputError
from compiler.il.decode import operand_sizes
from compiler.metadata.body_digests import Bodies, read_bodies
from compiler.metadata.declaration_digests import read_facts
from compiler.metadata.fact_table import FactKind, FactTable, header_key, named_key
from compiler.metadata.generated_rows import KnownNames
from compiler.metadata.hashing import Hashes, is_in
from compiler.metadata.image import Image
from compiler.metadata.portable_pdb import Documents, PortablePdb, embedded_pdb, open_pdb
from compiler.metadata.row_identity import RowIdentity, read_identity
from compiler.metadata.signature_hashes import SignatureMemory
from compiler.metadata.tokens import TableId
from compiler.types.definitions import Module
from compiler.types.reads import BODY, EVERYTHING, FIELD, GENERIC_CODE, GUARDS, HEADER, MEMBERS, METHOD, Reads
from compiler.types.universe import TypeUniverse

_OPERAND_SIZES = operand_sizes()
_NO_DOCUMENTS = Documents()
_OF_ALL_ROWS = {GUARDS: FactKind.GUARDS, GENERIC_CODE: FactKind.GENERIC_CODE}
_KIND_OF = {
    HEADER: FactKind.HEADER,
    METHOD: FactKind.METHOD,
    FIELD: FactKind.FIELD,
    MEMBERS: FactKind.MEMBERS,
    EVERYTHING: FactKind.EVERYTHING,
    BODY: FactKind.BODY,
}


@dataclass(slots=True)
class Digests:
    """What one version of the assembly is compared with the next by."""

    identity: RowIdentity
    bodies: Bodies
    facts: FactTable
    _named: dict[tuple[int, str], int] = field(default_factory=dict)
    _changed: tuple[FactTable, list[int]] | None = None

    def identity_of(self, table: TableId, rid: int) -> int:
        """The identity of a method or type."""
        return int(self.identity.ids[table][rid])

    def methods(self) -> Hashes:
        """The identities of the methods that have IL, in row order."""
        return self.identity.ids[TableId.METHOD_DEF][self.bodies.methods]

    def types(self) -> Hashes:
        """The identities of all types, in row order."""
        return self.identity.ids[TableId.TYPE_DEF][1:]

    def rows(self, table: TableId, wanted: Iterable[int]) -> dict[int, int]:
        """Identity -> row of those of `wanted` that there are, in row order."""
        ids = self.identity.ids[table]
        chosen = np.flatnonzero(is_in(ids, np.array(list(wanted), dtype=np.uint64)))
        return {int(ids[rid]): rid for rid in chosen.tolist() if rid}

    def changed_since(self, before: FactTable) -> list[int]:
        """The keys of the facts that differ; both readers ask for the same."""
        if self._changed is None or self._changed[0] is not before:
            self._changed = (before, self.facts.changed_since(before).tolist())
        return self._changed[1]

    def keys_of(self, reads: Reads) -> frozenset[int]:
        """The keys of all facts that were read of this version."""
        keys = {self._fact_key(fact) for fact in reads.facts}
        keys.update(self._named_key(*each) for each in reads.named)
        keys.update(header_key(path) for path in reads.types_by_name)
        return frozenset(keys)

    def _fact_key(self, fact: int) -> int:
        kind = fact & ~0xFFFFFF
        if kind in _OF_ALL_ROWS:
            return int(_OF_ALL_ROWS[kind])
        key: int = self.facts.row_keys[_KIND_OF[kind]].item(fact & 0xFFFFFF)
        return key

    def _named_key(self, rid: int, name: str) -> int:
        found = self._named.get((rid, name))
        if found is None:
            found = self._named[rid, name] = named_key(self.identity_of(TableId.TYPE_DEF, rid), name)
        return found


@dataclass(slots=True)
class Version:
    """An assembly as it is now. `digests` is None when its tables do not fit together: nothing of it outlives it."""

    data: bytes
    universe: TypeUniverse
    module: Module
    digests: Digests | None
    symbols: PortablePdb | None = None
    """The symbols of `take_symbols`."""
    documents: Documents = _NO_DOCUMENTS
    _pdb: bytes | None = None

    def take_symbols(self, pdb: bytes, known: Documents) -> None:
        """Opens the symbols in `pdb`; those in the assembly itself, if any, when it is empty. Documents that are `known`, those of the
        version before, stay the same objects. Raises BadImage."""
        if self._pdb is None or self._pdb != pdb:
            self.symbols = open_pdb(f"{self.module.name}.pdb", pdb) if pdb else embedded_pdb(self.module.image)
            self.documents = self.symbols.documents(known) if self.symbols is not None else _NO_DOCUMENTS
            self._pdb = pdb


class DigestMemory:
    """What one version tells that holds in all others: signatures taken apart, and what names mean."""

    def __init__(self) -> None:
        self.signatures = SignatureMemory()
        self.names = KnownNames()


def read_digests(image: Image, memory: DigestMemory, before: Digests | None) -> Digests | None:
    """The digests of `image`, with what is as in the version before taken from there; None for an image whose rows do not fit together."""
    try:
        identity = read_identity(image, memory.signatures, before.identity if before is not None else None)
        bodies = read_bodies(identity, _OPERAND_SIZES, (before.identity, before.bodies) if before is not None else None)
        known = (before.identity, before.bodies, before.facts) if before is not None else None
        return Digests(identity, bodies, read_facts(identity, bodies, memory.names, known))
    except (IndexError, ValueError, InputError):
        return None
