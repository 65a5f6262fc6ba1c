"""Text of a project file -> a tree of elements, attributes and texts, every one with its line and column.

A reader of its own rather than lxml's, because MSBuild positions its errors at attributes (lxml knows lines of elements only), keeps
line ends and white space of attribute values as written, and words XML errors as .NET's reader does. It reads what project files are:
XML 1.0 without external entities; a document type is skipped, never followed.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache

from compiler.diagnostics import InputError, Location
from server.whole_numbers import magnitude

_NAME_START = (
    r"A-Z_a-z\xC0-\xD6\xD8-\xF6\xF8-\u02FF\u0370-\u037D\u037F-\u1FFF\u200C\u200D\u2070-\u218F"
    r"\u2C00-\u2FEF\u3001-\uD7FF\uF900-\uFDCF\uFDF0-\uFFFD"
)
_SPACE = re.compile(r"[ \t\r\n]*")
_ENTITY = re.compile(r"&(?:#x([0-9a-fA-F]+)|#([0-9]+)|([A-Za-z_][\w.\-]*));")
_BAD_CHARACTER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_LINE_END = re.compile(r"\r\n|\r|\n")
_INT_MAX = 0x7FFFFFFF
_ENTITIES = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}


@dataclass(frozen=True, slots=True)
class _Patterns:
    """How a name and an attribute without entities look."""

    name: re.Pattern[str]
    attribute: re.Pattern[str]


@lru_cache(maxsize=2)
def _patterns(*, ascii_only: bool) -> _Patterns:
    """The patterns for texts of ASCII alone, which most are and whose patterns are made in no time, or for all texts."""
    start, rest = ("A-Z_a-z", "") if ascii_only else (_NAME_START, r"\xB7\u0300-\u036F\u203F\u2040")
    name = rf"[{start}:][{start}:0-9.\-{rest}]*"
    return _Patterns(re.compile(name), re.compile(rf"([ \t\r\n]+)({name})[ \t\r\n]*=[ \t\r\n]*(?:\"([^<&\"]*)\"|'([^<&']*)')"))


class XmlSyntaxError(InputError):
    """The text is not well-formed XML. `message` is what .NET's reader says, position included where it has one."""


@dataclass(slots=True, eq=False)
class XmlText:
    """Character data between tags, entities replaced; `cdata` when written as a CDATA section."""

    text: str
    cdata: bool


@dataclass(slots=True, eq=False)
class XmlComment:
    """A comment, without its delimiters."""

    text: str


@dataclass(slots=True, eq=False)
class XmlAttribute:
    """One attribute, value unquoted and with entities replaced."""

    name: str
    value: str
    line: int
    column: int


@dataclass(slots=True, eq=False)
class XmlElement:
    """One element. `children` keeps document order; text of white space alone is not in it."""

    name: str
    file: str
    line: int
    column: int
    attributes: list[XmlAttribute]
    children: list[XmlElement | XmlText | XmlComment]
    empty_tag: bool
    namespace: str

    @property
    def location(self) -> Location:
        """Where the start tag begins."""
        return Location(self.file, self.line, self.column)

    def attribute(self, name: str) -> XmlAttribute | None:
        """The attribute spelled exactly `name`."""
        for attribute in self.attributes:
            if attribute.name == name:
                return attribute
        return None

    def value(self, name: str) -> str:
        """The attribute's value, "" when it is not there."""
        for attribute in self.attributes:
            if attribute.name == name:
                return attribute.value
        return ""

    def at(self, name: str) -> Location:
        """Where the attribute `name` stands; the element's place when it is not there."""
        attribute = self.attribute(name)
        if attribute is None:
            return self.location
        return Location(self.file, attribute.line, attribute.column)

    def elements(self) -> list[XmlElement]:
        """The child elements, in order."""
        return [child for child in self.children if isinstance(child, XmlElement)]


