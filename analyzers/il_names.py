"""Members -> their names as .NET's native compiler writes them: ``Ns.Type`1<String>.Method<Int32>(Int32&,Type[])``.

Names are those of metadata. Instantiated types show their arguments by simple names; in declarations type parameters of signatures
are `!0` and `!!0`. Property accessors are `Property.get` without parameters, event accessors `Event.add(...)` with them.
"""

from __future__ import annotations

from compiler.flow.associations import SemanticMember, association
from compiler.flow.facts import Member
from compiler.flow.parameters import generic_parameter_names, parameter_rows
from compiler.metadata.signatures import ElementType
from compiler.types.definitions import FieldDefinition, MethodDefinition, TypeDefinition
from compiler.types.type_desc import (
    ArrayType,
    FieldDesc,
    FunctionPointerType,
    GenericParameter,
    MethodDesc,
    NamedType,
    PointerType,
    TypeDesc,
)
from compiler.types.universe import TypeUniverse

Parameters = tuple[tuple[str, ...], tuple[str, ...]]
# The text is .NET's mistake, kept because it is what users search for.
_NO_NAME = "#ILLink.Shared.TypeSystemProxy.ParameterIndex"
_SIGNATURE_VARIABLES: Parameters = ((), ())


class IlNames:
    """Writes names; see `names.Names`."""

    def __init__(self, universe: TypeUniverse) -> None:
        self._universe = universe

    def definition(self, definition: TypeDefinition) -> str:
        """A type with its namespace and enclosing types."""
        if definition.enclosing is not None:
            return f"{self.definition(definition.enclosing)}.{definition.name}"
        return f"{definition.namespace}.{definition.name}" if definition.namespace else definition.name

    def method(self, method: MethodDefinition) -> str:
        """A method as declared."""
        return self._write(self._universe.method(method, self._universe.named(method.owner, ()), ()), _SIGNATURE_VARIABLES)

    def field(self, field: FieldDefinition) -> str:
        """A field as declared."""
        return f"{self.definition(field.owner)}.{field.name}"

    def semantic(self, member: SemanticMember) -> str:
        """A property or event as declared."""
        return f"{self.definition(member.owner)}.{member.name}"

    def called(self, method: MethodDesc, context: Member) -> str:
        """A method as code uses it."""
        return self._write(method, context_names(context))

    def used_field(self, field: FieldDesc, context: Member) -> str:
        """A field as code uses it."""
        return f"{self.qualified(field.owner, context_names(context))}.{field.name}"

    def base_type(self, definition: TypeDefinition, base: NamedType) -> str:
        """The base type of `definition`, with its arguments."""
        return self.qualified(base, context_names(definition))

    def parameter(self, method: MethodDefinition, index: int) -> str:
        """The name of a parameter, `#` and its number when it has none."""
        row = parameter_rows(method).get(index + 1)
        return row.name if row is not None else f"#{index}"

    def called_parameter(self, method: MethodDesc, index: int) -> str:
        """The name of a parameter of a method as code uses it: .NET has none for those of instantiations."""
        return _NO_NAME if method.owner.args or method.args else self.parameter(method.definition, index)

    def _write(self, method: MethodDesc, names: Parameters) -> str:
        definition = method.definition
        owner = self.qualified(method.owner, names)
        member = association(definition)
        if member is not None and member.is_property:
            return f"{owner}.{member.name}.{member.kind.value}"
        if member is not None:
            name = f"{member.name}.{member.kind.value}"
        elif definition.name == ".ctor":
            name = method.owner.definition.name
        else:
            name = definition.name
        # A signature over its own declaration has `!0` and `!!0`; where arguments were given, parameters are those of the context.
        is_declared_type = bool(method.owner.definition.generic_count) and not method.owner.args
        is_declared_method = bool(definition.generic_count) and not method.args
        is_own = is_declared_type or is_declared_method
        if is_own:
            names = context_names(definition)
        visible = (() if is_declared_type else names[0], () if is_declared_method else names[1])
        if definition.generic_count:
            own = generic_parameter_names(definition.module, definition.token)
            args = [self.simple(arg, names) for arg in method.args] if method.args else own
            name += f"<{','.join(args)}>"
        parameters = self._universe.signature(method).parameters
        # In an open signature .NET writes type parameters by number in the last parameter and by name in those before it.
        last = len(parameters) - 1
        texts = [self.simple(p, names if is_own and i < last else visible) for i, p in enumerate(parameters)]
        return f"{owner}.{name}({','.join(texts)})"

    def qualified(self, desc: TypeDesc, names: Parameters) -> str:
        """A type with namespace; its arguments without."""
        return self._type(desc, names, qualified=True)

    def simple(self, desc: TypeDesc, names: Parameters) -> str:
        """A type without namespace."""
        return self._type(desc, names, qualified=False)

    def _type(self, desc: TypeDesc, names: Parameters, *, qualified: bool) -> str:
        if isinstance(desc, GenericParameter):
            is_var = desc.element is ElementType.VAR
            known = names[0 if is_var else 1]
            return known[desc.index] if desc.index < len(known) else f"{'!' if is_var else '!!'}{desc.index}"
        if isinstance(desc, ArrayType):
            return f"{self._type(desc.item, names, qualified=qualified)}[{',' * max(desc.rank - 1, 0)}]"
        if isinstance(desc, PointerType):
            return self._type(desc.item, names, qualified=qualified) + ("&" if desc.element is ElementType.BYREF else "*")
        if isinstance(desc, FunctionPointerType):
            parts = [self._type(part, names, qualified=qualified) for part in (*desc.parameters, desc.return_type)]
            return f"delegate*<{','.join(parts)}>"
        assert isinstance(desc, NamedType)
        name = self.definition(desc.definition) if qualified else _nested(desc.definition)
        return f"{name}<{','.join(self.simple(arg, names) for arg in desc.args)}>" if desc.args else name


def _nested(definition: TypeDefinition) -> str:
    return f"{_nested(definition.enclosing)}.{definition.name}" if definition.enclosing is not None else definition.name


def context_names(context: Member) -> Parameters:
    """The names of the type parameters that are visible in a member: its type's and its own."""
    module = context.module
    if isinstance(context, TypeDefinition):
        return generic_parameter_names(module, context.token), ()
    own = generic_parameter_names(module, context.token) if isinstance(context, MethodDefinition) else ()
    return generic_parameter_names(module, context.owner.token), own
