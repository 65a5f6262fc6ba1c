"""IL2046, IL3051, IL3003: Requires attributes that differ between a method and what it overrides; IL2092-IL2095: annotations that do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from analyzers.context import ModuleContext
from analyzers.finding import RawFinding
from analyzers.rule import RULES
from compiler.flow.facts import Member
from compiler.flow.overrides import Implementation, Override, implementations_of, overrides_of
from compiler.flow.reader_kind import ReaderKind
from compiler.flow.requirements import Requires
from compiler.flow.values import THIS
from compiler.types.definitions import TypeDefinition

_MISMATCH_RULES = {Requires.UNREFERENCED_CODE: "IL2046", Requires.DYNAMIC_CODE: "IL3051", Requires.ASSEMBLY_FILES: "IL3003"}


def check_overrides(context: ModuleContext, definition: TypeDefinition) -> Iterator[RawFinding]:
    """The findings for all overrides and implementations that a type declares."""
    if definition.is_interface and context.lookups.reader is ReaderKind.PUBLISH:
        return
    for pair in overrides_of(context.lookups.universe, definition, context.lookups.reader):
        # An inherited method that implements an interface of the derived type is that type's business.
        member = pair.method if pair.method.owner is definition else definition
        for raw in _check_pair(context, member, pair):
            yield replace(raw, override=pair)
    if context.lookups.reader is ReaderKind.BUILD:
        for implementation in implementations_of(context.lookups.universe, definition):
            yield from _check_files(context, definition, implementation)


def _check_pair(context: ModuleContext, member: Member, pair: Override) -> Iterator[RawFinding]:
    for kind in Requires:
        yield from _check_requires(context, member, pair, kind)
    yield from _check_annotations(context, member, pair)


def _check_files(context: ModuleContext, definition: TypeDefinition, pair: Implementation) -> Iterator[RawFinding]:
    """Of properties and events that implement an interface's the build's analyzers compare the attributes on themselves, too."""
    requirements, kind = context.lookups.requirements, Requires.ASSEMBLY_FILES
    own = requirements.on_entity(pair.member.module, pair.member.token, kind) is not None
    base = requirements.on_entity(pair.base.module, pair.base.token, kind) is not None
    own_fulfils = own or requirements.on_type(pair.member.owner, kind) is not None
    base_fulfils = base or requirements.on_type(pair.base.owner, kind) is not None
    if (base and not own_fulfils) or (own and not base_fulfils):
        names = context.lookups.csharp_names
        method, interface = names.implementation(pair.member, None, definition), names.implementation(pair.base, pair.interface, definition)
        text = f"Interface member '{interface}' with '{kind.value}' has an implementation member '{method}' without '{kind.value}'"
        if own:
            text = f"Member '{method}' with '{kind.value}' implements interface member '{interface}' without '{kind.value}'"
        member = pair.member if pair.member.owner is definition else definition
        yield _at(context, member, _MISMATCH_RULES[kind], (kind.value, "", text))


def _check_requires(context: ModuleContext, member: Member, pair: Override, kind: Requires) -> Iterator[RawFinding]:
    requirements = context.lookups.requirements
    base_requires = requirements.of_method(pair.base, kind) is not None
    method_requires = requirements.of_method(pair.method, kind) is not None
    base_fulfils = base_requires or requirements.in_scope(pair.base, kind)
    method_fulfils = method_requires or requirements.in_scope(pair.method, kind)
    if (base_requires and not method_fulfils) or (method_requires and not base_fulfils):
        rule = RULES[_MISMATCH_RULES[kind]]
        if context.lookups.reader is ReaderKind.BUILD:
            # In words the build's analyzers see the method's own attribute alone, not that of its property or type.
            method_requires = requirements.on_entity(pair.method.module, pair.method.token, kind) is not None
        text = _mismatch_text(context, pair, kind, method_requires=method_requires)
        yield _at(context, member, rule.id, (kind.value, "", text))


def _mismatch_text(context: ModuleContext, pair: Override, kind: Requires, *, method_requires: bool) -> str:
    method, base = context.names.method(pair.method), context.names.method(pair.base)
    is_interface = pair.base.owner.is_interface
    if method_requires:
        verb = "implements interface member" if is_interface else "overrides base member"
        return f"Member '{method}' with '{kind.value}' {verb} '{base}' without '{kind.value}'"
    if is_interface:
        return f"Interface member '{base}' with '{kind.value}' has an implementation member '{method}' without '{kind.value}'"
    return f"Base member '{base}' with '{kind.value}' has a derived member '{method}' without '{kind.value}'"


def _check_annotations(context: ModuleContext, member: Member, pair: Override) -> Iterator[RawFinding]:
    annotations = context.lookups.annotations
    own, base = annotations.of_method(pair.method), annotations.of_method(pair.base)
    names = context.names
    method, base_method = names.method(pair.method), names.method(pair.base)
    # Of an interface's implementation the build's analyzers show the method alone.
    is_override = member is pair.method and not pair.base.owner.is_interface
    if own.result != base.result:
        yield _at(context, member, "IL2093", (method, base_method))
    for index in sorted({*own.parameters, *base.parameters}):
        if own.parameters.get(index, 0) == base.parameters.get(index, 0):
            continue
        if index == THIS:
            yield _at(context, member, "IL2094", (method, base_method))
        else:
            args = (names.parameter(pair.method, index), method, names.parameter(pair.base, index), base_method)
            place = context.positions.parameter(pair.method, index) if is_override else context.positions.declaration(member)
            yield RawFinding(RULES["IL2092"], RULES["IL2092"].message(*args), member, place)
    for index in sorted({*own.generics, *base.generics}):
        if own.generics.get(index, 0) != base.generics.get(index, 0):
            mine = context.generic_name(annotations.generic_parameter(pair.method, index))
            theirs = context.generic_name(annotations.generic_parameter(pair.base, index))
            args = (mine, method, theirs, base_method)
            place = context.positions.type_parameter(pair.method, index) if is_override else context.positions.declaration(member)
            yield RawFinding(RULES["IL2095"], RULES["IL2095"].message(*args), member, place)


def _at(context: ModuleContext, member: Member, rule_id: str, args: tuple[str, ...]) -> RawFinding:
    rule = RULES[rule_id]
    return RawFinding(rule, rule.message(*args), member, context.positions.declaration(member))
