"""The inside of `$(...)`: a property name, or a chain of .NET members called on its value or on a type.

Reads the syntax (arguments, indexers, chains) and calls `functions.binding`; which members exist is said in `functions`.
Values between the links of a chain are typed; texts are escaped outside and unescaped while a member works on them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from compiler.diagnostics import Location
from server.msbuild.errors import InvalidProjectFile, invalid
from server.msbuild.escaping import escape, unescape
from server.msbuild.functions import binding
from server.msbuild.functions.binding import MemberUse, MissingMember
from server.msbuild.functions.surroundings import Surroundings
from server.msbuild.functions.values import Char, ClrError, ClrValue, display_name, to_text
from server.msbuild.names import is_valid_name

PropertyLookup = Callable[[str], str | None]
ArgumentExpansion = Callable[[str], ClrValue]
_QUOTES = "'`\""
_STRUCTURE = re.compile("[()'`\"]")
_CHAIN = re.compile(r"[.\[$]")
_KEEPS_ESCAPES = frozenset({"unescape", "escape", "convertfrombase64"})
_TYPES_OF_PATHS = frozenset({"system.io.file", "system.io.directory", "system.io.path"})


def closing_parenthesis(text: str, at: int) -> int:
    """Offset of the parenthesis that closes the one before `at`; quotes hide parentheses; -1 when there is none."""
    depth = 1
    found = _STRUCTURE.search(text, at)
    while found is not None:
        at = found.start()
        character = text[at]
        if character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
            if depth == 0:
                return at
        else:
            at = text.find(character, at + 1)
            if at < 0:
                return -1
        found = _STRUCTURE.search(text, at + 1)
    return -1


@dataclass(frozen=True, slots=True)
class Call:
    """One link of a chain. `type_name` is set for a static member, `receiver` is the property name in front ("" inside a chain)."""

    expression: str
    type_name: str | None
    receiver: str
    member: str
    arguments: tuple[str | None, ...]
    use: MemberUse
    remainder: str


@dataclass(frozen=True, slots=True)
class _Chain:
    """What stays the same along one chain."""

    lookup: PropertyLookup
    expand: ArgumentExpansion
    surroundings: Surroundings
    location: Location


def evaluate_body(body: str, lookup: PropertyLookup, expand: ArgumentExpansion, surroundings: Surroundings, location: Location) -> ClrValue:
    """The value of `$(body)`, typed, escaped when a text; "" for an unknown property. Raises InvalidProjectFile."""
    if not body:
        return ""
    if body[:9].lower() == "registry:":
        return ""
    if _CHAIN.search(body) is None:
        return lookup(body) or ""
    return _evaluate(body, None, _Chain(lookup, expand, surroundings, location))


def _refused(location: Location, expression: str, detail: str) -> InvalidProjectFile:
    text = f'The expression "{expression}" cannot be evaluated. {detail}'
    return invalid("MSB4184", location, text.rstrip() if not detail else text)


def _evaluate(body: str, value: ClrValue, chain: _Chain) -> ClrValue:
    if body[0].isspace() or body[-1].isspace():
        body = body.strip()
    if is_valid_name(body):
        return chain.lookup(body) or ""
    if "." in body or body.startswith("["):
        call = read_call(body, value, chain.location)
        if call.receiver:
            value = chain.lookup(call.receiver) or ""
        return _execute(call, value, chain)
    if value is None and "[" in body:
        if "]" not in body:
            raise _refused(chain.location, body, "The square brackets were mismatched.")
        start = body.index("[")
        return _evaluate(body[start:], chain.lookup(body[:start]) or "", chain)
    raise _refused(chain.location, body, "")


def _bad_static(location: Location, expression: str, detail: str) -> InvalidProjectFile:
    return invalid(
        "MSB4186",
        location,
        f'Invalid static method invocation syntax: "{expression}". {detail} Static method invocation should be of the form: '
        "$([FullTypeName]::Method()), e.g. $([System.IO.Path]::Combine(`a`, `b`)). Check that all parameters are defined, "
        "are of the correct type, and are specified in the right order.",
    )


def read_call(text: str, value: ClrValue, location: Location) -> Call:
    """The call that `text` begins with; what was read once is kept, but for faults, which need their own location."""
    kind = "" if value is None else "list" if isinstance(value, list) else "text" if isinstance(value, str) else "other"
    try:
        return _kept_call(text, kind)
    except InvalidProjectFile:
        return _read_call(text, value, location)


@lru_cache(maxsize=4096)
def _kept_call(text: str, kind: str) -> Call:
    return _read_call(text, {"": None, "list": [], "text": "", "other": 0}[kind], _NOWHERE)


_NOWHERE = Location("")


def _read_call(text: str, value: ClrValue, location: Location) -> Call:
    arguments_start = text.find("(")
    root = text if arguments_start < 0 else text[:arguments_start]
    if not root:
        raise _refused(location, text, "")
    if value is None and root.startswith("["):
        return _read_static(text, root, arguments_start, location)
    if text.startswith("["):
        return _read_indexer(text, value, location)
    dot = root.find(".")
    if dot < 0:
        raise _refused(location, text, "")
    receiver = root[:dot].strip()
    if value is None and not is_valid_name(receiver):
        raise _refused(location, text, "")
    return _read_member(text, arguments_start, dot + 1, None, receiver, location)


def _read_static(text: str, root: str, arguments_start: int, location: Location) -> Call:
    close = root.find("]")
    if close < 1 or not (len(root) > close + 3 and root.startswith("::", close + 1)):
        raise _bad_static(location, text, "")
    call = _read_member(text, arguments_start, close + 3, root[1:close], "", location)
    assert call.type_name is not None
    if not binding.is_known_type(call.type_name):
        raise invalid(
            "MSB4212",
            location,
            f'Invalid static method invocation syntax: "{text}". The type "{call.type_name}" is either not available for execution '
            "in an MSBuild property function or could not be found.",
        )
    return call


def _read_indexer(text: str, value: ClrValue, location: Location) -> Call:
    close = text.find("]", 1)
    if close < 1:
        raise _refused(location, text, "The square brackets were mismatched.")
    content = text[1:close]
    arguments = split_arguments(content, text, location) if content else ()
    member = "GetValue" if isinstance(value, list) else "get_Chars" if isinstance(value, str) else "get_Item"
    return Call(text, None, "", member, arguments, MemberUse.METHOD, text[close + 1 :])


def _read_member(text: str, arguments_start: int, start: int, type_name: str | None, receiver: str, location: Location) -> Call:
    if arguments_start >= 0 and "." not in text[start:arguments_start]:
        name = text[start:arguments_start].strip()
        end = closing_parenthesis(text, arguments_start + 1)
        if end < 0:
            raise _refused(location, text, "The parentheses were mismatched.")
        content = text[arguments_start + 1 : end]
        arguments = split_arguments(content, text, location) if content else ()
        remainder = text[end + 1 :].strip()
        use = MemberUse.METHOD
    else:
        dot = text.find(".", start)
        bracket = text.find("[", start)
        if 0 <= bracket < dot:
            dot = bracket
        stop = dot if dot > 0 else len(text)
        name = text[start:stop].strip()
        remainder = text[stop:].strip()
        arguments = ()
        use = MemberUse.PROPERTY
        if not name:
            raise _refused(location, text, "")
    if remainder and remainder[0] not in ".[":
        raise _refused(location, text, "")
    return Call(text, type_name, receiver, name, arguments, use, remainder)


def split_arguments(content: str, expression: str, location: Location) -> tuple[str | None, ...]:
    """The arguments between parentheses: split at commas outside quotes and `$(...)`, trimmed, unquoted; None for null."""
    arguments: list[str | None] = []
    start = 0
    at = 0
    while at < len(content):
        character = content[at]
        if character == "$" and content.startswith("(", at + 1):
            at = closing_parenthesis(content, at + 2)
            if at < 0:
                raise _refused(location, expression, "The parentheses were mismatched.")
        elif character in _QUOTES:
            at = content.find(character, at + 1)
            if at < 0:
                raise _refused(location, expression, "The quotes were mismatched.")
        elif character == ",":
            arguments.append(_argument(content[start:at]))
            start = at + 1
        at += 1
    arguments.append(_argument(content[start:]))
    return tuple(arguments)


def _argument(text: str) -> str | None:
    text = text.strip()
    if text.lower() == "null":
        return None
    if text and text[0] in _QUOTES and text[-1] == text[0]:
        return text[1:-1] if len(text) > 1 else ""
    return text


def takes_paths(call: Call) -> bool:
    """Are backslashes in the arguments turned?"""
    return call.type_name is not None and call.type_name.lower() in _TYPES_OF_PATHS


def keeps_escapes(call: Call) -> bool:
    """Is a text that the member gives escaped by itself?"""
    return call.member.lower() in _KEEPS_ESCAPES


def _asks_for_its_file(call: Call) -> bool:
    """Does the member get the folder of the file that calls it?"""
    return call.type_name is not None and call.member.lower() == "getpathoffileabove" and len(call.arguments) == 1


def is_plain_call(call: Call) -> bool:
    """Is the member available, and called with what is written and nothing else?"""
    if call.type_name is None:
        return call.member.lower() != "gettype"
    return binding.is_available(call.type_name, call.member) and not _asks_for_its_file(call)


def _execute(call: Call, value: ClrValue, chain: _Chain) -> ClrValue:
    arguments: list[ClrValue] = []
    if call.type_name is None:
        if isinstance(value, str) and not isinstance(value, Char):
            value = unescape(value)
        if call.member.lower() == "gettype":
            raise _not_available(call, binding.type_name_of(value), chain.location)
    elif not binding.is_available(call.type_name, call.member):
        raise _not_available(call, binding.full_type_name(call.type_name), chain.location)
    for argument in call.arguments:
        expanded = chain.expand(argument) if argument is not None else None
        if type(expanded) is str:
            if takes_paths(call):
                expanded = expanded.replace("\\", "/")
            expanded = unescape(expanded)
        arguments.append(expanded)
    if _asks_for_its_file(call):
        arguments.append(chain.location.file.rpartition("/")[0])
    try:
        result = binding.invoke(call.type_name, value, call.member, call.use, arguments, chain.surroundings)
    except ClrError as error:
        raise _refused(chain.location, _shown(call, value, arguments), error.message) from None
    except MissingMember as error:
        if "::" in call.expression:
            raise _bad_static(chain.location, call.expression, error.message) from None
        raise _refused(chain.location, _shown(call, value, arguments), error.message) from None
    if isinstance(result, str) and not isinstance(result, Char) and not keeps_escapes(call):
        result = escape(result)
    if not call.remainder:
        return result
    if result is None:
        raise _refused(chain.location, call.expression, "Object reference not set to an instance of an object.")
    return _evaluate(call.remainder, result, chain)


def _not_available(call: Call, type_name: str, location: Location) -> InvalidProjectFile:
    return invalid(
        "MSB4185",
        location,
        f'The function "{call.member}" on type "{type_name}" is not available for execution as an MSBuild property function.',
    )


def _shown(call: Call, value: ClrValue, arguments: list[ClrValue]) -> str:
    """The call with its arguments in place, as MSBuild shows it in errors."""
    shown = ", ".join("null" if a is None else "''" if a == "" else display_name(a) for a in arguments)
    parameters = f"({shown})" if call.use is MemberUse.METHOD else ""
    if call.type_name is not None:
        return f"[{binding.shown_type_name(call.type_name)}]::{call.member}{parameters}"
    receiver = to_text(value) if isinstance(value, str) else ""
    return f'"{receiver}".{call.member}{parameters}'


def call_on_text(value: str, member: str, arguments: tuple[str | None, ...], surroundings: Surroundings, location: Location) -> ClrValue:
    """A method of System.String on the escaped `value`, as item functions call it; a text result is escaped."""
    call = Call(value, None, "", member, arguments, MemberUse.METHOD, "")
    chain = _Chain(lambda _: None, lambda text: text, surroundings, location)
    return _execute(call, value, chain)
