"""Custom attribute blobs -> typed values (ECMA-335 II.23.3): each argument with its type, types and enums resolved.

`metadata.attributes` reads the same blobs for analyses that need no types of values.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from compiler.flow.type_names import resolve_type_name
from compiler.metadata.bad_image import BadImage
from compiler.metadata.image import read_compressed
from compiler.metadata.signatures import ElementType
from compiler.types.casting import enum_underlying
from compiler.types.definitions import Module
from compiler.types.type_desc import ArrayType, NamedType, TypeDesc
from compiler.types.universe import TypeUniverse

_FORMATS = {
    ElementType.BOOLEAN: "<?", ElementType.CHAR: "<H", ElementType.I1: "<b", ElementType.U1: "<B", ElementType.I2: "<h",
    ElementType.U2: "<H", ElementType.I4: "<i", ElementType.U4: "<I", ElementType.I8: "<q", ElementType.U8: "<Q",
    ElementType.R4: "<f", ElementType.R8: "<d",
}
_FIELD, _TYPE, _BOXED, _ENUM = 0x53, 0x50, 0x51, 0x55
_MAX_DEPTH = 50


@dataclass(frozen=True, slots=True)
class TypedValue:
    """An argument: `type` is that of the value itself, also where an object is asked for; `value` None is null, a tuple an array."""

    type: TypeDesc
    value: int | float | str | TypeDesc | tuple[TypedValue, ...] | None


@dataclass(frozen=True, slots=True)
class NamedArgument:
    """A property or field that is set."""

    is_field: bool
    name: str
    argument: TypedValue


@dataclass(frozen=True, slots=True)
class TypedArguments:
    """All arguments of one attribute."""

    fixed: tuple[TypedValue, ...]
    named: tuple[NamedArgument, ...]


class _Cursor:
    """A place in a blob."""

    def __init__(self, universe: TypeUniverse, module: Module, data: bytes) -> None:
        self.universe = universe
        self.module = module
        self.data = data
        self.pos = 0

    def bad(self, what: str) -> BadImage:
        return BadImage(self.module.image.file, f"custom attribute: {what}")

    def take(self, n_bytes: int) -> bytes:
        raw = self.data[self.pos : self.pos + n_bytes]
        if len(raw) < n_bytes:
            raise self.bad("cut short")
        self.pos += n_bytes
        return raw

    def integer(self, n_bytes: int) -> int:
        return int.from_bytes(self.take(n_bytes), "little")

    def string(self) -> str | None:
        if self.data[self.pos : self.pos + 1] == b"\xff":
            self.pos += 1
            return None
        try:
            size, self.pos = read_compressed(self.data, self.pos)
        except IndexError:
            raise self.bad("cut short") from None
        return self.take(size).decode("utf-8", "replace")

    def type_named(self, name: str) -> TypeDesc:
        found = resolve_type_name(self.universe, name, self.module)
        if found is None:
            raise self.bad(f"type '{name}' cannot be resolved")
        return found

    def type_of_tag(self, tag: int, depth: int) -> TypeDesc:
        """The type that stands before a named or boxed argument (ECMA-335 II.23.3, FieldOrPropType)."""
        if depth > _MAX_DEPTH:
            raise self.bad("nested too deeply")
        if tag == _TYPE:
            return self.universe.corlib_type("System", "Type")
        if tag == _BOXED:
            return self.universe.primitive(ElementType.OBJECT)
        if tag == _ENUM:
            return self.type_named(self.string() or "")
        if tag == ElementType.SZARRAY:
            return self.universe.array(self.type_of_tag(self.integer(1), depth + 1), 0)
        try:
            element = ElementType(tag)
        except ValueError:
            raise self.bad(f"unknown argument tag 0x{tag:02X}") from None
        if element not in _FORMATS and element is not ElementType.STRING:
            raise self.bad(f"argument of type {element.name}")
        return self.universe.primitive(element)

    def value(self, desc: TypeDesc, depth: int = 0) -> TypedValue:
        """The argument of type `desc` that stands here."""
        if depth > _MAX_DEPTH:
            raise self.bad("nested too deeply")
        if isinstance(desc, ArrayType):
            count = self.integer(4)
            if count == 0xFFFFFFFF:
                return TypedValue(desc, None)
            if count > len(self.data):
                raise self.bad("array longer than the blob")
            return TypedValue(desc, tuple(self.value(desc.item, depth + 1) for _ in range(count)))
        if desc.element is ElementType.STRING:
            return TypedValue(desc, self.string())
        if desc.element is ElementType.OBJECT:
            return self.value(self.type_of_tag(self.integer(1), depth), depth + 1)
        if isinstance(desc, NamedType) and desc.full_name == "System.Type":
            name = self.string()
            return TypedValue(desc, None if name is None else self.type_named(name))
        return TypedValue(desc, self._number(desc))

    def _number(self, desc: TypeDesc) -> int | float:
        underlying = enum_underlying(self.universe, desc) if isinstance(desc, NamedType) and desc.is_enum else desc
        text = _FORMATS.get(underlying.element)
        if text is None:
            raise self.bad(f"argument of type '{desc!r}'")
        number: int | float = struct.unpack(text, self.take(struct.calcsize(text)))[0]
        return int(number) if isinstance(number, bool) else number


def read_typed_arguments(universe: TypeUniverse, module: Module, parameters: tuple[TypeDesc, ...], blob: bytes) -> TypedArguments:
    """The arguments in `blob`, which stands in `module`, for a constructor with those parameters. Raises BadImage and TypeLoadError."""
    if not blob:
        return TypedArguments((), ())
    cursor = _Cursor(universe, module, blob)
    if cursor.integer(2) != 1:
        raise cursor.bad("wrong prolog")
    fixed = tuple(cursor.value(desc) for desc in parameters)
    named = []
    for _ in range(cursor.integer(2) if cursor.pos + 2 <= len(blob) else 0):
        is_field = cursor.integer(1) == _FIELD
        desc = cursor.type_of_tag(cursor.integer(1), 0)
        name = cursor.string() or ""
        named.append(NamedArgument(is_field, name, cursor.value(desc)))
    return TypedArguments(fixed, tuple(named))
