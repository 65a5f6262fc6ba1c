"""The interfaces of a type (ECMA-335 II.12.2): declared ones, inherited ones, those that the runtime gives to arrays."""

from __future__ import annotations

from typing import cast

from compiler.types.type_desc import ArrayType, NamedType, PointerType, TypeDesc
from compiler.types.universe import GenericContext, TypeUniverse

_ARRAY_GENERIC = ("IList`1", "IReadOnlyList`1", "ICollection`1", "IReadOnlyCollection`1", "IEnumerable`1")


def declared_interfaces(universe: TypeUniverse, owner: NamedType) -> dict[NamedType, None]:
    """Interfaces that the type lists itself, with those that they inherit, in metadata order."""
    found = owner.cache.get("declared_interfaces")
    if found is None:
        result: dict[NamedType, None] = {}
        context = GenericContext(owner.args, ())
        for token in owner.definition.interface_tokens:
            interface = universe.resolve_type(owner.definition.module, token, context)
            assert isinstance(interface, NamedType)
            result[interface] = None
            result.update(declared_interfaces(universe, interface))
        found = owner.cache["declared_interfaces"] = result
    return cast("dict[NamedType, None]", found)


def all_interfaces(universe: TypeUniverse, owner: TypeDesc) -> dict[NamedType, None]:
    """Every interface that the type implements exactly: the base's first, then its own. A dict used as an ordered set."""
    if isinstance(owner, PointerType) or not isinstance(owner, (NamedType, ArrayType)):
        return {}
    found = owner.cache.get("all_interfaces")
    if found is None:
        base = universe.base_type(owner)
        result = dict(all_interfaces(universe, base)) if base is not None else {}
        if isinstance(owner, NamedType):
            result.update(declared_interfaces(universe, owner))
        elif owner.rank == 0 and not owner.item.is_pointer_like:
            for name in _ARRAY_GENERIC:
                result[universe.corlib_type("System.Collections.Generic", name, owner.item)] = None
        found = owner.cache["all_interfaces"] = result
    return cast("dict[NamedType, None]", found)
