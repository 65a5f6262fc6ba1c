"""The units of an analysis -> their findings, and what these rest on.

A unit is a user's method with all code made from it, a body of the source, or a type's declaration.

A unit's result is a plain value that holds no row number and no definition, so that it outlives the version of the assembly it was
read from: it stays right until a fact or a place that it read changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from analyzers.annotated_types import check_annotated_type
from analyzers.context import ModuleContext
from analyzers.explain import explain
from analyzers.feature_guards import Guards
from analyzers.finding import RawFinding
from analyzers.generic_recursion import check_generic_recursion
from analyzers.module_findings import (
    MethodReading,
    is_replaced,
    method_findings,
    needed_instantiations,
    source_findings,
    type_findings,
)
from analyzers.names import member_name
from analyzers.rule import Rule
from analyzers.source_index import PlaceReads
from compiler.csharp.bodies import SourceFile
from compiler.diagnostics import Explanation, Location, Related
from compiler.flow.facts import Member
from compiler.flow.reader_kind import ReaderKind
from compiler.flow.source_facts import SourceBodies
from compiler.metadata.tokens import TableId
from compiler.types.definitions import MethodDefinition, TypeDefinition
from compiler.types.reads import BODY, EVERYTHING, GENERIC_CODE, HEADER, METHOD, Reads

# What names a method or type in every version of the assembly: a hash (`compiler/metadata/row_identity.py`). Of a body of the source a
# number that it keeps as long as it stays.
Identity = int


class UnitKind(Enum):
    """What a unit is about."""

    METHOD = "method"
    SOURCE = "body of the source"
    TYPE = "type"
    ANNOTATED_TYPE = "annotated type"
    PROGRAM = "program"


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit by what it is about."""

    kind: UnitKind
    identity: Identity

    def __hash__(self) -> int:
        # Identities of several kinds are seldom equal; members of Enum are slow to hash.
        return self.identity


@dataclass(frozen=True, slots=True)
class Raised:
    """A finding before the project's severities are applied. `member` is the display name; `silenced_by` are keys of attributes."""

    rule: Rule
    message: str
    location: Location | None
    member: str
    related: tuple[Related, ...]
    is_suppressed: bool
    why: Explanation
    silenced_by: frozenset[str] = frozenset()


@dataclass(slots=True)
class UnitResult:
    """What a unit gives, and what it rests on.

    `needs` are the types and methods that other code must use before a native program has this one; `uses` those of that kind that it
    uses itself; `annotated` the types on which object.GetType is called, `annotated_elsewhere` those of other modules, which stay.
    `reads` holds for the version that was read; `keys`, made from it, are the facts in any version.
    """

    raised: tuple[Raised, ...]
    needs: frozenset[Identity]
    uses: frozenset[Identity]
    annotated: frozenset[Identity]
    annotated_elsewhere: frozenset[TypeDefinition]
    reads: Reads
    places: PlaceReads
    keys: frozenset[int] = frozenset()


