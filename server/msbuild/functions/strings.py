"""System.String and System.StringComparer: instance and static members. Comparisons are ordinal, or ordinal without case where asked."""

from __future__ import annotations

from collections.abc import Callable

from server.msbuild.functions.binding import TYPES
from server.msbuild.functions.surroundings import Surroundings
from server.msbuild.functions.values import Char, ClrError, ClrValue, EnumValue, Named, to_text

STRING = TYPES.add("System.String")
_WHITE = " \t\n\r\v\f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"


def _ignores_case(comparison: EnumValue) -> bool:
    return comparison.name.endswith("IgnoreCase")


def _substring(text: str, start: int, length: int | None = None) -> str:
    if start < 0:
        raise ClrError("StartIndex cannot be less than zero. (Parameter 'startIndex')")
    if start > len(text):
        raise ClrError("startIndex cannot be larger than length of string. (Parameter 'startIndex')")
    if length is None:
        return text[start:]
    if length < 0:
        raise ClrError("Length cannot be less than zero. (Parameter 'length')")
    if start + length > len(text):
        raise ClrError("Index and length must refer to a location within the string. (Parameter 'length')")
    return text[start : start + length]


def _replace(text: str, old: str, new: str | None) -> str:
    if not old:
        raise ClrError("String cannot be of zero length. (Parameter 'oldValue')")
    return text.replace(old, new or "")


def _replace_compared(text: str, old: str, new: str | None, comparison: EnumValue) -> str:
    if not _ignores_case(comparison):
        return _replace(text, old, new)
    parts: list[str] = []
    at = 0
    lowered, wanted = text.lower(), old.lower()
    while (found := lowered.find(wanted, at)) >= 0:
        parts += [text[at:found], new or ""]
        at = found + len(old)
    return "".join(parts) + text[at:]


def _compare_text(left: str | None, right: str | None) -> int:
    """Order as the invariant culture has it for plain letters: without case first, lower case before upper case."""
    if left is None or right is None:
        return (left is not None) - (right is not None)
    folded = (left.casefold() > right.casefold()) - (left.casefold() < right.casefold())
    return folded or (left < right) - (left > right)


def _compare_options(left: str, right: str, comparison: EnumValue) -> int:
    if comparison.name == "Ordinal":
        return (left > right) - (left < right)
    if _ignores_case(comparison):
        return (left.upper() > right.upper()) - (left.upper() < right.upper())
    return _compare_text(left, right)


def _split(text: str, separators: str, options: EnumValue | None = None) -> list[str]:
    marks = separators or _WHITE
    parts: list[str] = []
    start = 0
    for at, character in enumerate(text):
        if character in marks:
            parts.append(text[start:at])
            start = at + 1
    parts.append(text[start:])
    return _split_options(parts, options)


def _split_options(parts: list[str], options: EnumValue | None) -> list[str]:
    if options is not None and options.value & 2:
        parts = [part.strip(_WHITE) for part in parts]
    if options is not None and options.value & 1:
        parts = [part for part in parts if part]
    return parts


def _index(text: str, at: int) -> Char:
    if not 0 <= at < len(text):
        raise ClrError("Index was outside the bounds of the array.")
    return Char(text[at])


def _index_of(text: str, value: str, start: int = 0) -> int:
    if not 0 <= start <= len(text):
        raise ClrError(
            "Index was out of range. Must be non-negative and less than or equal to the size of the collection. (Parameter 'startIndex')"
        )
    return text.find(value, start)


def _last_index_of(text: str, value: str, start: int) -> int:
    return text.rfind(value, 0, min(start + 1, len(text)))


def _insert(text: str, at: int, value: str) -> str:
    if not 0 <= at <= len(text):
        raise ClrError("Specified argument was out of the range of valid values. (Parameter 'startIndex')")
    return text[:at] + value + text[at:]


def _remove(text: str, start: int, count: int | None = None) -> str:
    if start < 0:
        raise ClrError("StartIndex cannot be less than zero. (Parameter 'startIndex')")
    if start > len(text) or (count is not None and start + count > len(text)):
        raise ClrError("startIndex must be less than length of string. (Parameter 'startIndex')")
    return text[:start] + (text[start + count :] if count is not None else "")


