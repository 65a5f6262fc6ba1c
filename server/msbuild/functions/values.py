"""Values of .NET types as Python values, and their texts in the invariant culture.

str is System.String, bool Boolean, int every integral type, float Double, Decimal Decimal, list an array; the rest are the classes below
and those of `times`. A `ClrValue` of None is null.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

from server.whole_numbers import signed_number

ClrValue = object


class ClrError(Exception):
    """A member threw; `message` is the exception's text."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Char(str):
    """System.Char: one UTF-16 unit."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Single:
    """System.Single."""

    value: float


@dataclass(frozen=True, slots=True)
class Version:
    """System.Version; -1 stands for a part that is not there."""

    parts: tuple[int, int, int, int]

    def __str__(self) -> str:
        return ".".join(str(part) for part in self.parts if part >= 0)


@dataclass(frozen=True, slots=True)
class EnumValue:
    """A member of an enum."""

    type_name: str
    name: str
    value: int

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Named:
    """An object of which only a name and a type matter: OSPlatform, StringComparer, CultureInfo."""

    type_name: str
    name: str

    def __str__(self) -> str:
        return self.name


def double_text(value: float) -> str:
    """The shortest text that reads back as `value`, as Double.ToString() writes it."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "-0" if math.copysign(1, value) < 0 else "0"
    digits, exponent = _shortest_digits(abs(value))
    sign = "-" if value < 0 else ""
    if -5 <= exponent < 15:
        if exponent >= len(digits) - 1:
            return sign + digits + "0" * (exponent - len(digits) + 1)
        if exponent >= 0:
            return f"{sign}{digits[: exponent + 1]}.{digits[exponent + 1 :]}"
        return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
    mantissa = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
    return f"{sign}{mantissa}E{'+' if exponent >= 0 else '-'}{abs(exponent):02d}"


def _shortest_digits(value: float) -> tuple[str, int]:
    """Significant digits without trailing zeros, and the decimal exponent of the first."""
    mantissa, _, exponent = f"{value!r}".lower().partition("e")
    whole, _, fraction = mantissa.partition(".")
    shift = int(exponent) if exponent else 0
    digits = (whole + fraction).lstrip("0")
    leading = len(whole + fraction) - len(digits)
    power = len(whole) - 1 - leading + shift
    return digits.rstrip("0") or "0", power


def to_text(value: ClrValue) -> str:
    """The value as it is put into a text: escaped where it is a list, invariant culture."""
    if value is None:
        return ""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return double_text(value)
    if isinstance(value, Single):
        return f"{value.value:.7g}".replace("e", "E")
    if isinstance(value, (list, tuple)):
        return _list_text([_escape(to_text(element)) for element in value])
    if isinstance(value, dict):
        return ";".join(f"{_escape(to_text(key))}={_escape(to_text(item))}" for key, item in value.items())
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value)


def _escape(text: str) -> str:
    return "".join(f"%{ord(c):02x}" if c in "%*?@$();'" else c for c in text)


def _list_text(texts: list[str]) -> str:
    """A separator is written once there is a text before it: empty elements in front leave no trace."""
    first = next((at for at, text in enumerate(texts) if text), len(texts))
    return ";".join(texts[first:])


def display_name(value: ClrValue) -> str:
    """The value as .NET's ToString shows it in an error: arrays by their type."""
    if isinstance(value, list):
        return "System.String[]"
    return to_text(value)


def parse_version(text: str) -> Version:
    """System.Version.Parse. Raises ClrError with .NET's text."""
    parts = text.strip().split(".")
    if not 2 <= len(parts) <= 4:
        raise ClrError("Version string portion was too short or too long. (Parameter 'input')")
    numbers: list[int] = []
    for part in parts:
        stripped = part.strip()
        number = signed_number(stripped)
        if number is None:
            raise ClrError(f"The input string '{part}' was not in a correct format.")
        if not -(1 << 31) <= number < 1 << 31:
            raise ClrError("Value was either too large or too small for an Int32.")
        if number < 0:
            raise ClrError(f"input ('{stripped}') must be a non-negative value. (Parameter 'input')\nActual value was {stripped}.")
        numbers.append(number)
    numbers += [-1] * (4 - len(numbers))
    return Version((numbers[0], numbers[1], numbers[2], numbers[3]))
