"""System.String and System.StringComparer: instance and static members. Comparisons are ordinal, or ordinal without case where asked."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from server.msbuild.functions.binding import TYPES
from server.msbuild.functions.formatting import format_text
from server.msbuild.functions.surroundings import Surroundings
from server.msbuild.functions.values import Char, ClrError, ClrValue, EnumValue, Named, to_text

STRING = TYPES.add("System.String")
_WHITE = " \t\n\r\v\f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"


def _ignores_case(comparison: EnumValue) -> bool:
    return comparison.name.endswith("IgnoreCase")


def _too_large(parameter: str, value: int, limit: int) -> ClrError:
    return ClrError(
        f"{parameter} ('{value}') must be less than or equal to '{limit}'. (Parameter '{parameter}')\nActual value was {value}."
    )


def _negative(parameter: str, value: int) -> ClrError:
    return ClrError(f"{parameter} ('{value}') must be a non-negative value. (Parameter '{parameter}')\nActual value was {value}.")


def _substring(text: str, start: int, length: int | None = None) -> str:
    if start < 0:
        raise _negative("startIndex", start)
    if start > len(text):
        raise ClrError("startIndex cannot be larger than length of string. (Parameter 'startIndex')")
    if length is None:
        return text[start:]
    if length < 0:
        raise _negative("length", length)
    if start + length > len(text):
        raise ClrError("Index and length must refer to a location within the string. (Parameter 'length')")
    return text[start : start + length]


def _replace(text: str, old: str, new: str | None) -> str:
    if not old:
        raise ClrError("The value cannot be an empty string. (Parameter 'oldValue')")
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


def _compare_ordinal(left: str, right: str) -> int:
    """The difference of the first UTF-16 units that differ, as String.CompareOrdinal gives it."""
    for a, b in zip(left, right, strict=False):
        if a != b:
            return ord(a) - ord(b)
    return len(left) - len(right)


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


def _split_at_most(text: str, separators: str, count: int, options: EnumValue | None = None) -> list[str]:
    if count < 0:
        raise ClrError("'count' must be a non-negative value. (Parameter 'count')")
    marks = separators or _WHITE
    parts: list[str] = []
    start = 0
    for at, character in enumerate(text):
        if len(parts) + 1 >= count:
            break
        if character in marks:
            parts.append(text[start:at])
            start = at + 1
    return _split_options([*parts, text[start:]] if count else [], options)


def _characters(text: str, start: int, count: int) -> list[Char]:
    if not 0 <= start <= len(text) - count:
        raise _negative("startIndex", start) if start < 0 else _too_large("startIndex", start, len(text) - count)
    return [Char(c) for c in text[start : start + count]]


def _hash_code(text: str) -> int:
    """Any number that differs between runs, as .NET's does."""
    value = hash(text) & 0xFFFFFFFF
    return value - (1 << 32) if value >> 31 else value


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


def _index_of(text: str, value: str, start: int = 0, count: int | None = None) -> int:
    if not 0 <= start <= len(text):
        raise ClrError(
            "Index was out of range. Must be non-negative and less than or equal to the size of the collection. (Parameter 'startIndex')"
        )
    if count is None:
        return text.find(value, start)
    if not 0 <= count <= len(text) - start:
        raise ClrError("Count must be positive and count must refer to a location within the string/array/collection. (Parameter 'count')")
    return text.find(value, start, start + count)


def _index_of_compared(text: str, value: str, start: int, comparison: EnumValue) -> int:
    return _index_of(text.lower(), value.lower(), start) if _ignores_case(comparison) else _index_of(text, value, start)


def _last_index_of(text: str, value: str, start: int, count: int | None = None) -> int:
    if text and not 0 <= start <= len(text):
        raise ClrError("Index was out of range. Must be non-negative and less than the size of the collection. (Parameter 'startIndex')")
    first = 0 if count is None else max(start - count + 1, 0)
    return text.rfind(value, first, min(start + 1, len(text)))


def _insert(text: str, at: int, value: str) -> str:
    if at < 0:
        raise _negative("startIndex", at)
    if at > len(text):
        raise _too_large("startIndex", at, len(text))
    return text[:at] + value + text[at:]


