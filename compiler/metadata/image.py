"""Opens a PE image (ECMA-335 II.25) or a metadata blob: bytes -> heaps, tables and sections.

dnfile reads the PE headers and finds the CLI header; the metadata root, heaps and tables are read here without row
objects. Nothing is resolved and nothing is interpreted. This is the only importer of dnfile.
"""

from __future__ import annotations

import logging
import struct
from array import array
from dataclasses import dataclass, field
from typing import Any

import dnfile
import pefile

from compiler.metadata.bad_image import BadImage
from compiler.metadata.tables import Tables, read_tables
from compiler.metadata.tokens import Rva, TableId

logging.getLogger("dnfile").setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the file: addresses from the image base, offsets in the file, in bytes."""

    rva: int
    virtual_bytes: int
    offset: int
    raw_bytes: int


@dataclass(eq=False, slots=True)
class Image:
    """One opened module. Heap lookups are by byte offset into the heap; equality is identity."""

    file: str
    data: bytes
    sections: tuple[Section, ...]
    tables: Tables
    strings_heap: bytes
    user_strings_heap: bytes
    blob_heap: bytes
    entry_point: int
    resources: tuple[int, int]
    pdb_stream: bytes
    cor_flags: int = 0
    guid_heap: bytes = b""
    _strings: dict[int, str] = field(default_factory=dict)

    def string(self, offset: int) -> str:
        """The UTF-8 string at `offset` of #Strings (ECMA-335 II.24.2.3). Raises BadImage when it leaves the heap or is not UTF-8."""
        text = self._strings.get(offset)
        if text is None:
            heap = self.strings_heap
            end = heap.find(b"\0", offset)
            if offset > len(heap) or end < 0:
                raise BadImage(self.file, f"string 0x{offset:X} leaves the string heap")
            try:
                text = heap[offset:end].decode("utf-8", "surrogatepass")
            except UnicodeDecodeError:
                raise BadImage(self.file, f"string 0x{offset:X} is not UTF-8") from None
            self._strings[offset] = text
        return text

    def blob(self, offset: int) -> bytes:
        """The bytes of the blob at `offset` of #Blob (ECMA-335 II.24.2.4). Raises BadImage when it leaves the heap."""
        return self._sized(self.blob_heap, offset, "blob")

    def user_string(self, offset: int) -> str:
        """The literal at `offset` of #US (ECMA-335 II.24.2.4), lone surrogates kept. Raises BadImage when it leaves the heap."""
        raw = self._sized(self.user_strings_heap, offset, "user string")
        return raw[: len(raw) & ~1].decode("utf-16-le", "surrogatepass")

    @property
    def mvid(self) -> bytes:
        """The 16 bytes of the module's version id (ECMA-335 II.22.30); zeros when it has none."""
        index = next(iter(self.column(TableId.MODULE, "Mvid")), 0)
        found = self.guid_heap[16 * index - 16 : 16 * index] if index else b""
        return found if len(found) == 16 else bytes(16)

    def rows(self, table: TableId) -> int:
        """The number of rows in `table`."""
        return self.tables.rows[table]

    def column(self, table: TableId, name: str) -> array[int]:
        """A column of `table`; index 0 is row 1."""
        return self.tables.column(table, name)

    def at_rva(self, rva: Rva | int, n_bytes: int) -> bytes:
        """`n_bytes` of mapped content at `rva`; bytes past the raw part of a section read as zero. Raises BadImage outside any section."""
        for section in self.sections:
            if section.rva <= rva < section.rva + max(section.virtual_bytes, section.raw_bytes):
                start = rva - section.rva
                if start + n_bytes > max(section.virtual_bytes, section.raw_bytes):
                    break
                raw = self.data[section.offset + start : section.offset + min(start + n_bytes, section.raw_bytes)]
                return raw + bytes(n_bytes - len(raw))
        raise BadImage(self.file, f"{n_bytes} bytes at address 0x{rva:X} leave their section")

    def file_offset(self, rva: int) -> int:
        """The file offset of `rva`. Raises BadImage outside any section's raw bytes."""
        for section in self.sections:
            if section.rva <= rva < section.rva + section.raw_bytes:
                return section.offset + rva - section.rva
        raise BadImage(self.file, f"address 0x{rva:X} is in no section")

    def _sized(self, heap: bytes, offset: int, what: str) -> bytes:
        if offset == 0:
            return b""
        try:
            length, start = read_compressed(heap, offset)
        except IndexError:
            raise BadImage(self.file, f"{what} 0x{offset:X} leaves its heap") from None
        if start + length > len(heap):
            raise BadImage(self.file, f"{what} 0x{offset:X} leaves its heap")
        return heap[start : start + length]


def read_compressed(data: bytes, pos: int) -> tuple[int, int]:
    """The compressed unsigned integer at `pos` and the position after it (ECMA-335 II.23.2). Raises IndexError at the end."""
    first = data[pos]
    if first < 0x80:
        return first, pos + 1
    if first < 0xC0:
        return ((first & 0x3F) << 8) | data[pos + 1], pos + 2
    return ((first & 0x1F) << 24) | (data[pos + 1] << 16) | (data[pos + 2] << 8) | data[pos + 3], pos + 4


