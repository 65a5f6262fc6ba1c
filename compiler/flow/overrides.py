"""Virtual methods of a type -> the base and interface methods that they override or implement (ECMA-335 II.10.3, II.12.2).

Methods are compared as declarations: what matters here is which declaration answers for which, not how calls are dispatched.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from compiler.diagnostics import InputError
from compiler.flow.associations import SemanticMember, members_of
from compiler.flow.contexts import open_type_context
from compiler.flow.reader_kind import ReaderKind
from compiler.types.definitions import METHOD_ACCESS_MASK, MethodDefinition, TypeDefinition
from compiler.types.type_desc import MethodDesc, NamedType
from compiler.types.universe import TypeUniverse


@dataclass(frozen=True, slots=True)
class Override:
    """`method` stands where `base` is called. `method` may be inherited from a base type of the type that implements an interface."""

    method: MethodDefinition
    base: MethodDefinition


@dataclass(frozen=True, slots=True)
class Implementation:
    """A property or event that implements `base`, one of `interface`."""

    member: SemanticMember
    base: SemanticMember
    interface: NamedType


def implementations_of(universe: TypeUniverse, definition: TypeDefinition) -> Iterator[Implementation]:
    """The properties and events that implement those of the interfaces that a type lists."""
    if definition.is_interface:
        return
    try:
        desc = universe.named(definition, open_type_context(universe, definition).type_args)
        explicit = _explicit(universe, definition)
        for interface in _all_interfaces(universe, desc):
            for base in (*members_of(interface.definition, events=False), *members_of(interface.definition, events=True)):
                slot = next(iter(base.accessors.values()), None)
                declaration = universe.method(slot, interface, ()) if slot is not None else None
                if declaration is None:
                    continue
                found = explicit.get(declaration) or _implementation(universe, declaration, desc)
                member = _associated(found) if found is not None else None
                if member is not None:
                    yield Implementation(member, base, interface)
    except InputError:
        return


def _associated(method: MethodDefinition) -> SemanticMember | None:
    members = (*members_of(method.owner, events=False), *members_of(method.owner, events=True))
    return next((each for each in members if method in each.accessors.values()), None)


def overrides_of(universe: TypeUniverse, definition: TypeDefinition, reader: ReaderKind) -> Iterator[Override]:
    """The pairs that a type's declaration makes: its overrides, and its implementations of the interfaces that it lists."""
    try:
        desc = universe.named(definition, open_type_context(universe, definition).type_args)
        explicit = _explicit(universe, definition)
        for declaration, body in explicit.items():
            # C# has no override of Finalize, but a destructor.
            if body.name != "Finalize" or reader is ReaderKind.PUBLISH:
                yield Override(body, declaration.definition)
        if not definition.is_interface:
            yield from _class_overrides(universe, desc, reader)
        yield from _implementations(universe, desc, explicit)
    except InputError:
        # A base type is missing; what was found so far has been given.
        return


def _explicit(universe: TypeUniverse, definition: TypeDefinition) -> dict[MethodDesc, MethodDefinition]:
    """MethodImpl rows: declaration -> body."""
    context = open_type_context(universe, definition)
    found: dict[MethodDesc, MethodDefinition] = {}
    for body_token, declaration_token in definition.method_impls:
        body = universe.resolve_method(definition.module, body_token, context)
        declaration = universe.resolve_method(definition.module, declaration_token, context)
        if isinstance(body, MethodDesc) and isinstance(declaration, MethodDesc):
            found[declaration] = body.definition
    return found


def _class_overrides(universe: TypeUniverse, desc: NamedType, reader: ReaderKind) -> Iterator[Override]:
    """Each override with the method that it overrides; for the publish's compiler with those that this one overrides, too."""
    for method in desc.definition.methods:
        if not method.is_virtual or method.is_new_slot:
            continue
        if method.name == "Finalize" and reader is ReaderKind.BUILD:
            # C# has no override of it, but a destructor.
            continue
        own = universe.method(method, desc, ())
        base = universe.base_type(desc)
        while base is not None:
            found = _same(universe, own, base)
            if found is not None:
                yield Override(method, found)
                if found.is_new_slot or reader is ReaderKind.BUILD:
                    break
            base = universe.base_type(base)


def _same(universe: TypeUniverse, own: MethodDesc, owner: NamedType) -> MethodDefinition | None:
    """The virtual method of `owner` with the name and signature of `own`."""
    for candidate in owner.definition.methods_named(own.name):
        if candidate.is_virtual and universe.signature(own).same_shape(universe.signature(universe.method(candidate, owner, ()))):
            return candidate
    return None


def _implementations(universe: TypeUniverse, desc: NamedType, explicit: dict[MethodDesc, MethodDefinition]) -> Iterator[Override]:
    done: set[tuple[MethodDefinition, MethodDefinition]] = set()
    for interface in _all_interfaces(universe, desc):
        for slot in interface.definition.methods:
            if not slot.is_virtual or slot.name == ".cctor":
                continue
            declaration = universe.method(slot, interface, ())
            if declaration in explicit or desc.is_interface:
                continue
            found = _implementation(universe, declaration, desc)
            if found is not None and (found, slot) not in done:
                done.add((found, slot))
                yield Override(found, slot)


def _implementation(universe: TypeUniverse, declaration: MethodDesc, desc: NamedType) -> MethodDefinition | None:
    """The public method of the type, or of a base type, that implements an interface method by name and signature."""
    current: NamedType | None = desc
    while current is not None:
        for candidate in current.definition.methods_named(declaration.name):
            public = candidate.flags & METHOD_ACCESS_MASK == METHOD_ACCESS_MASK - 1
            if candidate.is_static == declaration.is_static and (candidate.is_virtual or candidate.is_static) and public:
                if universe.signature(declaration).same_shape(universe.signature(universe.method(candidate, current, ()))):
                    return candidate
        current = universe.base_type(current)
    return None


def _all_interfaces(universe: TypeUniverse, desc: NamedType) -> list[NamedType]:
    """The interfaces that the type itself lists, and those that they extend."""
    found: list[NamedType] = []
    pending = [desc]
    while pending:
        current = pending.pop(0)
        context = open_type_context(universe, current.definition)
        if current.args:
            context.type_args = current.args
        for token in current.definition.interface_tokens:
            interface = universe.resolve_type(current.definition.module, token, context)
            if isinstance(interface, NamedType) and interface not in found:
                found.append(interface)
                pending.append(interface)
    return found