class UnitReader:
    """Reads units of one module of one version."""

    def __init__(self, context: ModuleContext, guards: Guards, identify: Callable[[TableId, int], Identity]) -> None:
        self._context = context
        self._guards = guards
        self._identify = identify
        lookups = context.lookups
        self._bodies = SourceBodies(lookups.annotations, lookups.requirements, guards.features)

    def method(self, method: MethodDefinition) -> UnitResult:
        """A user's method."""
        reading = MethodReading()
        needs: set[Identity] = set()

        def findings() -> Iterator[RawFinding]:
            if self._context.lookups.reader is ReaderKind.PUBLISH:
                if is_replaced(self._context, method):
                    return
                needs.update(self._identity(each) for each in needed_instantiations(method))
            yield from method_findings(self._context, method, reading)

        result = self._noted(findings)
        # What a unit is about was asked for before it is read.
        result.reads.facts.update((METHOD | method.rid, BODY | method.rid))
        uses = frozenset(self._identity(each) for each in reading.uses)
        own = frozenset(each for each in reading.annotated_types if each.module is self._context.module)
        result.needs, result.uses, result.annotated = frozenset(needs), uses, frozenset(self._identity(each) for each in own)
        result.annotated_elsewhere = frozenset(reading.annotated_types - own)
        return result

    def source(self, file: SourceFile, number: int) -> UnitResult:
        """A body of the source."""
        result = self._noted(lambda: source_findings(self._context, self._bodies, file, number))
        result.places.note(file.span(number))
        return result

    def type(self, definition: TypeDefinition) -> UnitResult:
        """A type's declaration with those of its members."""
        result = self._noted(lambda: type_findings(self._context, self._guards, definition))
        result.reads.facts.add(EVERYTHING | definition.rid)
        return result

    def annotated_type(self, definition: TypeDefinition, used: set[TypeDefinition]) -> UnitResult:
        """What the annotation on a type, or on a base type, reaches."""
        result = self._noted(lambda: check_annotated_type(self._context, definition, used))
        result.reads.facts.add(HEADER | definition.rid)
        return result

    def program(self) -> UnitResult:
        """What all code of the module is in together."""
        result = self._noted(lambda: check_generic_recursion(self._context))
        result.reads.facts.add(GENERIC_CODE)
        return result

    def _identity(self, definition: MethodDefinition | TypeDefinition) -> Identity:
        table = TableId.METHOD_DEF if isinstance(definition, MethodDefinition) else TableId.TYPE_DEF
        return self._identify(table, definition.rid)

    def _noted(self, findings: Callable[[], Iterator[RawFinding]]) -> UnitResult:
        context = self._context
        reads, places = Reads(), PlaceReads()
        context.module.reads = reads
        context.positions.note_in(places)
        try:
            raised = tuple(raise_finding(context, raw) for raw in findings())
        finally:
            context.module.reads = None
            context.positions.note_in(PlaceReads())
        for each in raised:
            if each.location is not None:
                places.note(each.location)
            for related in each.related:
                places.note(related.location)
        nothing: frozenset[Identity] = frozenset()
        return UnitResult(raised, nothing, nothing, nothing, frozenset(), reads, places)


def raise_finding(context: ModuleContext, raw: RawFinding) -> Raised:
    """A rule's finding with the name of its member, and whether an attribute silences it."""
    why = explain(context, raw, _explained_member(context, raw))
    related = raw.related
    if not related and why.asked_at is not None:
        related = (Related(why.asked, why.asked_at),)
    is_suppressed = _is_suppressed(context, raw)
    silenced_by = context.lookups.suppressions.holders(raw.rule.id, raw.member) if is_suppressed else frozenset()
    return Raised(raw.rule, raw.message, raw.location, _member_name(context, raw), related, is_suppressed, why, silenced_by)


def _explained_member(context: ModuleContext, raw: RawFinding) -> Member:
    """The member that the user wrote: what a compiler made of it, and where a field's initializer went, are its."""
    initialized = context.positions.initialized_field(raw.member, raw.location)
    if initialized is not None:
        return initialized
    return context.lookups.generated.user_method(raw.member) if isinstance(raw.member, MethodDefinition) else raw.member


def _is_suppressed(context: ModuleContext, raw: RawFinding) -> bool:
    suppressions, positions = context.lookups.suppressions, context.positions
    if suppressions.is_suppressed(raw.rule.id, raw.member):
        return True
    if not context.heeds_source:
        return False
    function = raw.cause.origin.function if raw.cause is not None else None
    while function is not None:
        if raw.rule.id in function.suppressed:
            return True
        function = function.outer
    # For the build an initializer belongs to its field; attributes that the compiler drops count.
    field_ = positions.initialized_field(raw.member, raw.location)
    if field_ is not None and suppressions.is_suppressed(raw.rule.id, field_):
        return True
    user = context.lookups.generated.user_method(raw.member) if isinstance(raw.member, MethodDefinition) else raw.member
    return positions.is_suppressed_in_source(user, raw.location, raw.rule.id)


def _member_name(context: ModuleContext, raw: RawFinding) -> str:
    if raw.member_name:
        return raw.member_name
    member = raw.member
    if isinstance(member, MethodDefinition) and context.names is context.lookups.csharp_names:
        member = context.lookups.generated.user_method(member)
    return member_name(context.names, member)
