"""Names of types and methods: symbols for the linker, display names for stack traces, reflection's names.

A symbol is unique per desc and does not depend on the order in which descs are made.
"""

from __future__ import annotations

import hashlib

from compiler.metadata.signatures import ElementType
from compiler.metadata.tokens import TableId
from compiler.types.definitions import Module, TypeDefinition
from compiler.types.type_desc import (
    ArrayMethod,
    ArrayType,
    DeclaredParameter,
    FieldDesc,
    FunctionPointerType,
    GenericParameter,
    MethodDesc,
    NamedType,
    PointerType,
    TypeDesc,
)
from compiler.types.universe import TypeUniverse

_MAX_SYMBOL = 180


def _shorten(name: str) -> str:
    if len(name) <= _MAX_SYMBOL:
        return name
    return f"{name[: _MAX_SYMBOL - 24]}~{hashlib.blake2b(name.encode('utf-8', 'surrogatepass'), digest_size=10).hexdigest()}"


def type_key(desc: TypeDesc) -> str:
    """The full, exact name of a type: assembly, namespace, nesting and arguments. Unique per desc."""
    found = desc.cache.get("type_key")
    if found is None:
        found = desc.cache["type_key"] = _type_key(desc)
    assert isinstance(found, str)
    return found


def _type_key(desc: TypeDesc) -> str:
    match desc:
        case NamedType():
            module = desc.definition.module.name
            prefix = "" if module == "System.Private.CoreLib" else f"[{module}]"
            args = f"<{','.join(type_key(a) for a in desc.args)}>" if desc.args else ""
            return f"{prefix}{desc.definition.full_name}{_duplicate_mark(desc)}{args}"
        case ArrayType():
            return f"{type_key(desc.item)}[{'' if desc.rank == 0 else '*' if desc.rank == 1 else ',' * (desc.rank - 1)}]"
        case PointerType():
            return f"{type_key(desc.item)}{'&' if desc.element is ElementType.BYREF else '*'}"
        case FunctionPointerType():
            return f"fn{desc.convention}({','.join(type_key(p) for p in desc.parameters)}){type_key(desc.return_type)}"
        case DeclaredParameter():
            owner = desc.owner
            declared = owner if isinstance(owner, TypeDefinition) else owner.owner
            method = "" if isinstance(owner, TypeDefinition) else f"::{owner.name}#{owner.rid}"
            return f"!{desc.name} of [{declared.module.name}]{declared.full_name}#{declared.rid}{method}"
        case GenericParameter():
            return f"{'!!' if desc.element is ElementType.MVAR else '!'}{desc.index}"
    raise AssertionError(desc)


def _duplicate_mark(desc: NamedType) -> str:
    """Distinguishes types of one full name in one module, which compilers emit for private implementation details."""
    definition = desc.definition
    if definition.enclosing is not None or not definition.name.startswith("<"):
        return ""
    first = definition.module.find_type(definition.namespace, definition.name)
    return "" if first is definition else f"#{definition.rid}"


def method_key(universe: TypeUniverse, method: MethodDesc | ArrayMethod) -> str:
    """The full, exact name of a method with its signature. Unique per desc."""
    if isinstance(method, ArrayMethod):
        return f"{type_key(method.owner)}::{method.name}/{len(method.signature.parameters)}"
    if method.name_cache is None:
        definition = method.definition
        args = f"<{','.join(type_key(a) for a in method.args)}>" if method.args else ""
        overloads = len(definition.owner.methods_named(definition.name))
        suffix = ""
        if overloads > 1:
            open_signature = universe.signature(method)
            suffix = f"({','.join(type_key(p) for p in open_signature.parameters)})"
            if definition.name.startswith("op_") or definition.name.startswith("System."):
                suffix += type_key(open_signature.return_type)
            if len({len(m.sig.parameters) for m in definition.owner.methods_named(definition.name)}) != overloads:
                suffix += f"@{definition.rid - definition.owner.methods[0].rid}"
        method.name_cache = f"{type_key(method.owner)}::{definition.name}{args}{suffix}"
    return method.name_cache


def field_key(field: FieldDesc) -> str:
    """The full, exact name of a field. Unique per desc."""
    return f"{type_key(field.owner)}::{field.name}#{field.definition.rid}"


def symbol(prefix: str, key: str) -> str:
    """A linker symbol for `key` in the name space `prefix`; long keys end in a hash."""
    return _shorten(f"{prefix}.{key}")


