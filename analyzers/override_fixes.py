"""Overrides whose attributes differ from what they override -> what asks, and the attribute that makes both sides equal."""

from __future__ import annotations

import json
from collections.abc import Iterator

from analyzers.context import SILENCED_BY, ModuleContext
from analyzers.finding import RawFinding
from analyzers.names import member_name
from compiler.diagnostics import Fix, FixKind, Location
from compiler.flow.member_types import names as member_type_names
from compiler.flow.overrides import Override
from compiler.flow.requirements import Requirement, Requires
from compiler.flow.values import THIS
from compiler.types.definitions import MethodDefinition

_REQUIRES_DIFFER = frozenset(("IL2046", "IL3051", "IL3003"))
_PARAMETER, _RESULT, _THIS, _GENERIC = "IL2092", "IL2093", "IL2094", "IL2095"


def override_asked(context: ModuleContext, raw: RawFinding) -> tuple[str, Location | None]:
    """The member whose attribute the other side lacks, in words, and where it is declared; empty where that is not about one attribute."""
    pair = raw.override
    if pair is None or raw.rule.id not in _REQUIRES_DIFFER:
        return "", None
    kind = SILENCED_BY[raw.rule.category]
    for method in (pair.base, pair.method):
        requirement = context.lookups.requirements.of_method(method, kind)
        if requirement is not None:
            place = context.positions.declaration(method) if method.module is context.module else None
            return f"'{context.names.method(method)}' of {method.module.name} is declared with [{_attribute(requirement)}]", place
    return "", None


def override_fixes(context: ModuleContext, raw: RawFinding) -> Iterator[Fix]:
    """The attributes to add, on the side that lacks them when it is declared in this assembly."""
    pair = raw.override
    if pair is None:
        return
    if raw.rule.id in _REQUIRES_DIFFER:
        yield from _requirement(context, pair, SILENCED_BY[raw.rule.category])
        return
    for suffix, prefix, what, own, base in _differences(context, pair, raw.rule.id):
        method, flags = (pair.method, base) if base else (pair.base, own)
        if method.module is context.module:
            yield _annotation(context, method, suffix, prefix, what, flags)


def _requirement(context: ModuleContext, pair: Override, kind: Requires) -> Iterator[Fix]:
    requirements = context.lookups.requirements
    of_base, of_method = requirements.of_method(pair.base, kind), requirements.of_method(pair.method, kind)
    for requirement, method in ((of_base, pair.method), (of_method, pair.base)):
        if requirement is not None and requirements.of_method(method, kind) is None and method.module is context.module:
            name = member_name(context.names, method)
            attribute = kind.value.removesuffix("Attribute")
            place = context.positions.syntax(method)[0]
            yield Fix(FixKind.REQUIRE, f"Add [{attribute}] to '{name}' as well", name, _attribute(requirement), place)


def _attribute(requirement: Requirement) -> str:
    argument = f"({json.dumps(requirement.message, ensure_ascii=False)})" if requirement.message else ""
    return requirement.kind.value.removesuffix("Attribute") + argument


def _differences(context: ModuleContext, pair: Override, rule_id: str) -> Iterator[tuple[str, str, str, int, int]]:
    """Suffix of the syntax's key, target of the attribute, what it is called, own and base's annotation; of what differs."""
    annotations, names = context.lookups.annotations, context.names
    own, base = annotations.of_method(pair.method), annotations.of_method(pair.base)
    if rule_id == _RESULT:
        yield "", "return: ", "the return value", own.result, base.result
    elif rule_id == _THIS:
        yield "", "", "'this'", own.parameters.get(THIS, 0), base.parameters.get(THIS, 0)
    elif rule_id == _PARAMETER:
        for index in sorted({*own.parameters, *base.parameters} - {THIS}):
            mine, theirs = own.parameters.get(index, 0), base.parameters.get(index, 0)
            if mine != theirs:
                yield f"#{index}", "", f"parameter '{names.parameter(pair.method, index)}'", mine, theirs
    elif rule_id == _GENERIC:
        for index in sorted({*own.generics, *base.generics}):
            mine, theirs = own.generics.get(index, 0), base.generics.get(index, 0)
            if mine != theirs:
                yield f"<{index}", "", f"type parameter {index + 1}", mine, theirs


def _annotation(context: ModuleContext, method: MethodDefinition, suffix: str, prefix: str, what: str, annotation: int) -> Fix:
    members = member_type_names(annotation)
    flags = " | ".join(f"DynamicallyAccessedMemberTypes.{name}" for name in members)
    name = member_name(context.names, method)
    title = f"Give {what} of '{name}' [{prefix}DynamicallyAccessedMembers({' | '.join(members)})] as well"
    place, attributes = context.positions.syntax(method, suffix, prefix)
    return Fix(FixKind.ANNOTATE, title, name, f"{prefix}DynamicallyAccessedMembers({flags})", place, attributes)
