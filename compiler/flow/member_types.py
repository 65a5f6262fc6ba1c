"""DynamicallyAccessedMemberTypes and BindingFlags: what is asked of a type's members, as bit sets."""

from __future__ import annotations

from enum import IntEnum


class MemberTypes(IntEnum):
    """System.Diagnostics.CodeAnalysis.DynamicallyAccessedMemberTypes, in the order of its values; combined they are plain numbers."""

    NONE = 0
    PUBLIC_PARAMETERLESS_CONSTRUCTOR = 0x1
    PUBLIC_CONSTRUCTORS = 0x3
    NON_PUBLIC_CONSTRUCTORS = 0x4
    PUBLIC_METHODS = 0x8
    NON_PUBLIC_METHODS = 0x10
    PUBLIC_FIELDS = 0x20
    NON_PUBLIC_FIELDS = 0x40
    PUBLIC_NESTED_TYPES = 0x80
    NON_PUBLIC_NESTED_TYPES = 0x100
    PUBLIC_PROPERTIES = 0x200
    NON_PUBLIC_PROPERTIES = 0x400
    PUBLIC_EVENTS = 0x800
    NON_PUBLIC_EVENTS = 0x1000
    INTERFACES = 0x2000


ALL = -1
M = MemberTypes
_BOTH: dict[str, tuple[int, int]] = {
    "constructors": (M.PUBLIC_CONSTRUCTORS, M.NON_PUBLIC_CONSTRUCTORS),
    "methods": (M.PUBLIC_METHODS, M.NON_PUBLIC_METHODS),
    "fields": (M.PUBLIC_FIELDS, M.NON_PUBLIC_FIELDS),
    "nested types": (M.PUBLIC_NESTED_TYPES, M.NON_PUBLIC_NESTED_TYPES),
    "properties": (M.PUBLIC_PROPERTIES, M.NON_PUBLIC_PROPERTIES),
    "events": (M.PUBLIC_EVENTS, M.NON_PUBLIC_EVENTS),
}
# What a type found by Type.GetNestedType keeps by itself.
NESTED_TYPE_ACCESS = int(
    M.PUBLIC_CONSTRUCTORS
    | M.NON_PUBLIC_CONSTRUCTORS
    | M.PUBLIC_METHODS
    | M.NON_PUBLIC_METHODS
    | M.PUBLIC_FIELDS
    | M.NON_PUBLIC_FIELDS
    | M.PUBLIC_PROPERTIES
    | M.NON_PUBLIC_PROPERTIES
    | M.PUBLIC_EVENTS
    | M.NON_PUBLIC_EVENTS
    | M.PUBLIC_NESTED_TYPES
    | M.NON_PUBLIC_NESTED_TYPES
    | M.INTERFACES
)
# What a base type has of what is asked of a derived one: private members, constructors and nested types are not inherited.
_INHERITED = (
    M.PUBLIC_METHODS,
    M.PUBLIC_FIELDS,
    M.PUBLIC_PROPERTIES,
    M.PUBLIC_EVENTS,
    M.INTERFACES,
    # The flags of .NET 10 that ask for the members of base types, too.
    M.PUBLIC_CONSTRUCTORS | 0x100000,
    M.NON_PUBLIC_CONSTRUCTORS | 0x4000,
    M.NON_PUBLIC_METHODS | 0x8000,
    M.NON_PUBLIC_FIELDS | 0x10000,
    M.PUBLIC_NESTED_TYPES | 0x200000,
    M.NON_PUBLIC_NESTED_TYPES | 0x20000,
    M.NON_PUBLIC_PROPERTIES | 0x40000,
    M.NON_PUBLIC_EVENTS | 0x80000,
)

# System.Reflection.BindingFlags
DECLARED_ONLY, INSTANCE, STATIC, PUBLIC, NON_PUBLIC, FLATTEN = 0x2, 0x4, 0x8, 0x10, 0x20, 0x40
DEFAULT_FLAGS = INSTANCE | STATIC | PUBLIC
_UNDERSTOOD = DECLARED_ONLY | INSTANCE | STATIC | PUBLIC | NON_PUBLIC | FLATTEN | 0x10000
_WITHOUT_EFFECT = 0x100 | 0x200 | 0x400 | 0x800 | 0x1000 | 0x2000


def are_unsupported(flags: int | None) -> bool:
    """Whether binding flags are unknown, or ask for something that is not followed (case-insensitive look-up)."""
    return flags is None or bool(flags & ~(_UNDERSTOOD | _WITHOUT_EFFECT))


def members_by_flags(kind: str, flags: int | None) -> int:
    """The member types that a look-up of `kind` ("methods", ... or "members") with those binding flags asks for."""
    if kind == "members":
        result = 0
        for each in _BOTH:
            result |= members_by_flags(each, flags)
        return result
    public, non_public = _BOTH[kind]
    if are_unsupported(flags):
        return public | non_public
    assert flags is not None
    return (public if flags & PUBLIC else 0) | (non_public if flags & NON_PUBLIC else 0)


def missing(required: int, available: int) -> int:
    """The member types that `available` lacks of `required`; 0 when it has all."""
    if available & required == required:
        return 0
    if required == ALL:
        return ALL
    lacking = required & ~available
    if required & M.PUBLIC_CONSTRUCTORS == M.PUBLIC_CONSTRUCTORS and available & M.PUBLIC_CONSTRUCTORS != M.PUBLIC_CONSTRUCTORS:
        lacking |= M.PUBLIC_CONSTRUCTORS
    return lacking


def inherited(annotation: int) -> int:
    """What is known of the base type of a type with that annotation."""
    if annotation == ALL:
        return ALL
    result = 0
    for flag in _INHERITED:
        if annotation & flag == flag:
            result |= flag
    return result


def names(members: int) -> list[str]:
    """The names of the flags in `members`, by value; PublicConstructors stands for PublicParameterlessConstructor too."""
    if members == ALL:
        return ["All"]
    chosen = [flag for flag in MemberTypes.__members__.values() if flag and members & flag == flag]
    if MemberTypes.PUBLIC_CONSTRUCTORS in chosen:
        chosen.remove(MemberTypes.PUBLIC_PARAMETERLESS_CONSTRUCTOR)
    return ["".join(part.capitalize() for part in (flag.name or "").split("_")) for flag in chosen]
