"""Custom attribute values (ECMA-335 II.23.3): blob + constructor signature -> fixed and named arguments.

Enum arguments need the enum's underlying type, which only a resolver knows: the caller passes it in. Type arguments
come back as `TypeName` so that they cannot be mistaken for strings.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from compiler.metadata.bad_image import BadImage
from compiler.metadata.image import read_compressed
from compiler.metadata.signatures import ElementType, MethodSig, SigType
from compiler.metadata.tokens import Token


@dataclass(frozen=True, slots=True)
class TypeName:
    """A System.Type argument: the serialized type name, possibly assembly-qualified."""

    name: str


Value = int | float | str | bool | None | TypeName | tuple["Value", ...]


@dataclass(frozen=True, slots=True)
class AttributeValue:
    """Decoded arguments of one custom attribute; `named` maps field and property names to values."""

    fixed: tuple[Value, ...]
    named: dict[str, Value]


# Resolves enums: a TypeDefOrRef token (from the signature) or a serialized name -> element type of the underlying type,
# or None when the token is System.Type.
EnumResolver = Callable[[Token | str], ElementType | None]

_SCALARS = {
    ElementType.BOOLEAN: "<?", ElementType.CHAR: "<H", ElementType.I1: "<b", ElementType.U1: "<B", ElementType.I2: "<h",
    ElementType.U2: "<H", ElementType.I4: "<i", ElementType.U4: "<I", ElementType.I8: "<q", ElementType.U8: "<Q",
    ElementType.R4: "<f", ElementType.R8: "<d",
}
_TYPE = 0x50
_BOXED = 0x51
_ENUM = 0x55


class _Reader:
    """A cursor over an attribute blob."""

    __slots__ = ("file", "data", "pos", "enums", "depth")

    def __init__(self, file: str, data: bytes, enums: EnumResolver) -> None:
        self.file, self.data, self.pos, self.enums, self.depth = file, data, 0, enums, 0

    def bad(self, what: str) -> BadImage:
        return BadImage(self.file, f"custom attribute: {what}")

    def scalar(self, element: ElementType) -> Value:
        fmt = _SCALARS.get(element)
        if fmt is None:
            raise self.bad(f"argument of type {element.name}")
        size = struct.calcsize(fmt)
        if self.pos + size > len(self.data):
            raise self.bad("cut short")
        value: int | float | bool = struct.unpack_from(fmt, self.data, self.pos)[0]
        self.pos += size
        return value

    def byte(self) -> int:
        if self.pos >= len(self.data):
            raise self.bad("cut short")
        self.pos += 1
        return self.data[self.pos - 1]

    def string(self) -> str | None:
        if self.pos < len(self.data) and self.data[self.pos] == 0xFF:
            self.pos += 1
            return None
        try:
            size, start = read_compressed(self.data, self.pos)
        except IndexError:
            raise self.bad("cut short") from None
        if start + size > len(self.data):
            raise self.bad("cut short")
        self.pos = start + size
        return self.data[start : start + size].decode("utf-8", "replace")

    def type_value(self) -> Value:
        name = self.string()
        return None if name is None else TypeName(name)

    def by_signature(self, sig: SigType) -> Value:
        match sig.element:
            case ElementType.STRING:
                return self.string()
            case ElementType.OBJECT:
                return self.boxed()
            case ElementType.SZARRAY:
                return self.array(lambda: self.by_signature(sig.args[0]))
            case ElementType.CLASS | ElementType.VALUETYPE:
                element = self.enums(sig.token)
                return self.type_value() if element is None else self.scalar(element)
            case _:
                return self.scalar(sig.element)

    def array(self, item: Callable[[], Value]) -> Value:
        count = self.scalar(ElementType.U4)
        assert isinstance(count, int)
        if count == 0xFFFFFFFF:
            return None
        if count > len(self.data):
            raise self.bad("array longer than the blob")
        return tuple(item() for _ in range(count))

    def boxed(self) -> Value:
        return self.by_tag(self.byte())

    def by_tag(self, tag: int) -> Value:
        self.depth += 1
        if self.depth > 50:
            raise self.bad("nested too deeply")
        try:
            return self._by_tag(tag)
        finally:
            self.depth -= 1

    def _by_tag(self, tag: int) -> Value:
        if tag == ElementType.STRING:
            return self.string()
        if tag == _TYPE:
            return self.type_value()
        if tag == _BOXED:
            return self.boxed()
        if tag == _ENUM:
            name = self.string() or ""
            element = self.enums(name)
            if element is None:
                raise self.bad(f"enum '{name}' cannot be resolved")
            return self.scalar(element)
        if tag == ElementType.SZARRAY:
            inner = self.byte()
            if inner == _ENUM:
                name = self.string() or ""
                element = self.enums(name)
                if element is None:
                    raise self.bad(f"enum '{name}' cannot be resolved")
                known = element
                return self.array(lambda: self.scalar(known))
            return self.array(lambda: self.by_tag(inner))
        try:
            return self.scalar(ElementType(tag))
        except ValueError:
            raise self.bad(f"unknown argument tag 0x{tag:02X}") from None

    def named(self) -> tuple[str, Value]:
        self.byte()
        tag = self.byte()
        if tag == _ENUM:
            enum_name = self.string() or ""
            name = self.string() or ""
            element = self.enums(enum_name)
            if element is None:
                raise self.bad(f"enum '{enum_name}' cannot be resolved")
            return name, self.scalar(element)
        if tag == ElementType.SZARRAY:
            inner = self.byte()
            if inner == _ENUM:
                element = self.enums(self.string() or "")
                name = self.string() or ""
                if element is None:
                    raise self.bad("an enum array cannot be resolved")
                known = element
                return name, self.array(lambda: self.scalar(known))
            name = self.string() or ""
            return name, self.array(lambda: self.by_tag(inner))
        name = self.string() or ""
        return name, self.by_tag(tag)


def read_attribute(file: str, blob: bytes, constructor: MethodSig, enums: EnumResolver) -> AttributeValue:
    """The arguments in `blob` (ECMA-335 II.23.3) by the constructor's signature. Raises BadImage."""
    if not blob:
        return AttributeValue((), {})
    reader = _Reader(file, blob, enums)
    if reader.byte() != 1 or reader.byte() != 0:
        raise reader.bad("wrong prolog")
    fixed = tuple(reader.by_signature(p) for p in constructor.parameters)
    named: dict[str, Value] = {}
    if reader.pos + 2 <= len(blob):
        count = int.from_bytes(blob[reader.pos : reader.pos + 2], "little")
        reader.pos += 2
        for _ in range(count):
            name, value = reader.named()
            named[name] = value
    return AttributeValue(fixed, named)
