"""The number types, System.Math, System.Convert and System.Char."""

from __future__ import annotations

import base64
import binascii
import math
import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal

from server.msbuild.functions.binding import TYPES, ClrType
from server.msbuild.functions.formatting import format_number
from server.msbuild.functions.number_texts import fitted_decimal, read_decimal, read_double, read_integer
from server.msbuild.functions.surroundings import Surroundings
from server.msbuild.functions.times import parse_moment
from server.msbuild.functions.values import Char, ClrError, ClrValue, EnumValue, Single, to_text
from server.whole_numbers import magnitude


def _bad_format(text: str) -> ClrError:
    return ClrError(f"The input string '{text}' was not in a correct format.")


def _too_large(name: str) -> ClrError:
    article = "an" if name[0] in "AEIOU" and not name.startswith("U") else "a"
    shown = {"Byte": "an unsigned byte", "SByte": "a signed byte"}.get(name, f"{article} {name}")
    return ClrError(f"Value was either too large or too small for {shown}.")


def _parse_integer(text: str, name: str, low: int, high: int) -> int:
    value = read_integer(text)
    if value is None:
        raise _bad_format(text)
    return _within(value, name, low, high)


def _within(value: int, name: str, low: int, high: int) -> int:
    if not low <= value <= high:
        raise _too_large(name)
    return value


def _rounded(value: float, name: str, low: int, high: int) -> int:
    if not math.isfinite(value):
        raise _too_large(name)
    return _within(round(value), name, low, high)


def _parse_styled(text: str, styles: EnumValue, name: str, low: int, high: int) -> int:
    if not styles.value & 0x200:
        return _parse_integer(text.replace(",", "") if styles.value & 0x40 else text, name, low, high)
    digits = text.strip() if styles.value & 3 else text
    if not re.fullmatch("[0-9A-Fa-f]+", digits):
        raise _bad_format(text)
    width = (high - low).bit_length()
    value = _within(magnitude(digits, 16), name, 0, (1 << width) - 1)
    return value - (1 << width) if low < 0 and value >> (width - 1) else value


def _parse_double(text: str) -> float:
    value = read_double(text)
    if value is None:
        raise _bad_format(text)
    return value


def _parse_decimal(text: str) -> Decimal:
    number = read_decimal(text)
    if number is None:
        raise _bad_format(text)
    value = fitted_decimal(number)
    if value is None:
        raise _too_large("Decimal")
    return value


def _constant(value: int) -> Callable[[Surroundings], ClrValue]:
    return lambda _: value


def _integers() -> None:
    for name, low, high in (
        ("Byte", 0, 255),
        ("SByte", -128, 127),
        ("Int16", -(1 << 15), (1 << 15) - 1),
        ("UInt16", 0, (1 << 16) - 1),
        ("Int32", -(1 << 31), (1 << 31) - 1),
        ("UInt32", 0, (1 << 32) - 1),
        ("Int64", -(1 << 63), (1 << 63) - 1),
        ("UInt64", 0, (1 << 64) - 1),
    ):
        clr_type = TYPES.add(f"System.{name}")
        clr_type.value("MinValue", _constant(low))
        clr_type.value("MaxValue", _constant(high))
        clr_type.static("Parse", "string", lambda text, name=name, low=low, high=high: _parse_integer(text, name, low, high))
        clr_type.static(
            "Parse", "string NumberStyles", lambda text, styles, name=name, low=low, high=high: _parse_styled(text, styles, name, low, high)
        )
        _number_members(clr_type)


def _number_members(clr_type: ClrType) -> None:
    clr_type.method("ToString", "", to_text)
    clr_type.method("ToString", "string", format_number)
    clr_type.method("CompareTo", "double", lambda a, b: (a > b) - (a < b))
    clr_type.method("Equals", "double", lambda a, b: a == b)


