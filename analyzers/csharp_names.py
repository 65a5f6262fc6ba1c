"""Members -> their names as the C# analyzers write them: `Ns.Type<T>.Method<U>(Int32, ref String)`.

The declaring type is written in full with its own type parameters, parameter types by their simple names. Accessors are
`Property.get`, constructors repeat the type's name, lambdas are 'lambda expression'.
"""

from __future__ import annotations

import re

from analyzers.il_names import context_names
from compiler.flow.associations import AccessorKind, Association, SemanticMember, association, member_owner
from compiler.flow.custom_attributes import AttributeReader
from compiler.flow.facts import Member
from compiler.flow.generated import is_closure_type, is_lambda, is_lambda_or_local_function
from compiler.flow.parameters import PARAM_IN, PARAM_OUT, generic_parameter_names, parameter_name, parameter_rows
from compiler.flow.source_functions import SourceFunction
from compiler.flow.source_symbols import DisplayedField
from compiler.metadata.signatures import ElementType, MethodSig, SigType, read_method_sig
from compiler.metadata.tokens import TableId
from compiler.types.definitions import FieldDefinition, MethodDefinition, Module, TypeDefinition
from compiler.types.reads import KeptByMember
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
from compiler.types.universe import EMPTY_CONTEXT, TypeUniverse

_PARAM_ARRAY = "System.ParamArrayAttribute"
_DYNAMIC = "System.Runtime.CompilerServices.DynamicAttribute"
_TUPLE_NAMES = "System.Runtime.CompilerServices.TupleElementNamesAttribute"
_REF_READONLY = "System.Runtime.CompilerServices.RequiresLocationAttribute"
# What stands before a type's simple name, where another name follows the type's own.
_NAMESPACES = re.compile(r"(?:\w+\.)+(?=\w+[.<,>`])")
_FILE_MARK = re.compile(r"^<[^>]*>F[0-9A-F]{64}__")
_OPERATORS = {
    "Addition": "+",
    "Subtraction": "-",
    "Multiply": "*",
    "Division": "/",
    "Modulus": "%",
    "BitwiseAnd": "&",
    "BitwiseOr": "|",
    "ExclusiveOr": "^",
    "LeftShift": "<<",
    "RightShift": ">>",
    "UnsignedRightShift": ">>>",
    "Equality": "==",
    "Inequality": "!=",
    "LessThan": "<",
    "GreaterThan": ">",
    "LessThanOrEqual": "<=",
    "GreaterThanOrEqual": ">=",
    "UnaryNegation": "-",
    "UnaryPlus": "+",
    "LogicalNot": "!",
    "OnesComplement": "~",
    "Increment": "++",
    "Decrement": "--",
    "True": "true",
    "False": "false",
}
_KEYWORDS = {
    ElementType.BOOLEAN: "bool",
    ElementType.CHAR: "char",
    ElementType.I1: "sbyte",
    ElementType.U1: "byte",
    ElementType.I2: "short",
    ElementType.U2: "ushort",
    ElementType.I4: "int",
    ElementType.U4: "uint",
    ElementType.I8: "long",
    ElementType.U8: "ulong",
    ElementType.R4: "float",
    ElementType.R8: "double",
    ElementType.STRING: "string",
    ElementType.OBJECT: "object",
}
_NATIVE_INTEGERS = {ElementType.I: "nint", ElementType.U: "nuint"}