class _Reader:
    """Position in one text. Invariant: `at` never moves back; `newlines` holds the offsets behind each line end."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.at = 0
        self.patterns = _patterns(ascii_only=text.isascii())
        self.newlines = [match.end() for match in _LINE_END.finditer(text)]

    def place(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self.newlines, offset)
        start = self.newlines[line - 1] if line else 0
        return line + 1, offset - start + 1

    def error(self, message: str, offset: int) -> XmlSyntaxError:
        line, column = self.place(min(offset, len(self.text)))
        return XmlSyntaxError("MSB4025", f"{message} Line {line}, position {column}.", Location(self.file, line, column))

    def decode(self, raw: str, offset: int) -> str:
        """`raw` with entities replaced; `offset` is where it starts."""
        if "&" not in raw:
            return raw
        parts: list[str] = []
        at = 0
        while (amp := raw.find("&", at)) >= 0:
            parts.append(raw[at:amp])
            match = _ENTITY.match(raw, amp)
            if match is None:
                raise self.error("An error occurred while parsing EntityName.", offset + amp + 1)
            hexadecimal, decimal, name = match.groups()
            if name is not None:
                if name not in _ENTITIES:
                    raise self.error(f"Reference to undeclared entity '{name}'.", offset + amp + 1)
                parts.append(_ENTITIES[name])
            else:
                code = magnitude(hexadecimal, 16) if hexadecimal else magnitude(decimal)
                if code > _INT_MAX:
                    raise self.error("Invalid value of a character entity reference.", offset + amp + 2)
                if code > 0x10FFFF or (code < 32 and code not in (9, 10, 13)) or 0xD800 <= code < 0xE000:
                    raise self.error(f"'{_shown(code)}', hexadecimal value 0x{code:02X}, is an invalid character.", offset + amp + 2)
                parts.append(chr(code))
            at = match.end()
        parts.append(raw[at:])
        return "".join(parts)


def _shown(code: int) -> str:
    return chr(code) if 32 <= code <= 0xFFFF else "."


def read_project_xml(text: str, file: str) -> XmlElement:
    """The root element of `text`. `file` is the path that positions name.

    Raises XmlSyntaxError (code MSB4025) with the text of .NET's reader.
    """
    return _read_document(text, file, [], [])


def _read_document(text: str, file: str, before: list[XmlComment], behind: list[XmlComment]) -> XmlElement:
    reader = _Reader(text, file)
    bad = _BAD_CHARACTER.search(text)
    if bad is not None:
        code = ord(bad.group())
        raise reader.error(f"'{_shown(code)}', hexadecimal value 0x{code:02X}, is an invalid character.", bad.start())
    if text.startswith("<?xml"):
        end = text.find("?>")
        if end < 0:
            raise reader.error("Unexpected end of file has occurred.", len(text))
        reader.at = end + 2
    root = _read_misc(reader, None, before)
    if root is None:
        raise XmlSyntaxError("MSB4025", "Root element is missing.", Location(file))
    _read_content(reader, root)
    if _read_misc(reader, root, behind) is not None:
        raise AssertionError("a second root is refused where it is read")
    return root


def outer_comments(text: str, file: str) -> tuple[list[XmlComment], list[XmlComment]]:
    """The comments before and behind the root of a document. Raises XmlSyntaxError."""
    before: list[XmlComment] = []
    behind: list[XmlComment] = []
    _read_document(text, file, before, behind)
    return before, behind


def _read_misc(reader: _Reader, root: XmlElement | None, comments: list[XmlComment]) -> XmlElement | None:
    """Reads comments and skips instructions outside the root; the root's start tag when `root` is None, else None at the end."""
    text = reader.text
    while True:
        match = _SPACE.match(text, reader.at)
        assert match is not None
        reader.at = match.end()
        if reader.at >= len(text):
            return None
        if text[reader.at] != "<":
            raise reader.error("Data at the root level is invalid.", reader.at)
        if text.startswith("<!--", reader.at):
            comments.append(_read_comment(reader))
        elif text.startswith("<?", reader.at):
            _skip_instruction(reader)
        elif text.startswith("<!DOCTYPE", reader.at):
            _skip_document_type(reader)
        elif root is not None:
            raise reader.error("There are multiple root elements.", reader.at + 1)
        else:
            return _read_start_tag(reader, "")


def _read_comment(reader: _Reader) -> XmlComment:
    end = reader.text.find("--", reader.at + 4)
    if end < 0:
        raise reader.error("Unexpected end of file while parsing Comment has occurred.", len(reader.text))
    if not reader.text.startswith("-->", end):
        raise reader.error("An XML comment cannot contain '--', and '-' cannot be the last character.", end)
    comment = XmlComment(reader.text[reader.at + 4 : end])
    reader.at = end + 3
    return comment


def _skip_instruction(reader: _Reader) -> None:
    if re.match(r"<\?xml[ \t\r\n?]", reader.text[reader.at : reader.at + 6]):
        raise reader.error(
            "Unexpected XML declaration. The XML declaration must be the first node in the document, "
            "and no whitespace characters are allowed to appear before it.",
            reader.at + 2,
        )
    end = reader.text.find("?>", reader.at + 2)
    if end < 0:
        raise reader.error("Unexpected end of file while parsing PI has occurred.", len(reader.text))
    reader.at = end + 2


