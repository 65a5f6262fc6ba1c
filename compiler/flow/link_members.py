"""Elements of ILLink's XML files -> the types and members that they mean, as .NET's native compiler looks them up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from compiler.diagnostics import InputError
from compiler.flow.associations import AccessorKind, SemanticMember, members_of
from compiler.flow.contexts import open_context
from compiler.flow.link_signatures import definition_name, field_signature, method_signature, type_name
from compiler.flow.link_xml import XmlElement
from compiler.types.definitions import METHOD_ACCESS_MASK, FieldDefinition, MethodDefinition, Module, TypeDefinition
from compiler.types.type_desc import NamedType
from compiler.types.universe import TypeUniverse

_PRIVATE = 1

Member = TypeVar("Member")


@dataclass(frozen=True, slots=True)
class Meant(Generic[Member]):
    """What an element means: the members that are there, and the signatures and names that are of none. `by_signature` are those of the
    members that a signature named."""

    found: tuple[Member, ...]
    missing: tuple[str, ...]
    by_signature: tuple[Member, ...] = ()


def keeps_everything(element: XmlElement) -> bool:
    """Whether a descriptor's element keeps all that it is about: it says so, or has nothing in it that says what."""
    preserve = element.get("preserve").strip().lower()
    return preserve == "all" or not (preserve or element.has_content)


def module_named(universe: TypeUniverse, name: str) -> Module | None:
    """The assembly of a name, which may have a version behind it."""
    try:
        return universe.load(name.partition(",")[0].strip())
    except InputError:
        return None


def type_named(universe: TypeUniverse, module: Module, name: str) -> TypeDefinition | None:
    """The type of a name, with `/` before nested ones, in a module or where the module forwards it."""
    outer, *nested = name.split("/")
    namespace, _, simple = outer.rpartition(".")
    try:
        found: TypeDefinition | None = universe.find_type(module.name, namespace, simple)
    except InputError:
        return None
    for part in nested:
        found = found.module.find_nested(found, part) if found is not None else None
    return found


def types_matching(module: Module, pattern: str) -> Iterator[TypeDefinition]:
    """The types whose names have the parts of a pattern in that order; like .NET's, a pattern need not cover a name's ends."""
    parts = pattern.split("*")
    for definition in module.types():
        name, at = definition_name(definition), 0
        for part in parts:
            begin = name.find(part, at)
            if begin < 0:
                break
            at = begin + len(part)
        else:
            yield definition


def methods_meant(universe: TypeUniverse, definition: TypeDefinition, element: XmlElement) -> Meant[MethodDefinition]:
    """The methods of a type that an element means."""
    return _meant(element, definition.methods, lambda each: each.name, lambda each: method_signature(universe, each))


def fields_meant(universe: TypeUniverse, definition: TypeDefinition, element: XmlElement) -> Meant[FieldDefinition]:
    """The fields of a type that an element means."""
    return _meant(element, definition.fields, lambda each: each.name, lambda each: field_signature(universe, each))


def semantic_meant(universe: TypeUniverse, definition: TypeDefinition, element: XmlElement, *, events: bool) -> Meant[SemanticMember]:
    """The properties or events of a type and its base types that an element means."""
    members = tuple(_inherited(universe, definition, events=events))
    return _meant(element, members, lambda each: each.name, lambda each: _semantic_signature(universe, each))


def _meant(
    element: XmlElement, members: Sequence[Member], name_of: Callable[[Member], str], signature_of: Callable[[Member], str]
) -> Meant[Member]:
    """A signature that is of no member hides the name beside it."""
    signature, name = element.get("signature"), element.get("name")
    by_signature: tuple[Member, ...] = ()
    if signature:
        by_signature = tuple(each for each in members if signature_of(each) == signature)[:1]
        if not by_signature:
            return Meant((), (signature,))
    by_name = tuple(each for each in members if name_of(each) == name) if name else ()
    return Meant((*by_signature, *by_name), (name,) if name and not by_name else (), by_signature)


def _inherited(universe: TypeUniverse, definition: TypeDefinition, *, events: bool) -> Iterator[SemanticMember]:
    """The properties or events that reflection has of a type; private ones of base types are not seen."""
    current: NamedType | None = universe.open_type(definition)
    is_base = False
    seen: set[TypeDefinition] = set()
    while current is not None and current.definition not in seen:
        seen.add(current.definition)
        for member in members_of(current.definition, events=events):
            if not is_base or any(each.flags & METHOD_ACCESS_MASK != _PRIVATE for each in member.accessors.values()):
                yield member
        try:
            current, is_base = universe.base_type(current), True
        except InputError:
            return


def _semantic_signature(universe: TypeUniverse, member: SemanticMember) -> str:
    """The type of a property, or of an event's delegate, and the name."""
    accessors = member.accessors
    getter = accessors.get(AccessorKind.GETTER)
    method = getter or accessors.get(AccessorKind.SETTER) or accessors.get(AccessorKind.ADDER)
    if method is None:
        return ""
    sig = method.sig.return_type if getter is not None else (method.sig.parameters[-1:] or (method.sig.return_type,))[0]
    try:
        return f"{type_name(universe.resolve_sig(method.module, sig, open_context(universe, method)))} {member.name}"
    except InputError:
        return ""