class CSharpNames:
    """Writes names. Holds the universe because signatures refer to types of other modules."""

    def __init__(self, universe: TypeUniverse, attributes: AttributeReader) -> None:
        self._universe = universe
        self._attributes = attributes
        self._methods = KeptByMember[MethodDefinition, str](universe.volatile)

    def definition(self, definition: TypeDefinition) -> str:
        """A type with its namespace, enclosing types and own type parameters."""
        names = generic_parameter_names(definition.module, definition.token)
        return self._qualified(definition, list(names))

    def type(self, desc: TypeDesc, names: tuple[tuple[str, ...], tuple[str, ...]]) -> str:
        """A type in full; `names` are those of the type's and the method's parameters that occur in it."""
        return _TypeText(self, names, qualified=True).write(desc)

    def method(self, method: MethodDefinition) -> str:
        """A method, accessor, constructor, operator, lambda or local function."""
        found = self._methods.get(method)
        if found is None:
            found = self._methods[method] = self._method(method)
        return found

    def _method(self, method: MethodDefinition) -> str:
        if isinstance(method, SourceFunction):
            return method.display
        if is_lambda(method.name):
            return "lambda expression"
        if is_lambda_or_local_function(method.name):
            simple = method.name.partition("|")[0].rpartition(">g__")[2]
            return f"{simple}{self._generic_suffix(method)}({self._parameters(method)})"
        owner = self.definition(method.owner)
        member = association(method)
        if member is not None:
            return f"{owner}.{self._associated(member)}.{'init' if _is_init(method) else member.kind.value}"
        if method.name in (".ctor", ".cctor"):
            name = _plain(method.owner.name) if method.name == ".ctor" else ".cctor"
        else:
            name = self._operator(method) or _declared(method.name)
        return f"{owner}.{name}{self._generic_suffix(method)}({self._parameters(method)})"

    def _operator(self, method: MethodDefinition) -> str:
        """The name of an operator as C# writes it; empty for another method."""
        prefix, _, simple = method.name.rpartition("op_")
        if not simple or not method.is_static or (prefix and not prefix.endswith(".")):
            return ""
        interface = _declared(prefix[:-1]) + "." if prefix else ""
        if simple in ("Implicit", "Explicit"):
            names = (generic_parameter_names(method.module, method.owner.token), ())
            result = self._universe.resolve_sig(method.module, method.sig.return_type, EMPTY_CONTEXT)
            return f"{interface}{simple.lower()} operator {_TypeText(self, names, qualified=False).write(result)}"
        sign = _OPERATORS.get(simple, "")
        return f"{interface}operator {sign}" if sign else ""

    def field(self, field: FieldDefinition) -> str:
        """A field of the open type."""
        return f"{self.definition(field.owner)}.{field.name}"

    def semantic(self, member: SemanticMember) -> str:
        """A property or event as declared."""
        kind = AccessorKind.GETTER if member.token >> 24 == TableId.PROPERTY else AccessorKind.ADDER
        owner = self.definition(member.owner)
        name = self._associated(Association(member.owner.module, member.token, member.name, kind), by_default=True)
        return f"{owner}.{name}"

    def called(self, method: MethodDesc, context: Member) -> str:  # noqa: ARG002 (declarations are written, wherever they are used)
        """A method as code uses it: as declared."""
        return self.method(method.definition)

    def used_field(self, field: FieldDesc, context: Member) -> str:
        """A field as code uses it: a static field of a generic type with the type's arguments."""
        if isinstance(field, DisplayedField):
            return field.display
        if field.is_static and field.owner.args:
            return f"{self.type(field.owner, context_names(context))}.{field.name}"
        return self.field(field.definition)

    def base_type(self, definition: TypeDefinition, base: NamedType) -> str:
        """The base type of `definition`, with its arguments."""
        return self.displayed(base, context_names(definition))

    def displayed(self, desc: TypeDesc, names: tuple[tuple[str, ...], tuple[str, ...]]) -> str:
        """A type in full as C# displays it by default: with the language's keywords."""
        return _TypeText(self, names, qualified=True, has_keywords=True).write(desc)

    def implementation(self, member: SemanticMember, interface: NamedType | None, context: Member) -> str:
        """A property or event as C# displays it by default: of `interface` as it is implemented, else of its own type."""
        owner = self.displayed(interface, context_names(context)) if interface is not None else self.definition(member.owner)
        return f"{owner}.{member.name}"

    def parameter(self, method: MethodDefinition, index: int) -> str:
        """The name of a parameter."""
        return parameter_name(method, index)

    def called_parameter(self, method: MethodDesc, index: int) -> str:
        """The name of a parameter of a method as code uses it."""
        return self.parameter(method.definition, index)

    def _generic_suffix(self, method: MethodDefinition) -> str:
        names = generic_parameter_names(method.module, method.token)
        return f"<{', '.join(names)}>" if names else ""

    def _parameters(self, method: MethodDefinition) -> str:
        names = (generic_parameter_names(method.module, method.owner.token), generic_parameter_names(method.module, method.token))
        text = _TypeText(self, names, qualified=False)
        rows = parameter_rows(method)
        parts: list[str] = []
        for index, sig in enumerate(method.sig.parameters):
            if _is_closure(self._universe.resolve_sig(method.module, sig, EMPTY_CONTEXT)):
                continue
            row = rows.get(index + 1)
            token, flags = (row.token, row.flags) if row is not None else (0, 0)
            parts.append(self._parameter(method.module, sig, token, flags, text))
        return ", ".join(parts)

    def _parameter(self, module: Module, sig: SigType, token: int, flags: int, text: _TypeText) -> str:
        if token and module.has_attribute(token, _DYNAMIC):
            found = self._attributes.first(module, token, _DYNAMIC)
            if found is not None and not found.value.fixed:
                return "dynamic"
        desc = self._universe.resolve_sig(module, sig, EMPTY_CONTEXT)
        prefix = ""
        if isinstance(desc, PointerType) and desc.element is ElementType.BYREF:
            desc = desc.item
            prefix = _reference_kind(flags, is_readonly=token != 0 and module.has_attribute(token, _REF_READONLY))
        if token and module.has_attribute(token, _PARAM_ARRAY):
            prefix = "params "
        return prefix + text.write(desc, self._tuple_names(module, token))

    def _tuple_names(self, module: Module, token: int) -> tuple[str | None, ...]:
        found = self._attributes.first(module, token, _TUPLE_NAMES) if token else None
        value = found.value.fixed[0] if found is not None and found.value.fixed else None
        return tuple(item if isinstance(item, str) else None for item in value) if isinstance(value, tuple) else ()

    def _associated(self, member: Association, *, by_default: bool = False) -> str:
        """The name of a property or event; an indexer's with its types, `by_default` as C# displays them."""
        if not member.is_property:
            return _declared(member.name)
        sig = _property_sig(member)
        if not sig.parameters:
            return _declared(member.name)
        module = member.module
        owner = member_owner(module, member.token)
        text = _TypeText(self, (generic_parameter_names(module, owner.token), ()), qualified=by_default, has_keywords=by_default)
        types = [text.write(self._universe.resolve_sig(module, p, EMPTY_CONTEXT)) for p in sig.parameters]
        return f"this[{', '.join(types)}]"

    def _qualified(self, definition: TypeDefinition, args: list[str]) -> str:
        outer = definition.enclosing
        taken = outer.generic_count if outer is not None else 0
        own = args[taken : definition.generic_count]
        name = _plain(definition.name) + (f"<{', '.join(own)}>" if own else "")
        if outer is not None:
            return f"{self._qualified(outer, args)}.{name}"
        return f"{definition.namespace}.{name}" if definition.namespace else name

    def named(self, desc: NamedType, args: list[str], *, qualified: bool) -> str:
        """A named type with written arguments."""
        definition = desc.definition
        if qualified:
            return self._qualified(definition, args)
        taken = definition.enclosing.generic_count if definition.enclosing is not None else 0
        own = args[taken:]
        return _plain(definition.name) + (f"<{', '.join(own)}>" if own else "")


