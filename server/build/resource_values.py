"""The values that a .resources file can hold, and the text of a primitive value -> its type code and bytes.

Texts are read as the invariant culture's type converters of .NET read them.
"""

from __future__ import annotations

import datetime
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from string import hexdigits

from server.msbuild.functions.number_texts import fitted_decimal, places, read_decimal, unscaled
from server.whole_numbers import is_number, magnitude, signed_number


class Format(Enum):
    """How a value of another type is kept; `value` is its number in the file."""

    BINARY_FORMATTER = 1
    TYPE_CONVERTER_BYTES = 2
    TYPE_CONVERTER_TEXT = 3
    ACTIVATOR_STREAM = 4


@dataclass(frozen=True, slots=True)
class StreamValue:
    """Bytes that a program gets as a stream."""

    content: bytes


@dataclass(frozen=True, slots=True)
class PrimitiveValue:
    """A value of one of .NET's primitive types: its type code in the file and its bytes there."""

    code: int
    content: bytes


@dataclass(frozen=True, slots=True)
class TypedValue:
    """A value that the program makes when it reads it, by a type's own means. `type_name` is assembly qualified."""

    type_name: str
    format: Format
    content: bytes


Value = str | bytes | StreamValue | PrimitiveValue | TypedValue | None

# How far 100 ns units reach in a TimeSpan, and where year 1 lies before 1970.
_DAY = 864_000_000_000
_TIME = re.compile(r"\s*(-)?(?:(\d+)\.)?(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,7}))?)?\s*\Z")
_INTEGERS = {
    "System.Byte": (4, "<B", 0, 255),
    "System.SByte": (5, "<b", -128, 127),
    "System.Int16": (6, "<h", -(2**15), 2**15 - 1),
    "System.UInt16": (7, "<H", 0, 2**16 - 1),
    "System.Int32": (8, "<i", -(2**31), 2**31 - 1),
    "System.UInt32": (9, "<I", 0, 2**32 - 1),
    "System.Int64": (10, "<q", -(2**63), 2**63 - 1),
    "System.UInt64": (11, "<Q", 0, 2**64 - 1),
}


def primitive_value(type_name: str, text: str) -> PrimitiveValue | None:
    """The value of a primitive type, None when the type is not primitive. Raises ValueError when the text is no value of it."""
    if type_name in _INTEGERS:
        code, form, low, high = _INTEGERS[type_name]
        number = _integer(text)
        if not low <= number <= high:
            raise ValueError(f"{text} is not a valid value for {type_name.rpartition('.')[2]}.")
        return PrimitiveValue(code, struct.pack(form, number))
    convert = _CONVERTERS.get(type_name)
    return convert(text) if convert is not None else None


def _integer(text: str) -> int:
    """Decimal, or hexadecimal after `#`, `0x` or `&h`."""
    stripped = text.strip()
    for prefix in ("#", "0x", "&h"):
        if stripped.lower().startswith(prefix):
            return magnitude(_checked_hexadecimal(stripped[len(prefix) :], text), 16)
    number = signed_number(stripped)
    if number is None:
        raise ValueError(f"{text} is not a valid value for an integer.")
    return number


def _checked_hexadecimal(digits: str, text: str) -> str:
    if not digits or digits.strip(hexdigits):
        raise ValueError(f"{text} is not a valid value for an integer.")
    return digits


def _boolean(text: str) -> PrimitiveValue:
    word = text.strip().lower()
    if word not in ("true", "false"):
        raise ValueError(f"{text} is not a valid value for Boolean.")
    return PrimitiveValue(2, b"\1" if word == "true" else b"\0")


def _character(text: str) -> PrimitiveValue:
    units = text.encode("utf-16-le")
    stripped = text.strip().encode("utf-16-le") if len(units) > 2 else units
    if len(stripped) > 2:
        raise ValueError(f"{text} is not a valid value for Char.")
    return PrimitiveValue(3, stripped or b"\0\0")


def _decimal(text: str) -> PrimitiveValue:
    number = read_decimal(text, exponent=True)
    value = fitted_decimal(number) if number is not None else None
    if value is None:
        raise ValueError(f"{text} is not a valid value for Decimal.")
    digits, scale = unscaled(value), places(value)
    flags = (scale << 16) | (0x80000000 if value.is_signed() else 0)
    return PrimitiveValue(14, struct.pack("<IIII", digits & 0xFFFFFFFF, (digits >> 32) & 0xFFFFFFFF, digits >> 64, flags))


def _date(text: str) -> PrimitiveValue:
    """Ticks since the year 1, of no particular kind; UTC and local times where the text says so."""
    stripped = text.strip()
    if not stripped:
        return PrimitiveValue(15, struct.pack("<q", 0))
    for form in ("", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y", "%m/%d/%Y %I:%M:%S %p"):
        try:
            value = datetime.datetime.strptime(stripped, form) if form else datetime.datetime.fromisoformat(stripped)
        except ValueError:
            continue
        since = value.replace(tzinfo=None) - datetime.datetime(1, 1, 1)
        ticks = (since.days * 86400 + since.seconds) * 10_000_000 + since.microseconds * 10
        return PrimitiveValue(15, struct.pack("<Q", ticks | (1 << 62 if value.tzinfo is not None else 0)))
    raise ValueError(f"{text} is not a valid value for DateTime.")


def _span(text: str) -> PrimitiveValue:
    match = _TIME.match(text)
    if match is not None:
        parts = [magnitude(part or "0") for part in match.groups()[1:5]]
        ticks = parts[0] * _DAY + ((parts[1] * 60 + parts[2]) * 60 + parts[3]) * 10_000_000 + int((match[6] or "").ljust(7, "0"))
        if parts[1] > 23 or parts[2] > 59 or parts[3] > 59:
            raise ValueError(f"{text} is not a valid value for TimeSpan.")
    elif is_number(text.strip().removeprefix("-")):
        ticks = magnitude(text.strip().removeprefix("-")) * _DAY
    else:
        raise ValueError(f"{text} is not a valid value for TimeSpan.")
    if ticks >= 1 << 63:
        raise ValueError(f"{text} is not a valid value for TimeSpan.")
    return PrimitiveValue(16, struct.pack("<q", -ticks if text.strip().startswith("-") else ticks))


_CONVERTERS: dict[str, Callable[[str], PrimitiveValue]] = {
    "System.Boolean": _boolean,
    "System.Char": _character,
    "System.Single": lambda text: PrimitiveValue(12, struct.pack("<f", float(text))),
    "System.Double": lambda text: PrimitiveValue(13, struct.pack("<d", float(text))),
    "System.Decimal": _decimal,
    "System.DateTime": _date,
    "System.TimeSpan": _span,
}
