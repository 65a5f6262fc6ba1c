"""Zip archives byte by byte, right or wrong, as no library would write them."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

_DOS_DATE_1980 = 0x21


@dataclass(frozen=True, slots=True)
class RawEntry:
    """A file of the archive. What is None is as it should be; anything else is written as given."""

    name: bytes
    data: bytes = b""
    deflated: bool = False
    flags: int = 0x800
    method: int | None = None
    external_attributes: int = 0o100644 << 16
    crc: int | None = None
    size: int | None = None
    packed: bytes | None = None
    local_name: bytes | None = None
    shares_file_of: int | None = None

    @property
    def packed_data(self) -> bytes:
        """The bytes that stand in the archive."""
        if self.packed is not None:
            return self.packed
        if not self.deflated:
            return self.data
        compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
        return compressor.compress(self.data) + compressor.flush()

    def header(self, packed_bytes: int, name: bytes) -> bytes:
        """What local header and central directory record have in common, from the flags to the extra field's length."""
        method = self.method if self.method is not None else (8 if self.deflated else 0)
        crc = self.crc if self.crc is not None else zlib.crc32(self.data)
        size = self.size if self.size is not None else len(self.data)
        return struct.pack("<4H3L2H", self.flags, method, 0, _DOS_DATE_1980, crc, packed_bytes, size, len(name), 0)


def raw_zip(entries: Sequence[RawEntry], prefix: bytes = b"", between: bytes = b"", suffix: bytes = b"", comment: bytes = b"") -> bytes:
    """The archive; `between` stands before the central directory. Offsets count from behind the prefix."""
    body = bytearray()
    directory = bytearray()
    offsets: list[int] = []
    for entry in entries:
        packed = entry.packed_data
        if entry.shares_file_of is None:
            offsets.append(len(body))
            name = entry.local_name if entry.local_name is not None else entry.name
            body += b"PK\x03\x04" + struct.pack("<H", 20) + entry.header(len(packed), name) + name + packed
        else:
            offsets.append(offsets[entry.shares_file_of])
        directory += b"PK\x01\x02" + struct.pack("<2H", 0x0314, 20) + entry.header(len(packed), entry.name)
        directory += struct.pack("<3H2L", 0, 0, 0, entry.external_attributes, offsets[-1]) + entry.name
    body += between
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, len(entries), len(entries), len(directory), len(body), len(comment))
    return prefix + bytes(body) + bytes(directory) + end + comment + suffix
