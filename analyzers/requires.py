"""IL2026, IL3050, IL3002: uses of members that have a Requires attribute, by code that has none; IL3000, IL3001 beside them.

Reached by reflection, by a delegate or by a token, a member of a type that has the attribute requires it too, instance members
included; and annotations of its own are evaded (IL2110, IL2111).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.context import ModuleContext
from analyzers.finding import RawFinding
from analyzers.interop import check_platform_call
from analyzers.names import member_name
from analyzers.rule import RULES, Rule, link, sentence
from analyzers.single_file import single_file_rule
from compiler.diagnostics import Location
from compiler.flow.associations import property_of_backing_field
from compiler.flow.demands import is_member_annotated
from compiler.flow.facts import ConstructibleArgument, FieldUse, MemberAccess, MethodUse, Origin, UseKind
from compiler.flow.generated import is_generated_name
from compiler.flow.intrinsics import intrinsic_of
from compiler.flow.reader_kind import ReaderKind
from compiler.flow.requirements import Requirement, Requires
from compiler.flow.source_functions import SourceFunction
from compiler.types.definitions import FieldDefinition, MethodDefinition

RULE_OF = {
    Requires.UNREFERENCED_CODE: RULES["IL2026"],
    Requires.DYNAMIC_CODE: RULES["IL3050"],
    Requires.ASSEMBLY_FILES: RULES["IL3002"],
}


def check_method_use(context: ModuleContext, use: MethodUse) -> Iterator[RawFinding]:
    """A call or creation."""
    callee = use.method.definition
    if context.lookups.reader is ReaderKind.BUILD and _is_binding_detail(callee):
        return
    name = context.names.called(use.method, use.origin.member)
    rule = single_file_rule(callee)
    if rule is not None:
        if not context.is_silenced_at(rule, use.origin):
            yield _finding(context, rule, rule.message(name), use.origin)
        return
    yield from check_platform_call(context, use)
    for kind in (use.only,) if use.only is not None else Requires:
        requirement = context.lookups.requirements.of_method(callee, kind)
        if requirement is not None and context.may_not_use(use.origin, kind) and _is_in_source(context, use):
            place = use.origin.callee if context.rules.places_calls_at_callee else None
            yield _requires_finding(context, requirement, name, use.origin, place)


def _is_in_source(context: ModuleContext, use: MethodUse) -> bool:
    """Whether the user wrote the call: constructors that nobody wrote call their base's without saying so. Publishing counts all."""
    if context.lookups.reader is ReaderKind.PUBLISH or use.origin.place is not None:
        return True
    caller = use.origin.member
    is_base_call = use.kind is UseKind.CALL and use.method.name == ".ctor"
    if is_base_call and isinstance(caller, MethodDefinition) and caller.name == ".ctor":
        return context.positions.is_written(caller)
    return context.positions.is_operation(use.origin)


def requires_findings(context: ModuleContext, callee: MethodDefinition, origin: Origin, place: Location | None) -> Iterator[RawFinding]:
    """The uses of a method by code at `origin`, by each kind of attribute that it has, at `place`."""
    for kind in Requires:
        requirement = context.lookups.requirements.of_method(callee, kind)
        if requirement is not None and context.may_not_use(origin, kind):
            yield _requires_finding(context, requirement, context.names.method(callee), origin, place)


def _is_binding_detail(callee: MethodDefinition) -> bool:
    """Whether a call is how a compiler binds `dynamic`, and no operation of the source: call sites, conversions and operators."""
    owner = callee.owner.full_name
    if owner == "Microsoft.CSharp.RuntimeBinder.Binder":
        return callee.name in ("Convert", "BinaryOperation", "UnaryOperation", "IsEvent")
    return owner == "System.Runtime.CompilerServices.CallSite`1" and callee.name == "Create"


def check_field_use(context: ModuleContext, use: FieldUse) -> Iterator[RawFinding]:
    """A field that is read or written."""
    for kind in Requires:
        requirement = context.lookups.requirements.of_field(use.field.definition, kind)
        if requirement is not None and context.may_not_use(use.origin, kind):
            name = context.names.used_field(use.field, use.origin.member)
            yield _requires_finding(context, requirement, name, use.origin, context.positions.reference(use.origin))