def _reals() -> None:
    double = TYPES.add("System.Double")
    double.value("MaxValue", lambda _: 1.7976931348623157e308)
    double.value("MinValue", lambda _: -1.7976931348623157e308)
    double.value("Epsilon", lambda _: 5e-324)
    double.value("NaN", lambda _: math.nan)
    double.value("PositiveInfinity", lambda _: math.inf)
    double.value("NegativeInfinity", lambda _: -math.inf)
    double.static("Parse", "string", _parse_double)
    double.static("IsNaN", "double", math.isnan)
    double.static("IsInfinity", "double", math.isinf)
    _number_members(double)
    single = TYPES.add("System.Single")
    single.static("Parse", "string", lambda text: Single(_parse_double(text)))
    decimal = TYPES.add("System.Decimal")
    decimal.static("Parse", "string", _parse_decimal)
    decimal.value("Zero", lambda _: Decimal(0))
    decimal.value("One", lambda _: Decimal(1))
    decimal.method("ToString", "", to_text)


def _round(value: float, digits: int = 0, mode: EnumValue | None = None) -> float:
    if mode is not None and mode.value == 1:
        factor = 10.0**digits
        return math.copysign(math.floor(abs(value) * factor + 0.5) / factor, value)
    if digits == 0:
        return float(round(value)) if math.isfinite(value) else value
    scaled = value * 10.0**digits
    return round(scaled) / 10.0**digits if math.isfinite(scaled) else value


def _round_decimal(value: Decimal, digits: int) -> Decimal:
    """What texts are rounded by: the overload of Decimal comes first among those that take them."""
    if not 0 <= digits <= 28:
        raise ClrError("Decimal can only round to between 0 and 28 digits of precision. (Parameter 'decimals')")
    exponent = value.as_tuple().exponent
    return value if not isinstance(exponent, int) or -exponent <= digits else round(value, digits)


def _checked_sqrt(value: float) -> float:
    return math.sqrt(value) if value >= 0 else math.nan


def _log(value: float) -> float:
    return math.log(value) if value > 0 else -math.inf if value == 0 else math.nan


def _quotient_and_remainder(left: int, right: int) -> str:
    if right == 0:
        raise ClrError("Attempted to divide by zero.")
    quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
    return f"({quotient}, {left - quotient * right})"


def _clamp(value: float, low: float, high: float) -> float:
    if low > high:
        raise ClrError(f"'{to_text(low)}' cannot be greater than {to_text(high)}.")
    return min(max(value, low), high)


def _math() -> None:
    clr_type = TYPES.add("System.Math")
    clr_type.value("PI", lambda _: math.pi)
    clr_type.value("E", lambda _: math.e)
    clr_type.value("Tau", lambda _: math.tau)
    for name, function in (("Max", max), ("Min", min)):
        clr_type.static(name, "int int", function)
        clr_type.static(name, "double double", function)
    clr_type.static("Abs", "int", abs)
    clr_type.static("Abs", "double", abs)
    clr_type.static("Sign", "double", lambda v: (v > 0) - (v < 0))
    clr_type.static("Floor", "double", lambda v: float(math.floor(v)) if math.isfinite(v) else v)
    clr_type.static("Ceiling", "double", lambda v: float(math.ceil(v)) if math.isfinite(v) else v)
    clr_type.static("Truncate", "double", lambda v: float(math.trunc(v)) if math.isfinite(v) else v)
    clr_type.static("Round", "double", _round)
    clr_type.static("Round", "decimal int", _round_decimal)
    clr_type.static("Round", "double int", _round)
    clr_type.static("Round", "double MidpointRounding", lambda v, mode: _round(v, 0, mode))
    clr_type.static("Round", "double int MidpointRounding", _round)
    clr_type.static("Pow", "double double", lambda a, b: math.pow(a, b))
    clr_type.static("Sqrt", "double", _checked_sqrt)
    clr_type.static("Log", "double", _log)
    clr_type.static("Log10", "double", lambda v: math.log10(v) if v > 0 else -math.inf if v == 0 else math.nan)
    clr_type.static("Log2", "double", lambda v: math.log2(v) if v > 0 else -math.inf if v == 0 else math.nan)
    clr_type.static("Log", "double double", lambda value, base: _log(value) / _log(base) if base not in (0.0, 1.0) else math.nan)
    clr_type.static("Exp", "double", math.exp)
    clr_type.static("Cbrt", "double", lambda value: math.copysign(abs(value) ** (1 / 3), value))
    clr_type.static("Atan2", "double double", math.atan2)
    clr_type.static("IEEERemainder", "double double", math.remainder)
    clr_type.static("CopySign", "double double", math.copysign)
    clr_type.static("BigMul", "int int", lambda a, b: a * b)
    clr_type.static("DivRem", "int int", _quotient_and_remainder)
    clr_type.static("Clamp", "int int int", _clamp)
    clr_type.static("Clamp", "double double double", _clamp)
    for name, real in (
        ("Sin", math.sin),
        ("Cos", math.cos),
        ("Tan", math.tan),
        ("Atan", math.atan),
        ("Sinh", math.sinh),
        ("Cosh", math.cosh),
        ("Tanh", math.tanh),
    ):
        clr_type.static(name, "double", real)