def reflection_name(desc: TypeDesc, *, qualified: bool) -> str:
    """Type.FullName (`qualified`: arguments carry their assembly) or Type.ToString (plain arguments)."""
    match desc:
        case NamedType():
            name = _escape(desc.definition.full_name)
            if not desc.args and desc.definition.generic_count and not qualified:
                return f"{name}[{','.join(desc.definition.parameter_names)}]"
            if not desc.args:
                return name
            if qualified:
                inner = ",".join(f"[{reflection_name(a, qualified=True)}, {assembly_display_name(a)}]" for a in desc.args)
            else:
                inner = ",".join(reflection_name(a, qualified=False) for a in desc.args)
            return f"{name}[{inner}]"
        case ArrayType():
            bounds = "" if desc.rank == 0 else "*" if desc.rank == 1 else "," * (desc.rank - 1)
            return f"{reflection_name(desc.item, qualified=qualified)}[{bounds}]"
        case PointerType():
            return f"{reflection_name(desc.item, qualified=qualified)}{'&' if desc.element is ElementType.BYREF else '*'}"
        case FunctionPointerType():
            parameters = ", ".join(reflection_name(p, qualified=False) for p in desc.parameters)
            return f"{reflection_name(desc.return_type, qualified=False)}({parameters})"
        case _:
            return repr(desc)


def _escape(name: str) -> str:
    return name


def assembly_display_name(desc: TypeDesc) -> str:
    """The assembly's display name as AssemblyQualifiedName shows it."""
    current = desc
    while isinstance(current, (ArrayType, PointerType)):
        current = current.item
    if not isinstance(current, NamedType):
        return "System.Private.CoreLib"
    return module_display_name(current.definition.module)


def module_display_name(module: Module) -> str:
    """`Name, Version=a.b.c.d, Culture=neutral, PublicKeyToken=...` of a module's assembly row (ECMA-335 II.22.2)."""

    image = module.image
    versions = [image.column(TableId.ASSEMBLY, c)[0] for c in ("MajorVersion", "MinorVersion", "BuildNumber", "RevisionNumber")]
    key = image.blob(image.column(TableId.ASSEMBLY, "PublicKey")[0])
    token = hashlib.sha1(key).digest()[-8:][::-1].hex() if key else "null"
    return f"{module.name}, Version={'.'.join(map(str, versions))}, Culture=neutral, PublicKeyToken={token}"


_KEYWORDS = {
    ElementType.BOOLEAN: "Boolean", ElementType.CHAR: "Char", ElementType.I1: "SByte", ElementType.U1: "Byte", ElementType.I2: "Int16",
    ElementType.U2: "UInt16", ElementType.I4: "Int32", ElementType.U4: "UInt32", ElementType.I8: "Int64", ElementType.U8: "UInt64",
    ElementType.R4: "Single", ElementType.R8: "Double", ElementType.STRING: "String", ElementType.OBJECT: "Object",
    ElementType.VOID: "Void", ElementType.I: "IntPtr", ElementType.U: "UIntPtr",
}


def short_name(desc: TypeDesc) -> str:
    """The type as a stack trace writes it among parameters: simple name, arguments in brackets."""
    match desc:
        case NamedType():
            name = _KEYWORDS.get(desc.element, desc.definition.name)
            return name if not desc.args else f"{name}[{','.join(short_name(a) for a in desc.args)}]"
        case ArrayType():
            return f"{short_name(desc.item)}[{',' * max(desc.rank - 1, 0)}]"
        case PointerType():
            return f"{short_name(desc.item)}{'&' if desc.element is ElementType.BYREF else '*'}"
        case _:
            return reflection_name(desc, qualified=False)


def parameter_names(method: MethodDesc) -> list[str]:
    """Names of the parameters in order, empty where the metadata has none."""
    module = method.definition.module
    image = module.image
    starts = image.column(TableId.METHOD_DEF, "ParamList")
    rid = method.definition.rid
    end = starts[rid] if rid < len(starts) else len(image.column(TableId.PARAM, "Sequence")) + 1
    names = [""] * len(method.definition.sig.parameters)
    for row in range(starts[rid - 1], end):
        sequence = image.column(TableId.PARAM, "Sequence")[row - 1]
        if 0 < sequence <= len(names):
            names[sequence - 1] = image.string(image.column(TableId.PARAM, "Name")[row - 1])
    return names


def stack_trace_name(universe: TypeUniverse, method: MethodDesc) -> str:
    """`Namespace.Type \\1 Method \\2 [T](Int32 count)`: a frame of a stack trace.

    It is as CoreCLR's StackTrace.ToString writes it, once \\1 is a dot and \\2 nothing.
    """
    owner = method.owner
    signature = universe.signature(method)
    names = parameter_names(method)
    parameters = ", ".join(f"{short_name(p)} {n}".rstrip() for p, n in zip(signature.parameters, names, strict=True))
    arguments = f"[{','.join(_open_parameter_names(method))}]" if method.args else ""
    return f"{owner.definition.full_name.replace('+', '.')}\1{method.name}\2{arguments}({parameters})"


def _open_parameter_names(method: MethodDesc) -> list[str]:
    module = method.definition.module
    names = module.image.column(TableId.GENERIC_PARAM, "Name")
    return [module.image.string(names[rid - 1]) for rid in module.generic_params(method.definition.token)]
