"""Bytes of XML -> a tree that can be queried, and back to text in .NET's way: XmlDocument.Save, and OuterXml of a navigator.

Texts of white space alone are no part of a document, as for .NET, and what is written is indented except where text stands between
elements. lxml keeps neither the order of attributes among namespaces nor whether an element was written as empty: `Shape` has that.
A document type is read over; sections of CDATA become text.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from lxml import etree

_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_XML = "http://www.w3.org/XML/1998/namespace"
_WHITE = " \t\r\n"
Scope = dict[str | None, str]


@dataclass(frozen=True, slots=True)
class Shape:
    """How an element was written: its attributes by their qualified names, namespaces among them, and whether it had no end tag."""

    names: tuple[str, ...]
    is_empty: bool


@dataclass(slots=True)
class Document:
    """A tree. `shapes` holds its elements, which keeps them the same objects; `declaration` is the text before it."""

    root: etree._Element
    shapes: dict[etree._Element, Shape]
    declaration: str = ""
    encoding: str = ""


@dataclass(slots=True)
class _Reading:
    shapes: list[Shape] = field(default_factory=list)
    # For each open element its place among the shapes, and whether something stood in it.
    open: list[list[int]] = field(default_factory=list)
    declaration: str = ""
    encoding: str = ""


def is_element(node: etree._Element) -> bool:
    """Comments and instructions are nodes that are none."""
    return not isinstance(node, (etree._Comment, etree._ProcessingInstruction))


def read_document(content: bytes) -> Document:
    """The tree of `content`. Raises etree.XMLSyntaxError."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, strip_cdata=True)
    root = etree.fromstring(content, parser)
    reading = _read_shapes(content)
    elements = [element for element in root.iter() if is_element(element)]
    document = Document(root, dict(zip(elements, reading.shapes, strict=False)), reading.declaration, reading.encoding)
    _drop_white_space(root)
    return document


def _read_shapes(content: bytes) -> _Reading:
    reading = _Reading()
    parser = expat.ParserCreate()
    parser.ordered_attributes = True

    def inside(*_: str) -> None:
        if reading.open:
            reading.open[-1][1] = 1

    def start(_name: str, attributes: list[str]) -> None:
        inside()
        reading.open.append([len(reading.shapes), 0])
        reading.shapes.append(Shape(tuple(attributes[::2]), is_empty=False))

    def end(_name: str) -> None:
        index, is_filled = reading.open.pop()
        # With nothing in it, what comes before its end is its own tag.
        before = content[max(0, parser.CurrentByteIndex - 4) : parser.CurrentByteIndex].replace(b"\0", b"")
        if not is_filled and before.endswith(b"/>"):
            reading.shapes[index] = Shape(reading.shapes[index].names, is_empty=True)

    def declare(version: str, encoding: str | None, standalone: int) -> None:
        reading.encoding = encoding or ""
        parts = [f'version="{version}"', f'encoding="{encoding}"' if encoding else ""]
        parts.append("" if standalone < 0 else f'standalone="{"yes" if standalone else "no"}"')
        reading.declaration = f"<?xml {' '.join(filter(None, parts))}?>"

    parser.StartElementHandler, parser.EndElementHandler, parser.XmlDeclHandler = start, end, declare
    parser.CharacterDataHandler = parser.CommentHandler = parser.ProcessingInstructionHandler = inside
    try:
        parser.Parse(content, True)
    except expat.ExpatError:
        # lxml read it: what this reader does not know (an encoding) only costs the order of attributes.
        return _Reading(declaration=reading.declaration, encoding=reading.encoding)
    return reading


def _drop_white_space(root: etree._Element) -> None:
    for element in root.iter():
        if element.text and not element.text.strip(_WHITE) and is_element(element) and not _preserves(element):
            element.text = None
        parent = element.getparent()
        if element.tail and not element.tail.strip(_WHITE) and (parent is None or not _preserves(parent)):
            element.tail = None


def _preserves(element: etree._Element) -> bool:
    said = next((one.get(_SPACE) for one in (element, *element.iterancestors()) if one.get(_SPACE) is not None), None)
    return said == "preserve"


