"""Methods, fields and types -> how ILLink's XML files write them: `System.Int32 Name(System.String[],Ns.Outer/Inner)`.

As .NET's native compiler has it: type parameters have no name, and only substitutions name the number of a method's own.
"""

from __future__ import annotations

from compiler.flow.contexts import open_context, open_type_context
from compiler.metadata.signatures import ElementType
from compiler.types.definitions import FieldDefinition, MethodDefinition, TypeDefinition
from compiler.types.interned import TypeLoadError
from compiler.types.type_desc import ArrayType, FunctionPointerType, GenericParameter, NamedType, PointerType, TypeDesc
from compiler.types.universe import MissingMember, TypeUniverse


def method_signature(universe: TypeUniverse, method: MethodDefinition, *, with_arity: bool = False) -> str:
    """A method's signature; empty for one whose types cannot be found."""
    context = open_context(universe, method)
    try:
        signature = universe.resolve_method_sig(method.module, method.sig, context)
    except (TypeLoadError, MissingMember):
        return ""
    arity = f"`{method.generic_count}" if with_arity and method.generic_count else ""
    return f"{type_name(signature.return_type)} {method.name}{arity}({','.join(map(type_name, signature.parameters))})"


def field_signature(universe: TypeUniverse, field: FieldDefinition) -> str:
    """A field's type and name; empty for one whose type cannot be found."""
    try:
        return f"{type_name(universe.resolve_sig(field.module, field.sig, open_type_context(universe, field.owner)))} {field.name}"
    except (TypeLoadError, MissingMember):
        return ""


def definition_name(definition: TypeDefinition) -> str:
    """A type's name, with `/` before nested ones."""
    return definition.full_name.replace("+", "/")


def type_name(desc: TypeDesc) -> str:
    """A type in a signature."""
    match desc:
        case NamedType():
            arguments = f"<{','.join(map(type_name, desc.args))}>" if desc.args else ""
            return definition_name(desc.definition) + arguments
        case ArrayType():
            return f"{type_name(desc.item)}[{',' * max(desc.rank - 1, 0)}]"
        case PointerType():
            return f"{type_name(desc.item)}{'&' if desc.element is ElementType.BYREF else '*'}"
        case FunctionPointerType():
            return f" {type_name(desc.return_type)} *({','.join(map(type_name, desc.parameters))})"
        case GenericParameter():
            return ""
    return repr(desc)
