"""Resources by name -> the .resources file that System.Resources reads (format 2).

With values of types that only System.Resources.Extensions can read it names the reader of that assembly, and is otherwise the same.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

from server.build.resource_values import PrimitiveValue, StreamValue, TypedValue, Value

_READER = "System.Resources.ResourceReader, mscorlib, Version=4.0.0.0, Culture=neutral, PublicKeyToken=b77a5c561934e089"
_SET = "System.Resources.RuntimeResourceSet"
_EXTENSIONS = "System.Resources.Extensions, Version=4.0.0.0, Culture=neutral, PublicKeyToken=cc7b13ffcd2ddd51"
_EXTENSIONS_READER = f"System.Resources.Extensions.DeserializingResourceReader, {_EXTENSIONS}"
_EXTENSIONS_SET = f"System.Resources.Extensions.RuntimeResourceSet, {_EXTENSIONS}"
_MAGIC = 0xBEEFCACE
_TYPE_NULL, _TYPE_STRING, _TYPE_BYTES, _TYPE_STREAM, _FIRST_TYPE = 0, 1, 0x20, 0x21, 0x40


def needs_extensions(resources: Mapping[str, Value]) -> bool:
    """Is there a value that is neither text nor bytes, which MSBuild writes with System.Resources.Extensions only?"""
    return any(isinstance(value, (PrimitiveValue, TypedValue)) for value in resources.values())


def write_resources(resources: Mapping[str, Value]) -> bytes:
    """The bytes of the file."""
    # Entries stand in the order of their names; the tables of hashes and of places are in the order of the hashes.
    ordered = sorted(resources.items(), key=lambda entry: entry[0].encode("utf-16-be"))
    types = list(dict.fromkeys(value.type_name for _, value in ordered if isinstance(value, TypedValue)))
    names = b""
    data = b""
    positions: list[int] = []
    for name, value in ordered:
        positions.append(len(names))
        names += _counted(name.encode("utf-16-le")) + struct.pack("<i", len(data))
        data += _encoded(value, types)
    header = _counted((_EXTENSIONS_READER if types else _READER).encode()) + _counted((_EXTENSIONS_SET if types else _SET).encode())
    out = struct.pack("<Iii", _MAGIC, 1, len(header)) + header + struct.pack("<iii", 2, len(ordered), len(types))
    out += b"".join(_counted(name.encode()) for name in types)
    out += b"".join(b"PAD"[at % 3 : at % 3 + 1] for at in range(-len(out) % 8))
    table = sorted((_hash(name), position) for (name, _), position in zip(ordered, positions, strict=True))
    out += b"".join(struct.pack("<i", number) for number, _ in table)
    out += b"".join(struct.pack("<i", position) for _, position in table)
    return out + struct.pack("<i", len(out) + 4 + len(names)) + names + data


def _hash(name: str) -> int:
    """FastResourceComparer's hash, as a signed number."""
    units = name.encode("utf-16-le")
    value = 5381
    for at in range(0, len(units), 2):
        value = ((value * 33) ^ int.from_bytes(units[at : at + 2], "little")) & 0xFFFFFFFF
    return value - (1 << 32) if value >> 31 else value


def _number(value: int) -> bytes:
    """A number in groups of 7 bits."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _counted(content: bytes) -> bytes:
    """`content` after its length."""
    return _number(len(content)) + content


def _encoded(value: Value, types: list[str]) -> bytes:
    match value:
        case None:
            return bytes([_TYPE_NULL])
        case str():
            encoded = _number(_TYPE_STRING) + _counted(value.encode("utf-8", "surrogatepass"))
        case bytes():
            encoded = _number(_TYPE_BYTES) + struct.pack("<i", len(value)) + value
        case StreamValue():
            encoded = _number(_TYPE_STREAM) + struct.pack("<i", len(value.content)) + value.content
        case PrimitiveValue():
            encoded = _number(value.code) + value.content
        case TypedValue():
            encoded = _number(_FIRST_TYPE + types.index(value.type_name)) + _number(value.format.value) + _counted(value.content)
    return encoded