def _check_length(length: int) -> None:
    """Texts that only a hostile project would ask for are refused as .NET refuses them at twice this length."""
    if length > 1 << 26:
        raise ClrError("Exception of type 'System.OutOfMemoryException' was thrown.")


def _repeated(character: str, count: int) -> str:
    if count < 0:
        raise ClrError("'count' must be non-negative. (Parameter 'count')")
    _check_length(count)
    return character * count


def _pad(text: str, width: int, fill: str, *, left: bool) -> str:
    if width < 0:
        raise ClrError("Non-negative number required. (Parameter 'totalWidth')")
    _check_length(width)
    return text.rjust(width, fill) if left else text.ljust(width, fill)


def _format(template: str, *arguments: ClrValue) -> str:
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
                f"Input string was not in a correct format. Failure to parse near offset {at + 1}. Unexpected closing brace without a "
                "corresponding opening brace."
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
    text = format_number(value, specification) if specification and isinstance(value, (int, float)) else to_text(value)
    if alignment.strip():
        width = int(alignment)
        text = text.rjust(width) if width > 0 else text.ljust(-width)
    return text


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
    keep = len(fraction.rstrip("#"))
    decimals = decimals[:keep] + decimals[keep:].rstrip("0")
    return ("-" if value < 0 else "") + number + ("." + decimals if decimals else "")


def _join(separator: str | None, *values: ClrValue) -> str:
    if len(values) == 1 and isinstance(values[0], list):
        values = tuple(values[0])
    return (separator or "").join(to_text(value) for value in values)


def _concat(*values: ClrValue) -> str:
    return "".join(to_text(value) for value in values)


def _upper(text: str) -> str:
    """Character by character, as .NET does: a letter whose upper case is two letters stays."""
    return text.upper() if text.isascii() else "".join(c.upper() if len(c.upper()) == 1 else c for c in text)


def _lower(text: str) -> str:
    return text.lower() if text.isascii() else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _instance_members() -> None:
    string = STRING
    string.property("Length", len)
    string.property("Chars", lambda text: list(text))
    string.method("get_Length", "", len)
    string.method("get_Chars", "int", _index)
    string.method("ToString", "", lambda text: text)
    string.method("ToUpper ToUpperInvariant", "", _upper)
    string.method("ToLower ToLowerInvariant", "", _lower)
    string.method("Trim", "", lambda text: text.strip(_WHITE))
    string.method("Trim", "char[]", lambda text, marks: text.strip(marks or _WHITE))
    string.method("TrimStart", "", lambda text: text.lstrip(_WHITE))
    string.method("TrimStart", "char[]", lambda text, marks: text.lstrip(marks or _WHITE))
    string.method("TrimEnd", "", lambda text: text.rstrip(_WHITE))
    string.method("TrimEnd", "char[]", lambda text, marks: text.rstrip(marks or _WHITE))
    string.method("Contains", "string", lambda text, value: value in text)
    string.method("Contains", "string StringComparison", lambda t, v, c: v.lower() in t.lower() if _ignores_case(c) else v in t)
    string.method("StartsWith", "string", lambda text, value: text.startswith(value))
    string.method(
        "StartsWith", "string StringComparison", lambda t, v, c: t.lower().startswith(v.lower()) if _ignores_case(c) else t.startswith(v)
    )
    string.method("EndsWith", "string", lambda text, value: text.endswith(value))
    string.method(
        "EndsWith", "string StringComparison", lambda t, v, c: t.lower().endswith(v.lower()) if _ignores_case(c) else t.endswith(v)
    )
    string.method("Equals", "string?", lambda text, value: text == value)
    string.method("Equals", "string StringComparison", lambda t, v, c: t.lower() == v.lower() if _ignores_case(c) else t == v)
    string.method("CompareTo", "string?", _compare_text)
    string.method("Replace", "string string?", _replace)
    string.method("Replace", "char char", _replace)
    string.method("Replace", "string string StringComparison", _replace_compared)
    string.method("Substring", "int", _substring)
    string.method("Substring", "int int", _substring)
    string.method("IndexOf", "string", _index_of)
    string.method("IndexOf", "string StringComparison", lambda t, v, c: t.lower().find(v.lower()) if _ignores_case(c) else t.find(v))
    string.method("IndexOf", "string int", _index_of)
    string.method("IndexOfAny", "char[]", lambda text, marks: min((text.find(m) for m in marks if m in text), default=-1))
    string.method("LastIndexOf", "string", lambda text, value: text.rfind(value) if value else len(text))
    string.method("LastIndexOf", "string int", _last_index_of)
    string.method("LastIndexOf", "string StringComparison", lambda t, v, c: t.lower().rfind(v.lower()) if _ignores_case(c) else t.rfind(v))
    string.method("LastIndexOfAny", "char[]", lambda text, marks: max((text.rfind(m) for m in marks), default=-1))
    string.method("Insert", "int string", _insert)
    string.method("Remove", "int", _remove)
    string.method("Remove", "int int", _remove)
    string.method("PadLeft", "int", lambda text, width: _pad(text, width, " ", left=True))
    string.method("PadLeft", "int char", lambda text, width, fill: _pad(text, width, fill, left=True))
    string.method("PadRight", "int", lambda text, width: _pad(text, width, " ", left=False))
    string.method("PadRight", "int char", lambda text, width, fill: _pad(text, width, fill, left=False))
    string.method("Split", "char[]", lambda text, marks: _split(text, marks))
    string.method("Split", "char[] StringSplitOptions", _split)
    string.method("Split", "", lambda text: _split(text, ""))
    string.method("Split", "string*", lambda text, *marks: _split(text, "".join(marks)))
    string.method("ToCharArray", "", lambda text: [Char(c) for c in text])
    string.method("Normalize Clone", "", lambda text: text)