def open_image(file: str, data: bytes) -> Image:
    """The image in `data`, a PE file with a CLI header (ECMA-335 II.25.3.3). Raises BadImage."""
    try:
        pe: Any = dnfile.dnPE(data=data, fast_load=True)  # type: ignore[no-untyped-call]  # dnfile annotates no constructor
    except pefile.PEFormatError as error:
        raise BadImage(file, str(error).strip("'")) from None
    directories = pe.OPTIONAL_HEADER.DATA_DIRECTORY
    if len(directories) < 15 or not directories[14].VirtualAddress:
        raise BadImage(file, "it has no CLI header")
    sections = tuple(Section(s.VirtualAddress, s.Misc_VirtualSize, s.PointerToRawData, s.SizeOfRawData) for s in pe.sections)
    header_offset = _offset_of(file, sections, directories[14].VirtualAddress)
    if header_offset + 72 > len(data):
        raise BadImage(file, "the CLI header leaves the file")
    metadata_rva, metadata_bytes, flags, entry, res_rva, res_bytes = struct.unpack_from("<IIIIII", data, header_offset + 8)
    start = _offset_of(file, sections, metadata_rva)
    if start + metadata_bytes > len(data):
        raise BadImage(file, "the metadata leaves the file")
    return _open_root(file, data, range(start, start + metadata_bytes), sections, entry, (res_rva, res_bytes), flags, None)


def open_metadata(file: str, root: bytes, external_rows: list[int] | None) -> Image:
    """An image from bare metadata (a Portable PDB). Raises BadImage."""
    return _open_root(file, root, range(len(root)), (), 0, (0, 0), 0, external_rows)


def _offset_of(file: str, sections: tuple[Section, ...], rva: int) -> int:
    for section in sections:
        if section.rva <= rva < section.rva + section.raw_bytes:
            return section.offset + rva - section.rva
    raise BadImage(file, f"address 0x{rva:X} is in no section")


def _open_root(
    file: str, data: bytes, root: range, sections: tuple[Section, ...], entry: int, resources: tuple[int, int], flags: int,
    external_rows: list[int] | None,
) -> Image:
    streams = _streams(file, data, root)
    pdb_stream = streams.get("#Pdb", b"")
    if pdb_stream and external_rows is None:
        external_rows = _pdb_external_rows(file, pdb_stream)
    table_stream = streams.get("#~", streams.get("#-"))
    if table_stream is None:
        raise BadImage(file, "it has no metadata tables")
    return Image(
        file=file,
        data=data,
        sections=sections,
        tables=read_tables(file, table_stream, external_rows),
        strings_heap=streams.get("#Strings", b"\0"),
        user_strings_heap=streams.get("#US", b"\0"),
        blob_heap=streams.get("#Blob", b"\0"),
        entry_point=entry,
        resources=resources,
        pdb_stream=pdb_stream,
        cor_flags=flags,
        guid_heap=streams.get("#GUID", b""),
    )


def _pdb_external_rows(file: str, pdb_stream: bytes) -> list[int]:
    if len(pdb_stream) < 32:
        raise BadImage(file, "the #Pdb stream is too short")
    mask = int.from_bytes(pdb_stream[24:32], "little")
    rows = [0] * 64
    pos = 32
    for table in range(64):
        if mask >> table & 1:
            if pos + 4 > len(pdb_stream):
                raise BadImage(file, "the #Pdb stream's row counts leave it")
            rows[table] = int.from_bytes(pdb_stream[pos : pos + 4], "little")
            pos += 4
    return rows


def _streams(file: str, data: bytes, root: range) -> dict[str, bytes]:
    """Stream name -> bytes, from the metadata root (ECMA-335 II.24.2.1) that is at `root` in `data`."""
    start, stop = root.start, root.stop
    if data[start : start + 4] != b"BSJB" or len(root) < 20:
        raise BadImage(file, "the metadata signature is missing")
    version_bytes = int.from_bytes(data[start + 12 : start + 16], "little")
    pos = start + 16 + version_bytes + 2
    if pos + 2 > stop:
        raise BadImage(file, "the metadata root is cut short")
    count = int.from_bytes(data[pos : pos + 2], "little")
    pos += 2
    streams: dict[str, bytes] = {}
    for _ in range(count):
        end = data.find(b"\0", pos + 8, min(pos + 8 + 32, stop))
        if pos + 8 > stop or end < 0:
            raise BadImage(file, "a stream header is cut short")
        offset, n_bytes = struct.unpack_from("<II", data, pos)
        if offset + n_bytes > len(root):
            raise BadImage(file, "a metadata stream leaves the metadata")
        streams[data[pos + 8 : end].decode("ascii", "replace")] = data[start + offset : start + offset + n_bytes]
        pos += 8 + ((end - (pos + 8) + 4) & ~3)
    return streams
