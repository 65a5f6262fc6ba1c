"""Virtual slots, interface maps and the methods behind them (ECMA-335 II.12.2, I.8.10.4, II.22.27).

Slots are natural: the base's first, then one per new virtual method in metadata order; they do not depend on what a
program uses. Results are kept on the types.
"""

from __future__ import annotations

from typing import cast

from compiler.metadata.signatures import ElementType
from compiler.types.casting import can_cast
from compiler.types.definitions import METHOD_ACCESS_MASK, METHOD_PUBLIC
from compiler.types.interfaces import all_interfaces, declared_interfaces
from compiler.types.type_desc import ArrayType, MethodDesc, NamedType, TypeDesc
from compiler.types.universe import GenericContext, TypeUniverse

_PRESERVE = "System.Runtime.CompilerServices.PreserveBaseOverridesAttribute"


def vtable(universe: TypeUniverse, owner: TypeDesc) -> list[MethodDesc]:
    """The methods in the slots of a class or value type, in slot order; generic methods are open in their own arguments."""
    if isinstance(owner, ArrayType):
        base = universe.base_type(owner)
        assert base is not None
        return vtable(universe, base)
    assert isinstance(owner, NamedType)
    if owner.vtable_cache is None:
        owner.vtable_cache = _build_vtable(universe, owner)
    return cast("list[MethodDesc]", owner.vtable_cache)


def _build_vtable(universe: TypeUniverse, owner: NamedType) -> list[MethodDesc]:
    base = universe.base_type(owner)
    slots = list(vtable(universe, base)) if base is not None else []
    for definition in owner.definition.methods:
        if not definition.is_virtual or definition.is_static:
            continue
        method = universe.method(definition, owner, ())
        slot = -1 if definition.is_new_slot else _overridden_slot(universe, slots, method)
        if slot < 0:
            slots.append(method)
        else:
            _replace(slots, slot, method)
    for body, declaration in method_impl_pairs(universe, owner):
        if declaration.owner.is_interface or declaration.is_static:
            continue
        slots[slot_index(universe, declaration)] = body
    return slots


def _replace(slots: list[MethodDesc], slot: int, method: MethodDesc) -> None:
    old = slots[slot]
    if old.definition.has_attribute(_PRESERVE):
        for index, current in enumerate(slots):
            if current is old:
                slots[index] = method
    slots[slot] = method


def _overridden_slot(universe: TypeUniverse, slots: list[MethodDesc], method: MethodDesc) -> int:
    name = method.name
    for index in range(len(slots) - 1, -1, -1):
        slot = slots[index]
        if slot.definition.name == name and universe.signature(slot).same_shape(universe.signature(method)):
            return index
    return -1


def method_impl_pairs(universe: TypeUniverse, owner: NamedType) -> list[tuple[MethodDesc, MethodDesc]]:
    """(body, declaration) of the type's explicit overrides (ECMA-335 II.22.27), open in method arguments."""
    found = owner.cache.get("method_impls")
    if found is None:
        module = owner.definition.module
        context = GenericContext(owner.args, ())
        pairs: list[tuple[MethodDesc, MethodDesc]] = []
        for body, declaration in owner.definition.method_impls:
            resolved_body = universe.resolve_method(module, body, context)
            resolved_declaration = universe.resolve_method(module, declaration, context)
            if isinstance(resolved_body, MethodDesc) and isinstance(resolved_declaration, MethodDesc):
                pairs.append((resolved_body, resolved_declaration))
        found = owner.cache["method_impls"] = pairs
    return cast("list[tuple[MethodDesc, MethodDesc]]", found)


def open_method(universe: TypeUniverse, method: MethodDesc) -> MethodDesc:
    """The method without its own type arguments, as it stands in slots."""
    return universe.method(method.definition, method.owner, ()) if method.args else method


def slot_index(universe: TypeUniverse, method: MethodDesc) -> int:
    """The slot of a virtual method of a class. Raises KeyError when the method has none."""
    owner = method.owner
    table = owner.cache.get("slot_index")
    if table is None:
        table = owner.cache["slot_index"] = {m: i for i, m in enumerate(vtable(universe, owner))}
    slots = cast("dict[MethodDesc, int]", table)
    opened = open_method(universe, method)
    if opened not in slots:
        # A type's own MethodImpl may have taken the slot that the method would fill by name.
        base = universe.base_type(owner)
        found = _overridden_slot(universe, vtable(universe, base), opened) if base is not None else -1
        if found < 0:
            raise KeyError(f"{method!r} has no slot")
        slots[opened] = found
    return slots[opened]


def resolve_virtual(universe: TypeUniverse, receiver: TypeDesc, method: MethodDesc) -> MethodDesc:
    """The method that a virtual call of class method `method` reaches on an exact receiver type."""
    found = vtable(universe, receiver)[slot_index(universe, method)]
    return universe.method(found.definition, found.owner, method.args) if method.args else found


