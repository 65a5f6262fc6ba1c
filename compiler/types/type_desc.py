"""Types, methods and fields of the program: interned values that compare by identity.

Invariant: two descs that mean the same thing are one object; only `universe.TypeUniverse` makes them. A desc may be
open (hold generic parameters); code is generated for closed ones only. ECMA-335 I.8 names every concept used.
"""

from __future__ import annotations

from compiler.metadata.signatures import ElementType
from compiler.types.definitions import FieldDefinition, MethodDefinition, TypeDefinition

_PRIMITIVE_SIZES = {
    ElementType.BOOLEAN: 1, ElementType.CHAR: 2, ElementType.I1: 1, ElementType.U1: 1, ElementType.I2: 2, ElementType.U2: 2,
    ElementType.I4: 4, ElementType.U4: 4, ElementType.I8: 8, ElementType.U8: 8, ElementType.R4: 4, ElementType.R8: 8,
    ElementType.I: 8, ElementType.U: 8,
}


class TypeDesc:
    """A type. `element` is its element type in signatures; `depth` the nesting depth of its arguments; `is_open` whether a generic
    parameter occurs in it; `serial` the order of its making, stable within one universe only."""

    __slots__ = ("element", "depth", "is_open", "serial", "cache", "__weakref__")

    element: ElementType
    depth: int
    is_open: bool
    serial: int

    def __init__(self, element: ElementType, depth: int, is_open: bool) -> None:
        self.element = element
        self.depth = depth
        self.is_open = is_open
        self.serial = 0
        self.cache: dict[str, object] = {}

    @property
    def is_value_type(self) -> bool:
        """Whether values of the type are stored in place (ECMA-335 I.8.2.4)."""
        return False

    @property
    def is_reference(self) -> bool:
        """Whether a value is an object reference."""
        return False

    @property
    def is_pointer_like(self) -> bool:
        """Whether a value is an unmanaged or managed pointer."""
        return self.element in (ElementType.PTR, ElementType.BYREF, ElementType.FNPTR)


class NamedType(TypeDesc):
    """A class, interface, value type or enum with its type arguments (none when not generic)."""

    __slots__ = (
        "definition", "args", "_is_value_type", "is_enum", "is_delegate", "is_nullable", "is_interface", "fields_cache", "vtable_cache",
    )

    def __init__(self, definition: TypeDefinition, args: tuple[TypeDesc, ...], element: ElementType, kind: str) -> None:
        super().__init__(element, 1 + max((a.depth for a in args), default=0), any(a.is_open for a in args))
        self.definition = definition
        self.args = args
        self._is_value_type = kind in ("value", "enum", "nullable")
        self.is_enum = kind == "enum"
        self.is_nullable = kind == "nullable"
        self.is_delegate = kind == "delegate"
        self.is_interface = definition.is_interface
        self.fields_cache: tuple[FieldDesc, ...] | None = None
        self.vtable_cache: object = None

    @property
    def is_value_type(self) -> bool:
        """Whether values of the type are stored in place."""
        return self._is_value_type

    @property
    def is_reference(self) -> bool:
        """Whether a value is an object reference."""
        return not self._is_value_type

    @property
    def is_primitive(self) -> bool:
        """Whether the type is one of the built-in scalars (ECMA-335 I.8.2.2), IntPtr and UIntPtr included."""
        return self.element in _PRIMITIVE_SIZES

    @property
    def full_name(self) -> str:
        """The definition's full name, without arguments."""
        return self.definition.full_name

    def __repr__(self) -> str:
        return f"{self.definition.full_name}<{','.join(map(repr, self.args))}>" if self.args else self.definition.full_name


class ArrayType(TypeDesc):
    """An array: `rank` 0 is the vector T[] (SZARRAY), otherwise a general array of that rank (ECMA-335 I.8.9.1)."""

    __slots__ = ("item", "rank")

    def __init__(self, item: TypeDesc, rank: int) -> None:
        super().__init__(ElementType.ARRAY if rank else ElementType.SZARRAY, 1 + item.depth, item.is_open)
        self.item = item
        self.rank = rank

    @property
    def is_reference(self) -> bool:
        """Whether a value is an object reference."""
        return True

    def __repr__(self) -> str:
        return f"{self.item!r}[{',' * max(self.rank - 1, 0)}{'*' if self.rank == 1 else ''}]"


class PointerType(TypeDesc):
    """An unmanaged (PTR) or managed (BYREF) pointer."""

    __slots__ = ("item",)

    def __init__(self, element: ElementType, item: TypeDesc) -> None:
        super().__init__(element, 1 + item.depth, item.is_open)
        self.item = item

    def __repr__(self) -> str:
        return f"{self.item!r}{'&' if self.element is ElementType.BYREF else '*'}"


class FunctionPointerType(TypeDesc):
    """A function pointer: calling convention (first byte of the signature), return type, parameters."""

    __slots__ = ("convention", "return_type", "parameters")

    def __init__(self, convention: int, return_type: TypeDesc, parameters: tuple[TypeDesc, ...]) -> None:
        parts = (return_type, *parameters)
        super().__init__(ElementType.FNPTR, 1 + max(p.depth for p in parts), any(p.is_open for p in parts))
        self.convention = convention
        self.return_type = return_type
        self.parameters = parameters

    def __repr__(self) -> str:
        return f"fnptr({','.join(map(repr, self.parameters))})->{self.return_type!r}"


