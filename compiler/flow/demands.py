"""A value that flows to where members of a type are asked for -> facts: what is kept, what does not match, what is not known.

One `Demands` serves one place (`origin`); with `emit` None nothing is reported, for the passes before the values are final.
"""

from __future__ import annotations

from collections.abc import Callable

from compiler.diagnostics import InputError
from compiler.flow.annotations import Annotations
from compiler.flow.binder import Reached, reached_members
from compiler.flow.facts import Fact, KeptType, MemberAccess, Mismatch, Origin, UnknownFlow, UnqualifiedTypeName
from compiler.flow.member_types import MemberTypes, missing
from compiler.flow.reader_kind import ReaderKind
from compiler.flow.type_names import is_unqualified, resolve_type_name
from compiler.flow.values import (
    ANNOTATED,
    Annotated,
    GenericParameterValue,
    KnownString,
    KnownType,
    Null,
    NullableOf,
    Value,
    ValueSet,
)
from compiler.types.definitions import FieldDefinition, MethodDefinition, TypeDefinition
from compiler.types.type_desc import TypeDesc

Emit = Callable[[Fact], None]


class Demands:
    """Applies demands at one place."""

    __slots__ = ("annotations", "origin", "emit")

    def __init__(self, annotations: Annotations, origin: Origin, emit: Emit | None) -> None:
        self.annotations = annotations
        self.origin = origin
        self.emit = emit

    def require(self, values: ValueSet, target: Annotated) -> None:
        """Every one of `values` must have what `target` is annotated with."""
        if target.annotation and self.emit is not None:
            for value in values:
                self._require_one(value, target)

    def _require_one(self, value: Value, target: Annotated) -> None:
        emit = self.emit
        assert emit is not None
        source: Value = value
        if isinstance(value, NullableOf):
            # Nullable has members of its own; those of a type argument that is not known here are asked for where it is taken out.
            source = KnownType(value.type)
            if isinstance(value.underlying, KnownType):
                self.keep(value.underlying.type, target.annotation)
            else:
                lacking = missing(target.annotation, value.underlying.annotation)
                if lacking:
                    emit(Mismatch(self.origin, value.underlying, target, lacking, is_nullable=True))
                return
        if isinstance(source, ANNOTATED):
            wants_constructor = target.annotation == MemberTypes.PUBLIC_PARAMETERLESS_CONSTRUCTOR
            if wants_constructor and isinstance(source, GenericParameterValue) and source.has_new:
                return
            lacking = missing(target.annotation, source.annotation | self._known_of(source))
            if lacking:
                emit(Mismatch(self.origin, source, target, lacking))
        elif isinstance(source, KnownType):
            self.keep(source.type, target.annotation)
        elif isinstance(source, KnownString):
            found = self.resolve_name(source.text, needs_assembly=True)
            if found is not None:
                self.keep(found, target.annotation)
        elif not isinstance(source, Null):
            emit(UnknownFlow(self.origin, target))

    def _known_of(self, source: Annotated) -> int:
        """What a source has without an annotation: a constructor that its constraint asks for, to the native compiler; the fields of
        enums, to the build's analyzers."""
        if not isinstance(source, GenericParameterValue):
            return 0
        if self.annotations.reader is ReaderKind.PUBLISH:
            return int(MemberTypes.PUBLIC_PARAMETERLESS_CONSTRUCTOR) if source.has_new else 0
        return int(MemberTypes.PUBLIC_FIELDS) if self.annotations.is_enum_parameter(source.owner, source.index) else 0

    def resolve_name(self, text: str, *, needs_assembly: bool) -> TypeDesc | None:
        """The type that a string names, or None. A name without assembly is reported where the place does not tell the assembly."""
        if self.annotations.reader is ReaderKind.BUILD and not self.annotations.rules.resolves_names:
            return None
        if needs_assembly and is_unqualified(text):
            if self.emit is not None:
                self.emit(UnqualifiedTypeName(self.origin, text))
            return None
        return resolve_type_name(self.annotations.universe, text, self.origin.member.module)

    def keep(self, desc: TypeDesc, members: int) -> None:
        """`members` of a known type are reached."""
        if self.emit is None:
            return
        self.emit(KeptType(self.origin, desc, members))
        try:
            for member in reached_members(self.annotations.universe, desc, members):
                self.reach(member)
        except InputError:
            # A base type or interface that is missing: the compiler reports it; what was found stays reported.
            return

    def reach(self, member: Reached) -> None:
        """A member is reached by reflection."""
        if self.emit is not None and not isinstance(member, TypeDefinition):
            self.emit(MemberAccess(self.origin, member))


def is_member_annotated(annotations: Annotations, member: MethodDefinition | FieldDefinition) -> bool:
    """Whether reflection on the member evades its own annotations: an annotated field, parameter, or virtual method's result."""
    if isinstance(member, FieldDefinition):
        return bool(annotations.of_field(member))
    found = annotations.of_method(member)
    return bool(found.parameters) or (bool(found.result) and member.is_virtual)
