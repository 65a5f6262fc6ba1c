"""One module -> raw findings: every user's method is read once, and each of its facts goes to the rule family that knows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import assert_never

from analyzers.annotated_types import check_annotated_types
from analyzers.context import ModuleContext
from analyzers.dataflow import check_flow
from analyzers.declarations import check_declarations, check_entry_point, check_scopes
from analyzers.dynamic_dependency import check_dependencies
from analyzers.feature_guards import Guards, check_guards, guards_native
from analyzers.finding import RawFinding
from analyzers.overrides import check_overrides
from analyzers.requires import check_access, check_constructible, check_field_use, check_method_use
from compiler.flow.declaration_facts import read_declarations
from compiler.flow.facts import (
    AnnotatedTypeUse,
    ConstructibleArgument,
    Fact,
    FieldUse,
    KeptType,
    MemberAccess,
    MethodUse,
    Mismatch,
    UnanalyzableCall,
    UnknownFlow,
    UnqualifiedTypeName,
)
from compiler.flow.generated import is_closure_type
from compiler.flow.method_facts import read_facts
from compiler.flow.parameters import constraints
from compiler.flow.reader_kind import ReaderKind
from compiler.flow.source_facts import SourceBodies
from compiler.metadata.signatures import ElementType
from compiler.metadata.tokens import TableId, Token
from compiler.types.definitions import MethodDefinition, Module, TypeDefinition

_VALUE_CONSTRAINT = 0x08


def module_findings(context: ModuleContext, guards: Guards) -> Iterator[RawFinding]:
    """The findings of a module, in no particular order; some may come twice."""
    annotated_types: set[TypeDefinition] = set()
    for fact in _source_facts(context, guards) if context.files else _body_facts(context):
        if isinstance(fact, AnnotatedTypeUse):
            annotated_types.add(fact.type)
        yield from _caused(context, fact)
    for definition in context.module.types():
        context.proceed()
        facts: list[Fact] = []
        read_declarations(context.lookups.annotations, context.lookups.attributes, definition, facts.append)
        for fact in facts:
            yield from _caused(context, fact)
        yield from check_declarations(context, definition)
        yield from check_overrides(context, definition)
        if context.lookups.reader is ReaderKind.PUBLISH:
            yield from check_dependencies(context, definition)
        else:
            yield from check_guards(context, guards, definition)
    if context.lookups.reader is ReaderKind.PUBLISH:
        yield from check_annotated_types(context, annotated_types)
        yield from check_scopes(context)
        yield from check_entry_point(context)


def _source_facts(context: ModuleContext, guards: Guards) -> Iterator[Fact]:
    """The facts of all bodies in the project's sources."""
    lookups = context.lookups
    bodies = SourceBodies(lookups.annotations, lookups.requirements, guards.features)
    for file in context.files:
        context.proceed()
        for facts in bodies.facts(file):
            yield from facts


def _body_facts(context: ModuleContext) -> Iterator[Fact]:
    """The facts of all bodies that are analysed.

    A native compiler sees the code of a generic method only where there is an instantiation that it can make: methods with a struct
    constraint, or with one parameter constrained by another, are read when other code uses them.
    """
    lookups = context.lookups
    reads_all = lookups.reader is ReaderKind.BUILD
    waiting: list[MethodDefinition] = []
    used: set[MethodDefinition | TypeDefinition] = set()
    ready = [method for method in user_methods(context) if reads_all or not is_replaced(context, method)]
    if not reads_all:
        waiting = [method for method in ready if needs_instantiation(method)]
        ready = [method for method in ready if not needs_instantiation(method)]
    while ready:
        for method in ready:
            context.proceed()
            for fact in read_facts(lookups.annotations, lookups.generated, context.constants, method):
                if isinstance(fact, MethodUse) and waiting:
                    used.update((fact.method.definition, fact.method.owner.definition))
                yield fact
        ready = [method for method in waiting if _is_instantiated(method, used)]
        waiting = [method for method in waiting if method not in ready]


def is_replaced(context: ModuleContext, method: MethodDefinition) -> bool:
    """Whether the body of `method` is not in the program: its effect is known before the program runs."""
    return guards_native(context.lookups, method) or context.lookups.preinitialization.runs_early(method)


def _is_instantiated(method: MethodDefinition, used: set[MethodDefinition | TypeDefinition]) -> bool:
    return all(owner in used for owner in (method, method.owner) if _is_constrained(owner))


def needs_instantiation(method: MethodDefinition) -> bool:
    """Whether no instantiation over shared reference types exists for `method` or its type."""
    return _is_constrained(method) or _is_constrained(method.owner)


def _is_constrained(owner: MethodDefinition | TypeDefinition) -> bool:
    image = owner.module.image
    flags = image.column(TableId.GENERIC_PARAM, "Flags")
    rows = owner.module.generic_params(owner.token)
    if any(flags[rid - 1] & _VALUE_CONSTRAINT for rid in rows):
        return True
    return any(_is_parameter(owner.module, token) for rid in rows for token in constraints(owner.module, rid))


def _is_parameter(module: Module, token: Token) -> bool:
    """Whether a constraint is a type parameter itself."""
    if token >> 24 != TableId.TYPE_SPEC:
        return False
    blob = module.image.blob(module.image.column(TableId.TYPE_SPEC, "Signature")[(token & 0xFFFFFF) - 1])
    return bool(blob) and blob[0] in (ElementType.VAR, ElementType.MVAR)


def user_methods(context: ModuleContext) -> Iterator[MethodDefinition]:
    """The methods that the user wrote; what a compiler made from them is read with them."""
    generated = context.lookups.generated
    for definition in context.module.types():
        for method in definition.methods:
            # A closure's constructors are nobody's code.
            is_helper = is_closure_type(definition) and context.lookups.reader is ReaderKind.BUILD
            if method.rva and not generated.is_generated(method) and not is_helper:
                yield method


def _caused(context: ModuleContext, fact: Fact) -> Iterator[RawFinding]:
    """The findings for one fact, which say so."""
    return (replace(raw, cause=fact) for raw in check_fact(context, fact))


def check_fact(context: ModuleContext, fact: Fact) -> Iterator[RawFinding]:
    """The findings for one fact."""
    match fact:
        case MethodUse():
            yield from check_method_use(context, fact)
        case FieldUse():
            yield from check_field_use(context, fact)
        case MemberAccess():
            yield from check_access(context, fact)
        case Mismatch() | UnknownFlow() | UnanalyzableCall() | UnqualifiedTypeName():
            yield from check_flow(context, fact)
        case ConstructibleArgument():
            yield from check_constructible(context, fact)
        case KeptType() | AnnotatedTypeUse():
            return
        case _:
            assert_never(fact)
