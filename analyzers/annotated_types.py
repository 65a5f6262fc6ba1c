"""IL2112-IL2115: a type whose own annotation reaches members that need unreferenced code or have annotations of their own.

The annotation takes effect where object.GetType is called on the type, which publishing looks for; derived types have it too.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.context import Lookups, ModuleContext
from analyzers.finding import RawFinding
from analyzers.rule import RULES, link, sentence
from compiler.diagnostics import InputError
from compiler.flow.binder import Reached, hierarchy, interfaces, reached_members
from compiler.flow.demands import is_member_annotated
from compiler.flow.member_types import ALL, missing
from compiler.flow.reader_kind import ReaderKind
from compiler.flow.requirements import Requirement, Requires
from compiler.types.definitions import FieldDefinition, MethodDefinition, TypeDefinition
from compiler.types.type_desc import NamedType


def check_annotated_type(
    context: ModuleContext, definition: TypeDefinition, used: set[TypeDefinition] | None = None
) -> Iterator[RawFinding]:
    """The findings for a type on which, or on a base type of which, object.GetType is called.

    `used` are the types where it is called; None where that is not asked.
    """
    lookups = context.lookups
    annotation = lookups.annotations.type_wide(definition)
    if not annotation:
        return
    try:
        desc = lookups.universe.open_type(definition)
        if used is not None and used.isdisjoint(hierarchy(lookups.universe, desc)) and not _is_base_of(context, definition, used):
            return
        for member in _reached(lookups, desc, annotation):
            yield from _check_member(context, definition, member)
    except InputError:
        return


def _reached(lookups: Lookups, desc: NamedType, annotation: int) -> Iterator[Reached]:
    """What the annotation of a type reaches: its own members, and of its base and its interfaces what theirs does not."""
    universe, annotations = lookups.universe, lookups.annotations
    inherited = [*list(hierarchy(universe, desc))[1:], *interfaces(universe, desc)]
    for member in reached_members(universe, desc, annotation):
        owner = member if isinstance(member, TypeDefinition) else member.owner
        if not any(_is_within(owner, each) for each in inherited):
            yield member
    base = universe.base_type(desc)
    if base is not None:
        yield from reached_members(universe, base, missing(annotation, annotations.type_wide(base.definition)))
    for interface in interfaces(universe, desc) if annotation == ALL else ():
        if annotations.type_wide(interface) != ALL:
            yield from reached_members(universe, universe.open_type(interface), ALL)


def _is_base_of(context: ModuleContext, definition: TypeDefinition, used: set[TypeDefinition]) -> bool:
    """Whether a type is the base of one in `used`, which counts since .NET 10."""
    universe = context.lookups.universe
    return context.rules.reports_bases_of_used_types and any(definition in hierarchy(universe, universe.open_type(each)) for each in used)


def _check_member(context: ModuleContext, definition: TypeDefinition, member: Reached) -> Iterator[RawFinding]:
    if isinstance(member, TypeDefinition):
        return
    if isinstance(member, MethodDefinition) and context.lookups.generated.is_generated(member):
        return
    if isinstance(member, MethodDefinition) and member.is_virtual and not member.is_new_slot:
        # An override is annotated as what it overrides, which has the finding.
        return
    is_own = _is_within(member.owner, definition)
    origin = member if is_own else definition
    name = context.names.field(member) if isinstance(member, FieldDefinition) else context.names.method(member)
    names = (context.names.definition(definition), name)
    requirement = _requirement(context, member)
    if requirement is not None:
        rule = RULES["IL2112" if is_own else "IL2113"]
        text = sentence(requirement.message)
        if context.lookups.reader is ReaderKind.BUILD:
            # As .NET's analyzers write it.
            text = f" {text} "
        message = rule.message(*names, text, link(requirement.url))
        yield RawFinding(rule, message, origin, context.positions.declaration(origin))
    if is_member_annotated(context.lookups.annotations, member):
        rule = RULES["IL2114" if is_own else "IL2115"]
        yield RawFinding(rule, rule.message(*names), origin, context.positions.declaration(origin))


def _requirement(context: ModuleContext, member: MethodDefinition | FieldDefinition) -> Requirement | None:
    requirements = context.lookups.requirements
    if isinstance(member, FieldDefinition):
        return requirements.of_field(member, Requires.UNREFERENCED_CODE)
    return requirements.of_reached_method(member, Requires.UNREFERENCED_CODE)


def _is_within(owner: TypeDefinition, definition: TypeDefinition) -> bool:
    return any(each is definition for each in _enclosing(owner))


def _enclosing(definition: TypeDefinition) -> Iterator[TypeDefinition]:
    """A type and the types around it, from inside."""
    current: TypeDefinition | None = definition
    while current is not None:
        yield current
        current = current.enclosing
