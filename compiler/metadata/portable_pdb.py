"""Portable PDBs: sequence points and documents of the methods of one module (Portable PDB v1.0, over ECMA-335 II.24)."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from compiler.metadata.bad_image import BadImage
from compiler.metadata.image import Image, open_metadata, read_compressed
from compiler.metadata.signatures import SignatureReader
from compiler.metadata.tokens import IlOffset, TableId

# The bytes in front of a blob that say its length: from this first byte on there are two or four, four at most (ECMA-335 II.24.2.4).
_TWO_BYTES, _LENGTH_BYTES = 0x80, 4


@dataclass(frozen=True, slots=True)
class SequencePoint:
    """A statement's place. Lines and columns count from 1; `line` is 0 for a hidden point; the end is exclusive."""

    il_offset: IlOffset
    document: str
    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Document:
    """A source document: its name, and the hash of its text."""

    name: str
    hash: bytes


@dataclass(frozen=True, slots=True, eq=False)
class Documents:
    """The documents of one version of a module's symbols, in the order of their rows. `names` and `hashes` are where these blobs begin in
    `heap`; all that documents are made of ends before `end`."""

    rows: Sequence[Document] = ()
    names: bytes = b""
    hashes: bytes = b""
    heap: bytes = b""
    end: int = 0

    def changed(self, names: bytes, hashes: bytes, heap: bytes) -> list[int] | None:
        """The rows (from 0) whose hashes are others in `heap`, of which all else is as here; None when more differs."""
        if (names, hashes) != (self.names, self.hashes) or len(heap) < self.end:
            return None
        old, new = (np.frombuffer(each, np.uint8, self.end) for each in (self.heap, heap))
        places = np.flatnonzero(old != new)
        starts = np.frombuffer(hashes, np.uint32).astype(np.int64)
        order = np.argsort(starts, kind="stable")
        rows = order[np.maximum(np.searchsorted(starts[order], places, side="right") - 1, 0)]
        inside = places - starts[rows]
        # A hash is a byte for its length and as many more.
        if bool(((inside < 1) | (inside > old[starts[rows]]) | (old[starts[rows]] >= _TWO_BYTES)).any()):
            return None
        # Files with one text have one hash.
        found: list[int] = np.flatnonzero(np.isin(starts, starts[rows])).tolist()
        return found


@dataclass(eq=False, slots=True)
class PortablePdb:
    """An opened PDB; methods are named by their MethodDef row number, from 1."""

    image: Image
    _documents: dict[int, str] = field(default_factory=dict)
    _names_end: int = 0
    """Where what was read of names of documents ends in the heap of blobs, at most."""

    def sequence_points(self, method_rid: int) -> list[SequencePoint]:
        """The sequence points of a method in order of IL offset; empty when it has none. Raises BadImage."""
        blobs = self.image.column(TableId.METHOD_DEBUG_INFORMATION, "SequencePoints")
        if not 0 < method_rid <= len(blobs) or not blobs[method_rid - 1]:
            return []
        document = self.image.column(TableId.METHOD_DEBUG_INFORMATION, "Document")[method_rid - 1]
        return self._read_points(self.image.blob(blobs[method_rid - 1]), document)

    def documents(self, before: Documents) -> Documents:
        """All documents; one that is as in `before`, at the same place, is the same object. Raises BadImage."""
        names, hashes = (self.image.column(TableId.DOCUMENT, name) for name in ("Name", "Hash"))
        heap = self.image.blob_heap
        changed = before.changed(names.tobytes(), hashes.tobytes(), heap) if before.rows else None
        if changed is None:
            made = [Document(self.document(rid), self.image.blob(hash_)) for rid, hash_ in enumerate(hashes, 1)]
            rows = [known if known == new else new for known, new in zip(before.rows, made, strict=False)]
            rows += made[len(rows) :]
            end = max(self._names_end, *(offset + len(row.hash) + _LENGTH_BYTES for offset, row in zip(hashes, made, strict=True)), 0)
            return Documents(rows, names.tobytes(), hashes.tobytes(), heap, min(end, len(heap)))
        rows = list(before.rows)
        for index in changed:
            rows[index] = Document(rows[index].name, self.image.blob(hashes[index]))
        return Documents(rows, before.names, before.hashes, heap, before.end)

    def document(self, rid: int) -> str:
        """The path of Document row `rid`. Raises BadImage."""
        name = self._documents.get(rid)
        if name is None:
            names = self.image.column(TableId.DOCUMENT, "Name")
            if not 0 < rid <= len(names):
                raise BadImage(self.image.file, f"document {rid} does not exist")
            blob = self.image.blob(names[rid - 1])
            separator = chr(blob[0]) if blob and blob[0] else ""
            parts: list[str] = []
            pos = 1
            while pos < len(blob):
                offset, pos = read_compressed(blob, pos)
                part = self.image.blob(offset)
                parts.append(part.decode("utf-8", "replace"))
                self._names_end = max(self._names_end, offset + _LENGTH_BYTES + len(part))
            self._names_end = max(self._names_end, names[rid - 1] + _LENGTH_BYTES + len(blob))
            name = separator.join(parts)
            self._documents[rid] = name
        return name

    def _read_points(self, blob: bytes, document: int) -> list[SequencePoint]:
        reader = SignatureReader(self.image.file, blob)
        reader.compressed()
        if document == 0:
            document = reader.compressed()
        points: list[SequencePoint] = []
        il_offset = line = column = 0
        first_point = first_visible = True
        while reader.pos < len(blob):
            delta = reader.compressed()
            if delta == 0 and not first_point:
                document = reader.compressed()
                continue
            il_offset = delta if first_point else il_offset + delta
            first_point = False
            n_lines = reader.compressed()
            n_columns = reader.compressed() if n_lines == 0 else reader.signed()
            if n_lines == 0 and n_columns == 0:
                points.append(SequencePoint(IlOffset(il_offset), self.document(document), 0, 0, 0, 0))
                continue
            line = reader.compressed() if first_visible else line + reader.signed()
            column = reader.compressed() if first_visible else column + reader.signed()
            first_visible = False
            points.append(SequencePoint(IlOffset(il_offset), self.document(document), line, column, line + n_lines, column + n_columns))
        return points


def open_pdb(file: str, data: bytes) -> PortablePdb:
    """The Portable PDB in `data`. Raises BadImage (a Windows PDB is not portable and is refused by name)."""
    if data[:4] != b"BSJB":
        raise BadImage(file, "it is not a Portable PDB")
    return PortablePdb(open_metadata(file, data, None))


def embedded_pdb(image: Image) -> PortablePdb | None:
    """The PDB inside the debug directory of `image` (type 17), or None. Raises BadImage when it does not inflate."""
    marker = image.data.find(b"MPDB")
    while marker >= 0:
        size = int.from_bytes(image.data[marker + 4 : marker + 8], "little")
        try:
            inflated = zlib.decompressobj(-15).decompress(image.data[marker + 8 :], max(size, 1))
        except zlib.error:
            inflated = b""
        if len(inflated) == size and inflated[:4] == b"BSJB":
            return open_pdb(image.file, inflated)
        marker = image.data.find(b"MPDB", marker + 4)
    return None