def resolve_interface(universe: TypeUniverse, receiver: TypeDesc, method: MethodDesc) -> MethodDesc | None:
    """The method that a call of interface method `method` reaches on an exact receiver type, or None when there is none.

    Static virtual methods are resolved the same way. An exact implementation wins over one by variance (ECMA-335 I.8.7).
    """
    interface = method.owner
    found: MethodDesc | None = None
    interfaces = all_interfaces(universe, receiver)
    of_array = _array_interface_method(universe, receiver, method) if isinstance(receiver, ArrayType) else None
    if of_array is not None and can_cast(universe, receiver, interface):
        found = of_array
    elif interface in interfaces:
        found = _resolve_exact(universe, receiver, open_method(universe, method))
    else:
        for candidate in interfaces:
            if candidate.definition is interface.definition and can_cast(universe, candidate, interface):
                found = _resolve_exact(universe, receiver, universe.method(method.definition, candidate, ()))
                if found is not None:
                    break
    if found is not None and method.args and found.definition.generic_count == len(method.args):
        found = universe.method(found.definition, found.owner, method.args)
    return found


def _resolve_exact(universe: TypeUniverse, receiver: TypeDesc, declaration: MethodDesc) -> MethodDesc | None:
    if isinstance(receiver, ArrayType):
        helper = _array_interface_method(universe, receiver, declaration)
        if helper is not None:
            return helper
        base = universe.base_type(receiver)
        assert base is not None
        return _resolve_exact(universe, base, declaration)
    assert isinstance(receiver, NamedType)
    current: NamedType | None = receiver
    while current is not None:
        for body, target in method_impl_pairs(universe, current):
            if target is declaration:
                return _final(universe, receiver, body)
        if declaration.owner in declared_interfaces(universe, current):
            found = _by_name(universe, current, declaration)
            if found is not None:
                return _final(universe, receiver, found)
        current = universe.base_type(current)
    return _default_method(universe, receiver, declaration)


def _final(universe: TypeUniverse, receiver: NamedType, body: MethodDesc) -> MethodDesc:
    if body.is_static or not body.is_virtual or body.owner.is_interface:
        return body
    return vtable(universe, receiver)[slot_index(universe, body)]


def _by_name(universe: TypeUniverse, start: NamedType, declaration: MethodDesc) -> MethodDesc | None:
    wanted = universe.signature(declaration)
    current: NamedType | None = start
    while current is not None:
        for definition in current.definition.methods_named(declaration.name):
            if definition.is_static != declaration.is_static or definition.flags & METHOD_ACCESS_MASK != METHOD_PUBLIC:
                continue
            if not definition.is_virtual and not definition.is_static:
                continue
            method = universe.method(definition, current, ())
            if universe.signature(method).same_shape(wanted):
                return method
        current = universe.base_type(current)
    return None


def _default_method(universe: TypeUniverse, receiver: NamedType, declaration: MethodDesc) -> MethodDesc | None:
    """The most specific default implementation among the receiver's interfaces (ECMA-335 II.12.2, .NET default interface methods)."""
    best: MethodDesc | None = None if declaration.definition.is_abstract else declaration
    for interface in all_interfaces(universe, receiver):
        for body, target in method_impl_pairs(universe, interface):
            if target is declaration and (best is None or best.owner in all_interfaces(universe, interface)):
                best = body
    return best if best is None or not best.definition.is_abstract else None


_ARRAY_INTERFACES = ("IList`1", "ICollection`1", "IEnumerable`1", "IReadOnlyList`1", "IReadOnlyCollection`1")


def _array_interface_method(universe: TypeUniverse, receiver: ArrayType, declaration: MethodDesc) -> MethodDesc | None:
    interface = declaration.owner
    definition = interface.definition
    if receiver.rank or definition.namespace != "System.Collections.Generic" or definition.name not in _ARRAY_INTERFACES:
        return None
    helper = universe.corlib_type("System", "SZArrayHelper")
    for candidate in helper.definition.methods_named(declaration.name):
        if len(candidate.sig.parameters) == len(declaration.definition.sig.parameters) and candidate.generic_count == 1:
            return universe.method(candidate, helper, interface.args)
    return None


def resolve_constrained(universe: TypeUniverse, constrained: TypeDesc, method: MethodDesc) -> MethodDesc | None:
    """The method that `constrained. T` + call/callvirt reaches when T declares it itself, or None (ECMA-335 III.2.1).

    For a value type: the implementation on T when T itself has one, else None (the receiver must be boxed).
    """
    if method.owner.is_interface:
        found = resolve_interface(universe, constrained, method)
    elif method.is_virtual:
        found = resolve_virtual(universe, constrained, method)
    else:
        return method
    return found


def finalizer(universe: TypeUniverse, owner: TypeDesc) -> MethodDesc | None:
    """The Finalize override of a class, or None when it only has Object's."""
    if not isinstance(owner, NamedType) or owner.is_value_type or owner.is_interface:
        return None
    root = universe.primitive(ElementType.OBJECT)
    declared = universe.find_method(root, "Finalize")
    found = resolve_virtual(universe, owner, declared)
    return None if found.owner is root else found