def _remove(text: str, start: int, count: int | None = None) -> str:
    if start < 0:
        raise ClrError("StartIndex cannot be less than zero. (Parameter 'startIndex')")
    if count is None and start > len(text):
        raise ClrError("startIndex cannot be larger than length of string. (Parameter 'startIndex')")
    if count is not None and count < 0:
        raise _negative("count", count)
    if count is not None and count > len(text) - start:
        raise _too_large("count", count, len(text) - start)
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
        raise _negative("totalWidth", width)
    _check_length(width)
    return text.rjust(width, fill) if left else text.ljust(width, fill)


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
    string.method("get_Length", "", len)
    string.method("get_Chars", "int", _index)
    string.method("ToString", "", lambda text: text)
    string.method("ToUpper ToUpperInvariant", "", _upper)
    string.method("ToLower ToLowerInvariant", "", _lower)
    string.method("ToUpper", "CultureInfo?", lambda text, _: _upper(text))
    string.method("ToLower", "CultureInfo?", lambda text, _: _lower(text))
    string.method("ToString", "object?", lambda text, _: text)
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
    string.method("StartsWith", "string bool CultureInfo?", lambda t, v, i, _: t.lower().startswith(v.lower()) if i else t.startswith(v))
    string.method("EndsWith", "string", lambda text, value: text.endswith(value))
    string.method(
        "EndsWith", "string StringComparison", lambda t, v, c: t.lower().endswith(v.lower()) if _ignores_case(c) else t.endswith(v)
    )
    string.method("EndsWith", "string bool CultureInfo?", lambda t, v, i, _: t.lower().endswith(v.lower()) if i else t.endswith(v))
    string.method("Equals", "string?", lambda text, value: text == value)
    string.method("Equals", "string StringComparison", lambda t, v, c: t.lower() == v.lower() if _ignores_case(c) else t == v)
    string.method("CompareTo", "string?", _compare_text)
    string.method("Replace", "string string?", _replace)
    string.method("Replace", "char char", _replace)
    string.method("Replace", "string string StringComparison", _replace_compared)
    string.method(
        "Replace",
        "string string? bool CultureInfo?",
        lambda t, old, new, i, _: _replace_compared(t, old, new, EnumValue("StringComparison", "OrdinalIgnoreCase" if i else "Ordinal", 5)),
    )
    string.method("Substring", "int", _substring)
    string.method("Substring", "int int", _substring)
    string.method("IndexOf", "string", _index_of)
    string.method("IndexOf", "string StringComparison", lambda t, v, c: t.lower().find(v.lower()) if _ignores_case(c) else t.find(v))
    string.method("IndexOf", "string int", _index_of)
    string.method("IndexOf", "string int int", _index_of)
    string.method("IndexOf", "string int StringComparison", _index_of_compared)
    string.method("IndexOfAny", "char[]", lambda text, marks: min((text.find(m) for m in marks if m in text), default=-1))
    string.method("LastIndexOf", "string", lambda text, value: text.rfind(value) if value else len(text))
    string.method("LastIndexOf", "string int", _last_index_of)
    string.method("LastIndexOf", "string int int", _last_index_of)
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
    string.method("Split", "char[] int", _split_at_most)
    string.method("Split", "char[] StringSplitOptions", _split)
    string.method("Split", "char[] int StringSplitOptions", _split_at_most)
    string.method("Split", "", lambda text: _split(text, ""))
    string.method("ToCharArray", "", lambda text: [Char(c) for c in text])
    string.method("ToCharArray", "int int", _characters)
    string.method("Normalize Clone ReplaceLineEndings", "", lambda text: text)
    string.method("IsNormalized", "", lambda text: unicodedata.is_normalized("NFC", text))
    string.method("GetTypeCode", "", lambda _: EnumValue("System.TypeCode", "String", 18))
    string.method("GetHashCode", "", _hash_code)


def _static_members() -> None:
    string = STRING
    string.value("Empty", lambda _: "")
    string.static("Copy", "string", lambda text: text)
    string.static("IsNullOrEmpty", "string?", lambda text: not text)
    string.static("IsNullOrWhiteSpace", "string?", lambda text: not text or not text.strip(_WHITE))
    string.static("Concat", "object*", _concat)
    string.static("Join", "string? object*", _join)
    string.static("Format", "string object*", format_text)
    string.static("Equals", "string? string?", lambda left, right: left == right)
    string.static("Equals", "string string StringComparison", lambda a, b, c: a.lower() == b.lower() if _ignores_case(c) else a == b)
    string.static("Compare", "string? string?", _compare_text)
    string.static("Compare", "string string bool", lambda a, b, c: _compare_text(a.lower(), b.lower()) if c else _compare_text(a, b))
    string.static("Compare", "string string StringComparison", _compare_options)
    string.static("CompareOrdinal", "string string", _compare_ordinal)
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
