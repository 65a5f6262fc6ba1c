"""Finds the member that a property function names and calls it: .NET's choice of overloads as MSBuild uses it.

Order of choice: an overload whose parameter types the arguments have; else the overload that takes texts only, the arguments as they
are; else the first one whose parameters the arguments can be converted to. Names are compared without case.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from uuid import UUID

from server.msbuild.functions.enums import ENUMS
from server.msbuild.functions.number_texts import fitted_decimal, read_decimal, read_double, read_integer
from server.msbuild.functions.surroundings import Surroundings
from server.msbuild.functions.values import Char, ClrError, ClrValue, EnumValue, Named, Single, Version, display_name, parse_version


class MemberUse(Enum):
    """With parentheses, or as a property or field."""

    METHOD = "method"
    PROPERTY = "property"


class MissingMember(Exception):
    """There is no such member, or none that takes these arguments."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Overload:
    """Parameter types by short name ("string", "int", "string*" for the rest) and the function; instance members get the object first."""

    parameters: tuple[str, ...]
    function: Callable[..., ClrValue]


@dataclass(slots=True)
class ClrType:
    """A type whose members are known here. `only` names the static members that are allowed; None allows all."""

    full_name: str
    only: frozenset[str] | None = None
    statics: dict[str, list[Overload]] = field(default_factory=dict)
    static_values: dict[str, Callable[[Surroundings], ClrValue]] = field(default_factory=dict)
    methods: dict[str, list[Overload]] = field(default_factory=dict)
    properties: dict[str, Callable[..., ClrValue]] = field(default_factory=dict)
    needs_surroundings: frozenset[str] = frozenset()

    def static(self, names: str, parameters: str, function: Callable[..., ClrValue]) -> None:
        """Adds a static method, under each of the space-separated names."""
        for name in names.split():
            self.statics.setdefault(name.lower(), []).append(Overload(tuple(parameters.split()), function))

    def value(self, name: str, function: Callable[[Surroundings], ClrValue]) -> None:
        """Adds a static property or field."""
        self.static_values[name.lower()] = function

    def method(self, names: str, parameters: str, function: Callable[..., ClrValue]) -> None:
        """Adds an instance method, under each of the space-separated names."""
        for name in names.split():
            self.methods.setdefault(name.lower(), []).append(Overload(tuple(parameters.split()), function))

    def property(self, name: str, function: Callable[..., ClrValue]) -> None:
        """Adds an instance property."""
        self.properties[name.lower()] = function


class TypeTable:
    """All types by lower-case full name. Invariant: filled while the modules of this package load, read only afterwards."""

    def __init__(self) -> None:
        self.types: dict[str, ClrType] = {}
        self.known_but_refused: dict[str, str] = {}
        self.parsers: dict[str, Callable[[str], ClrValue]] = {"Version": parse_version}

    def add(self, full_name: str, only: str | None = None) -> ClrType:
        """A new type; `only` lists the allowed static members, "" none."""
        allowed = frozenset(only.lower().split()) if only is not None else None
        clr_type = ClrType(full_name, allowed)
        self.types[full_name.lower()] = clr_type
        return clr_type


TYPES = TypeTable()
for _name in (
    "System.Activator System.AppContext System.AppDomain System.Array System.Attribute System.BitConverter System.Boolean System.Buffer "
    "System.DateOnly System.DBNull System.Delegate System.Exception System.GC System.Half System.HashCode System.Index System.Int128 "
    "System.IntPtr System.Lazy System.MathF System.Nullable System.Object System.Random System.Range System.TimeOnly System.TimeZoneInfo "
    "System.Tuple System.Type System.UInt128 System.UIntPtr System.ValueType System.IO.DirectoryInfo System.IO.FileInfo "
    "System.IO.FileStream "
    "System.IO.Stream System.IO.StreamReader System.IO.StreamWriter System.IO.StringReader System.IO.StringWriter System.IO.TextReader "
    "System.IO.TextWriter System.IO.BinaryReader System.IO.BinaryWriter System.IO.MemoryStream System.Text.Encoding "
    "System.Text.StringBuilder "
    "System.Threading.Thread System.Threading.Tasks.Task System.Reflection.Assembly System.Diagnostics.Debug System.Diagnostics.Stopwatch "
    "System.Globalization.NumberFormatInfo System.Globalization.DateTimeFormatInfo System.Globalization.TextInfo "
    "System.Runtime.InteropServices.Architecture System.Runtime.InteropServices.Marshal System.DayOfWeek System.StringComparison "
    "System.Collections.ArrayList System.Collections.Hashtable System.CodeDom.Compiler.GeneratedCodeAttribute"
).split():
    TYPES.known_but_refused[_name.lower()] = _name


