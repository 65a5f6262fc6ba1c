"""Portable PDBs: sequence points and documents of the methods of one module (Portable PDB v1.0, over ECMA-335 II.24)."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

from compiler.metadata.bad_image import BadImage
from compiler.metadata.image import Image, open_metadata, read_compressed
from compiler.metadata.signatures import SignatureReader
from compiler.metadata.tokens import IlOffset, TableId


@dataclass(frozen=True, slots=True)
class SequencePoint:
    """A statement's place. Lines and columns count from 1; `line` is 0 for a hidden point; the end is exclusive."""

    il_offset: IlOffset
    document: str
    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(eq=False, slots=True)
class PortablePdb:
    """An opened PDB; methods are named by their MethodDef row number, from 1."""

    image: Image
    _documents: dict[int, str] = field(default_factory=dict)
    _document_rows: list[tuple[bytes, bytes]] | None = None

    def sequence_points(self, method_rid: int) -> list[SequencePoint]:
        """The sequence points of a method in order of IL offset; empty when it has none. Raises BadImage."""
        blobs = self.image.column(TableId.METHOD_DEBUG_INFORMATION, "SequencePoints")
        if not 0 < method_rid <= len(blobs) or not blobs[method_rid - 1]:
            return []
        document = self.image.column(TableId.METHOD_DEBUG_INFORMATION, "Document")[method_rid - 1]
        return self._read_points(self.image.blob(blobs[method_rid - 1]), document)

    def document_rows(self) -> list[tuple[bytes, bytes]]:
        """Per Document row the blob of its name and the hash of its text. Raises BadImage."""
        if self._document_rows is None:
            columns = (self.image.column(TableId.DOCUMENT, name) for name in ("Name", "Hash"))
            self._document_rows = [(self.image.blob(name), self.image.blob(hash_)) for name, hash_ in zip(*columns, strict=True)]
        return self._document_rows

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
                parts.append(self.image.blob(offset).decode("utf-8", "replace"))
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
