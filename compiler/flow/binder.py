"""A type and DynamicallyAccessedMemberTypes -> the members that reflection on it can reach, as the runtime's binder looks them up."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from compiler.flow.associations import AccessorKind, SemanticMember, members_of
from compiler.flow.generated import nested_types
from compiler.flow.member_types import ALL, DECLARED_ONLY, INSTANCE, NON_PUBLIC, PUBLIC, STATIC, MemberTypes
from compiler.types.definitions import FieldDefinition, MethodDefinition, TypeDefinition
from compiler.types.type_desc import ArrayType, NamedType, TypeDesc
from compiler.types.universe import EMPTY_CONTEXT, TypeUniverse

_ACCESS_MASK, _PRIVATE, _PUBLIC = 0x7, 0x1, 0x6
_NESTED_PUBLIC = 0x2
_VISIBILITY_MASK = 0x7
_CONSTRUCTORS = (".ctor", ".cctor")
M = MemberTypes
Reached = MethodDefinition | FieldDefinition | TypeDefinition


def is_public(member: MethodDefinition | FieldDefinition) -> bool:
    """Whether a method or field is public."""
    return member.flags & _ACCESS_MASK == _PUBLIC


def _is_private(member: MethodDefinition | FieldDefinition) -> bool:
    return member.flags & _ACCESS_MASK <= _PRIVATE


def hierarchy(universe: TypeUniverse, desc: TypeDesc) -> Iterator[TypeDefinition]:
    """The definitions of a type and of its base types, outward; an array is System.Array."""
    current = universe.base_type(desc) if isinstance(desc, ArrayType) else desc
    while isinstance(current, NamedType):
        yield current.definition
        current = universe.base_type(current)


def reached_members(universe: TypeUniverse, desc: TypeDesc, members: int) -> Iterator[Reached]:
    """The methods, fields and types that `members` of `desc` covers; properties and events as their accessors."""
    if members == ALL:
        yield from _everything(universe, desc, set())
        return
    types = list(hierarchy(universe, desc))
    if not types:
        return
    own = types[0]
    yield from _constructors(own, members)
    for definition, is_base in ((d, d is not own) for d in types):
        yield from _methods(definition, members, is_base=is_base)
    for definition, is_base in ((d, d is not own) for d in types):
        yield from _fields(definition, members, is_base=is_base)
    yield from _nested(universe, own, members)
    for definition, is_base in ((d, d is not own) for d in types):
        yield from _semantic(definition, members, is_base=is_base)
    if members & M.INTERFACES:
        yield from interfaces(universe, desc)


def _constructors(own: TypeDefinition, members: int) -> Iterator[MethodDefinition]:
    wants_public = members & M.PUBLIC_CONSTRUCTORS == M.PUBLIC_CONSTRUCTORS
    for method in own.methods:
        if method.name == ".cctor":
            if members & M.NON_PUBLIC_CONSTRUCTORS:
                yield method
        elif method.name == ".ctor":
            if is_public(method):
                parameterless = members & M.PUBLIC_PARAMETERLESS_CONSTRUCTOR and not method.sig.parameters
                if wants_public or parameterless:
                    yield method
            elif members & M.NON_PUBLIC_CONSTRUCTORS:
                yield method


def _wanted(members: int, public: int, non_public: int) -> Callable[[bool], bool]:
    return lambda is_public_member: bool(members & (public if is_public_member else non_public))


def _methods(definition: TypeDefinition, members: int, *, is_base: bool) -> Iterator[MethodDefinition]:
    wanted = _wanted(members, M.PUBLIC_METHODS, M.NON_PUBLIC_METHODS)
    for method in definition.methods:
        if method.name not in _CONSTRUCTORS and wanted(is_public(method)) and not (is_base and _is_private(method)):
            yield method


def _fields(definition: TypeDefinition, members: int, *, is_base: bool) -> Iterator[FieldDefinition]:
    wanted = _wanted(members, M.PUBLIC_FIELDS, M.NON_PUBLIC_FIELDS)
    for field in definition.fields:
        if wanted(is_public(field)) and not (is_base and _is_private(field)):
            yield field


def _nested(universe: TypeUniverse, own: TypeDefinition, members: int) -> Iterator[Reached]:
    """The nested types with all that reflection on them can reach."""
    wanted = _wanted(members, M.PUBLIC_NESTED_TYPES, M.NON_PUBLIC_NESTED_TYPES)
    for nested in nested_types(own):
        if wanted(nested.flags & _VISIBILITY_MASK == _NESTED_PUBLIC):
            yield nested
            yield from _everything(universe, universe.open_type(nested), set())


def _semantic(definition: TypeDefinition, members: int, *, is_base: bool) -> Iterator[MethodDefinition]:
    for events, public, non_public in ((False, M.PUBLIC_PROPERTIES, M.NON_PUBLIC_PROPERTIES), (True, M.PUBLIC_EVENTS, M.NON_PUBLIC_EVENTS)):
        if not members & (public | non_public):
            continue
        wanted = _wanted(members, public, non_public)
        for member in members_of(definition, events=events):
            accessors = list(visible_accessors(member, is_base=is_base))
            if any(wanted(is_public(accessor)) for accessor in accessors):
                yield from member.accessors.values()


def visible_accessors(member: SemanticMember, *, is_base: bool) -> Iterator[MethodDefinition]:
    """The accessors by which reflection finds a property or event; private ones of a base type are not seen."""
    for kind in (AccessorKind.GETTER, AccessorKind.SETTER, AccessorKind.ADDER):
        accessor = member.accessors.get(kind)
        if accessor is not None and not (is_base and _is_private(accessor)):
            yield accessor


def interfaces(universe: TypeUniverse, desc: TypeDesc) -> Iterator[TypeDefinition]:
    """The interfaces that a type implements, its base types' included."""
    seen: set[TypeDefinition] = set()
    pending = list(hierarchy(universe, desc))
    while pending:
        definition = pending.pop(0)
        for token in definition.interface_tokens:
            found = universe.resolve_type(definition.module, token, EMPTY_CONTEXT)
            if isinstance(found, NamedType) and found.definition not in seen:
                seen.add(found.definition)
                yield found.definition
                pending.append(found.definition)


