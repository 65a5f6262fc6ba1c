"""DynamicDependency attributes -> members that are reached with the member that carries them, or what could not be found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from compiler.diagnostics import InputError
from compiler.flow.annotations import Annotations
from compiler.flow.associations import members_of
from compiler.flow.binder import Reached, reached_members
from compiler.flow.custom_attributes import AttributeReader, CustomAttribute, int_argument
from compiler.flow.generated import nested_types
from compiler.flow.member_signatures import matches_signature
from compiler.flow.type_names import resolve_type_name
from compiler.metadata.attributes import TypeName
from compiler.types.definitions import FieldDefinition, MethodDefinition, TypeDefinition
from compiler.types.type_desc import NamedType

ATTRIBUTE = "System.Diagnostics.CodeAnalysis.DynamicDependencyAttribute"


class Unresolved(Enum):
    """What could not be found."""

    ASSEMBLY = "assembly"
    TYPE = "type"
    MEMBERS = "members"


@dataclass(frozen=True, slots=True)
class Dependency:
    """One attribute: the members it reaches, or what is missing with its name (or kinds of members) and the type that was searched."""

    reached: tuple[Reached, ...] = ()
    missing: Unresolved | None = None
    name: str = ""
    type: TypeDefinition | None = None
    members: int | None = None


def dependencies_of(annotations: Annotations, attributes: AttributeReader, member: MethodDefinition | FieldDefinition) -> list[Dependency]:
    """What the attributes on `member` reach."""
    found = attributes.named(member.module, member.token, ATTRIBUTE)
    return [result for attribute in found if (result := _resolve(annotations, attribute, member)) is not None]


def _resolve(annotations: Annotations, attribute: CustomAttribute, member: MethodDefinition | FieldDefinition) -> Dependency | None:
    fixed = attribute.value.fixed
    if not fixed or fixed[0] is None:
        return None
    target = _target(annotations, attribute, member)
    if isinstance(target, Dependency) or target is None:
        return target
    selector = fixed[0]
    universe = annotations.universe
    members = int_argument(selector)
    if members is not None:
        reached = tuple(reached_members(universe, universe.open_type(target), members)) if members else ()
        name = str(members)
    else:
        name = selector if isinstance(selector, str) else ""
        reached = tuple(_by_signature(annotations, target, name))
    return Dependency(reached) if reached else Dependency(missing=Unresolved.MEMBERS, name=name, type=target, members=members)


def _target(
    annotations: Annotations, attribute: CustomAttribute, member: MethodDefinition | FieldDefinition
) -> TypeDefinition | Dependency | None:
    """The type that is searched; None when the attribute says nothing that can be followed."""
    fixed = attribute.value.fixed
    if len(fixed) == 1:
        return member.owner
    where = fixed[1]
    universe = annotations.universe
    if isinstance(where, TypeName):
        found = resolve_type_name(universe, where.name, member.module)
        return found.definition if isinstance(found, NamedType) else None
    if not isinstance(where, str) or len(fixed) < 3 or not isinstance(fixed[2], str):
        return None
    try:
        module = universe.load(fixed[2])
    except InputError:
        return Dependency(missing=Unresolved.ASSEMBLY, name=fixed[2])
    parts = where.split(".")
    for split in range(len(parts), 0, -1):
        # A documentation id has a dot before nested names too: the longest namespace that fits is tried last.
        definition = module.find_type(".".join(parts[: split - 1]), parts[split - 1])
        for nested in parts[split:]:
            definition = module.find_nested(definition, nested) if definition is not None else None
        if definition is not None:
            return definition
    return Dependency(missing=Unresolved.TYPE, name=where)


def _by_signature(annotations: Annotations, definition: TypeDefinition, signature: str) -> list[Reached]:
    """The members of a type that a documentation-style signature names; a name without parentheses means all of that name."""
    if not signature:
        return []
    universe = annotations.universe
    found: list[Reached] = [m for m in definition.methods if matches_signature(universe, m, signature)]
    if "(" not in signature:
        found += [f for f in definition.fields if f.name == signature]
        found += [n for n in nested_types(definition) if n.name == signature]
        for events in (False, True):
            for member in members_of(definition, events=events):
                if member.name == signature:
                    found.extend(member.accessors.values())
    return found
