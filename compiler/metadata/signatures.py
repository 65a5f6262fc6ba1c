"""Signature blobs (ECMA-335 II.23.2): bytes -> `SigType` trees. Nothing is resolved; tokens stay tokens."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from compiler.metadata.bad_image import BadImage
from compiler.metadata.image import read_compressed
from compiler.metadata.tokens import Token, decode_coded

_MAX_DEPTH = 200


class ElementType(IntEnum):
    """ECMA-335 II.23.1.16."""

    END = 0x00
    VOID = 0x01
    BOOLEAN = 0x02
    CHAR = 0x03
    I1 = 0x04
    U1 = 0x05
    I2 = 0x06
    U2 = 0x07
    I4 = 0x08
    U4 = 0x09
    I8 = 0x0A
    U8 = 0x0B
    R4 = 0x0C
    R8 = 0x0D
    STRING = 0x0E
    PTR = 0x0F
    BYREF = 0x10
    VALUETYPE = 0x11
    CLASS = 0x12
    VAR = 0x13
    ARRAY = 0x14
    GENERICINST = 0x15
    TYPEDBYREF = 0x16
    I = 0x18  # noqa: E741 (the standard's name)
    U = 0x19
    FNPTR = 0x1B
    OBJECT = 0x1C
    SZARRAY = 0x1D
    MVAR = 0x1E
    CMOD_REQD = 0x1F
    CMOD_OPT = 0x20
    SENTINEL = 0x41
    PINNED = 0x45


@dataclass(frozen=True, slots=True)
class SigType:
    """A type in a signature.

    `element` says which of the others count: `token` for CLASS and VALUETYPE (TypeDefOrRef) and for the generic type of
    GENERICINST; `args` the element type, the type arguments or the modified type; `number` the index of VAR and MVAR or the
    rank of ARRAY; `sizes` and `lower_bounds` those of ARRAY; `method` the signature of FNPTR.
    """

    element: ElementType
    token: Token = Token(0)
    args: tuple[SigType, ...] = ()
    number: int = 0
    sizes: tuple[int, ...] = ()
    lower_bounds: tuple[int, ...] = ()
    method: MethodSig | None = None


@dataclass(frozen=True, slots=True)
class MethodSig:
    """A method signature (ECMA-335 II.23.2.1): `convention` is the first byte; parameters exclude `this`."""

    convention: int
    generic_count: int
    return_type: SigType
    parameters: tuple[SigType, ...]

    @property
    def has_this(self) -> bool:
        """Whether an instance is passed (HASTHIS)."""
        return bool(self.convention & 0x20)


_ELEMENTS: dict[int, ElementType] = {element.value: element for element in ElementType}
# Element types that are a whole type by themselves, by their byte.
_SIMPLE_TYPES = {raw: SigType(_ELEMENTS[raw]) for raw in (*range(0x01, 0x0F), 0x16, 0x18, 0x19, 0x1C)}


class SignatureReader:
    """A cursor over one blob. Invariant: `pos` is inside `data` or at its end."""

    __slots__ = ("_file", "data", "pos", "_depth")

    def __init__(self, file: str, data: bytes) -> None:
        self._file = file
        self.data = data
        self.pos = 0
        self._depth = 0

    def bad(self, what: str) -> BadImage:
        """The error for a malformed signature."""
        return BadImage(self._file, f"signature: {what}")

    def byte(self) -> int:
        """The next byte."""
        if self.pos >= len(self.data):
            raise self.bad("cut short")
        value = self.data[self.pos]
        self.pos += 1
        return value

    def compressed(self) -> int:
        """The next compressed unsigned integer (ECMA-335 II.23.2)."""
        try:
            value, self.pos = read_compressed(self.data, self.pos)
        except IndexError:
            raise self.bad("cut short") from None
        return value

    def signed(self) -> int:
        """The next compressed signed integer (ECMA-335 II.23.2)."""
        start = self.pos
        value = self.compressed()
        bits = {1: 6, 2: 13, 4: 28}[self.pos - start]
        return value >> 1 if not value & 1 else (value >> 1) - (1 << bits)

    def type(self) -> SigType:
        """The next type, custom modifiers kept as CMOD nodes."""
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise self.bad("nested too deeply")
        try:
            return self._type()
        finally:
            self._depth -= 1

    def _type(self) -> SigType:
        raw = self.byte()
        simple = _SIMPLE_TYPES.get(raw)
        if simple is not None:
            return simple
        element = _ELEMENTS.get(raw)
        if element is None:
            raise self.bad(f"unknown element type 0x{raw:02X}")
        match element:
            case ElementType.CLASS | ElementType.VALUETYPE:
                return SigType(element, token=decode_coded("TypeDefOrRef", self.compressed()))
            case ElementType.PTR | ElementType.BYREF | ElementType.SZARRAY | ElementType.PINNED:
                return SigType(element, args=(self.type(),))
            case ElementType.VAR | ElementType.MVAR:
                return SigType(element, number=self.compressed())
            case ElementType.GENERICINST:
                kind = self.byte()
                if kind not in (ElementType.CLASS, ElementType.VALUETYPE):
                    raise self.bad("generic instance of neither class nor value type")
                token = decode_coded("TypeDefOrRef", self.compressed())
                count = self.compressed()
                return SigType(element, token=token, args=tuple(self.type() for _ in range(count)), number=kind)
            case ElementType.ARRAY:
                return self._array()
            case ElementType.FNPTR:
                return SigType(element, method=self.method())
            case ElementType.CMOD_REQD | ElementType.CMOD_OPT:
                token = decode_coded("TypeDefOrRef", self.compressed())
                return SigType(element, token=token, args=(self.type(),))
            case _:
                raise self.bad(f"element type {element.name} stands where a type is due")

    def _array(self) -> SigType:
        item = self.type()
        rank = self.compressed()
        if not 0 < rank <= 32:
            raise self.bad(f"array of rank {rank}")
        sizes = tuple(self.compressed() for _ in range(self.compressed()))
        bounds = tuple(self.signed() for _ in range(self.compressed()))
        return SigType(ElementType.ARRAY, args=(item,), number=rank, sizes=sizes, lower_bounds=bounds)

    def method(self) -> MethodSig:
        """A method signature (ECMA-335 II.23.2.1-3); the sentinel of varargs is passed over."""
        convention = self.byte()
        generic_count = self.compressed() if convention & 0x10 else 0
        count = self.compressed()
        return_type = self.type()
        parameters: list[SigType] = []
        for _ in range(count):
            if self.pos < len(self.data) and self.data[self.pos] == ElementType.SENTINEL:
                self.pos += 1
            parameters.append(self.type())
        return MethodSig(convention, generic_count, return_type, tuple(parameters))


def read_method_sig(file: str, blob: bytes) -> MethodSig:
    """The signature of a method or property (ECMA-335 II.23.2.1, II.23.2.5). Raises BadImage."""
    return SignatureReader(file, blob).method()


def read_field_sig(file: str, blob: bytes) -> SigType:
    """The type of a field (ECMA-335 II.23.2.4). Raises BadImage."""
    reader = SignatureReader(file, blob)
    if reader.byte() & 0x0F != 0x06:
        raise reader.bad("not a field signature")
    return reader.type()


def read_local_sig(file: str, blob: bytes) -> tuple[SigType, ...]:
    """The types of a method's locals (ECMA-335 II.23.2.6). Raises BadImage."""
    reader = SignatureReader(file, blob)
    if reader.byte() != 0x07:
        raise reader.bad("not a local variable signature")
    return tuple(reader.type() for _ in range(reader.compressed()))


def read_type_spec(file: str, blob: bytes) -> SigType:
    """The type of a TypeSpec (ECMA-335 II.23.2.14). Raises BadImage."""
    return SignatureReader(file, blob).type()


def read_method_spec(file: str, blob: bytes) -> tuple[SigType, ...]:
    """The type arguments of a MethodSpec (ECMA-335 II.23.2.15). Raises BadImage."""
    reader = SignatureReader(file, blob)
    if reader.byte() != 0x0A:
        raise reader.bad("not a method instantiation")
    return tuple(reader.type() for _ in range(reader.compressed()))
