"""Straight-line IL programs -> PE images: the few lines of ECMA-335 that are needed to call Roslyn the first time.

The C# worker is compiled by Roslyn, and Roslyn is a library without a command line of its own; something managed has
to call it once. That something is assembled here, byte by byte, so that a fresh machine needs no compiler, no binary
in the repository and no bridge package. An image has one class with static methods, no locals, no branches and no
exception clauses. Every index is two bytes wide; the writer asserts that the heaps stay below that.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

STRING = b"\x0e"
OBJECT = b"\x1c"
VOID = b"\x01"
BOOLEAN = b"\x02"
INT32 = b"\x08"

_SECTION_RVA = 0x2000
_FILE_ALIGNMENT = 0x200


def compressed(value: int) -> bytes:
    """Unsigned compressed integer (ECMA-335 II.23.2)."""
    if value < 0x80:
        return bytes([value])
    if value < 0x4000:
        return struct.pack(">H", value | 0x8000)
    return struct.pack(">I", value | 0xC0000000)


def szarray(element: bytes) -> bytes:
    """Signature of a one-dimensional array of `element`."""
    return b"\x1d" + element


def generic(type_signature: bytes, *arguments: bytes) -> bytes:
    """Signature of an instantiation; `type_signature` is a class or value type."""
    return b"\x15" + type_signature + compressed(len(arguments)) + b"".join(arguments)


@dataclass(slots=True)
class _Heap:
    """Bytes of a heap, and where each entry of it is."""

    data: bytearray
    offsets: dict[bytes, int] = field(default_factory=dict)

    def add(self, encoded: bytes) -> int:
        """Offset of `encoded`, which is appended when it is new."""
        if encoded not in self.offsets:
            self.offsets[encoded] = len(self.data)
            self.data += encoded
        return self.offsets[encoded]


@dataclass(frozen=True, slots=True)
class TypeRef:
    """A TypeRef row: `rid` counts from 1."""

    rid: int
    is_value_type: bool

    @property
    def signature(self) -> bytes:
        """The type as it stands in a signature (ECMA-335 II.23.2.12)."""
        return (b"\x11" if self.is_value_type else b"\x12") + compressed(self.rid << 2 | 1)

    @property
    def token(self) -> int:
        """The metadata token for instructions that take a type."""
        return 0x01000000 | self.rid


class Image:
    """Tables and heaps of an image under construction. Rows are added once and never change; equal rows are shared."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._strings = _Heap(bytearray(b"\0"), {b"\0": 0})
        self._blobs = _Heap(bytearray(b"\0"), {b"\0": 0})
        self._user_strings = _Heap(bytearray(b"\0"))
        self._rows: dict[int, dict[bytes, int]] = {}
        self._types: dict[tuple[str, str, str], TypeRef] = {}
        self._methods: list[tuple[str, bytes, bytes, int]] = []

    def _string(self, text: str) -> int:
        return self._strings.add(text.encode() + b"\0")

    def _blob(self, content: bytes) -> int:
        return self._blobs.add(compressed(len(content)) + content)

    def _row(self, table: int, content: bytes) -> int:
        rows = self._rows.setdefault(table, {})
        return rows.setdefault(content, len(rows) + 1)

    def type_ref(self, assembly: str, namespace: str, name: str, *, is_value_type: bool = False) -> TypeRef:
        """The type of that name in the assembly of that simple name, any version."""
        key = (assembly, namespace, name)
        if key not in self._types:
            scope = self._row(0x23, struct.pack("<4HI4H", 0, 0, 0, 0, 0, 0, self._string(assembly), 0, 0))
            row = struct.pack("<3H", scope << 2 | 2, self._string(name), self._string(namespace))
            self._types[key] = TypeRef(self._row(0x01, row), is_value_type)
        return self._types[key]

    def type_spec(self, signature: bytes) -> int:
        """Token of a constructed type."""
        return 0x1B000000 | self._row(0x1B, struct.pack("<H", self._blob(signature)))

    def method_ref(self, parent: TypeRef, name: str, result: bytes, parameters: Sequence[bytes], *, convention: bytes = b"\0") -> int:
        """Token of a method of `parent`; `convention` is 0x20 for instance methods, 0x10 and a count for generic ones."""
        signature = convention + compressed(len(parameters)) + result + b"".join(parameters)
        row = struct.pack("<3H", parent.rid << 3 | 1, self._string(name), self._blob(signature))
        return 0x0A000000 | self._row(0x0A, row)

    def method_spec(self, method_ref: int, *arguments: bytes) -> int:
        """Token of an instantiation of a generic method."""
        blob = self._blob(b"\x0a" + compressed(len(arguments)) + b"".join(arguments))
        return 0x2B000000 | self._row(0x2B, struct.pack("<2H", (method_ref & 0xFFFFFF) << 1 | 1, blob))

    def user_string(self, text: str) -> int:
        """Token of a string literal."""
        encoded = text.encode("utf-16-le") + b"\x01"
        return 0x70000000 | self._user_strings.add(compressed(len(encoded)) + encoded)

    def define_method(self, name: str, result: bytes, parameters: Sequence[bytes], code: bytes, max_stack: int) -> int:
        """Token of a new static method; its parameters have no names."""
        self._methods.append((name, b"\0" + compressed(len(parameters)) + result + b"".join(parameters), code, max_stack))
        return 0x06000000 | len(self._methods)

    def to_bytes(self, entry_point: int) -> bytes:
        """The whole image; `entry_point` is a MethodDef token."""
        bodies = bytearray()
        method_rows = b""
        for name, signature, code, max_stack in self._methods:
            bodies += b"\0" * (-len(bodies) % 4)
            rva = _SECTION_RVA + 72 + len(bodies)
            method_rows += struct.pack("<I5H", rva, 0, 0x0096, self._string(name), self._blob(signature), 1)
            bodies += struct.pack("<HHII", 0x3003, max_stack, len(code), 0) + code
        bodies += b"\0" * (-len(bodies) % 4)
        metadata = self._metadata(method_rows)
        cli_header = struct.pack("<IHHIIII", 72, 2, 5, _SECTION_RVA + 72 + len(bodies), len(metadata), 1, entry_point)
        return _portable_executable(cli_header.ljust(72, b"\0") + bodies + metadata)

    def _metadata(self, method_rows: bytes) -> bytes:
        """Metadata root, streams and tables (ECMA-335 II.24)."""
        mvid = bytes(16)
        tables = {
            0x00: (1, struct.pack("<5H", 0, self._string(self._name + ".dll"), 1, 0, 0)),
            0x02: (2, struct.pack("<I5H", 0, self._string("<Module>"), 0, 0, 1, 1) + self._program_type()),
            0x06: (len(self._methods), method_rows),
            0x20: (1, struct.pack("<I4HI3H", 0x8004, 1, 0, 0, 0, 0, 0, self._string(self._name), 0)),
        }
        for table, rows in self._rows.items():
            tables[table] = (len(rows), b"".join(rows))
        present = sorted(tables)
        stream = struct.pack("<IBBBBQQ", 0, 2, 0, 0, 1, sum(1 << t for t in present), 0)
        stream += b"".join(struct.pack("<I", tables[t][0]) for t in present) + b"".join(tables[t][1] for t in present)
        heaps = [b"#~", b"#Strings", b"#US", b"#GUID", b"#Blob"]
        contents = [stream, bytes(self._strings.data), bytes(self._user_strings.data), mvid, bytes(self._blobs.data)]
        assert all(len(heap) < 0x10000 for heap in (contents[1], contents[4])), "two-byte heap indexes"
        version = b"v4.0.30319\0\0"
        root = struct.pack("<IHHII", 0x424A5342, 1, 1, 0, len(version)) + version + struct.pack("<HH", 0, len(heaps))
        names = [name + b"\0" * (4 - len(name) % 4) for name in heaps]
        offset = len(root) + sum(8 + len(name) for name in names)
        body = b""
        for name, content in zip(names, contents, strict=True):
            padded = content + b"\0" * (-len(content) % 4)
            root += struct.pack("<II", offset + len(body), len(padded)) + name
            body += padded
        return root + body

    def _program_type(self) -> bytes:
        """TypeDef row of the class that holds the methods: public abstract sealed."""
        base = self.type_ref("System.Private.CoreLib", "System", "Object")
        return struct.pack("<I5H", 0x181, self._string("Program"), 0, base.rid << 2 | 1, 1, 1)


