"""IL2026, IL3050, IL3002: uses of members that have a Requires attribute, by code that has none; IL3000, IL3001 beside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzers.context import ModuleContext
from analyzers.finding import RawFinding
from analyzers.rule import RULES, Rule, link, sentence
from analyzers.single_file import single_file_rule
from compiler.flow.facts import BodyFact, FieldUse, MethodUse, Origin, UseKind
from compiler.flow.intrinsics import intrinsic_of
from compiler.flow.requirements import Requirement, Requires
from compiler.types.definitions import MethodDefinition

RULE_OF = {
    Requires.UNREFERENCED_CODE: RULES["IL2026"],
    Requires.DYNAMIC_CODE: RULES["IL3050"],
    Requires.ASSEMBLY_FILES: RULES["IL3002"],
}


def check_uses(context: ModuleContext, uses: Iterable[BodyFact]) -> Iterator[RawFinding]:
    """The findings for what one body names."""
    for use in uses:
        if isinstance(use, MethodUse):
            yield from _check_method(context, use)
        else:
            yield from _check_field(context, use)


def _check_method(context: ModuleContext, use: MethodUse) -> Iterator[RawFinding]:
    callee = use.method.definition
    rule = single_file_rule(callee)
    if rule is not None:
        if not context.is_in_scope(use.origin.method, Requires.ASSEMBLY_FILES):
            yield _finding(context, rule, rule.message(context.lookups.names.method(callee)), use.origin)
        return
    if use.kind is not UseKind.DELEGATE and intrinsic_of(context.lookups.universe, callee) is not None:
        # What an intrinsic requires depends on the values passed to it.
        return
    for kind in Requires:
        requirement = context.lookups.requirements.of_method(callee, kind)
        if requirement is not None and not context.is_in_scope(use.origin.method, kind):
            yield _requires_finding(context, requirement, context.lookups.names.method(callee), use.origin)


def _check_field(context: ModuleContext, use: FieldUse) -> Iterator[RawFinding]:
    field = use.field.definition
    for kind in Requires:
        requirement = context.lookups.requirements.of_field(field, kind)
        if requirement is not None and not context.is_in_scope(use.origin.method, kind):
            yield _requires_finding(context, requirement, context.lookups.names.field(field), use.origin)


def _requires_finding(context: ModuleContext, requirement: Requirement, name: str, origin: Origin) -> RawFinding:
    rule = RULE_OF[requirement.kind]
    return _finding(context, rule, rule.message(name, sentence(requirement.message), link(requirement.url)), origin)


def _finding(context: ModuleContext, rule: Rule, message: str, origin: Origin) -> RawFinding:
    return RawFinding(rule, message, origin.method, context.positions.at(origin))


def user_methods(context: ModuleContext) -> Iterator[MethodDefinition]:
    """The methods of the module whose bodies belong to somebody: those the user wrote, and what was made from them."""
    generated = context.lookups.generated
    for definition in context.module.types():
        for method in definition.methods:
            if method.rva and (not generated.is_generated(method) or generated.owner(method) is not None):
                yield method
