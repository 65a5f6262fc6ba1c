"""Compiled .resources files -> their strings, as System.Resources.ResourceReader reads them (format versions 1 and 2)."""

from __future__ import annotations

import struct

from compiler.metadata.bad_image import BadImage

_MAGIC = 0xBEEFCACE
_STRING = 1


class _Reader:
    """A cursor over the file."""

    def __init__(self, file: str, data: bytes) -> None:
        self.file, self.data, self.pos = file, data, 0

    def int32(self) -> int:
        if self.pos + 4 > len(self.data):
            raise BadImage(self.file, "a .resources file is cut short")
        self.pos += 4
        value: int = struct.unpack_from("<i", self.data, self.pos - 4)[0]
        return value

    def seven_bit(self) -> int:
        value = shift = 0
        while True:
            if self.pos >= len(self.data) or shift > 28:
                raise BadImage(self.file, "a .resources file holds a malformed length")
            byte = self.data[self.pos]
            self.pos += 1
            value |= (byte & 0x7F) << shift
            if not byte & 0x80:
                return value
            shift += 7

    def text(self, encoding: str) -> str:
        length = self.seven_bit()
        if self.pos + length > len(self.data):
            raise BadImage(self.file, "a .resources file is cut short")
        self.pos += length
        return self.data[self.pos - length : self.pos].decode(encoding, "replace")


def read_strings(file: str, data: bytes) -> dict[str, str]:
    """Resource name -> string, for the entries that are strings. Raises BadImage."""
    reader = _Reader(file, data)
    if reader.int32() & 0xFFFFFFFF != _MAGIC:
        raise BadImage(file, "a .resources file has the wrong signature")
    reader.int32()
    skipped = reader.int32()
    reader.pos += skipped
    version = reader.int32()
    count, n_types = reader.int32(), reader.int32()
    if not 0 <= count <= len(data) or not 0 <= n_types <= len(data):
        raise BadImage(file, "a .resources file holds impossible counts")
    types = [reader.text("utf-8") for _ in range(n_types)]
    reader.pos = (reader.pos + 7) & ~7
    reader.pos += 4 * count
    positions = [reader.int32() for _ in range(count)]
    data_start = reader.int32()
    names_start = reader.pos
    found: dict[str, str] = {}
    for position in positions:
        reader.pos = names_start + position
        name = reader.text("utf-16-le")
        reader.pos = data_start + reader.int32()
        code = reader.seven_bit()
        is_string = code == _STRING if version >= 2 else code < len(types) and types[code].startswith("System.String")
        if is_string:
            found[name] = reader.text("utf-8")
    return found