_DIGITS = "0123456789abcdef"


def _convert_to_integer(text: str, base: int, name: str, low: int, high: int) -> int:
    """Convert.ToInt32(text, base) and its like. Digits of another base than ten are the bits of the number."""
    if base not in (2, 8, 10, 16):
        raise ClrError("Invalid Base.")
    if not text:
        range_text = "Index was out of range. Must be non-negative and less than the size of the collection."
        raise ClrError(f"Specified argument was out of the range of valid values. (Parameter '{range_text}')")
    if text[0] == "-" and base != 10:
        raise ClrError("String cannot contain a minus sign if the base is not 10.")
    if text[0] == "-" and low == 0:
        raise ClrError("The string was being parsed as an unsigned number and could not have a negative sign.")
    lowered = text.lower()
    digits = lowered[2:] if base == 16 and lowered.startswith("0x") else lowered[1:] if lowered[0] in "+-" else lowered
    rest = digits.lstrip(_DIGITS[:base])
    if not digits or rest == digits:
        raise ClrError("Could not find any recognizable digits.")
    if rest:
        raise ClrError("Additional non-parsable characters are at the end of the string.")
    value = magnitude(digits, base)
    if base == 10:
        return _within(-value if text[0] == "-" else value, name, low, high)
    word = 64 if name.endswith("64") else 32
    bits = _within(_within(value, f"UInt{word}", 0, (1 << word) - 1), name, 0, high - low)
    return bits + 2 * low if bits > high else bits


def _to_base(value: int, base: int) -> str:
    if base not in (2, 8, 10, 16):
        raise ClrError("Invalid Base.")
    number = value if value >= 0 or base == 10 else value + (1 << 32)
    return {2: f"{number:b}", 8: f"{number:o}", 10: str(number), 16: f"{number:x}"}[base]


def _from_base64(text: str) -> list[int]:
    try:
        return list(base64.b64decode("".join(text.split()), validate=True))
    except binascii.Error:
        raise ClrError(
            "The input is not a valid Base-64 string as it contains a non-base 64 character, more than two padding characters, or an "
            "illegal character among the padding characters."
        ) from None


def _convert() -> None:
    clr_type = TYPES.add("System.Convert")
    for name, short, low, high in (
        ("ToByte", "Byte", 0, 255),
        ("ToInt16", "Int16", -(1 << 15), (1 << 15) - 1),
        ("ToInt32", "Int32", -(1 << 31), (1 << 31) - 1),
        ("ToInt64", "Int64", -(1 << 63), (1 << 63) - 1),
        ("ToUInt32", "UInt32", 0, (1 << 32) - 1),
        ("ToUInt64", "UInt64", 0, (1 << 64) - 1),
    ):
        clr_type.static(name, "string", lambda text, short=short, low=low, high=high: _parse_integer(text, short, low, high))
        clr_type.static(
            name, "string int", lambda text, base, short=short, low=low, high=high: _convert_to_integer(text, base, short, low, high)
        )
        clr_type.static(name, "double", lambda value, short=short, low=low, high=high: _rounded(value, short, low, high))
    clr_type.static("ToDouble", "string", _parse_double)
    clr_type.static("ToDouble", "double", float)
    clr_type.static("ToBoolean", "string", _to_boolean)
    clr_type.static("ToString", "string", lambda text: text)
    clr_type.static("ToString", "int int", _to_base)
    clr_type.static("ToString", "object", to_text)
    clr_type.static("ToChar", "string", _parse_char)
    clr_type.static("ToDateTime", "string", parse_moment)
    clr_type.static("ToDecimal", "string", _parse_decimal)
    clr_type.static("ToSingle", "string", lambda text: Single(_parse_double(text)))
    clr_type.static("FromBase64String", "string", _from_base64)
    clr_type.static("ToBase64String", "string", lambda text: base64.b64encode(text.encode()).decode())


