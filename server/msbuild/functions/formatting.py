"""System.String.Format and the standard and custom formats of numbers, in the invariant culture."""

from __future__ import annotations

import re

from server.msbuild.functions.values import ClrError, ClrValue, to_text
from server.whole_numbers import is_number, magnitude

_NUMBER = re.compile("0*[0-9]{0,7}")
_BLANKS = re.compile(" *")
_LARGEST_PRECISION = 999_999_999


def format_text(template: str, *arguments: ClrValue) -> str:
    """System.String.Format with {index[,alignment][:format]}."""
    parts: list[str] = []
    at = 0
    while at < len(template):
        character = template[at]
        if character in "{}" and template.startswith(character, at + 1):
            parts.append(character)
            at += 2
        elif character == "{":
            text, at = _format_item(template, at + 1, arguments)
            parts.append(text)
        elif character == "}":
            raise _ends_prematurely(at + 1)
        else:
            parts.append(character)
            at += 1
    return "".join(parts)


def _wrong_template(offset: int, reason: str) -> ClrError:
    return ClrError(f"Input string was not in a correct format. Failure to parse near offset {offset}. {reason}")


def _ends_prematurely(offset: int) -> ClrError:
    return _wrong_template(offset, "Format item ends prematurely.")


def _format_item(template: str, at: int, arguments: tuple[ClrValue, ...]) -> tuple[str, int]:
    """The text of the item whose brace is in front of `at`, and the place after it."""
    index, at = _read_number(template, at)
    width = 0
    if template.startswith(",", at):
        at = _after_blanks(template, at + 1)
        is_left = template.startswith("-", at)
        width, at = _read_number(template, at + is_left)
        width = -width if is_left else width
    specification = ""
    if template.startswith(":", at):
        close = template.find("}", at)
        if close < 0:
            raise _ends_prematurely(len(template))
        specification, at = template[at + 1 : close], close
    if not template.startswith("}", at):
        raise _ends_prematurely(at)
    if index >= len(arguments):
        raise ClrError("Index (zero based) must be greater than or equal to zero and less than the size of the argument list.")
    text = _formatted(arguments[index], specification)
    return text.rjust(width) if width > 0 else text.ljust(-width), at + 1


def _read_number(template: str, at: int) -> tuple[int, int]:
    """A number of at most a million, as far as its digits are read, and the place after it and its blanks."""
    match = _NUMBER.match(template, at)
    assert match is not None, "it matches no digits too"
    if not match[0]:
        raise _wrong_template(at, "Expected an ASCII digit.") if at < len(template) else _ends_prematurely(at)
    return magnitude(match[0]), _after_blanks(template, match.end())


def _after_blanks(template: str, at: int) -> int:
    match = _BLANKS.match(template, at)
    assert match is not None, "it matches no blanks too"
    return match.end()


def _formatted(value: ClrValue, specification: str) -> str:
    """The value by its own ToString of a format, where it has one (IFormattable)."""
    if specification and isinstance(value, (int, float)):
        return format_number(value, specification)
    formatted = getattr(value, "formatted", None)
    return str(formatted(specification)) if specification and formatted is not None else to_text(value)


def format_number(value: float | int, specification: str) -> str:
    """A number by a standard (D, X, F, N, E, G, P) or a simple custom (0, #, .) format."""
    kind, digits = specification[:1], specification[1:]
    if kind.isalpha() and (not digits or is_number(digits)):
        precision = magnitude(digits) if digits else -1
        if precision > _LARGEST_PRECISION:
            raise ClrError("Format specifier was invalid.")
        upper = kind.upper()
        if upper == "D" and isinstance(value, int):
            return ("-" if value < 0 else "") + str(abs(value)).rjust(max(precision, 0), "0")
        if upper == "X" and isinstance(value, int):
            unsigned = value if value >= 0 else value + (1 << 32)
            return (f"{unsigned:x}" if kind == "x" else f"{unsigned:X}").rjust(max(precision, 0), "0")
        if upper == "F":
            return f"{value:.{2 if precision < 0 else precision}f}"
        if upper == "N":
            return f"{value:,.{2 if precision < 0 else precision}f}"
        if upper == "P":
            return f"{value * 100:,.{2 if precision < 0 else precision}f} %"
        if upper == "E":
            mantissa, _, exponent = f"{value:.{6 if precision < 0 else precision}e}".partition("e")
            return f"{mantissa}{kind}{exponent[0]}{int(exponent[1:]):03d}"
        if upper in "GR":
            return to_text(value)
        raise ClrError("Format specifier was invalid.")
    whole, _, fraction = specification.partition(".")
    shown = f"{abs(value):.{len(fraction)}f}"
    number, _, decimals = shown.partition(".")
    number = number.rjust(whole.count("0"), "0") if whole.count("0") else number.lstrip("0")
    if "," in whole.rstrip(","):
        number = f"{int(number or '0'):,}".rjust(len(number)) if number else number
    keep = len(fraction.rstrip("#"))
    decimals = decimals[:keep] + decimals[keep:].rstrip("0")
    return ("-" if value < 0 else "") + number + ("." + decimals if decimals else "")