def check_constructible(context: ModuleContext, fact: ConstructibleArgument) -> Iterator[RawFinding]:
    """A type argument that generic code may construct. The build's analyzers name the member that gives it."""
    # Where the source is read, names in it decide, wherever they stand, and not what code does with them.
    if context.lookups.reader is ReaderKind.PUBLISH or (context.reads_source and fact.owner is not None):
        return
    member = fact.origin.member
    user = context.lookups.generated.user_method(member) if isinstance(member, MethodDefinition) else member
    for constructor in fact.argument.methods:
        if constructor.name != ".ctor":
            continue
        for kind in Requires:
            requirement = context.lookups.requirements.of_method(constructor, kind)
            if requirement is not None and context.may_not_use(fact.origin, kind):
                rule = RULE_OF[kind]
                named = constructor if context.rules.names_constructors_of_arguments else user
                message = rule.message(member_name(context.names, named), requirement.message, link(requirement.url))
                place = context.positions.generic_name(fact.origin, fact.owner) if fact.owner is not None else fact.origin.place
                yield RawFinding(rule, message, member, place)


def check_access(context: ModuleContext, access: MemberAccess) -> Iterator[RawFinding]:
    """A member reached by reflection, delegate or token."""
    member = access.member
    if access.kind is None and isinstance(member, MethodDefinition) and context.lookups.generated.is_generated(member):
        return
    is_build = context.lookups.reader is ReaderKind.BUILD
    if is_build and isinstance(member, FieldDefinition) and is_generated_name(member.name):
        if not (context.rules.sees_backing_fields and property_of_backing_field(member.name)):
            return
    if is_build and access.kind is UseKind.DELEGATE and isinstance(member, MethodDefinition) and access.method is not None:
        rule = single_file_rule(member)
        if rule is not None:
            if not context.is_silenced_at(rule, access.origin):
                yield _finding(context, rule, rule.message(context.names.called(access.method, access.origin.member)), access.origin)
            return
    may_be_hidden = is_build and access.kind is not None
    # The build's analyzers report one attribute of the three for members that reflection reaches.
    for kind in (Requires.UNREFERENCED_CODE,) if is_build and access.kind is None else Requires:
        requirement = _access_requirement(context, access, kind)
        if requirement is None or not context.may_not_use(access.origin, kind):
            continue
        if is_build and kind is Requires.UNREFERENCED_CODE and _is_intrinsic(context, access):
            continue
        if not may_be_hidden or context.positions.is_operation(access.origin):
            yield _requires_finding(context, requirement, _accessed_name(context, access), access.origin)
    if is_build and access.kind is UseKind.TOKEN:
        return
    if is_member_annotated(context.lookups.annotations, member) and not _is_annotated_in_vain(context, access):
        rule = RULES["IL2110" if isinstance(member, FieldDefinition) else "IL2111"]
        if context.is_silenced_at(rule, access.origin) or (may_be_hidden and not context.positions.is_operation(access.origin)):
            return
        yield _finding(context, rule, rule.message(_accessed_name(context, access)), access.origin)


def _is_annotated_in_vain(context: ModuleContext, access: MemberAccess) -> bool:
    """Whether the member is a lambda or local function whose annotated parameters can name no type; that was not looked at, at first."""
    if not isinstance(access.member, SourceFunction) or access.method is None or not context.rules.flow.checks_parameter_types:
        return False
    lookups, parameters = context.lookups, context.lookups.universe.signature(access.method).parameters
    return not any(lookups.annotations.is_interesting(parameters[index]) for index in access.member.annotations.parameters)


def _is_intrinsic(context: ModuleContext, access: MemberAccess) -> bool:
    """Whether the member is one of the methods that analyzers know: its attribute does not count for the build's."""
    return isinstance(access.member, MethodDefinition) and intrinsic_of(context.lookups.universe, access.member) is not None


def _accessed_name(context: ModuleContext, access: MemberAccess) -> str:
    if access.method is not None:
        return context.names.called(access.method, access.origin.member)
    if isinstance(access.member, FieldDefinition):
        return context.names.field(access.member)
    return context.names.method(access.member)


def _access_requirement(context: ModuleContext, access: MemberAccess, kind: Requires) -> Requirement | None:
    requirements, member = context.lookups.requirements, access.member
    if isinstance(member, FieldDefinition):
        return requirements.of_field(member, kind)
    if access.kind is not None and context.lookups.reader is ReaderKind.BUILD:
        return requirements.of_method(member, kind)
    return requirements.of_reached_method(member, kind)


def _requires_finding(
    context: ModuleContext, requirement: Requirement, name: str, origin: Origin, place: Location | None = None
) -> RawFinding:
    """`place` is another one than that of the operation."""
    rule = RULE_OF[requirement.kind]
    message = rule.message(name, sentence(requirement.message), link(requirement.url))
    return RawFinding(rule, message, origin.member, place or context.positions.at(origin))


def _finding(context: ModuleContext, rule: Rule, message: str, origin: Origin) -> RawFinding:
    return RawFinding(rule, message, origin.member, context.positions.at(origin))
