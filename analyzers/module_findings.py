"""One module -> raw findings: every user's method is read once, and each of its facts goes to the rule family that knows it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from analyzers.context import ModuleContext
from analyzers.dataflow import check_flow
from analyzers.finding import RawFinding
from analyzers.requires import check_access, check_field_use, check_method_use
from compiler.flow.facts import (
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
from compiler.flow.method_facts import read_facts
from compiler.types.definitions import MethodDefinition


def module_findings(context: ModuleContext) -> Iterator[RawFinding]:
    """The findings of a module, in no particular order; some may come twice."""
    for method in user_methods(context):
        for fact in read_facts(context.lookups.annotations, context.lookups.generated, method):
            yield from check_fact(context, fact)


def user_methods(context: ModuleContext) -> Iterator[MethodDefinition]:
    """The methods that the user wrote; what a compiler made from them is read with them."""
    generated = context.lookups.generated
    for definition in context.module.types():
        for method in definition.methods:
            if method.rva and not generated.is_generated(method):
                yield method


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
        case KeptType():
            return
        case _:
            assert_never(fact)