def is_known_type(name: str) -> bool:
    """Does the class library's core have a type of this name?"""
    return name.lower() in TYPES.types or name.lower() in TYPES.known_but_refused


def is_available(type_name: str, member: str) -> bool:
    """May a property function use the static member?"""
    clr_type = TYPES.types.get(type_name.lower())
    if clr_type is None:
        return False
    return clr_type.only is None or member.lower() in clr_type.only


def full_type_name(name: str) -> str:
    """The name in its proper case."""
    clr_type = TYPES.types.get(name.lower())
    return clr_type.full_name if clr_type is not None else TYPES.known_but_refused.get(name.lower(), name)


def shown_type_name(name: str) -> str:
    """The name in errors; that of the intrinsics is MSBuild."""
    return full_type_name(name)


def type_name_of(value: ClrValue) -> str:
    """The .NET type of a value."""
    if isinstance(value, (EnumValue, Named)):
        return value.type_name
    for python_type, name in _PYTHON_TYPES:
        if isinstance(value, python_type):
            return name
    return getattr(type(value), "clr_name", type(value).__name__)


_PYTHON_TYPES: tuple[tuple[type, str], ...] = (
    (Char, "System.Char"),
    (str, "System.String"),
    (bool, "System.Boolean"),
    (int, "System.Int32"),
    (float, "System.Double"),
    (Single, "System.Single"),
    (Decimal, "System.Decimal"),
    (UUID, "System.Guid"),
    (Version, "System.Version"),
    (list, "System.Array"),
)


# Methods that MSBuild calls without looking them up, and so without parentheses as well, by the full name of their type.
_WITHOUT_PARENTHESES = {
    "System.String": frozenset({"tolower", "tolowerinvariant", "toupperinvariant"}),
    "System.IO.Path": frozenset({"gettemppath"}),
    "System.Guid": frozenset({"newguid"}),
    "MSBuild": frozenset(
        "isrunningfromvisualstudio getcurrenttoolsdirectory gettoolsdirectory32 gettoolsdirectory64 getmsbuildsdkspath getvsinstallroot "
        "getmsbuildextensionspath getprogramfiles32".split()
    ),
}


def _is_method(full_name: str, key: str, use: MemberUse) -> bool:
    return use is MemberUse.METHOD or key in _WITHOUT_PARENTHESES.get(full_name, ())


def invoke(
    type_name: str | None, instance: ClrValue, member: str, use: MemberUse, arguments: list[ClrValue], surroundings: Surroundings
) -> ClrValue:
    """The result of the member. Raises ClrError when it throws, MissingMember when there is no fitting one."""
    if type_name is not None:
        return _invoke_static(TYPES.types[type_name.lower()], member, use, arguments, surroundings)
    name = type_name_of(instance)
    clr_type = TYPES.types.get(name.lower())
    key = member.lower()
    if clr_type is not None:
        getter = clr_type.properties.get(key[4:] if key.startswith("get_") and use is MemberUse.METHOD else key)
        if getter is not None and not arguments:
            return getter(instance)
        overloads = clr_type.methods.get(key)
        if overloads is not None and _is_method(name, key, use):
            instance, arguments = _adapt_equals(key, instance, arguments)
            return _call(overloads, (instance,), arguments, f"{_shown_type(instance, name)}.{member}")
    if use is MemberUse.METHOD and key in ("tostring", "equals", "gethashcode"):
        return _object_member(key, instance, arguments, f"{name}.{member}")
    raise MissingMember(f"Method '{_shown_type(instance, name)}.{member}' not found.")


def _shown_type(value: ClrValue, name: str) -> str:
    """Arrays are shown by the type of their elements."""
    if not isinstance(value, list):
        return name
    return "System.Char[]" if value and isinstance(value[0], Char) else "System.String[]"


def _adapt_equals(key: str, instance: ClrValue, arguments: list[ClrValue]) -> tuple[ClrValue, list[ClrValue]]:
    """Equals and CompareTo convert their argument to the type of the object, as MSBuild does before the call."""
    if len(arguments) == 1 and key in ("equals", "compareto") and isinstance(instance, str) and not isinstance(arguments[0], str):
        return instance, [None if arguments[0] is None else display_name(arguments[0])]
    return instance, arguments


