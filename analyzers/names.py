"""What rules need of a writer of names. The two reporters of .NET write members differently: see `csharp_names` and `il_names`."""

from __future__ import annotations

from typing import Protocol

from compiler.flow.associations import SemanticMember
from compiler.flow.facts import Member
from compiler.types.definitions import FieldDefinition, MethodDefinition, TypeDefinition
from compiler.types.type_desc import FieldDesc, MethodDesc, NamedType


class Names(Protocol):
    """Writes names of members. `context` is the member whose code mentions them: its type parameters may occur in arguments."""

    def definition(self, definition: TypeDefinition) -> str:
        """A type as declared."""

    def method(self, method: MethodDefinition) -> str:
        """A method as declared."""

    def field(self, field: FieldDefinition) -> str:
        """A field as declared."""

    def semantic(self, member: SemanticMember) -> str:
        """A property or event as declared."""

    def called(self, method: MethodDesc, context: Member) -> str:
        """A method as code uses it."""

    def used_field(self, field: FieldDesc, context: Member) -> str:
        """A field as code uses it."""

    def base_type(self, definition: TypeDefinition, base: NamedType) -> str:
        """The base type of `definition`, as its declaration gives it."""

    def parameter(self, method: MethodDefinition, index: int) -> str:
        """The name of a parameter."""

    def called_parameter(self, method: MethodDesc, index: int) -> str:
        """The name of a parameter of a method as code uses it."""


def member_name(names: Names, member: Member) -> str:
    """Any member as declared."""
    if isinstance(member, MethodDefinition):
        return names.method(member)
    if isinstance(member, SemanticMember):
        return names.semantic(member)
    return names.definition(member) if isinstance(member, TypeDefinition) else names.field(member)
