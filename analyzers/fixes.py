"""A raw finding -> the ways out of it, the best first: another overload, an annotation, a guard, a Requires attribute, a suppression.

Attributes are written with full names of their arguments' types left out where C# allows it; where a source is known a fix says what
to put where. Turning that into edits of a text is the editor's part.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from analyzers.context import SILENCED_BY, ModuleContext
from analyzers.feature_guards import guard_properties
from analyzers.finding import RawFinding
from analyzers.names import member_name
from analyzers.override_fixes import override_fixes
from analyzers.replacements import replacement
from compiler.diagnostics import Fix, FixKind, Location
from compiler.flow.associations import SemanticMember, association, members_of
from compiler.flow.documentation_ids import as_target, method_id
from compiler.flow.facts import Member, MemberAccess, MethodUse, Mismatch, UnanalyzableCall, UnknownFlow
from compiler.flow.generated import is_generated_name
from compiler.flow.member_types import names as member_type_names
from compiler.flow.requirements import Requires
from compiler.flow.values import THIS, Annotated, FieldValue, GenericParameterValue, ParameterValue, ReturnValue
from compiler.types.definitions import FieldDefinition, MethodDefinition

_DYNAMIC_CODE = "System.Runtime.CompilerServices.RuntimeFeature.IsDynamicCodeSupported"
# Rules about P/Invokes, with the way out of each.
PLATFORM_CALLS = {
    "IL2050": "Declare '{0}' with [LibraryImport] and its COM interfaces with [GeneratedComInterface]: their code is then generated",
    "IL3055": "Declare '{0}' with [LibraryImport] and a delegate type of its own: its marshalling is generated at compile time",
}
_TOP_LEVEL = "<Main>$"
# What a member of the type that has nothing to propagate to would be: nobody calls these by name.
_NOT_CALLED = frozenset((".cctor", "Finalize", _TOP_LEVEL))
_JUSTIFICATION = "<why it is safe>"


def fixes_for(context: ModuleContext, raw: RawFinding, user: Member) -> tuple[Fix, ...]:
    """The fixes of a finding in `user`, the member that the user wrote."""
    return (
        *_replacements(context, raw),
        *_annotations(context, raw),
        *override_fixes(context, raw),
        *_guards(context, raw),
        *_requirements(context, raw, user),
        *_suppressions(context, raw, user),
    )


def _replacements(context: ModuleContext, raw: RawFinding) -> Iterator[Fix]:
    cause = raw.cause
    if isinstance(cause, MethodUse) and raw.rule.id in PLATFORM_CALLS:
        name = context.names.called(cause.method, raw.member)
        yield Fix(FixKind.REPLACE, PLATFORM_CALLS[raw.rule.id].format(name), name, "")
    elif isinstance(cause, MethodUse):
        found = replacement(context, cause.method.definition, SILENCED_BY[raw.rule.category])
        if found is not None:
            name = context.names.called(cause.method, raw.member)
            yield Fix(FixKind.REPLACE, found.title, name, found.code, raw.location if found.code else None)


def _annotations(context: ModuleContext, raw: RawFinding) -> Iterator[Fix]:
    """Add or widen the annotation of the source, when it is declared in this assembly."""
    cause = raw.cause
    if not isinstance(cause, Mismatch):
        return
    source = cause.source
    owner = _declaring(context, source)
    if owner is None or owner.module is not context.module:
        return
    members = member_type_names(source.annotation | cause.missing)
    if not members:
        # Bits that have no name.
        return
    flags = " | ".join(f"DynamicallyAccessedMemberTypes.{name}" for name in members)
    what, suffix, prefix = _source_text(context, source)
    verb = "Widen" if source.annotation else "Add"
    title = f"{verb} [{prefix}DynamicallyAccessedMembers({' | '.join(members)})] {'of' if source.annotation else 'to'} {what}"
    place, attributes = context.positions.syntax(owner, suffix, prefix)
    yield Fix(FixKind.ANNOTATE, title, member_name(context.names, owner), f"{prefix}DynamicallyAccessedMembers({flags})", place, attributes)


def _declaring(context: ModuleContext, source: Annotated) -> Member | None:
    """What the annotation of a source stands on or in; None for what cannot have one."""
    if isinstance(source, FieldValue):
        field = source.field.definition
        if not is_generated_name(field.name):
            return field
        name = field.name[1:].partition(">")[0]
        return next((each for each in members_of(field.owner, events=False) if each.name == name), None)
    if isinstance(source, GenericParameterValue):
        return context.lookups.generated.declared_parameter(source.owner, source.index)[0]
    method = source.method.definition
    if is_generated_name(method.name):
        return None
    if isinstance(source, (ParameterValue, ReturnValue)) and association(method) is not None:
        return _property(method)
    return method


def _source_text(context: ModuleContext, source: Annotated) -> tuple[str, str, str]:
    """How a source is called, the suffix of its syntax's key, and the target that an attribute list for it names."""
    if isinstance(source, FieldValue):
        return f"'{context.names.field(source.field.definition)}'", "", ""
    if isinstance(source, GenericParameterValue):
        _, index = context.lookups.generated.declared_parameter(source.owner, source.index)
        return f"type parameter '{context.generic_name(source)}'", f"<{index}", ""
    method = source.method.definition
    member = _property(method)
    if member is not None:
        return f"property '{member.name}'", "", ""
    if isinstance(source, ReturnValue):
        return f"the return value of '{context.names.method(method)}'", "", "return: "
    if source.index == THIS:
        return f"'this' of '{context.names.method(method)}'", "", ""
    return f"parameter '{context.names.parameter(method, source.index)}'", f"#{source.index}", ""


