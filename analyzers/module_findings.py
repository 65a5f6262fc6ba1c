"""A method's code or a type's declaration -> raw findings: it is read once, and each of its facts goes to the rule family that knows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import assert_never

from analyzers.annotated_types import check_annotated_type
from analyzers.context import ModuleContext
from analyzers.dataflow import check_flow
from analyzers.declarations import check_declarations
from analyzers.dynamic_dependency import check_dependencies
from analyzers.feature_guards import Guards, check_guards, guards_native
from analyzers.finding import RawFinding
from analyzers.overrides import check_overrides
from analyzers.requires import check_access, check_constructible, check_field_use, check_method_use
from compiler.csharp.bodies import SourceFile
from compiler.flow.declaration_facts import read_declarations
from compiler.flow.facts import (
    AnnotatedTypeUse,
    ConstructibleArgument,
    Fact,
    FieldUse,
    KeptType,
    MadeInstance,
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


@dataclass(slots=True)
class MethodReading:
    """What a method's code uses beyond its findings: types on which object.GetType is called, and methods and types of its own module
    that a native program has only where code uses them."""

    annotated_types: set[TypeDefinition] = field(default_factory=set)
    uses: set[MethodDefinition | TypeDefinition] = field(default_factory=set)


def method_findings(context: ModuleContext, method: MethodDefinition, reading: MethodReading) -> Iterator[RawFinding]:
    """The findings in a user's method and in all code made from it."""
    context.proceed()
    lookups = context.lookups
    for fact in read_facts(lookups.annotations, lookups.generated, context.constants, method):
        if isinstance(fact, AnnotatedTypeUse):
            reading.annotated_types.add(fact.type)
        elif isinstance(fact, MethodUse) and lookups.reader is ReaderKind.PUBLISH:
            used = fact.method.definition
            if used.module is context.module:
                reading.uses.update(owner for owner in (used, used.owner) if _is_constrained(owner))
        yield from _caused(context, fact)


def source_findings(context: ModuleContext, bodies: SourceBodies, file: SourceFile, number: int) -> Iterator[RawFinding]:
    """The findings in one body of the source."""
    context.proceed()
    for fact in bodies.facts(file, number):
        yield from _caused(context, fact)


def type_findings(context: ModuleContext, guards: Guards, definition: TypeDefinition) -> Iterator[RawFinding]:
    """The findings in a type's declaration and in those of its members."""
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
        if context.rules.reports_annotated_types:
            yield from check_annotated_type(context, definition)


def is_replaced(context: ModuleContext, method: MethodDefinition) -> bool:
    """Whether the body of `method` is not in the program: its effect is known before the program runs."""
    return guards_native(context.lookups, method) or context.lookups.preinitialization.runs_early(method)


def needed_instantiations(method: MethodDefinition) -> Iterator[MethodDefinition | TypeDefinition]:
    """What other code must use before a native compiler sees the code of `method`.

    It makes instantiations over shared reference types by itself. There are none for a struct constraint, nor for a parameter that is
    constrained by another one.
    """
    return (owner for owner in (method, method.owner) if _is_constrained(owner))


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


def is_users(context: ModuleContext, method: MethodDefinition) -> bool:
    """Whether the user wrote `method`; what a compiler made from it is read with it."""
    # A closure's constructors are nobody's code.
    is_helper = is_closure_type(method.owner) and context.lookups.reader is ReaderKind.BUILD
    return bool(method.rva) and not context.lookups.generated.is_generated(method) and not is_helper


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
        case KeptType() | AnnotatedTypeUse() | MadeInstance():
            return
        case _:
            assert_never(fact)
