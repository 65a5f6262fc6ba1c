"""Facts about a body: what one reading of it found out, as plain values. Analyzers turn them into diagnostics, reach into edges.

A fact says where it is (`Origin`) and what was used or could not be known; it holds no text of a diagnostic.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from compiler.diagnostics import Location
from compiler.flow.associations import SemanticMember
from compiler.flow.requirements import Requires
from compiler.flow.source_functions import SourceFunction
from compiler.flow.values import Annotated
from compiler.types.definitions import FieldDefinition, MethodDefinition, TypeDefinition
from compiler.types.type_desc import FieldDesc, MethodDesc, TypeDesc

Member = MethodDefinition | FieldDefinition | TypeDefinition | SemanticMember


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a fact was found: `member` is the body that was read, which may be generated, or what carries an attribute.

    `il_offset` is -1 for the whole member. `attribute` is the CustomAttribute row for what an attribute on the member does (0: none),
    `argument` the named argument of it.
    In source, `place` is that of the operation, `callee` that of a call without its arguments, `proven` what guards and attributes of
    functions around it allow, and `function` the lambda or local function that it is in.
    """

    member: Member
    il_offset: int
    attribute: int = 0
    argument: str = ""
    place: Location | None = None
    callee: Location | None = None
    proven: frozenset[Requires] = frozenset()
    function: SourceFunction | None = None


class UseKind(Enum):
    """How a body uses a member."""

    CALL = "call"
    CREATE = "create"
    DELEGATE = "delegate"
    TOKEN = "token"


@dataclass(frozen=True, slots=True)
class MethodUse:
    """A method that a body names directly. `only` narrows what it requires to one kind: the others are met by the values passed."""

    origin: Origin
    method: MethodDesc
    kind: UseKind
    only: Requires | None = None


@dataclass(frozen=True, slots=True)
class FieldUse:
    """A field that a body reads, writes or takes the address of."""

    origin: Origin
    field: FieldDesc
    kind: UseKind


@dataclass(frozen=True, slots=True)
class MemberAccess:
    """A method or field that is reached by reflection, or by a token or delegate. `method` has the arguments where they are known.

    `annotated_type` is the type whose own annotation reaches the member, when that is how it is reached; `kind` is None for reflection.
    """

    origin: Origin
    member: MethodDefinition | FieldDefinition
    method: MethodDesc | None = None
    annotated_type: TypeDefinition | None = None
    kind: UseKind | None = None


@dataclass(frozen=True, slots=True)
class Mismatch:
    """An annotated value flows to where more is asked: `missing` are the member types that its annotation lacks.

    With `is_nullable` the value is typeof(Nullable<source>), which counts as a type argument.
    """

    origin: Origin
    source: Annotated
    target: Annotated
    missing: int
    is_nullable: bool = False


@dataclass(frozen=True, slots=True)
class UnknownFlow:
    """A value of which nothing is known flows to where members are asked for."""

    origin: Origin
    target: Annotated


class Unanalyzable(Enum):
    """Calls whose effect depends on a value that is not known."""

    MAKE_GENERIC_TYPE = "MakeGenericType"
    MAKE_GENERIC_METHOD = "MakeGenericMethod"
    TYPE_NAME = "Type.GetType"
    TYPE_NAME_IGNORING_CASE = "Type.GetType, case-insensitive"
    CREATE_INSTANCE_PARAMETER = "CreateInstance by names"
    ASSEMBLY_CREATE_INSTANCE = "Assembly.CreateInstance"
    CLASS_CONSTRUCTOR = "RunClassConstructor"
    PROPERTY_ACCESSOR = "Expression.Property"


@dataclass(frozen=True, slots=True)
class UnanalyzableCall:
    """Such a call; `parameter` is the index of the argument that is not known, where it matters."""

    origin: Origin
    kind: Unanalyzable
    method: MethodDesc
    parameter: int = 0


@dataclass(frozen=True, slots=True)
class AnnotatedTypeUse:
    """object.GetType on a value whose static type is annotated: the annotation of the type takes effect."""

    origin: Origin
    type: TypeDefinition


@dataclass(frozen=True, slots=True)
class UnqualifiedTypeName:
    """A type name without an assembly where the assembly cannot be told from the place."""

    origin: Origin
    name: str


@dataclass(frozen=True, slots=True)
class KeptType:
    """A type that is kept with the named members because its System.Type flows to where they are asked for."""

    origin: Origin
    type: TypeDesc
    members: int


@dataclass(frozen=True, slots=True)
class MadeInstance:
    """An instance of a known generic type or method that MakeGenericType or MakeGenericMethod makes with known arguments."""

    origin: Origin
    instance: TypeDesc | MethodDesc


@dataclass(frozen=True, slots=True)
class ConstructibleArgument:
    """A type argument of `owner` for a type parameter with the constraint `new()`; `owner` is None for one that the source names."""

    origin: Origin
    owner: TypeDefinition | MethodDefinition | None
    argument: TypeDefinition


Fact = (
    MethodUse
    | FieldUse
    | MemberAccess
    | Mismatch
    | UnknownFlow
    | UnanalyzableCall
    | UnqualifiedTypeName
    | KeptType
    | AnnotatedTypeUse
    | ConstructibleArgument
    | MadeInstance
)
