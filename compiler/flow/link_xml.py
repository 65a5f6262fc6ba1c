"""ILLink's XML files -> elements with their places. A document that is not well-formed, declares a type or nests deeply is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

_MAX_DEPTH = 64


class InvalidLinkXml(Exception):
    """The document cannot be read."""


@dataclass(slots=True)
class XmlElement:
    """One element. `line` and `column` count from 1 and are those of its name."""

    name: str
    attributes: Mapping[str, str]
    line: int
    column: int
    children: list[XmlElement] = field(default_factory=list)

    def get(self, attribute: str) -> str:
        """The value of an attribute, empty when it is absent."""
        return self.attributes.get(attribute, "")

    def named(self, name: str) -> Iterator[XmlElement]:
        """The child elements of that name."""
        return (child for child in self.children if child.name == name)

    def applies(self, switches: Mapping[str, bool]) -> bool:
        """Whether the element's condition on a feature switch, if it has one, holds."""
        feature = self.attributes.get("feature")
        if feature is None:
            return True
        value = switches.get(feature)
        if value is None:
            return self.get("featuredefault").lower() == "true"
        return value == (self.get("featurevalue").lower() == "true")


def read_link_xml(content: bytes) -> XmlElement:
    """The root element of a document. Raises InvalidLinkXml."""
    parser = expat.ParserCreate()
    root = XmlElement("", {}, 0, 0)
    open_elements = [root]

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(open_elements) > _MAX_DEPTH:
            raise InvalidLinkXml("elements nest too deeply")
        # The parser stands at the `<`, with columns from 0.
        element = XmlElement(name, attributes, parser.CurrentLineNumber, parser.CurrentColumnNumber + 2)
        open_elements[-1].children.append(element)
        open_elements.append(element)

    def end(_name: str) -> None:
        open_elements.pop()

    def refuse(*_: object) -> None:
        raise InvalidLinkXml("a document type is not allowed")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise InvalidLinkXml(str(error)) from error
    return root.children[0]
