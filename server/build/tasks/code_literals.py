"""A text -> the literal that .NET's code generators (CodeDOM) write for it in C# and in Visual Basic.

Long literals are broken after every 80th character, counted in UTF-16 units of the text; pairs of surrogates stay together.
"""

from __future__ import annotations

_LINE_UNITS = 80
# C# texts of these lengths are written verbatim.
_VERBATIM_LENGTHS = range(256, 1501)
_CSHARP_ESCAPES = {
    "\r": "\\r",
    "\t": "\\t",
    '"': '\\"',
    "'": "\\'",
    "\\": "\\\\",
    "\0": "\\0",
    "\n": "\\n",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
    "\u0084": "\\u0084",
    "\u0085": "\\u0085",
}
_VB_QUOTES = '"\u201c\u201d\uff02'
_VB_SPELLED = "\r\n\t\0\u2028\u2029"


def csharp_literal(value: str) -> str:
    """The literal in C#."""
    if _n_units(value) in _VERBATIM_LENGTHS and "\0" not in value:
        return f'@"{value.replace(chr(34), chr(34) * 2)}"'
    written = ['"']
    unit = 0
    for character in value:
        written.append(_CSHARP_ESCAPES.get(character, character))
        if _ends_line(unit, character):
            written.append('" +\n    "')
        unit += _n_units(character)
    return "".join(written) + '"'


def visual_basic_literal(value: str) -> str:
    """The literal in Visual Basic: quoted parts and spelled characters, joined by `&`."""
    written = ['"']
    is_quoted = True
    unit = 0
    at = 0
    while at < len(value):
        character = value[at]
        at += 1
        if character in _VB_SPELLED:
            written += ['"'] if is_quoted else []
            is_quoted = False
            written.append(_spelled(character))
            if character == "\r" and value[at : at + 1] == "\n":
                # The two are one step: the line is broken after both.
                written.append(_spelled("\n"))
                at += 1
                unit += 1
        else:
            written += [] if is_quoted else ['&"']
            is_quoted = True
            written.append(character * 2 if character in _VB_QUOTES else character)
        if _ends_line(unit, character):
            written += ['"'] if is_quoted else []
            written.append('& _ \n    "')
            is_quoted = True
        unit += _n_units(character)
    return "".join(written) + ('"' if is_quoted else "")


def _spelled(character: str) -> str:
    return f"&Global.Microsoft.VisualBasic.ChrW({ord(character)})"


def _n_units(text: str) -> int:
    return len(text) + sum(character > "\uffff" for character in text)


def _ends_line(unit: int, character: str) -> bool:
    """Is the line broken after the character whose first UTF-16 unit is number `unit`?"""
    last = unit + _n_units(character) - 1
    return any(number > 0 and number % _LINE_UNITS == 0 for number in range(unit, last + 1))