def _object_member(key: str, instance: ClrValue, arguments: list[ClrValue], full_name: str) -> ClrValue:
    if key == "tostring" and not arguments:
        return display_name(instance)
    if key == "equals" and len(arguments) == 1:
        converted = convert(arguments[0], _SHORT_NAMES.get(type_name_of(instance), "object"))
        return converted is not _UNCONVERTIBLE and converted == instance
    raise MissingMember(f"Method '{full_name}' not found.")


def _invoke_static(clr_type: ClrType, member: str, use: MemberUse, arguments: list[ClrValue], surroundings: Surroundings) -> ClrValue:
    key = member.lower()
    shown = "[MSBuild]::" + member if clr_type.full_name == "MSBuild" else f"{clr_type.full_name}.{member}"
    value = clr_type.static_values.get(key)
    if value is not None and not arguments:
        return value(surroundings)
    overloads = clr_type.statics.get(key)
    if overloads is None or (key != "new" and not _is_method(clr_type.full_name, key, use)):
        raise MissingMember(f"Method '{shown}' not found.")
    extra: tuple[ClrValue, ...] = (surroundings,) if key in clr_type.needs_surroundings else ()
    return _call(overloads, extra, arguments, shown)


def on_texts(
    type_name: str | None, member: str, n_arguments: int, surroundings: Surroundings
) -> Callable[[list[ClrValue]], ClrValue] | None:
    """The overload that `invoke` chooses for a method whose arguments, and whose object if it has one, are texts; None when it converts.

    The function takes them in order, the object first, and raises what `invoke` raises.
    """
    clr_type = TYPES.types[type_name.lower() if type_name is not None else "system.string"]
    key = member.lower()
    overloads = (clr_type.statics if type_name is not None else clr_type.methods).get(key)
    if overloads is None or n_arguments == 0:
        return None
    first: tuple[ClrValue, ...] = (surroundings,) if type_name is not None and key in clr_type.needs_surroundings else ()
    texts: list[ClrValue] = [""] * n_arguments
    for overload in overloads:
        if _fit(overload.parameters, texts, _accept) is not None:
            return lambda given: _run(overload, first, given)
    return None


def _call(overloads: Sequence[Overload], first: tuple[ClrValue, ...], arguments: list[ClrValue], shown: str) -> ClrValue:
    for overload in overloads:
        fitted = _fit(overload.parameters, arguments, _accept)
        if fitted is not None:
            return _run(overload, first, fitted)
    for overload in overloads:
        if len(overload.parameters) == len(arguments) and all(parameter.rstrip("?") == "string" for parameter in overload.parameters):
            wrong = next(argument for argument in arguments if argument is not None and type(argument) is not str)
            raise MissingMember(f"Object of type '{type_name_of(wrong)}' cannot be converted to type 'System.String'.")
    for overload in overloads:
        fitted = _fit(overload.parameters, arguments, convert)
        if fitted is not None:
            return _run(overload, first, fitted)
    raise MissingMember(f"Method '{shown}' not found.")


def _run(overload: Overload, first: tuple[ClrValue, ...], arguments: list[ClrValue]) -> ClrValue:
    """The member's result. What Python refuses of the values that a project hands in is an exception of the member, as in .NET."""
    try:
        return overload.function(*first, *arguments)
    except OverflowError:
        raise ClrError("Arithmetic operation resulted in an overflow.") from None
    except MemoryError:
        raise ClrError("Exception of type 'System.OutOfMemoryException' was thrown.") from None
    except (ArithmeticError, ValueError) as error:
        raise ClrError(f"{str(error)[:1].upper()}{str(error)[1:]}.") from None
    except OSError as error:
        raise ClrError(f"{error.strerror}.") from None


def _fit(parameters: tuple[str, ...], arguments: list[ClrValue], change: Callable[[ClrValue, str], ClrValue]) -> list[ClrValue] | None:
    if parameters and parameters[-1].endswith("*"):
        fixed = parameters[:-1]
        if len(arguments) < len(fixed):
            return None
        rest = parameters[-1][:-1]
        wanted = fixed + (rest,) * (len(arguments) - len(fixed))
    else:
        wanted = parameters
    if len(wanted) != len(arguments):
        return None
    fitted = [change(argument, parameter) for argument, parameter in zip(arguments, wanted, strict=True)]
    return None if any(value is _UNCONVERTIBLE for value in fitted) else fitted


_UNCONVERTIBLE = object()
_SHORT_NAMES = {
    "System.String": "string",
    "System.Char": "char",
    "System.Int32": "long",
    "System.Double": "double",
    "System.Boolean": "bool",
    "System.Version": "Version",
    "System.Guid": "Guid",
    "System.DateTime": "DateTime",
}
_INTEGERS = {
    "byte": (0, 255),
    "sbyte": (-128, 127),
    "short": (-(1 << 15), (1 << 15) - 1),
    "ushort": (0, (1 << 16) - 1),
    "int": (-(1 << 31), (1 << 31) - 1),
    "uint": (0, (1 << 32) - 1),
    "long": (-(1 << 63), (1 << 63) - 1),
    "ulong": (0, (1 << 64) - 1),
}


