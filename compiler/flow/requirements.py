"""Methods and fields -> the Requires attributes that hold for a use of them, and whether code is within such an attribute.

RequiresUnreferencedCode, RequiresDynamicCode and RequiresAssemblyFiles follow the same rules; they differ in their attribute
alone. An attribute on a type holds for its constructors and static members, and its whole code is in scope.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from compiler.flow.associations import association
from compiler.flow.custom_attributes import AttributeReader
from compiler.flow.reader_kind import ReaderKind
from compiler.flow.source_functions import SourceFunction
from compiler.types.definitions import FieldDefinition, MethodDefinition, Module, TypeDefinition
from compiler.types.reads import KeptByMember


class Requires(Enum):
    """The three attributes; `value` is the type's simple name."""

    UNREFERENCED_CODE = "RequiresUnreferencedCodeAttribute"
    DYNAMIC_CODE = "RequiresDynamicCodeAttribute"
    ASSEMBLY_FILES = "RequiresAssemblyFilesAttribute"

    @property
    def full_name(self) -> str:
        """The attribute type's full name."""
        return _FULL_NAMES[self]

    # Members are one object each; the hash of a name takes a call of Python code in every look-up.
    __hash__ = object.__hash__


_FULL_NAMES = {kind: f"System.Diagnostics.CodeAnalysis.{kind.value}" for kind in Requires}


@dataclass(frozen=True, slots=True)
class Requirement:
    """One Requires attribute: its kind, message and Url (empty when absent)."""

    kind: Requires
    message: str
    url: str


class Requirements:
    """Looks Requires attributes up. Invariant: answers depend on metadata alone, so they are kept."""

    def __init__(self, attributes: AttributeReader, reader: ReaderKind) -> None:
        self._attributes = attributes
        self._reader = reader
        self._methods = KeptByMember[tuple[MethodDefinition, Requires], Requirement | None](attributes.volatile)
        self._reached = KeptByMember[tuple[MethodDefinition, Requires], Requirement | None](attributes.volatile)
        self._types = KeptByMember[tuple[TypeDefinition, Requires], Requirement | None](attributes.volatile)

    def on_entity(self, module: Module, token: int, kind: Requires) -> Requirement | None:
        """The attribute on the entity itself, or None."""
        found = self._attributes.first(module, token, kind.full_name)
        needs_message = kind is not Requires.ASSEMBLY_FILES and self._reader is ReaderKind.BUILD
        if found is None or (needs_message and not found.value.fixed):
            return None
        return Requirement(kind, found.text(0), found.named_text("Url"))

    def on_type(self, definition: TypeDefinition, kind: Requires) -> Requirement | None:
        """The attribute on a type, or None."""
        key = (definition, kind)
        if key not in self._types:
            self._types[key] = self.on_entity(definition.module, definition.token, kind)
        return self._types[key]

    def of_method(self, method: MethodDefinition, kind: Requires) -> Requirement | None:
        """What a use of `method` requires: its own attribute, its type's for static methods and constructors, its property's or event's."""
        if isinstance(method, SourceFunction):
            found = method.requires.get(kind.value)
            return Requirement(kind, *found) if found is not None else None
        key = (method, kind)
        if key not in self._methods:
            self._methods[key] = self._find(method, kind)
        return self._methods[key]

    def _find(self, method: MethodDefinition, kind: Requires) -> Requirement | None:
        if method.name == ".cctor":
            return None
        found = self.on_entity(method.module, method.token, kind)
        if found is None and (method.is_static or method.name == ".ctor"):
            found = self.on_type(method.owner, kind)
        if found is None:
            member = association(method)
            if member is not None:
                found = self.on_entity(member.module, member.token, kind)
        return found

    def covers_field(self, field: FieldDefinition, kind: Requires) -> bool:
        """Whether what a field's declaration uses is in scope: by its type, or, for one of an instance, by all constructors."""
        constructors = () if field.is_static else field.owner.methods_named(".ctor")
        return self.on_type(field.owner, kind) is not None or (
            bool(constructors) and all(self.on_entity(each.module, each.token, kind) is not None for each in constructors)
        )

    def of_field(self, field: FieldDefinition, kind: Requires) -> Requirement | None:
        """What a use of `field` requires: the attribute of its type, for a static field that is no constant."""
        if not field.is_static or field.is_literal:
            return None
        return self.on_type(field.owner, kind)

    def in_scope(self, method: MethodDefinition, kind: Requires) -> bool:
        """Whether the code of `method` is within the attribute, so that it may use what requires the same."""
        return self.of_reached_method(method, kind) is not None

    def of_reached_method(self, method: MethodDefinition, kind: Requires) -> Requirement | None:
        """What a use of `method` by reflection requires: all code in the attribute's scope, instance methods of a type included."""
        key = (method, kind)
        if key not in self._reached:
            self._reached[key] = self._find_reached(method, kind)
        return self._reached[key]

    def _find_reached(self, method: MethodDefinition, kind: Requires) -> Requirement | None:
        if method.name != ".cctor":
            found = self.on_entity(method.module, method.token, kind)
            if found is not None:
                return found
        found = self.on_type(method.owner, kind)
        member = association(method) if found is None else None
        return self.on_entity(member.module, member.token, kind) if member is not None else found
