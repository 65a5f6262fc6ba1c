"""Value types as C passes them (System V AMD64 psABI 3.2.3), for calls between managed code and C.

A struct of at most 16 bytes goes in one or two registers by the class of each eightbyte; a larger one goes in memory.
"""

from __future__ import annotations

from dataclasses import dataclass

from compiler.codegen.lltypes import ALIGN_OF, scalar
from compiler.metadata.signatures import ElementType
from compiler.types.definitions import LAYOUT_MASK
from compiler.types.layout import inline_array_length, type_layout, value_size
from compiler.types.type_desc import NamedType, TypeDesc
from compiler.types.universe import TypeUniverse

_EIGHTBYTE = 8
_MOST_IN_REGISTERS = 16
_INTEGER_REGISTERS, _SSE_REGISTERS = 6, 8
_FLOATING = ("float", "double")
_ZERO_EXTENDED = {ElementType.BOOLEAN, ElementType.U1, ElementType.CHAR, ElementType.U2}


@dataclass(slots=True)
class Registers:
    """Argument registers that are still free: a struct goes to memory as a whole when they do not suffice for all of it."""

    integer: int = _INTEGER_REGISTERS
    sse: int = _SSE_REGISTERS

    def take(self, parts: list[tuple[int, str]]) -> bool:
        """Takes registers for all `parts`, or none and gives False."""
        n_sse = sum(_is_sse(part) for _, part in parts)
        if n_sse > self.sse or len(parts) - n_sse > self.integer:
            return False
        self.sse -= n_sse
        self.integer -= len(parts) - n_sse
        return True


def _is_sse(part: str) -> bool:
    return part in _FLOATING or part.startswith("<")


def register_parts(universe: TypeUniverse, desc: TypeDesc) -> list[tuple[int, str]] | None:
    """(offset, LLVM type) of the eightbytes that a struct is passed in; None for one that goes in memory."""
    size, _ = value_size(universe, desc)
    if size > _MOST_IN_REGISTERS:
        return None
    found = _scalars(universe, desc, 0)
    return [(start, _eightbyte(found, start, min(_EIGHTBYTE, size - start))) for start in range(0, size, _EIGHTBYTE)]


def _eightbyte(scalars: list[tuple[int, str]], start: int, size: int) -> str:
    inside = [part for offset, part in scalars if start <= offset < start + _EIGHTBYTE]
    if not inside or any(part not in _FLOATING for part in inside):
        return f"i{size * 8}" if size in (1, 2, 4, 8) else "i64"
    if "double" in inside:
        return "double"
    return "float" if size == ALIGN_OF["float"] else "<2 x float>"


def _scalars(universe: TypeUniverse, desc: TypeDesc, start: int) -> list[tuple[int, str]]:
    """Every scalar of a value with its offset; elements of inline arrays and fixed buffers as often as they fit."""
    one = scalar(universe, desc)
    if one is not None:
        return [(start, one[0])]
    assert isinstance(desc, NamedType)
    result: list[tuple[int, str]] = []
    offsets = type_layout(universe, desc).offsets
    size, _ = value_size(universe, desc)
    for field, offset in offsets.items():
        result += _scalars(universe, universe.field_type(field), start + offset)
    if len(offsets) == 1 and (inline_array_length(desc) > 0 or desc.definition.class_layout is not None):
        item, _ = value_size(universe, universe.field_type(next(iter(offsets))))
        result = [(at + offset, part) for at in range(0, max(size - item, 0) + 1, max(item, 1)) for offset, part in result]
    return result


def extension(desc: TypeDesc, memory: str) -> str:
    """The attribute with which a small integer is passed."""
    if memory not in ("i8", "i16"):
        return ""
    return " zeroext" if desc.element in _ZERO_EXTENDED else " signext"


def is_blittable(universe: TypeUniverse, desc: TypeDesc, *, marshals: bool) -> bool:
    """Whether managed and native form are the same. Without runtime marshalling every unmanaged type is."""
    if desc.element in (ElementType.PTR, ElementType.FNPTR):
        return True
    if not isinstance(desc, NamedType) or not desc.is_value_type:
        return False
    if scalar(universe, desc) is not None:
        return not marshals or desc.element not in (ElementType.BOOLEAN, ElementType.CHAR)
    return is_blittable_layout(universe, desc, marshals=marshals)


def is_blittable_layout(universe: TypeUniverse, desc: NamedType, *, marshals: bool) -> bool:
    """Whether all fields of a struct or of a class with layout are blittable; automatic layout has no native form."""
    if marshals and not desc.definition.flags & LAYOUT_MASK:
        return False
    return all(is_blittable(universe, universe.field_type(field), marshals=marshals) for field in type_layout(universe, desc).offsets)