def _property(method: MethodDefinition) -> SemanticMember | None:
    accessed = association(method)
    if accessed is None or not accessed.is_property:
        return None
    return next((each for each in members_of(method.owner, events=False) if each.token == accessed.token), None)


def _guards(context: ModuleContext, raw: RawFinding) -> Iterator[Fix]:
    """Run the code only where the feature is there."""
    cause = raw.cause
    if not isinstance(cause, (MethodUse, MemberAccess, UnanalyzableCall)):
        return
    if cause.origin.il_offset < 0 and cause.origin.place is None:
        return
    kind = SILENCED_BY[raw.rule.category]
    conditions = list(guard_properties(context, kind))
    if kind is Requires.DYNAMIC_CODE:
        conditions.insert(0, _DYNAMIC_CODE)
    for condition in conditions[:2]:
        place = context.positions.expression_statement(cause.origin)
        yield Fix(FixKind.GUARD, f"Run it only if '{condition}'", condition, condition, place)


def _requirements(context: ModuleContext, raw: RawFinding, user: Member) -> Iterator[Fix]:
    """Hand the requirement on to the callers."""
    if raw.cause is None or not isinstance(user, MethodDefinition) or user.name in _NOT_CALLED or _is_entry_point(user):
        return
    kind = SILENCED_BY[raw.rule.category]
    attribute = kind.value.removesuffix("Attribute")
    text = json.dumps(f"{_verb(raw)} {_used(context, raw)}", ensure_ascii=False)
    place = context.positions.syntax(user)[0]
    name = member_name(context.names, user)
    title = f"Add [{attribute}] to '{name}', so that its callers are told"
    yield Fix(FixKind.REQUIRE, title, name, f"{attribute}({text})", place)


def _is_entry_point(method: MethodDefinition) -> bool:
    return method.token == method.module.image.entry_point


def _verb(raw: RawFinding) -> str:
    return "Calls" if isinstance(raw.cause, (MethodUse, UnanalyzableCall)) else "Uses"


def _used(context: ModuleContext, raw: RawFinding) -> str:
    match raw.cause:
        case MethodUse(method=method) | UnanalyzableCall(method=method):
            return context.names.called(method, raw.member)
        case MemberAccess(member=member):
            return member_name(context.names, member)
        case Mismatch(target=target) | UnknownFlow(target=target):
            return "reflection" if isinstance(target, GenericParameterValue) else _target_name(context, raw, target)
    return "code that needs it"


def _target_name(context: ModuleContext, raw: RawFinding, target: FieldValue | ParameterValue | ReturnValue) -> str:
    if isinstance(target, FieldValue):
        return context.names.used_field(target.field, raw.member)
    return context.names.called(target.method, raw.member)


def _suppressions(context: ModuleContext, raw: RawFinding, user: Member) -> Iterator[Fix]:
    """Say that it is known and why it is well: the one attribute that a build and a publish both honour."""
    holder, rule = user, raw.rule
    accessed = association(user) if isinstance(user, MethodDefinition) else None
    place = context.positions.syntax(holder)[0]
    if place is None and accessed is not None and isinstance(user, MethodDefinition):
        # The accessor of a property that is an expression has no syntax of its own.
        holder = next((each for each in members_of(user.owner, events=not accessed.is_property) if each.token == accessed.token), user)
        place = context.positions.syntax(holder)[0]
    if place is None and isinstance(user, (MethodDefinition, FieldDefinition)) and _is_implicit(user):
        holder = user.owner
        place = context.positions.syntax(holder)[0]
    text = f'UnconditionalSuppressMessage("{rule.category.value}", "{rule.id}", Justification = "{_JUSTIFICATION}")'
    name = member_name(context.names, holder)
    if place is None and isinstance(user, MethodDefinition) and user.name == _TOP_LEVEL and raw.location is not None and raw.location.line:
        # Statements have nothing to put an attribute on: the assembly's names what it is about.
        target = json.dumps(as_target(method_id(context.lookups.universe, user)))
        scope = f'Scope = "member", Target = {target}'
        text = f"assembly: {text.replace('Justification', f'{scope}, Justification')}"
        place = Location(raw.location.file, 1, 1, 1, 1)
    yield Fix(FixKind.SUPPRESS, f"Suppress {rule.id} in '{name}', with a justification", name, text, place)


def _is_implicit(user: MethodDefinition | FieldDefinition) -> bool:
    """Whether a member has no syntax to put an attribute on: constructors that nobody wrote."""
    return user.name in (".ctor", ".cctor")