def _to_boolean(text: str) -> bool:
    lowered = text.strip().lower()
    if lowered not in ("true", "false"):
        raise ClrError(f"String '{text}' was not recognized as a valid Boolean.")
    return lowered == "true"


def _char() -> None:
    clr_type = TYPES.add("System.Char")
    tests: tuple[tuple[str, object], ...] = (
        ("IsDigit", lambda c: unicodedata.category(c) == "Nd"),
        ("IsNumber", lambda c: unicodedata.category(c)[0] == "N"),
        ("IsLetter", lambda c: unicodedata.category(c)[0] == "L"),
        ("IsLetterOrDigit", lambda c: unicodedata.category(c)[0] == "L" or unicodedata.category(c) == "Nd"),
        ("IsUpper", lambda c: unicodedata.category(c) == "Lu"),
        ("IsLower", lambda c: unicodedata.category(c) == "Ll"),
        ("IsWhiteSpace", lambda c: c.isspace()),
        ("IsPunctuation", lambda c: unicodedata.category(c)[0] == "P"),
        ("IsSymbol", lambda c: unicodedata.category(c)[0] == "S"),
        ("IsControl", lambda c: unicodedata.category(c) == "Cc"),
        ("IsSeparator", lambda c: unicodedata.category(c)[0] == "Z"),
        ("IsAscii", lambda c: c.isascii()),
    )
    for name, test in tests:
        assert callable(test)
        clr_type.static(name, "char", test)
        clr_type.static(name, "string int", lambda text, at, test=test: test(_at(text, at)))
    clr_type.static("ToUpper ToUpperInvariant", "char", lambda c: Char(c.upper()))
    clr_type.static("ToLower ToLowerInvariant", "char", lambda c: Char(c.lower()))
    clr_type.static("ConvertFromUtf32", "int", chr)
    clr_type.static("Parse", "string", _parse_char)
    clr_type.static("ToString", "char", str)
    clr_type.static("GetNumericValue", "char", lambda c: float(unicodedata.numeric(c, -1)))
    clr_type.static("GetUnicodeCategory", "char", _unicode_category)
    clr_type.value("MaxValue", lambda _: Char("\uffff"))
    clr_type.value("MinValue", lambda _: Char("\0"))
    clr_type.method("ToString", "", str)
    clr_type.method("Equals", "char", lambda a, b: a == b)
    clr_type.method("CompareTo", "char", lambda a, b: ord(a) - ord(b))


_CATEGORIES = dict(
    pair.split("=")
    for pair in (
        "Lu=UppercaseLetter Ll=LowercaseLetter Lt=TitlecaseLetter Lm=ModifierLetter Lo=OtherLetter Mn=NonSpacingMark "
        "Mc=SpacingCombiningMark Me=EnclosingMark Nd=DecimalDigitNumber Nl=LetterNumber No=OtherNumber Zs=SpaceSeparator "
        "Zl=LineSeparator Zp=ParagraphSeparator Cc=Control Cf=Format Cs=Surrogate Co=PrivateUse Pc=ConnectorPunctuation "
        "Pd=DashPunctuation Ps=OpenPunctuation Pe=ClosePunctuation Pi=InitialQuotePunctuation Pf=FinalQuotePunctuation "
        "Po=OtherPunctuation Sm=MathSymbol Sc=CurrencySymbol Sk=ModifierSymbol So=OtherSymbol Cn=OtherNotAssigned"
    ).split()
)


def _unicode_category(character: str) -> ClrValue:
    name = _CATEGORIES[unicodedata.category(character)]
    return EnumValue("System.Globalization.UnicodeCategory", name, list(_CATEGORIES.values()).index(name))


def _parse_char(text: str) -> ClrValue:
    if len(text) != 1:
        raise ClrError("String must be exactly one character long.")
    return Char(text)


def _at(text: str, at: int) -> str:
    if not 0 <= at < len(text):
        raise ClrError("Specified argument was out of the range of valid values. (Parameter 'index')")
    return text[at]


_integers()
_reals()
_math()
_convert()
_char()