def saved(document: Document) -> bytes:
    """The document as XmlDocument.Save writes it."""
    writer = _Writer(document.shapes, namespaces_last=False)
    nodes = [*reversed(list(document.root.itersiblings(preceding=True))), document.root, *document.root.itersiblings()]
    for node in nodes:
        writer.write(node, {"xml": _XML})
    text = "\n".join([*filter(None, [document.declaration]), "".join(writer.parts).removeprefix("\n")])
    encoding = document.encoding.lower() or "utf-8"
    if encoding == "utf-8":
        return (codecs.BOM_UTF8 if document.encoding else b"") + text.encode()
    return text.encode(encoding, "xmlcharrefreplace")


def outer(document: Document, node: etree._Element) -> str:
    """A node as OuterXml of a navigator gives it."""
    writer = _Writer(document.shapes, namespaces_last=True)
    writer.write(node, {"xml": _XML})
    return "".join(writer.parts).removeprefix("\n")


def escaped(text: str) -> str:
    """Text between tags."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _attribute(text: str) -> str:
    return escaped(text).replace('"', "&quot;").replace("\r", "&#xD;").replace("\n", "&#xA;")


class _Writer:
    """Writes nodes into `parts`. Invariant: `mixed` has, for each open element, whether text stood in it or around it."""

    def __init__(self, shapes: dict[etree._Element, Shape], *, namespaces_last: bool) -> None:
        self.parts: list[str] = []
        self.mixed = [False]
        self._shapes = shapes
        self._namespaces_last = namespaces_last

    def write(self, node: etree._Element, scope: Scope) -> None:
        """The node without what follows it. `scope` are the namespaces that are declared around it."""
        self._break_line()
        if not is_element(node):
            self.parts.append(etree.tostring(node, encoding="unicode", with_tail=False))
            return
        name = _qualified(node, node.tag)
        self.parts.append("".join([f"<{name}", *(f' {key}="{_attribute(value)}"' for key, value in self._attributes(node, scope))]))
        shape = self._shapes.get(node)
        children = list(node)
        if not children and not node.text and (shape is None or shape.is_empty):
            self.parts.append(" />")
            return
        self.parts.append(">")
        self.mixed.append(self.mixed[-1])
        self._text(node.text)
        for child in children:
            self.write(child, {**scope, **node.nsmap})
            self._text(child.tail)
        # A document that is saved has the end tag of an empty element on a line of its own.
        if not self.mixed.pop() and (children or not self._namespaces_last):
            self.parts.append("\n" + "  " * (len(self.mixed) - 1))
        self.parts.append(f"</{name}>")

    def _break_line(self) -> None:
        if not self.mixed[-1]:
            self.parts.append("\n" + "  " * (len(self.mixed) - 1))

    def _text(self, text: str | None) -> None:
        if text:
            self.mixed[-1] = True
            self.parts.append(escaped(text))

    def _attributes(self, node: etree._Element, scope: Scope) -> Iterator[tuple[str, str]]:
        own = {f"xmlns:{prefix}" if prefix else "xmlns": uri for prefix, uri in node.nsmap.items() if scope.get(prefix) != uri}
        values = {_qualified(node, str(key)): str(value) for key, value in node.items()}
        shape = self._shapes.get(node)
        written = shape.names if shape is not None else ()
        if self._namespaces_last:
            used = {name.partition(":")[0] for name in (_qualified(node, str(node.tag)), *values) if ":" in name}
            kept = {name: uri for name, uri in own.items() if name in written or name.partition(":")[2] in used or name == "xmlns"}
            yield from [*values.items(), *kept.items()]
            return
        every = {**own, **values}
        order = [name for name in written if name in every]
        yield from ((name, every[name]) for name in [*order, *(name for name in every if name not in order)])


def _qualified(element: etree._Element, tag: str) -> str:
    name = etree.QName(tag)
    if not name.namespace:
        return name.localname
    if name.namespace == _XML:
        return f"xml:{name.localname}"
    is_attribute = tag != element.tag
    prefixes = [prefix for prefix, uri in element.nsmap.items() if uri == name.namespace and (prefix or not is_attribute)]
    prefix = element.prefix if not is_attribute and element.prefix in prefixes else next(iter(prefixes), None)
    return f"{prefix}:{name.localname}" if prefix else name.localname
