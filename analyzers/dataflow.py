"""IL2062-IL2091 and the ids of the reflection API: values that do not meet what is asked of them, calls that cannot be followed."""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.context import ModuleContext
from analyzers.finding import RawFinding
from analyzers.rule import RULES, Rule
from compiler.flow.associations import property_of_backing_field
from compiler.flow.facts import Member, Mismatch, Unanalyzable, UnanalyzableCall, UnknownFlow, UnqualifiedTypeName
from compiler.flow.generated import is_generated_name
from compiler.flow.member_types import names as member_type_names
from compiler.flow.parameters import generic_parameter_names
from compiler.flow.reader_kind import ReaderKind
from compiler.flow.values import THIS, Annotated, FieldValue, GenericParameterValue, ParameterValue, ReturnValue
from compiler.types.definitions import MethodDefinition, TypeDefinition

_FIRST_MISMATCH = 2067
_N_TARGETS = 5
_UNKNOWN_RULES = ("IL2062", "IL2063", "IL2064", "IL2065", "IL2066")
_UNANALYZABLE = {
    Unanalyzable.MAKE_GENERIC_TYPE: "IL2055",
    Unanalyzable.MAKE_GENERIC_METHOD: "IL2060",
    Unanalyzable.TYPE_NAME: "IL2057",
    Unanalyzable.TYPE_NAME_IGNORING_CASE: "IL2096",
    Unanalyzable.CREATE_INSTANCE_PARAMETER: "IL2032",
    Unanalyzable.ASSEMBLY_CREATE_INSTANCE: "IL2058",
    Unanalyzable.CLASS_CONSTRUCTOR: "IL2059",
    Unanalyzable.PROPERTY_ACCESSOR: "IL2103",
}
_WITH_PARAMETER = frozenset(
    (Unanalyzable.TYPE_NAME, Unanalyzable.CREATE_INSTANCE_PARAMETER, Unanalyzable.CLASS_CONSTRUCTOR, Unanalyzable.PROPERTY_ACCESSOR)
)
FlowFact = Mismatch | UnknownFlow | UnanalyzableCall | UnqualifiedTypeName


def check_flow(context: ModuleContext, fact: FlowFact) -> Iterator[RawFinding]:
    """The finding for one fact, unless it lies in the scope of RequiresUnreferencedCode."""
    origin = fact.origin
    if context.is_silenced_at(RULES["IL2062"], origin):
        return
    if context.lookups.reader is ReaderKind.BUILD:
        seen = _seen_by_build(context, fact)
    else:
        seen = None if _is_skipped_by_publish(context, fact) else fact
    if seen is None:
        return
    rule, args = _rule_and_arguments(context, seen)
    yield RawFinding(rule, rule.message(*args), origin.member, context.positions.at(origin))


def _seen_by_build(context: ModuleContext, fact: FlowFact) -> FlowFact | None:
    """A fact as the build's analyzers have it, or None when they pass it over.

    They do not follow variables of patterns and deconstructions, nor stores that are no assignments; the variable of a loop over an
    array is to them what the enumerator returns.
    """
    if _is_unseen_by_build(context, fact):
        return None
    if fact.origin.place is not None:
        return fact
    positions, origin = context.positions, fact.origin
    if isinstance(fact, UnanalyzableCall):
        is_pattern = fact.kind in _WITH_PARAMETER and positions.local_origin(origin, fact.parameter) == "pattern"
        return None if is_pattern else fact
    if not isinstance(fact, (Mismatch, UnknownFlow)):
        return fact
    if isinstance(fact.target, FieldValue):
        return fact if positions.is_operation(origin) else None
    local = positions.local_origin(origin, fact.target.index) if isinstance(fact.target, ParameterValue) else ""
    if local == "pattern":
        return None
    if local == "foreach" and isinstance(fact, UnknownFlow):
        universe = context.lookups.universe
        current = universe.find_method(universe.corlib_type("System.Collections", "IEnumerator"), "get_Current")
        source = context.lookups.annotations.return_value(current)
        return Mismatch(origin, source, fact.target, fact.target.annotation)
    return fact


def _is_unseen_by_build(context: ModuleContext, fact: FlowFact) -> bool:
    """Whether the build's analyzers pass a fact over: fields that a compiler made, at first those behind automatic properties too."""
    ends = (fact.source, fact.target) if isinstance(fact, Mismatch) else (fact.target,) if isinstance(fact, UnknownFlow) else ()
    return any(isinstance(end, FieldValue) and _is_unseen_field(context, end.field.name) for end in ends)


def _is_unseen_field(context: ModuleContext, name: str) -> bool:
    return is_generated_name(name) and not (context.rules.sees_backing_fields and property_of_backing_field(name))


