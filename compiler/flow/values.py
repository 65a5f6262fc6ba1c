"""The value lattice: what a stack slot, local or field may hold, as far as reflection cares.

A `ValueSet` is the set of all values that a place may have; the empty set is "nothing yet" (code that is not reached, or a
value that the program cannot observe), and a set with `UNKNOWN` in it may be anything. Joining is union.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from compiler.types.definitions import MethodDefinition, TypeDefinition
from compiler.types.type_desc import FieldDesc, MethodDesc, TypeDesc

THIS = -1


@dataclass(frozen=True, slots=True)
class Unknown:
    """Any value at all."""


@dataclass(frozen=True, slots=True)
class Null:
    """The null reference."""


@dataclass(frozen=True, slots=True)
class ConstInt:
    """A known 32-bit integer."""

    value: int


@dataclass(frozen=True, slots=True)
class KnownString:
    """A string literal."""

    text: str


@dataclass(frozen=True, slots=True)
class KnownType:
    """A System.Type of a known type."""

    type: TypeDesc


@dataclass(frozen=True, slots=True)
class TypeHandle:
    """The RuntimeTypeHandle of what `of` is the System.Type of: a known type, a Nullable, or an annotated value."""

    of: KnownType | NullableOf | Annotated


@dataclass(frozen=True, slots=True)
class KnownMethod:
    """A MethodBase of a known method."""

    method: MethodDesc


@dataclass(frozen=True, slots=True)
class MethodHandle:
    """The RuntimeMethodHandle of a known method."""

    method: MethodDesc


@dataclass(frozen=True, slots=True)
class ParameterValue:
    """What a parameter holds, or takes. `index` counts without `this`, which is THIS."""

    method: MethodDesc
    index: int
    annotation: int
    static_type: TypeDesc | None


@dataclass(frozen=True, slots=True)
class ReturnValue:
    """What a method returns. `static_type` is the constructed type for a constructor."""

    method: MethodDesc
    annotation: int
    static_type: TypeDesc | None


@dataclass(frozen=True, slots=True)
class FieldValue:
    """What a field holds, or takes."""

    field: FieldDesc
    annotation: int
    static_type: TypeDesc | None


@dataclass(frozen=True, slots=True)
class GenericParameterValue:
    """A type parameter, `index` of the type or method `owner`; as a value, typeof(T). `has_new` is its new() constraint."""

    owner: TypeDefinition | MethodDefinition
    index: int
    annotation: int
    has_new: bool


@dataclass(frozen=True, slots=True)
class Boxed:
    """A value of a known type in a box."""

    static_type: TypeDesc


Annotated = ParameterValue | ReturnValue | FieldValue | GenericParameterValue
ANNOTATED = (ParameterValue, ReturnValue, FieldValue, GenericParameterValue)


@dataclass(frozen=True, slots=True)
class NullableOf:
    """typeof(Nullable<T>) where T is a known type or an annotated value."""

    type: TypeDesc
    underlying: KnownType | Annotated


@dataclass(eq=False, slots=True)
class ArrayValue:
    """An array made at one place of one method; two passes over the place make arrays that are equal.

    `items` maps known indices to (value, basic block of the store). Mutable while a method is read, as arrays are; `snapshot`
    gives the state that a call sees.
    """

    site: tuple[object, int]
    size: ValueSet
    item_type: TypeDesc
    items: dict[int, tuple[ValueSet, int]] = field(default_factory=dict)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ArrayValue) and self.site == other.site and self.size == other.size and self.items == other.items

    def __hash__(self) -> int:
        return hash(self.site)

    def snapshot(self) -> ArrayValue:
        """The array as it is now, arrays inside it included."""
        return ArrayValue(self.site, self.size, self.item_type, {i: (snapshot(v), b) for i, (v, b) in self.items.items()})


@dataclass(frozen=True, slots=True)
class AnnotatedArray:
    """An array of types each of which is `item`."""

    item: ReturnValue


@dataclass(frozen=True, slots=True)
class LocalReference:
    """A managed pointer to a local."""

    index: int


@dataclass(frozen=True, slots=True)
class ParameterReference:
    """A managed pointer to (or in) a parameter; `index` as in `ParameterValue`."""

    index: int


@dataclass(frozen=True, slots=True)
class FieldReference:
    """A managed pointer to a field."""

    field: FieldDesc


Reference = LocalReference | ParameterReference | FieldReference
Value = (
    Unknown
    | Null
    | ConstInt
    | KnownString
    | KnownType
    | TypeHandle
    | KnownMethod
    | MethodHandle
    | ParameterValue
    | ReturnValue
    | FieldValue
    | GenericParameterValue
    | Boxed
    | NullableOf
    | ArrayValue
    | AnnotatedArray
    | LocalReference
    | ParameterReference
    | FieldReference
)
ValueSet = frozenset[Value]

NOTHING: ValueSet = frozenset()
UNKNOWN: ValueSet = frozenset((Unknown(),))
NULL: ValueSet = frozenset((Null(),))


def single(value: Value) -> ValueSet:
    """The set of one value."""
    return frozenset((value,))


def only(values: ValueSet) -> Value | None:
    """The value of a set of one, else None."""
    return next(iter(values)) if len(values) == 1 else None


def const_int(values: ValueSet) -> int | None:
    """The integer that the set certainly is, or None."""
    value = only(values)
    return value.value if isinstance(value, ConstInt) else None


def array_size(values: ValueSet) -> int | None:
    """The known length of the array that the set certainly is, or None."""
    value = only(values)
    return const_int(value.size) if isinstance(value, ArrayValue) else None


def snapshot(values: ValueSet) -> ValueSet:
    """The set with every array frozen as it is now."""
    if not any(isinstance(value, ArrayValue) for value in values):
        return values
    return frozenset(value.snapshot() if isinstance(value, ArrayValue) else value for value in values)


def annotation_of(value: KnownType | Annotated) -> int:
    """The annotation of an annotated value; a known type needs none."""
    return value.annotation if isinstance(value, ANNOTATED) else 0