def _accept(value: ClrValue, parameter: str) -> ClrValue:
    """`value` when it is of the parameter's type or widens to it without loss."""
    if parameter == "object":
        return value
    if parameter.endswith("?"):
        return None if value is None else _accept(value, parameter[:-1])
    if value is None:
        if parameter in ("string", "Version"):
            raise ClrError("Value cannot be null.")
        return _UNCONVERTIBLE
    if isinstance(value, Char):
        return value if parameter == "char" else ord(value) if parameter == "int" else _UNCONVERTIBLE
    if isinstance(value, str):
        return value if parameter == "string" else _UNCONVERTIBLE
    if isinstance(value, bool):
        return value if parameter == "bool" else _UNCONVERTIBLE
    if isinstance(value, int):
        if parameter in ("int", "long"):
            low, high = _INTEGERS[parameter]
            return value if low <= value <= high else _UNCONVERTIBLE
        return float(value) if parameter == "double" else _UNCONVERTIBLE
    if isinstance(value, float):
        return value if parameter == "double" else _UNCONVERTIBLE
    if isinstance(value, list):
        return value if parameter in ("string[]", "object[]") else _UNCONVERTIBLE
    name = type_name_of(value)
    return value if parameter in (name, name.rpartition(".")[2]) else _UNCONVERTIBLE


def convert(value: ClrValue, parameter: str) -> ClrValue:
    """`value` converted as Convert.ChangeType does (texts are parsed, chars of a text taken, enums read); _UNCONVERTIBLE if it cannot."""
    accepted = _accept(value, parameter)
    if accepted is not _UNCONVERTIBLE:
        return accepted
    if value is None:
        return _UNCONVERTIBLE
    parameter = parameter.rstrip("?")
    text = value if isinstance(value, str) else display_name(value)
    if parameter == "string":
        return text
    if parameter == "char[]":
        return text
    if parameter == "char":
        return Char(text) if len(text) == 1 else _UNCONVERTIBLE
    if parameter == "bool":
        lowered = text.strip().lower()
        return lowered == "true" if lowered in ("true", "false") else _UNCONVERTIBLE
    if parameter in _INTEGERS:
        return _to_integer(value, text, parameter)
    if parameter == "double":
        number = read_double(text)
        return number if number is not None else _UNCONVERTIBLE
    if parameter == "decimal":
        return _to_decimal(text)
    return _to_enum(text, parameter)


def _to_integer(value: ClrValue, text: str, parameter: str) -> ClrValue:
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            return _UNCONVERTIBLE
        number = round(value)
    else:
        read = read_integer(text)
        if read is None:
            return _UNCONVERTIBLE
        number = read
    low, high = _INTEGERS[parameter]
    return number if low <= number <= high else _UNCONVERTIBLE


def _to_decimal(text: str) -> ClrValue:
    number = read_decimal(text)
    value = fitted_decimal(number) if number is not None else None
    return value if value is not None else _UNCONVERTIBLE


def _to_enum(text: str, parameter: str) -> ClrValue:
    """Enum texts count when they are qualified ("Type.Member", members joined by | or a comma), as MSBuild converts them."""
    members = ENUMS.get(parameter)
    if parameter == "StringHashingAlgorithm":
        return _hashing_algorithm(text)
    if members is None or "." not in text:
        return _convert_object(text, parameter)
    total = 0
    names: list[str] = []
    for part in text.replace("|", ",").split(","):
        name = part.strip().rpartition(".")[2]
        if name not in members:
            raise MissingMember(f"Requested value '{name}' was not found.")
        total |= members[name]
        names.append(name)
    return EnumValue(parameter, ", ".join(names), total)


def _hashing_algorithm(text: str) -> ClrValue:
    """The one enum whose members count without its name, and without case."""
    for name, value in ENUMS["StringHashingAlgorithm"].items():
        if text.rpartition(".")[2].lower() == name.lower():
            return EnumValue("StringHashingAlgorithm", name, value)
    return _UNCONVERTIBLE


def _convert_object(text: str, parameter: str) -> ClrValue:
    parser = TYPES.parsers.get(parameter)
    if parser is None:
        return _UNCONVERTIBLE
    try:
        return parser(text)
    except ClrError:
        return _UNCONVERTIBLE