class GenericParameter(TypeDesc):
    """An unbound type parameter: number `index` of the type (VAR) or of the method (MVAR)."""

    __slots__ = ("index",)

    def __init__(self, element: ElementType, index: int) -> None:
        super().__init__(element, 1, True)
        self.index = index

    def __repr__(self) -> str:
        return f"{'!!' if self.element is ElementType.MVAR else '!'}{self.index}"


class DeclaredParameter(TypeDesc):
    """A type parameter as reflection shows it: parameter `index` of one type or method, with its name. Signatures of members that
    reflection finds on open types hold these; `GenericParameter` is what stands in metadata."""

    __slots__ = ("owner", "index", "name", "token")

    def __init__(self, owner: TypeDefinition | MethodDefinition, index: int, name: str, token: int) -> None:
        super().__init__(ElementType.VAR if isinstance(owner, TypeDefinition) else ElementType.MVAR, 1, is_open=True)
        self.owner = owner
        self.index = index
        self.name = name
        self.token = token

    def __repr__(self) -> str:
        return self.name


class MethodSignature:
    """A resolved signature: what is called, without `this`. `convention` is the first byte of the blob."""

    __slots__ = ("convention", "return_type", "parameters", "generic_count")

    def __init__(self, convention: int, generic_count: int, return_type: TypeDesc, parameters: tuple[TypeDesc, ...]) -> None:
        self.convention = convention
        self.generic_count = generic_count
        self.return_type = return_type
        self.parameters = parameters

    @property
    def has_this(self) -> bool:
        """Whether an instance is passed."""
        return bool(self.convention & 0x20)

    def same_shape(self, other: MethodSignature) -> bool:
        """Whether both have the same calling kind, arity, return type and parameter types."""
        return (
            self.return_type is other.return_type
            and self.generic_count == other.generic_count
            and len(self.parameters) == len(other.parameters)
            and all(a is b for a, b in zip(self.parameters, other.parameters, strict=True))
            and self.has_this == other.has_this
        )


class MethodDesc:
    """A method of a type, with its method type arguments (empty for the open definition or a non-generic method)."""

    __slots__ = ("definition", "owner", "args", "_sig", "serial", "name_cache")

    def __init__(self, definition: MethodDefinition, owner: NamedType, args: tuple[TypeDesc, ...]) -> None:
        self.definition = definition
        self.owner = owner
        self.args = args
        self._sig: MethodSignature | None = None
        self.serial = 0
        self.name_cache: str | None = None

    @classmethod
    def of_signature(
        cls, definition: MethodDefinition, owner: NamedType, args: tuple[TypeDesc, ...], signature: MethodSignature
    ) -> MethodDesc:
        """A method that is known by its signature alone: its definition is no row."""
        method = cls(definition, owner, args)
        method._sig = signature
        return method

    @property
    def name(self) -> str:
        """The method's simple name."""
        return self.definition.name

    @property
    def is_static(self) -> bool:
        """Whether no instance is passed."""
        return self.definition.is_static

    @property
    def is_virtual(self) -> bool:
        """Whether calls may be dispatched."""
        return self.definition.is_virtual

    @property
    def depth(self) -> int:
        """Nesting depth of the deepest type argument."""
        return max((a.depth for a in (self.owner, *self.args)), default=0)

    @property
    def is_open(self) -> bool:
        """Whether generic parameters occur, or method arguments are missing."""
        return self.owner.is_open or len(self.args) != self.definition.generic_count or any(a.is_open for a in self.args)

    def __repr__(self) -> str:
        suffix = f"<{','.join(map(repr, self.args))}>" if self.args else ""
        return f"{self.owner!r}::{self.definition.name}{suffix}"


class ArrayMethod:
    """A method that the runtime gives to an array type: Get, Set, Address or .ctor (ECMA-335 II.14.2)."""

    __slots__ = ("owner", "name", "signature")

    def __init__(self, owner: ArrayType, name: str, signature: MethodSignature) -> None:
        self.owner = owner
        self.name = name
        self.signature = signature

    def __repr__(self) -> str:
        return f"{self.owner!r}::{self.name}"


class FieldDesc:
    """A field of a type with the owner's arguments applied."""

    __slots__ = ("definition", "owner", "_type")

    def __init__(self, definition: FieldDefinition, owner: NamedType) -> None:
        self.definition = definition
        self.owner = owner
        self._type: TypeDesc | None = None

    @property
    def name(self) -> str:
        """The field's name."""
        return self.definition.name

    @property
    def is_static(self) -> bool:
        """Whether the field is static."""
        return self.definition.is_static

    def __repr__(self) -> str:
        return f"{self.owner!r}::{self.definition.name}"


def primitive_size(element: ElementType) -> int:
    """The size in bytes of a built-in scalar (64-bit target). Raises KeyError for other element types."""
    return _PRIMITIVE_SIZES[element]


def is_scalar_element(element: ElementType) -> bool:
    """Whether `element` is a built-in scalar."""
    return element in _PRIMITIVE_SIZES