def _skip_document_type(reader: _Reader) -> None:
    depth = 0
    for at in range(reader.at, len(reader.text)):
        character = reader.text[at]
        if character == "[":
            depth += 1
        elif character == "]":
            depth -= 1
        elif character == ">" and depth == 0:
            reader.at = at + 1
            return
    raise reader.error("Unexpected end of file while parsing DOCTYPE has occurred.", len(reader.text))


def _read_start_tag(reader: _Reader, namespace: str) -> XmlElement:
    """The element whose `<` is at `reader.at`, without its content; `reader.at` is behind the tag afterwards."""
    text = reader.text
    start = reader.at
    name_match = reader.patterns.name.match(text, start + 1)
    if name_match is None:
        raise _bad_name(reader, start + 1)
    line, column = reader.place(start)
    element = XmlElement(name_match.group(), reader.file, line, column, [], [], empty_tag=False, namespace=namespace)
    reader.at = name_match.end()
    while True:
        match = reader.patterns.attribute.match(text, reader.at)
        if match is not None:
            value = match[3] if match[3] is not None else match[4]
            _add_attribute(reader, element, match[2], value, match.start(2))
            reader.at = match.end()
            continue
        space = _SPACE.match(text, reader.at)
        assert space is not None
        after = space.end()
        if text.startswith(">", after):
            reader.at = after + 1
            return element
        if text.startswith("/>", after):
            reader.at = after + 2
            element.empty_tag = True
            return element
        if after >= len(text):
            raise reader.error(f"Unexpected end of file while parsing Name has occurred.{_not_closed([element])}", len(text))
        if after == reader.at and text[after] not in "/":
            raise _bad_character_in_name(reader, after, at_attribute=bool(element.attributes))
        _read_slow_attribute(reader, element, after)


def _add_attribute(reader: _Reader, element: XmlElement, name: str, value: str, offset: int) -> None:
    for other in element.attributes:
        if other.name == name:
            raise reader.error(f"'{name}' is a duplicate attribute name.", offset)
    line, column = reader.place(offset)
    element.attributes.append(XmlAttribute(name, value, line, column))
    if name == "xmlns":
        element.namespace = value


def _read_slow_attribute(reader: _Reader, element: XmlElement, offset: int) -> None:
    """An attribute with entities or with an error in it; raises the reader's words for the error."""
    text = reader.text
    name = reader.patterns.name.match(text, offset)
    if name is None:
        raise _bad_name(reader, offset)
    at = _skip_space(text, name.end())
    if not text.startswith("=", at):
        if at >= len(text):
            raise reader.error("Unexpected end of file while parsing Name has occurred.", at)
        raise reader.error(f"'{text[at]}' is an unexpected token. The expected token is '='.", at)
    at = _skip_space(text, at + 1)
    if at >= len(text) or text[at] not in "\"'":
        found = text[at] if at < len(text) else ""
        raise reader.error(f"'{found}' is an unexpected token. The expected token is '\"' or '''.", at)
    quote = text[at]
    end = text.find(quote, at + 1)
    less = text.find("<", at + 1, end if end >= 0 else len(text))
    if less >= 0:
        raise reader.error("'<', hexadecimal value 0x3C, is an invalid attribute character.", less)
    if end < 0:
        raise reader.error("There is an unclosed literal string.", len(text))
    _add_attribute(reader, element, name.group(), reader.decode(text[at + 1 : end], at + 1), offset)
    reader.at = end + 1
    if reader.at < len(text) and text[reader.at] not in " \t\r\n/>":
        raise reader.error(f"'{text[reader.at]}' is an unexpected token. Expecting white space.", reader.at)


def _skip_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    assert match is not None
    return match.end()


def _bad_name(reader: _Reader, offset: int) -> XmlSyntaxError:
    if offset >= len(reader.text):
        return reader.error("Unexpected end of file has occurred.", offset)
    character = reader.text[offset]
    return reader.error(f"Name cannot begin with the '{character}' character, hexadecimal value 0x{ord(character):02X}.", offset)


def _bad_character_in_name(reader: _Reader, offset: int, *, at_attribute: bool) -> XmlSyntaxError:
    character = reader.text[offset]
    if at_attribute:
        return reader.error(f"'{character}' is an unexpected token. Expecting white space.", offset)
    return reader.error(f"The '{character}' character, hexadecimal value 0x{ord(character):02X}, cannot be included in a name.", offset)


