"""System.String.Format and the standard and custom formats of numbers, in the invariant culture."""

from __future__ import annotations

from server.msbuild.functions.values import ClrError, ClrValue, to_text


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
            close = template.find("}", at)
            if close < 0:
                raise ClrError(
                    f"Input string was not in a correct format. Failure to parse near offset {len(template)}. Format item ends prematurely."
                )
            parts.append(_format_item(template[at + 1 : close], arguments, close))
            at = close + 1
        elif character == "}":
            raise ClrError(
                f"Input string was not in a correct format. Failure to parse near offset {at + 1}. Format item ends prematurely."
            )
        else:
            parts.append(character)
            at += 1
    return "".join(parts)


def _format_item(item: str, arguments: tuple[ClrValue, ...], offset: int) -> str:
    head, _, specification = item.partition(":")
    index_text, _, alignment = head.partition(",")
    if not index_text.strip().isdigit():
        raise ClrError(f"Input string was not in a correct format. Failure to parse near offset {offset}. Expected an ASCII digit.")
    index = int(index_text)
    if index >= len(arguments):
        raise ClrError("Index (zero based) must be greater than or equal to zero and less than the size of the argument list.")
    value = arguments[index]
    text = _formatted(value, specification)
    if alignment.strip():
        width = int(alignment)
        text = text.rjust(width) if width > 0 else text.ljust(-width)
    return text


def _formatted(value: ClrValue, specification: str) -> str:
    """The value by its own ToString of a format, where it has one (IFormattable)."""
    if specification and isinstance(value, (int, float)):
        return format_number(value, specification)
    formatted = getattr(value, "formatted", None)
    return str(formatted(specification)) if specification and formatted is not None else to_text(value)


def format_number(value: float | int, specification: str) -> str:
    """A number by a standard (D, X, F, N, E, G, P) or a simple custom (0, #, .) format."""
    kind, digits = specification[:1], specification[1:]
    if kind.isalpha() and (not digits or digits.isdigit()):
        precision = int(digits) if digits else -1
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
