"""How .NET types appear in LLVM IR: stack kinds, memory types and the managed calling convention.

A value on the evaluation stack has one of six kinds: "i" i32, "l" i64, "f" float, "d" double, "p" ptr, "s" a struct in
memory (its operand is a ptr to bytes that nobody writes any more).

Managed calling convention: scalars as they are; a struct of at most 16 bytes and two scalar leaves as its leaves; any
other struct as a ptr to memory that the callee must not write; results by the same rule, larger ones through a leading
ptr. It coincides with the C convention for the signatures that the runtime uses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from compiler.metadata.signatures import ElementType
from compiler.types.casting import enum_underlying
from compiler.types.layout import type_layout, value_size
from compiler.types.type_desc import MethodSignature, NamedType, TypeDesc, is_scalar_element
from compiler.types.universe import TypeUniverse

LL_OF_KIND = {"i": "i32", "l": "i64", "f": "float", "d": "double", "p": "ptr"}

# element type -> (memory type, stack kind, extension to the stack kind)
_SCALARS: dict[ElementType, tuple[str, str, str]] = {
    ElementType.BOOLEAN: ("i8", "i", "zext"), ElementType.CHAR: ("i16", "i", "zext"), ElementType.I1: ("i8", "i", "sext"),
    ElementType.U1: ("i8", "i", "zext"), ElementType.I2: ("i16", "i", "sext"), ElementType.U2: ("i16", "i", "zext"),
    ElementType.I4: ("i32", "i", ""), ElementType.U4: ("i32", "i", ""), ElementType.I8: ("i64", "l", ""), ElementType.U8: ("i64", "l", ""),
    ElementType.R4: ("float", "f", ""), ElementType.R8: ("double", "d", ""),
    ElementType.I: ("i64", "l", ""), ElementType.U: ("i64", "l", ""),
}
_POINTER = ("ptr", "p", "")
ALIGN_OF = {"i8": 1, "i16": 2, "i32": 4, "i64": 8, "float": 4, "double": 8, "ptr": 8}


def scalar(universe: TypeUniverse, desc: TypeDesc) -> tuple[str, str, str] | None:
    """(memory type, stack kind, extension) of a location that holds one scalar; None for structs."""
    found = desc.cache.get("scalar", 0)
    if found == 0:
        found = desc.cache["scalar"] = _scalar(universe, desc)
    return cast("tuple[str, str, str] | None", found)


def _scalar(universe: TypeUniverse, desc: TypeDesc) -> tuple[str, str, str] | None:
    if not isinstance(desc, NamedType) or not desc.is_value_type:
        return _POINTER
    if is_scalar_element(desc.element):
        return _SCALARS[desc.element]
    if desc.is_enum:
        return _SCALARS[enum_underlying(universe, desc).element]
    return None


def kind_of(universe: TypeUniverse, desc: TypeDesc) -> str:
    """The stack kind of a value of type `desc`."""
    found = scalar(universe, desc)
    return found[1] if found is not None else "s"


def leaves(universe: TypeUniverse, desc: TypeDesc) -> tuple[tuple[int, str], ...] | None:
    """(offset, memory type) of the scalars that a value is passed as, or None when it is passed in memory."""
    found = desc.cache.get("leaves", 0)
    if found == 0:
        found = desc.cache["leaves"] = _leaves(universe, desc)
    return cast("tuple[tuple[int, str], ...] | None", found)


def _leaves(universe: TypeUniverse, desc: TypeDesc) -> tuple[tuple[int, str], ...] | None:
    one = scalar(universe, desc)
    if one is not None:
        return ((0, one[0]),)
    assert isinstance(desc, NamedType)
    layout = type_layout(universe, desc)
    if layout.size_bytes > 16 or layout.is_overlapping:
        return None
    result: list[tuple[int, str]] = []
    for field, offset in sorted(layout.offsets.items(), key=lambda item: item[1]):
        inner = leaves(universe, universe.field_type(field))
        if inner is None:
            return None
        result.extend((offset + o, t) for o, t in inner)
    if not result:
        return ((0, "i8"),)
    covered = sum({"i8": 1, "i16": 2, "i32": 4, "float": 4}.get(t, 8) for _, t in result)
    if len(result) > 2 or (covered < layout.size_bytes and desc.definition.class_layout is not None and desc.definition.class_layout[1]):
        return None
    return tuple(result)


@dataclass(frozen=True, slots=True)
class CallShape:
    """A signature in LLVM terms: `parameters` in order (a leading ptr when `returns_in_memory`), `result` the LLVM return type."""

    result: str
    parameters: tuple[str, ...]
    returns_in_memory: bool


def call_shape(universe: TypeUniverse, signature: MethodSignature, *, has_this: bool) -> CallShape:
    """The LLVM shape of a managed signature."""
    result, in_memory = result_type(universe, signature.return_type)
    parameters: list[str] = ["ptr"] if in_memory else []
    if has_this:
        parameters.append("ptr")
    for parameter in signature.parameters:
        parts = leaves(universe, parameter)
        if parts is None:
            parameters.append("ptr")
        else:
            parameters.extend(t for _, t in parts)
    return CallShape(result, tuple(parameters), in_memory)


def result_type(universe: TypeUniverse, desc: TypeDesc) -> tuple[str, bool]:
    """(LLVM return type, whether the result goes through a leading ptr)."""
    if desc.element is ElementType.VOID:
        return "void", False
    parts = leaves(universe, desc)
    if parts is None:
        return "void", True
    if len(parts) == 1:
        return parts[0][1], False
    return "{" + ", ".join(t for _, t in parts) + "}", False


def storage(universe: TypeUniverse, desc: TypeDesc) -> tuple[str, int, int]:
    """(alloca type, size, alignment) of a variable of type `desc`."""
    one = scalar(universe, desc)
    if one is not None:
        return one[0], ALIGN_OF[one[0]], ALIGN_OF[one[0]]
    size, alignment = value_size(universe, desc)
    return f"[{size} x i8]", size, max(alignment, 8) if size >= 8 else alignment


def quote(name: str) -> str:
    """A global name in IR syntax, with its sigil."""
    if name.isascii() and '"' not in name and "\\" not in name:
        return f'@"{name}"'
    raw = name.encode("utf-8", "surrogatepass")
    return '@"' + "".join(chr(b) if 32 <= b < 127 and b not in (34, 92) else f"\\{b:02X}" for b in raw) + '"'