def _everything(universe: TypeUniverse, desc: TypeDesc, seen: set[TypeDefinition]) -> Iterator[Reached]:
    """All members of a type, of its nested types, base types and interfaces."""
    pending = [*hierarchy(universe, desc), *interfaces(universe, desc)]
    while pending:
        definition = pending.pop(0)
        if definition in seen:
            continue
        seen.add(definition)
        nested = nested_types(definition)
        yield from nested
        yield from definition.methods
        yield from definition.fields
        # Nested types come whole, without their base types.
        pending.extend(nested)


def methods_named(universe: TypeUniverse, desc: TypeDesc, name: str, flags: int) -> Iterator[MethodDefinition]:
    """The methods that GetMethod finds by name with binding flags, along the hierarchy."""
    for depth, definition in enumerate(hierarchy(universe, desc)):
        for method in definition.methods_named(name):
            if method.name not in _CONSTRUCTORS and not (depth and _is_private(method)) and _fits(method, flags):
                yield method
        if flags & DECLARED_ONLY:
            return


def fields_named(universe: TypeUniverse, desc: TypeDesc, name: str, flags: int) -> Iterator[FieldDefinition]:
    """The fields that GetField finds by name with binding flags, along the hierarchy."""
    for depth, definition in enumerate(hierarchy(universe, desc)):
        for field in definition.fields:
            if field.name == name and not (depth and _is_private(field)) and _fits(field, flags):
                yield field
        if flags & DECLARED_ONLY:
            return


def accessors_named(universe: TypeUniverse, desc: TypeDesc, name: str, flags: int, *, events: bool) -> Iterator[MethodDefinition]:
    """The accessors of the properties (or events) that GetProperty (GetEvent) finds by name, along the hierarchy."""
    for depth, definition in enumerate(hierarchy(universe, desc)):
        for member in members_of(definition, events=events):
            if member.name == name and any(_fits(a, flags) for a in visible_accessors(member, is_base=depth > 0)):
                yield from member.accessors.values()
        if flags & DECLARED_ONLY:
            return


def nested_named(desc: TypeDesc, name: str, flags: int) -> Iterator[TypeDefinition]:
    """The nested types that GetNestedType finds by name."""
    if not isinstance(desc, NamedType):
        return
    for nested in nested_types(desc.definition):
        public = nested.flags & _VISIBILITY_MASK == _NESTED_PUBLIC
        if nested.name == name and (not flags & (PUBLIC | NON_PUBLIC) or flags & (PUBLIC if public else NON_PUBLIC)):
            yield nested


def constructors(desc: TypeDesc, flags: int, n_parameters: int | None) -> Iterator[MethodDefinition]:
    """The constructors of a type by binding flags and, when known, parameter count. `desc` may be anything; only classes have any."""
    if not isinstance(desc, NamedType):
        return
    for method in desc.definition.methods:
        if method.name in _CONSTRUCTORS and _fits(method, flags) and (n_parameters is None or len(method.sig.parameters) == n_parameters):
            yield method


def _fits(member: MethodDefinition | FieldDefinition, flags: int) -> bool:
    """Whether a member is of the kind that binding flags ask for; flags that ask for neither of a pair do not narrow."""
    if flags & (INSTANCE | STATIC) == STATIC and not member.is_static:
        return False
    if flags & (INSTANCE | STATIC) == INSTANCE and member.is_static:
        return False
    if flags & (PUBLIC | NON_PUBLIC) == PUBLIC and not is_public(member):
        return False
    return not (flags & (PUBLIC | NON_PUBLIC) == NON_PUBLIC and is_public(member))