def _portable_executable(section: bytes) -> bytes:
    """A PE32 image with one section that begins with the CLI header (ECMA-335 II.25.2)."""
    raw_size = len(section) + -len(section) % _FILE_ALIGNMENT
    size_of_image = _SECTION_RVA + len(section) + -len(section) % 0x2000
    dos = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x40)
    coff = b"PE\0\0" + struct.pack("<HHIIIHH", 0x14C, 1, 0, 0, 0, 0xE0, 0x2102)
    standard = struct.pack("<HBBIIIIII", 0x10B, 48, 0, raw_size, 0, 0, 0, _SECTION_RVA, 0)
    windows = struct.pack(
        "<III6HIIIIHHIIIIII", 0x400000, 0x2000, _FILE_ALIGNMENT, 4, 0, 0, 0, 4, 0, 0, size_of_image, 0x200, 0, 3, 0x8540,
        0x100000, 0x1000, 0x100000, 0x1000, 0, 16,
    )  # fmt: skip
    directories = bytes(14 * 8) + struct.pack("<II", _SECTION_RVA, 72) + bytes(8)
    header = struct.pack("<8sIIIIIIHHI", b".text", len(section), _SECTION_RVA, raw_size, 0x200, 0, 0, 0, 0, 0x60000020)
    return (dos + coff + standard + windows + directories + header).ljust(0x200, b"\0") + section.ljust(raw_size, b"\0")
