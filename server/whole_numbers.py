"""Texts of whole numbers to ints, however many digits they have: ASCII digits alone, as .NET and NuGet read them.

Every number of a project or a package has a type whose range its reader checks, and no such type holds a hundred digits. So a number of
more digits is read as one that is too large for all of them; Python itself would take quadratic time for it, or refuse it.
"""

from __future__ import annotations

_MOST_DIGITS = 100
TOO_LARGE = 10**_MOST_DIGITS


def is_number(text: str) -> bool:
    """Is `text` digits and nothing else?"""
    return text.isascii() and text.isdigit()


def magnitude(digits: str, base: int = 10) -> int:
    """The number that `digits` of the base write; TOO_LARGE when there are too many of them."""
    significant = digits.lstrip("0") or "0"
    return int(significant, base) if len(significant) <= _MOST_DIGITS else TOO_LARGE


def signed_number(text: str) -> int | None:
    """The number of digits with or without a sign in front; None for another text. Beyond TOO_LARGE in both directions as `magnitude`."""
    digits = text[1:] if text[:1] in ("-", "+") else text
    if not is_number(digits):
        return None
    return -magnitude(digits) if text[0] == "-" else magnitude(digits)
