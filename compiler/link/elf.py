"""ELF object files: the names of the symbols that they define and leave undefined (System V ABI, chapter 4)."""

from __future__ import annotations

import struct

from compiler.diagnostics import InputError


def object_symbols(name: str, data: bytes) -> tuple[set[str], set[str]]:
    """(defined, undefined) global symbol names of a 64-bit little-endian relocatable. Raises InputError when it is none."""
    if data[:6] != b"\x7fELF\x02\x01":
        raise InputError("AOTD2102", f"'{name}' is not a 64-bit ELF object")
    section_offset = struct.unpack_from("<Q", data, 0x28)[0]
    entry_bytes, count = struct.unpack_from("<HH", data, 0x3A)
    defined: set[str] = set()
    undefined: set[str] = set()
    for index in range(count):
        header = struct.unpack_from("<IIQQQQIIQQ", data, section_offset + index * entry_bytes)
        if header[1] != 2:
            continue
        strings = struct.unpack_from("<IIQQQQIIQQ", data, section_offset + header[6] * entry_bytes)
        table = data[strings[4] : strings[4] + strings[5]]
        for at in range(header[4], header[4] + header[5], 24):
            name_offset, info, _, section, _, _ = struct.unpack_from("<IBBHQQ", data, at)
            if info >> 4 == 0 or not name_offset:
                continue
            end = table.index(b"\0", name_offset)
            (defined if section else undefined).add(table[name_offset:end].decode("utf-8", "replace"))
    return defined, undefined
