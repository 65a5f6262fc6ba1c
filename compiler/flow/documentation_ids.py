"""Members -> documentation ids (`M:Ns.Type.Method(System.Int32)`), the form in which suppressions name their target."""

from __future__ import annotations

from compiler.flow.associations import association, member_owner
from compiler.metadata.signatures import ElementType, read_method_sig
from compiler.metadata.tokens import TableId, Token
from compiler.types.definitions import FieldDefinition, MethodDefinition, Module, TypeDefinition
from compiler.types.type_desc import ArrayType, GenericParameter, NamedType, PointerType, TypeDesc
from compiler.types.universe import EMPTY_CONTEXT, TypeUniverse


def type_id(definition: TypeDefinition) -> str:
    """`T:` and the type's name with its arity."""
    return f"T:{_type_name(definition)}"


def field_id(field: FieldDefinition) -> str:
    """`F:` and the field."""
    return f"F:{_type_name(field.owner)}.{field.name}"


def member_id(universe: TypeUniverse, module: Module, token: Token) -> str:
    """`P:` or `E:` and the property (with the parameter types of an indexer) or event of `token`."""
    table = TableId.PROPERTY if token >> 24 == TableId.PROPERTY else TableId.EVENT
    name = module.image.string(module.image.column(table, "Name")[(token & 0xFFFFFF) - 1])
    letter = "P" if table == TableId.PROPERTY else "E"
    types: list[str] = []
    if table == TableId.PROPERTY:
        blob = module.image.blob(module.image.column(table, "Type")[(token & 0xFFFFFF) - 1])
        sigs = read_method_sig(module.image.file, blob).parameters
        types = [_type_text(universe.resolve_sig(module, sig, EMPTY_CONTEXT)) for sig in sigs]
    return f"{letter}:{_type_name(member_owner(module, token))}.{_escaped(name)}" + (f"({','.join(types)})" if types else "")


def method_id(universe: TypeUniverse, method: MethodDefinition) -> str:
    """`M:` and the method with its parameter types."""
    arity = f"``{method.generic_count}" if method.generic_count else ""
    types = [_type_text(universe.resolve_sig(method.module, sig, EMPTY_CONTEXT)) for sig in method.sig.parameters]
    parameters = f"({','.join(types)})" if types else ""
    result = ""
    if method.name in ("op_Implicit", "op_Explicit"):
        result = "~" + _type_text(universe.resolve_sig(method.module, method.sig.return_type, EMPTY_CONTEXT))
    return f"M:{_type_name(method.owner)}.{_escaped(method.name)}{arity}{parameters}{result}"


def as_target(id_: str) -> str:
    """An id as the target of a suppression is matched: names stand as they are, but for `#` in place of `.`; only types have braces."""
    name, bracket, parameters = id_.partition("(")
    return name.replace("{", "<").replace("}", ">") + bracket + parameters


def accessor_member_id(universe: TypeUniverse, method: MethodDefinition) -> str:
    """The id of the property or event of an accessor; empty for other methods."""
    member = association(method)
    return member_id(universe, member.module, member.token) if member is not None else ""


def _escaped(name: str) -> str:
    return name.replace(".", "#").replace("<", "{").replace(">", "}").replace(",", "@")


def _type_name(definition: TypeDefinition) -> str:
    if definition.enclosing is not None:
        return f"{_type_name(definition.enclosing)}.{definition.name}"
    return f"{definition.namespace}.{definition.name}" if definition.namespace else definition.name


def _type_text(desc: TypeDesc) -> str:
    if isinstance(desc, GenericParameter):
        return ("`" if desc.element is ElementType.VAR else "``") + str(desc.index)
    if isinstance(desc, ArrayType):
        ranks = "" if desc.rank == 0 else ",".join(["0:"] * desc.rank)
        return f"{_type_text(desc.item)}[{ranks}]"
    if isinstance(desc, PointerType):
        return _type_text(desc.item) + ("@" if desc.element is ElementType.BYREF else "*")
    if isinstance(desc, NamedType):
        return _named_text(desc.definition, [_type_text(a) for a in desc.args])
    return repr(desc)


def _named_text(definition: TypeDefinition, args: list[str]) -> str:
    outer = definition.enclosing
    taken = outer.generic_count if outer is not None else 0
    own = args[taken : definition.generic_count]
    name = definition.name.partition("`")[0] if own else definition.name
    if outer is not None:
        name = f"{_named_text(outer, args)}.{name}"
    elif definition.namespace:
        name = f"{definition.namespace}.{name}"
    return f"{name}{{{','.join(own)}}}" if own else name