class _TypeText:
    """Writes types within one member: parameter names are fixed."""

    __slots__ = ("_names", "_parameters", "_qualified", "_has_keywords")

    def __init__(
        self, names: CSharpNames, parameters: tuple[tuple[str, ...], tuple[str, ...]], *, qualified: bool, has_keywords: bool = False
    ) -> None:
        self._names = names
        self._parameters = parameters
        self._qualified = qualified
        self._has_keywords = has_keywords

    def write(self, desc: TypeDesc, tuple_names: tuple[str | None, ...] = ()) -> str:
        """The type's text."""
        if isinstance(desc, GenericParameter):
            known = self._parameters[0 if desc.element is ElementType.VAR else 1]
            return known[desc.index] if desc.index < len(known) else repr(desc)
        if isinstance(desc, ArrayType):
            return self._array(desc)
        if isinstance(desc, PointerType):
            return self.write(desc.item) + ("&" if desc.element is ElementType.BYREF else "*")
        if isinstance(desc, FunctionPointerType):
            parts = ", ".join([*(self.write(p) for p in desc.parameters), self.write(desc.return_type)])
            return f"delegate*<{parts}>"
        assert isinstance(desc, NamedType)
        if self._has_keywords and desc.element in _KEYWORDS:
            return _KEYWORDS[desc.element]
        if desc.element in _NATIVE_INTEGERS:
            return _NATIVE_INTEGERS[desc.element]
        if desc.is_nullable and desc.args:
            return self.write(desc.args[0]) + "?"
        if desc.full_name.startswith("System.ValueTuple`") and len(desc.args) > 1:
            named = [*tuple_names, *[None] * (len(desc.args) - len(tuple_names))]
            items = [self.write(a) + (f" {n}" if n else "") for a, n in zip(desc.args, named, strict=False)]
            return f"({', '.join(items)})"
        return self._names.named(desc, [self.write(a) for a in desc.args], qualified=self._qualified)

    def _array(self, desc: ArrayType) -> str:
        # C# writes the ranks of nested arrays from the outside in: T[][,] is an array of T[,].
        suffix, item = "", desc
        current: TypeDesc = item
        while isinstance(current, ArrayType):
            suffix += f"[{',' * max(current.rank - 1, 0)}]"
            current = current.item
        return self.write(current) + suffix


def _reference_kind(flags: int, *, is_readonly: bool) -> str:
    """The word before a parameter that is handed over by reference."""
    if is_readonly:
        return "ref readonly "
    if flags & PARAM_IN:
        return "in "
    return "out " if flags & PARAM_OUT else "ref "


def _is_init(method: MethodDefinition) -> bool:
    """Whether an accessor is C#'s `init`: a setter whose result has a modifier that its callers must know."""
    return method.name.rpartition(".")[2].startswith("set_") and method.sig.return_type.element is ElementType.CMOD_REQD


def _is_closure(desc: TypeDesc) -> bool:
    """Whether a parameter hands a local function the variables that it captures."""
    return isinstance(desc, PointerType) and isinstance(desc.item, NamedType) and is_closure_type(desc.item.definition)


def _declared(name: str) -> str:
    """A member's name; in that of an explicit implementation the types stand without their namespaces."""
    return _NAMESPACES.sub("", name, count=name.count(".")) if "." in name.strip(".") else name


def _plain(name: str) -> str:
    """A metadata name without its arity and, for a type local to a file, without the file's mark."""
    return _FILE_MARK.sub("", name).partition("`")[0]


def _property_sig(member: Association) -> MethodSig:
    image = member.module.image
    blob = image.blob(image.column(TableId.PROPERTY, "Type")[(member.token & 0xFFFFFF) - 1])
    return read_method_sig(image.file, blob)
