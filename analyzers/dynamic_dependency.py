"""IL2035, IL2036, IL2037: DynamicDependency attributes that name what does not exist; findings in the members that the others reach."""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.context import ModuleContext
from analyzers.finding import RawFinding
from analyzers.requires import check_access
from analyzers.rule import RULES
from compiler.flow.dynamic_dependency import Dependency, Unresolved, dependencies_of
from compiler.flow.facts import MemberAccess, Origin
from compiler.flow.member_types import names as member_type_names
from compiler.types.definitions import FieldDefinition, MethodDefinition, TypeDefinition

_RULES = {Unresolved.ASSEMBLY: "IL2035", Unresolved.TYPE: "IL2036", Unresolved.MEMBERS: "IL2037"}


def check_dependencies(context: ModuleContext, definition: TypeDefinition) -> Iterator[RawFinding]:
    """The findings for the attributes on the members of a type."""
    lookups = context.lookups
    members: list[MethodDefinition | FieldDefinition] = [*definition.methods, *definition.fields]
    for member in members:
        for dependency in dependencies_of(lookups.annotations, lookups.attributes, member):
            if dependency.missing is not None:
                yield _unresolved(context, member, dependency)
            for reached in dependency.reached:
                if not isinstance(reached, TypeDefinition):
                    yield from check_access(context, MemberAccess(Origin(member, -1), reached))


def _unresolved(context: ModuleContext, member: MethodDefinition | FieldDefinition, dependency: Dependency) -> RawFinding:
    assert dependency.missing is not None
    rule = RULES[_RULES[dependency.missing]]
    name = dependency.name
    if dependency.members is not None and context.rules.names_member_kinds:
        name = ", ".join(member_type_names(dependency.members)) or "None"
    args = (name,) if dependency.type is None else (name, context.names.definition(dependency.type))
    return RawFinding(rule, rule.message(*args), member, context.positions.declaration(member))
