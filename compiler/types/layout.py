"""Sizes, alignments and field offsets (ECMA-335 II.10.7) as CoreCLR lays them out on a 64-bit target.

Offsets of a class count from the object pointer (the MethodTable word at 0, fields from 8); offsets of a value type
from its start. GC offsets say where object references lie. A layout depends on field types only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from compiler.metadata.signatures import ElementType
from compiler.metadata.tokens import TableId
from compiler.types.definitions import LAYOUT_EXPLICIT, LAYOUT_MASK, LAYOUT_SEQUENTIAL
from compiler.types.interned import TypeLoadError
from compiler.types.type_desc import FieldDesc, NamedType, TypeDesc, is_scalar_element, primitive_size
from compiler.types.universe import TypeUniverse

_INLINE_ARRAY = "System.Runtime.CompilerServices.InlineArrayAttribute"
_ALIGN_16 = {"Int128", "UInt128"}
_WIDE_VECTORS = ("Vector128`1", "Vector256`1", "Vector512`1")


@dataclass(frozen=True, slots=True)
class Layout:
    """Layout of an instance. `size_bytes` of a class includes the MethodTable word, without padding at the end.

    `gc_offsets` are byte offsets of object references (same origin as the fields); `byref_offsets` those of managed pointers.
    """

    size_bytes: int
    alignment: int
    offsets: dict[FieldDesc, int]
    gc_offsets: tuple[int, ...]
    has_byrefs: bool
    is_overlapping: bool


def value_size(universe: TypeUniverse, desc: TypeDesc) -> tuple[int, int]:
    """(size, alignment) in bytes of a location of type `desc`."""
    if isinstance(desc, NamedType) and desc.is_value_type:
        if is_scalar_element(desc.element):
            size = primitive_size(desc.element)
            return size, size
        layout = type_layout(universe, desc)
        return layout.size_bytes, layout.alignment
    return 8, 8


def gc_offsets_of(universe: TypeUniverse, desc: TypeDesc) -> tuple[int, ...]:
    """Byte offsets of the object references in a location of type `desc`."""
    if desc.is_reference:
        return (0,)
    if isinstance(desc, NamedType) and desc.is_value_type and not is_scalar_element(desc.element):
        return type_layout(universe, desc).gc_offsets
    return ()


def type_layout(universe: TypeUniverse, desc: NamedType) -> Layout:
    """The instance layout of a class or value type. Raises TypeLoadError when a value type contains itself."""
    found = desc.cache.get("layout")
    if found is None:
        if desc.cache.get("layout_running"):
            raise TypeLoadError("AOTD1007", f"value type '{desc!r}' contains itself")
        desc.cache["layout_running"] = True
        found = desc.cache["layout"] = _compute(universe, desc)
        del desc.cache["layout_running"]
    return cast(Layout, found)


def _compute(universe: TypeUniverse, desc: NamedType) -> Layout:
    fields = [f for f in universe.fields(desc) if not f.is_static]
    if is_scalar_element(desc.element):
        size = primitive_size(desc.element)
        return Layout(size, size, {f: 0 for f in fields}, (), has_byrefs=False, is_overlapping=False)
    start, alignment, gc = 0, 1, []
    has_byrefs = False
    if not desc.is_value_type:
        base = universe.base_type(desc)
        if base is None:
            return Layout(8, 8, {f: 8 for f in fields}, (), has_byrefs=False, is_overlapping=False)
        inherited = type_layout(universe, base)
        start, alignment, gc = inherited.size_bytes, 8, list(inherited.gc_offsets)
    placed = _place(universe, desc, fields, start)
    end = start
    for field, offset in placed.items():
        field_type = universe.field_type(field)
        size, align = value_size(universe, field_type)
        end = max(end, offset + size)
        alignment = max(alignment, align)
        gc.extend(offset + o for o in gc_offsets_of(universe, field_type))
        has_byrefs |= field_type.element is ElementType.BYREF or _inner_byrefs(universe, field_type)
    return _finish(universe, desc, placed, end, alignment, gc, has_byrefs=has_byrefs)


def _finish(
    universe: TypeUniverse, desc: NamedType, placed: dict[FieldDesc, int], end: int, alignment: int, gc: list[int], *, has_byrefs: bool
) -> Layout:
    explicit = desc.definition.flags & LAYOUT_MASK == LAYOUT_EXPLICIT
    declared = desc.definition.class_layout
    if not desc.is_value_type:
        return Layout(end, 8, placed, tuple(gc), has_byrefs=False, is_overlapping=explicit)
    if declared is not None and declared[0]:
        alignment = min(alignment, max(declared[0], 8 if gc else 1))
    if desc.definition.module.name == "System.Private.CoreLib":
        if desc.definition.name in _ALIGN_16:
            alignment = 16
        elif desc.definition.namespace == "System.Runtime.Intrinsics" and desc.definition.name in _WIDE_VECTORS:
            alignment = max(alignment, 16)
    count = inline_array_length(desc)
    size = max(end, 1)
    if count > 1:
        element = size
        gc = [i * element + o for i in range(count) for o in gc]
        size = element * count
    size = (size + alignment - 1) & -alignment
    if declared is not None and declared[1] > size:
        size = declared[1]
    return Layout(size, alignment, placed, tuple(sorted(set(gc))), has_byrefs=has_byrefs, is_overlapping=explicit or count > 1)


def _inner_byrefs(universe: TypeUniverse, desc: TypeDesc) -> bool:
    if isinstance(desc, NamedType) and desc.is_value_type and not is_scalar_element(desc.element):
        return type_layout(universe, desc).has_byrefs
    return False


def inline_array_length(desc: NamedType) -> int:
    """The length of an [InlineArray] value type; 0 for any other type."""
    definition = desc.definition
    if not desc.is_value_type or not definition.has_attribute(_INLINE_ARRAY):
        return 0
    module = definition.module
    for rid in module.attribute_rows(definition.token):
        if module.attribute_type_name(rid) == _INLINE_ARRAY:
            blob = module.image.blob(module.image.column(TableId.CUSTOM_ATTRIBUTE, "Value")[rid - 1])
            return int.from_bytes(blob[2:6], "little")
    return 0


def _place(universe: TypeUniverse, desc: NamedType, fields: list[FieldDesc], start: int) -> dict[FieldDesc, int]:
    """Field -> offset, by the type's layout kind. Auto layout puts references first, then larger scalars before smaller, then structs."""
    kind = desc.definition.flags & LAYOUT_MASK
    if kind == LAYOUT_EXPLICIT:
        return {f: start + (f.definition.explicit_offset or 0) for f in fields}
    sized = [(f, *value_size(universe, universe.field_type(f))) for f in fields]
    has_references = any(gc_offsets_of(universe, universe.field_type(f)) for f in fields)
    packing = desc.definition.class_layout[0] if desc.definition.class_layout else 0
    sequential = kind == LAYOUT_SEQUENTIAL and (not has_references or not desc.is_value_type)
    if not sequential or (not desc.is_value_type and has_references):
        sized.sort(key=lambda item: _auto_order(universe, item[0], item[1]))
        packing = 0
    placed: dict[FieldDesc, int] = {}
    pos = start
    for field, size, align in sized:
        if packing:
            align = min(align, packing)
        pos = (pos + align - 1) & -align
        placed[field] = pos
        pos += size
    return {f: placed[f] for f in fields}


def _auto_order(universe: TypeUniverse, field: FieldDesc, size: int) -> tuple[int, int]:
    field_type = universe.field_type(field)
    if field_type.is_reference:
        return (0, 0)
    is_struct = isinstance(field_type, NamedType) and not is_scalar_element(field_type.element) and not field_type.is_enum
    if is_struct:
        return (2, 0)
    return (1, -size)