def _is_skipped_by_publish(context: ModuleContext, fact: FlowFact) -> bool:
    """What newer versions of publishing pass over."""
    rules = context.rules
    if isinstance(fact, UnanalyzableCall):
        by_name = (Unanalyzable.CREATE_INSTANCE_PARAMETER, Unanalyzable.ASSEMBLY_CREATE_INSTANCE)
        return rules.publish_skips_creation_by_name and fact.kind in by_name
    if not isinstance(fact, (Mismatch, UnknownFlow)) or not isinstance(fact.target, ReturnValue) or not rules.publish_skips_other_results:
        return False
    lookups = context.lookups
    return not lookups.annotations.is_interesting(lookups.universe.signature(fact.target.method).return_type)


def _rule_and_arguments(context: ModuleContext, fact: FlowFact) -> tuple[Rule, tuple[str, ...]]:
    member = fact.origin.member
    if isinstance(fact, Mismatch):
        source, target = _GENERIC if fact.is_nullable else _kind(fact.source), _kind(fact.target)
        rule = RULES[f"IL{_FIRST_MISMATCH + _N_TARGETS * _SOURCE_ORDER[source] + target}"]
        asked = ", ".join(f"'DynamicallyAccessedMemberTypes.{name}'" for name in member_type_names(fact.missing))
        return rule, (*_target_names(context, fact.target, member), *_source_names(context, fact.source, member), asked)
    if isinstance(fact, UnknownFlow):
        kind = _kind(fact.target)
        names = _target_names(context, fact.target, member)
        return RULES[_UNKNOWN_RULES[kind]], (names[1], "") if kind == _THIS else names
    if isinstance(fact, UnqualifiedTypeName):
        return RULES["IL2122"], (fact.name,)
    method = context.names.called(fact.method, member)
    rule = RULES[_UNANALYZABLE[fact.kind]]
    if fact.kind in _WITH_PARAMETER:
        return rule, (context.names.called_parameter(fact.method, fact.parameter), method)
    return rule, (method,)


_PARAMETER, _RETURN, _FIELD, _THIS, _GENERIC = range(5)
# Among sources the implicit `this` comes after fields, as among targets.
_SOURCE_ORDER = {_PARAMETER: 0, _RETURN: 1, _FIELD: 2, _THIS: 3, _GENERIC: 4}


def _kind(value: Annotated) -> int:
    """The row or column of a value in the matrix of ids."""
    if isinstance(value, ParameterValue):
        return _THIS if value.index == THIS else _PARAMETER
    if isinstance(value, ReturnValue):
        return _RETURN
    return _FIELD if isinstance(value, FieldValue) else _GENERIC


def _target_names(context: ModuleContext, target: Annotated, member: Member) -> tuple[str, str]:
    """What stands for a target in messages: its own name, and the member that it belongs to (`this`: the method alone, in second place)."""
    if isinstance(target, ParameterValue):
        method = context.names.called(target.method, member)
        return ("", method) if target.index == THIS else (context.names.called_parameter(target.method, target.index), method)
    if isinstance(target, ReturnValue):
        return context.names.called(target.method, member), ""
    if isinstance(target, FieldValue):
        return _stored_name(context, target, member), ""
    return _generic_names(context, target)


def _stored_name(context: ModuleContext, target: FieldValue, member: Member) -> str:
    """The name of a field; in a build the one behind an automatic property has the property's."""
    name, field_name = context.names.used_field(target.field, member), target.field.name
    behind = property_of_backing_field(field_name) if context.lookups.reader is ReaderKind.BUILD else ""
    return name.removesuffix(field_name) + behind if behind else name


def _source_names(context: ModuleContext, source: Annotated, member: Member) -> tuple[str, str]:
    """What stands for a source in messages, in the same way."""
    if isinstance(source, ParameterValue) and source.index == THIS:
        return context.names.called(source.method, member), ""
    return _target_names(context, source, member)


def _generic_names(context: ModuleContext, value: GenericParameterValue) -> tuple[str, str]:
    owner = _declaring(context, value) if context.lookups.reader is ReaderKind.BUILD else value.owner
    declared = context.names.method(owner) if isinstance(owner, MethodDefinition) else context.names.definition(owner)
    return context.generic_name(value), declared


def _declaring(context: ModuleContext, value: GenericParameterValue) -> TypeDefinition | MethodDefinition:
    """What declares a type parameter in the source: not the code that a compiler made, nor a type nested in the declaring one."""
    owner, index = context.lookups.generated.declared_parameter(value.owner, value.index)
    if isinstance(owner, MethodDefinition):
        user = context.lookups.generated.user_method(owner)
        is_passed_on = user is not owner and context.generic_name(value) in generic_parameter_names(user.module, user.token)
        return user if is_passed_on else owner
    while owner.enclosing is not None and index < owner.enclosing.generic_count:
        owner = owner.enclosing
    return owner
