"""A raw finding -> its explanation: what asked for it, where that is declared, and what its user can do about it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from analyzers.context import SILENCED_BY, ModuleContext
from analyzers.finding import RawFinding
from analyzers.fixes import PLATFORM_CALLS, fixes_for
from analyzers.names import member_name
from analyzers.override_fixes import override_asked
from compiler.diagnostics import Explanation, Location
from compiler.flow.associations import SemanticMember, association, members_of
from compiler.flow.documentation_ids import field_id, member_id, method_id, type_id
from compiler.flow.facts import (
    ConstructibleArgument,
    FieldUse,
    Member,
    MemberAccess,
    MethodUse,
    Mismatch,
    Origin,
    UnanalyzableCall,
    UnknownFlow,
)
from compiler.flow.member_types import names as member_type_names
from compiler.flow.requirements import Requires
from compiler.flow.values import THIS, Annotated, FieldValue, ParameterValue, ReturnValue
from compiler.types.definitions import FieldDefinition, MethodDefinition, TypeDefinition

# Members with DynamicallyAccessedMembers annotations that are reached by reflection.
_EVADED = frozenset(("IL2110", "IL2111"))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What asks: in words, and where it is declared."""

    text: str
    place: Location | None = None


def explain(context: ModuleContext, raw: RawFinding, user: Member) -> Explanation:
    """The explanation of a finding in `user`, the member that the user wrote."""
    asked = _asked(context, raw)
    fixes = fixes_for(context, raw, user)
    return Explanation(user.module.name, documentation_id(context, user), asked.text, asked.place, fixes)


def documentation_id(context: ModuleContext, member: Member) -> str:
    """The documentation id of any member."""
    universe = context.lookups.universe
    if isinstance(member, MethodDefinition):
        return method_id(universe, member)
    if isinstance(member, SemanticMember):
        return member_id(universe, member.module, member.token)
    return type_id(member) if isinstance(member, TypeDefinition) else field_id(member)


def _asked(context: ModuleContext, raw: RawFinding) -> _Asked:
    kind = SILENCED_BY[raw.rule.category]
    match raw.cause:
        case MethodUse(method=method) if raw.rule.id in PLATFORM_CALLS:
            place = context.positions.declaration(method.definition) if method.definition.module is context.module else None
            return _Asked(f"the marshalling of '{context.names.called(method, raw.member)}' is made at run time", place)
        case MethodUse(method=method):
            return _required(context, method.definition, kind)
        case FieldUse(field=field):
            return _required(context, field.definition, kind)
        case MemberAccess(member=member):
            return _required(context, member, kind) if raw.rule.id not in _EVADED else _evaded(context, member)
        case ConstructibleArgument(argument=argument):
            found = (_required(context, method, kind) for method in argument.methods_named(".ctor"))
            return next((asked for asked in found if asked.text), _Asked(""))
        case Mismatch(target=target) | UnknownFlow(target=target):
            return _annotated(context, target)
        case UnanalyzableCall(method=method):
            name = context.names.called(method, raw.member)
            return _Asked(f"'{name}' of {method.definition.module.name} is reflection that is followed only where its arguments are known")
    return _Asked(*override_asked(context, raw))


def _evaded(context: ModuleContext, member: MethodDefinition | FieldDefinition) -> _Asked:
    """A member whose own annotations reflection evades."""
    place = context.positions.declaration(member) if member.module is context.module else None
    return _Asked(f"'{member_name(context.names, member)}' of {member.module.name} has annotations that reflection does not see", place)


def _required(context: ModuleContext, member: MethodDefinition | FieldDefinition, kind: Requires) -> _Asked:
    """The Requires attribute that holds for a member: its own, that of its property or event, or of its type."""
    attributes = context.lookups.attributes
    for holder in _holders(member):
        found = attributes.first(holder.module, holder.token, kind.full_name)
        if found is not None:
            name = kind.value.removesuffix("Attribute")
            argument = f"({json.dumps(found.text(0), ensure_ascii=False)})" if found.text(0) else ""
            text = f"'{member_name(context.names, holder)}' of {holder.module.name} is declared with [{name}{argument}]"
            place = context.positions.at(Origin(holder, -1, found.row)) if holder.module is context.module else None
            return _Asked(text, place)
    return _Asked("")


def _holders(member: MethodDefinition | FieldDefinition) -> list[Member]:
    holders: list[Member] = [member]
    accessed = association(member) if isinstance(member, MethodDefinition) else None
    if accessed is not None:
        members = members_of(member.owner, events=not accessed.is_property)
        holders += [each for each in members if each.token == accessed.token]
    return [*holders, member.owner]


def _annotated(context: ModuleContext, target: Annotated) -> _Asked:
    """The DynamicallyAccessedMembers attribute of what a value flows to."""
    names, positions = context.names, context.positions
    attribute = f"[DynamicallyAccessedMembers({', '.join(member_type_names(target.annotation))})]"
    if isinstance(target, FieldValue):
        field = target.field.definition
        return _Asked(f"the field '{names.field(field)}' of {field.module.name} is declared with {attribute}", positions.declaration(field))
    if isinstance(target, (ParameterValue, ReturnValue)):
        method = target.method.definition
        place = positions.declaration(method) if method.module is context.module else None
        what = "the return value"
        if isinstance(target, ParameterValue):
            what = "'this'" if target.index == THIS else f"the parameter '{names.parameter(method, target.index)}'"
            if target.index != THIS and method.module is context.module:
                place = positions.parameter(method, target.index)
        return _Asked(f"{what} of '{names.method(method)}' of {method.module.name} is declared with {attribute}", place)
    owner = target.owner
    place = positions.type_parameter(owner, target.index) if owner.module is context.module else None
    text = f"the type parameter '{context.generic_name(target)}' of '{member_name(names, owner)}' of {owner.module.name}"
    return _Asked(f"{text} is declared with {attribute}", place)
