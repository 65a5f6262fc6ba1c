"""Texts to numbers as .NET parses them in the invariant culture; None for a text that is no number of the type.

White space around, a sign in front and thousands separators are allowed.
"""

from __future__ import annotations

import math
import re
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation

from server.whole_numbers import signed_number

_DOUBLE = re.compile(r"[+-]?(?:[0-9][0-9,]*\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_DECIMAL = re.compile(r"[+-]?(?:[0-9][0-9,]*\.?[0-9]*|\.[0-9]+)")
_SPECIAL = {"infinity": math.inf, "-infinity": -math.inf, "+infinity": math.inf, "∞": math.inf, "-∞": -math.inf, "+∞": math.inf}
_NOT_A_NUMBER = ("nan", "-nan", "+nan")

DECIMAL_LIMIT = 1 << 96
_MOST_PLACES = 28
_ROUNDING = Context(prec=40, rounding=ROUND_HALF_EVEN)


def read_integer(text: str) -> int | None:
    """An integer of any length; one that no type of .NET holds has a value that is out of the range of all of them."""
    return signed_number(text.strip())


def read_double(text: str) -> float | None:
    """System.Double; infinite when it is too large."""
    stripped = text.strip()
    lowered = stripped.lower()
    if lowered in _SPECIAL:
        return _SPECIAL[lowered]
    if lowered in _NOT_A_NUMBER:
        return math.nan
    return float(stripped.replace(",", "")) if _DOUBLE.fullmatch(stripped) else None


def read_decimal(text: str, *, exponent: bool = False) -> Decimal | None:
    """The number that a System.Decimal is made of, of any size and precision. `exponent` allows one."""
    stripped = text.strip()
    if not (_DOUBLE if exponent else _DECIMAL).fullmatch(stripped):
        return None
    try:
        return Decimal(stripped.replace(",", ""))
    except InvalidOperation:
        return None


def fitted_decimal(value: Decimal) -> Decimal | None:
    """`value` as a System.Decimal holds it: 96 bits, at most 28 places, rounded half to even. None when it is too large."""
    if not value:
        return value.copy_abs() if -_MOST_PLACES <= _exponent(value) <= 0 else Decimal(0)
    most_places = min(_MOST_PLACES, _MOST_PLACES - value.adjusted())
    for places in (most_places, most_places - 1):
        if places < 0:
            return None
        kept = value if -places <= _exponent(value) <= 0 else value.quantize(Decimal(1).scaleb(-places), context=_ROUNDING)
        if unscaled(kept) < DECIMAL_LIMIT:
            return kept
    return None


def unscaled(value: Decimal) -> int:
    """The digits of a fitted decimal as one number, without sign and point."""
    return int(value.copy_abs().scaleb(-_exponent(value), context=_ROUNDING))


def places(value: Decimal) -> int:
    """How many digits of a fitted decimal stand behind its point."""
    return -_exponent(value)


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int), "neither infinite nor NaN"
    return exponent
