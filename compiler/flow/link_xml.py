"""ILLink's XML files and rd.xml -> elements with their places. What is not well-formed, declares entities or nests deeply is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

_MAX_DEPTH = 64
_BOOLEANS = {"true": True, "false": False}
# What the parser's messages are called in full where they are short of words.
_REASONS = {
    "no element found": "the document ends before its elements do, or has none",
    "mismatched tag": "the end tag is not that of the element that is open",
    "syntax error": "text stands where an element is expected",
    "junk after document element": "something follows the root element",
    "unclosed token": "the document ends within a tag, a comment or an attribute",
}


class InvalidLinkXml(Exception):
    """The document cannot be read. `line` and `column` count from 1; 0: no place is known."""

    def __init__(self, reason: str, line: int = 0, column: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line
        self.column = column


@dataclass(slots=True)
class XmlElement:
    """One element. `name` is the local name behind the namespace and a blank, where there is one. `line` and `column` count from 1 and are
    those of its name."""

    name: str
    attributes: Mapping[str, str]
    line: int
    column: int
    children: list[XmlElement] = field(default_factory=list)
    # Whether text, a comment or the like stands in it; whether it is written `<name/>`.
    has_other_content: bool = False
    is_self_closing: bool = False

    @property
    def local_name(self) -> str:
        """The name without its namespace."""
        return self.name.rpartition(" ")[2]

    def get(self, attribute: str) -> str:
        """The value of an attribute, empty when it is absent."""
        return self.attributes.get(attribute, "")

    @property
    def has_content(self) -> bool:
        """Whether there is anything in the element but white space."""
        return bool(self.children) or self.has_other_content

    def named(self, name: str) -> Iterator[XmlElement]:
        """The child elements of that name."""
        return (child for child in self.children if child.name == name)

    def applies(self, switches: Mapping[str, bool]) -> bool:
        """Whether the element's condition on a feature switch, if it has one, holds. As in .NET's native compiler a condition that is
        malformed does not, and neither does one whose `featuredefault` is there and not true."""
        feature = self.get("feature")
        if not feature:
            return True
        wanted = _BOOLEANS.get(self.get("featurevalue").strip().lower())
        is_default = self.get("featuredefault").strip().lower() == "true"
        if wanted is None or (self.get("featuredefault") and not is_default):
            return False
        value = switches.get(feature)
        return is_default if value is None else value == wanted


def read_link_xml(content: bytes | str) -> XmlElement:
    """The root element of a document; of one that is text the declared encoding does not count. Raises InvalidLinkXml."""
    raw = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    parser = expat.ParserCreate("utf-8" if isinstance(content, str) else None, namespace_separator=" ")
    root = XmlElement("", {}, 0, 0)
    open_elements = [root]

    def refusal(reason: str) -> InvalidLinkXml:
        return InvalidLinkXml(reason, parser.CurrentLineNumber, parser.CurrentColumnNumber + 1)

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(open_elements) > _MAX_DEPTH:
            raise refusal("elements nest too deeply")
        # The parser stands at the `<`, with columns from 0.
        element = XmlElement(name, attributes, parser.CurrentLineNumber, parser.CurrentColumnNumber + 2)
        open_elements[-1].children.append(element)
        open_elements.append(element)

    def end(_name: str) -> None:
        element = open_elements.pop()
        # The parser stands behind `/>`, or at the `</` of an end tag; in UTF-16 each has a zero byte.
        before = raw[max(parser.CurrentByteIndex - 4, 0) : parser.CurrentByteIndex].replace(b"\0", b"")
        element.is_self_closing = not element.has_content and before.endswith(b"/>")

    def other(*content: str) -> None:
        if any(each.strip() for each in content):
            open_elements[-1].has_other_content = True

    def refuse(*_: object) -> None:
        raise refusal("the declaration of an entity is not allowed")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.EntityDeclHandler = refuse
    parser.CharacterDataHandler = other
    parser.CommentHandler = lambda _text: other("comment")
    parser.ProcessingInstructionHandler = other
    try:
        parser.Parse(raw, True)
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code) or str(error)
        raise InvalidLinkXml(_REASONS.get(reason, reason), error.lineno, error.offset + 1) from error
    except LookupError as error:
        # Python has no encoding of the name that the document declares.
        raise refusal(str(error)) from error
    return root.children[0]


def read_linker(content: bytes | str) -> XmlElement | None:
    """The root element of one of ILLink's files; None for a document that is none of these, which means nothing. Raises InvalidLinkXml."""
    root = read_link_xml(content)
    return root if root.name == "linker" else None