def _static_members() -> None:
    string = STRING
    string.value("Empty", lambda _: "")
    string.static("Copy", "string", lambda text: text)
    string.static("IsNullOrEmpty", "string?", lambda text: not text)
    string.static("IsNullOrWhiteSpace", "string?", lambda text: not text or not text.strip(_WHITE))
    string.static("Concat", "object*", _concat)
    string.static("Join", "string? object*", _join)
    string.static("Format", "string object*", _format)
    string.static("Equals", "string? string?", lambda left, right: left == right)
    string.static("Equals", "string string StringComparison", lambda a, b, c: a.lower() == b.lower() if _ignores_case(c) else a == b)
    string.static("Compare", "string? string?", _compare_text)
    string.static("Compare", "string string bool", lambda a, b, c: _compare_text(a.lower(), b.lower()) if c else _compare_text(a, b))
    string.static("Compare", "string string StringComparison", _compare_options)
    string.static("CompareOrdinal", "string string", lambda a, b: (a > b) - (a < b))
    string.static("new", "string", lambda text: text)
    string.static("new", "char int", _repeated)
    string.static("new", "", lambda: "")


def _comparer(name: str) -> Callable[[Surroundings], ClrValue]:
    return lambda _: Named("System.StringComparer", name)


def _comparers() -> None:
    comparer = TYPES.add("System.StringComparer")
    for name in (
        "Ordinal",
        "OrdinalIgnoreCase",
        "InvariantCulture",
        "InvariantCultureIgnoreCase",
        "CurrentCulture",
        "CurrentCultureIgnoreCase",
    ):
        comparer.value(name, _comparer(name))

    def compare(self: Named, left: str, right: str) -> int:
        result = _compare_options(left, right, EnumValue("StringComparison", self.name, 0))
        return result

    comparer.method("Compare", "string? string?", compare)
    comparer.method("Equals", "string? string?", lambda self, a, b: compare(self, a, b) == 0)


_instance_members()
_static_members()
_comparers()
ARRAY = TYPES.add("System.Array", only="")
ARRAY.property("Length", len)
ARRAY.property("Count", len)


def _element(values: list[ClrValue], at: int) -> ClrValue:
    if not 0 <= at < len(values):
        raise ClrError("Index was outside the bounds of the array.")
    return values[at]


ARRAY.method("GetValue", "int", _element)
ARRAY.method("get_Item", "int", _element)
ARRAY.method("GetLength", "int", lambda values, _: len(values))