def _not_closed(stack: list[XmlElement]) -> str:
    return " The following elements are not closed: " + ", ".join(element.name for element in reversed(stack)) + "."


def _read_content(reader: _Reader, root: XmlElement) -> None:
    """Fills `root` with everything up to its end tag. Iterative, so that depth of nesting costs no stack."""
    if root.empty_tag:
        return
    text = reader.text
    stack = [root]
    while stack:
        element = stack[-1]
        less = text.find("<", reader.at)
        if less < 0:
            raise reader.error(f"Unexpected end of file has occurred.{_not_closed(stack)}", len(text))
        if less > reader.at:
            _add_text(reader, element, reader.at, less)
        reader.at = less
        if text.startswith("</", less):
            _read_end_tag(reader, element)
            stack.pop()
        elif text.startswith("<!--", less):
            element.children.append(_read_comment(reader))
        elif text.startswith("<![CDATA[", less):
            end = text.find("]]>", less + 9)
            if end < 0:
                raise reader.error("Unexpected end of file while parsing CDATA has occurred.", len(text))
            element.children.append(XmlText(text[less + 9 : end], cdata=True))
            reader.at = end + 3
        elif text.startswith("<?", less):
            _skip_instruction(reader)
        else:
            child = _read_start_tag(reader, element.namespace)
            element.children.append(child)
            if not child.empty_tag:
                stack.append(child)


def _add_text(reader: _Reader, element: XmlElement, start: int, end: int) -> None:
    raw = reader.text[start:end]
    if "]]>" in raw:
        raise reader.error("']]>' is not allowed in character data.", start + raw.index("]]>"))
    if not raw.strip(" \t\r\n"):
        return
    element.children.append(XmlText(reader.decode(raw, start), cdata=False))


def _read_end_tag(reader: _Reader, element: XmlElement) -> None:
    name = reader.patterns.name.match(reader.text, reader.at + 2)
    if name is None:
        raise _bad_name(reader, reader.at + 2)
    if name.group() != element.name:
        raise reader.error(
            f"The '{element.name}' start tag on line {element.line} position {element.column + 1} "
            f"does not match the end tag of '{name.group()}'.",
            reader.at + 2,
        )
    close = _skip_space(reader.text, name.end())
    if not reader.text.startswith(">", close):
        found = reader.text[close : close + 1]
        raise reader.error(f"'{found}' is an unexpected token. The expected token is '>'.", close)
    reader.at = close + 1


def inner_text(element: XmlElement) -> str:
    """What the element holds, as MSBuild takes the value of a property or of metadata.

    Text alone (comments dropped, CDATA opened) when there are no elements inside, else the XML inside as text.
    """
    children = element.children
    if not children:
        return ""
    if len(children) == 1 and isinstance(children[0], XmlText):
        return children[0].text
    has_markup = any(isinstance(child, XmlElement) or (isinstance(child, XmlText) and child.cdata) for child in children)
    first = children[0]
    if not has_markup or (isinstance(first, XmlText) and first.cdata):
        return _all_text(element)
    return "".join(outer_xml(child, "") for child in children)


def _all_text(element: XmlElement) -> str:
    parts: list[str] = []
    for child in element.children:
        if isinstance(child, XmlText):
            parts.append(child.text)
        elif isinstance(child, XmlElement):
            parts.append(_all_text(child))
    return "".join(parts)


def outer_xml(node: XmlElement | XmlText | XmlComment, namespace: str) -> str:
    """The node as XML text inside an element whose default namespace is `namespace`; comments lose their text, as in MSBuild."""
    if isinstance(node, XmlComment):
        return "<!---->"
    if isinstance(node, XmlText):
        if node.cdata:
            return f"<![CDATA[{node.text}]]>"
        return node.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    attributes = "".join(f' {a.name}="{_quoted(a.value)}"' for a in node.attributes)
    if namespace == "" and node.namespace and node.attribute("xmlns") is None:
        attributes += f' xmlns="{_quoted(node.namespace)}"'
    if not node.children:
        return f"<{node.name}{attributes} />" if node.empty_tag else f"<{node.name}{attributes}></{node.name}>"
    inner = "".join(outer_xml(child, node.namespace) for child in node.children)
    return f"<{node.name}{attributes}>{inner}</{node.name}>"


def _quoted(value: str) -> str:
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
