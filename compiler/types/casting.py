"""Assignment compatibility of types (ECMA-335 I.8.7): what castclass, isinst and variance accept."""

from __future__ import annotations

from compiler.metadata.signatures import ElementType
from compiler.metadata.tokens import TableId
from compiler.types.interfaces import all_interfaces
from compiler.types.type_desc import ArrayType, NamedType, TypeDesc
from compiler.types.universe import TypeUniverse

_REDUCED = {
    ElementType.U1: ElementType.I1, ElementType.U2: ElementType.I2, ElementType.U4: ElementType.I4,
    ElementType.U8: ElementType.I8, ElementType.U: ElementType.I,
}


def can_cast(universe: TypeUniverse, source: TypeDesc, target: TypeDesc) -> bool:
    """Whether a reference to a (boxed) `source` is a valid `target` (ECMA-335 I.8.7.1-3)."""
    if source is target:
        return True
    if target.element is ElementType.OBJECT:
        return not source.is_pointer_like
    if isinstance(target, ArrayType):
        return isinstance(source, ArrayType) and source.rank == target.rank and _items_compatible(universe, source.item, target.item)
    if not isinstance(target, NamedType):
        return False
    if target.is_interface:
        return _casts_to_interface(universe, source, target)
    if target.is_delegate and target.args and isinstance(source, NamedType) and source.definition is target.definition:
        return _variant_args(universe, source, target)
    current: TypeDesc | None = source
    while current is not None:
        if current is target:
            return True
        current = universe.base_type(current)
    return False


def _casts_to_interface(universe: TypeUniverse, source: TypeDesc, target: NamedType) -> bool:
    interfaces = all_interfaces(universe, source)
    if target in interfaces:
        return True
    if not target.args:
        return False
    candidates = list(interfaces)
    if isinstance(source, NamedType) and source.is_interface:
        candidates.append(source)
    for candidate in candidates:
        if candidate.definition is target.definition and _variant_args(universe, candidate, target):
            return True
    return isinstance(source, ArrayType) and _array_to_generic_interface(universe, source, target)


def _array_to_generic_interface(universe: TypeUniverse, source: ArrayType, target: NamedType) -> bool:
    """int[] is an IList<uint> too: the item rules of arrays hold for the generic interfaces of vectors (ECMA-335 I.8.7.1)."""
    if source.rank or len(target.args) != 1:
        return False
    for candidate in all_interfaces(universe, source):
        if candidate.definition is target.definition:
            return _items_compatible(universe, source.item, target.args[0])
    return False


def _items_compatible(universe: TypeUniverse, source: TypeDesc, target: TypeDesc) -> bool:
    if source is target:
        return True
    if source.is_reference and target.is_reference:
        return can_cast(universe, source, target)
    return reduced_element(universe, source) is reduced_element(universe, target) is not None


def reduced_element(universe: TypeUniverse, desc: TypeDesc) -> ElementType | None:
    """The reduced type of a scalar or enum (ECMA-335 I.8.7.1), None for anything else."""
    if not isinstance(desc, NamedType) or not desc.is_value_type:
        return None
    if desc.is_enum:
        underlying = enum_underlying(universe, desc)
        return _REDUCED.get(underlying.element, underlying.element)
    return _REDUCED.get(desc.element, desc.element) if desc.is_primitive else None


def enum_underlying(universe: TypeUniverse, desc: NamedType) -> NamedType:
    """The underlying type of an enum: the type of its instance field (ECMA-335 II.14.3)."""
    for field in universe.fields(desc):
        if not field.is_static:
            found = universe.field_type(field)
            assert isinstance(found, NamedType)
            return found
    raise AssertionError(f"{desc!r} has no instance field")


def _variant_args(universe: TypeUniverse, source: NamedType, target: NamedType) -> bool:
    for variance, mine, other in zip(variances(source), source.args, target.args, strict=True):
        if mine is other:
            continue
        if variance == 0 or not mine.is_reference or not other.is_reference:
            return False
        if variance == 1 and not can_cast(universe, mine, other):
            return False
        if variance == 2 and not can_cast(universe, other, mine):
            return False
    return True


def variances(desc: NamedType) -> list[int]:
    """Per generic parameter: 0 invariant, 1 covariant, 2 contravariant (ECMA-335 II.23.1.7)."""
    definition = desc.definition
    found = definition.module.sig_cache.get(("variance", definition.rid))
    if found is None:
        flags = definition.module.image.column(TableId.GENERIC_PARAM, "Flags")
        found = [flags[rid - 1] & 3 for rid in definition.module.generic_params(definition.token)]
        definition.module.sig_cache["variance", definition.rid] = found
    assert isinstance(found, list)
    return found
