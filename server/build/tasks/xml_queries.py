"""XmlPeek and XmlPoke."""

from __future__ import annotations

import re
from pathlib import Path

from lxml import etree

from server.build.events import Importance
from server.build.tasks.io_errors import exception_text
from server.build.tasks.task import Kind, OutputItem, Parameter, TaskCall, TaskDefinition
from server.build.tasks.xml_documents import Document, Shape, is_element, outer, read_document, saved
from server.msbuild.xml import XmlSyntaxError, read_project_xml

_MARK = "\ufeff"
_PREFIX = re.compile(r"([A-Za-z_][\w.-]*):(?!:)")
_UNFINISHED = re.compile(r"(\[|\(|/|\||=|<|>|\+|-|,|@|::)\s*\Z|/\[")


def _namespaces(call: TaskCall, code: str) -> dict[str, str] | None:
    """The prefixes of the Namespaces parameter; None after an error."""
    name = call.definition.name
    start = f"Unable to process the Namespaces argument for the {name} task. The specified Namespaces attribute"
    found: dict[str, str] = {}
    try:
        root = etree.fromstring(f"<Namespaces>{call.text('Namespaces')}</Namespaces>")
    except etree.XMLSyntaxError:
        call.error(code, f"{start} is not a well-formed XML fragment.")
        return None
    for one in root:
        missing = next((attribute for attribute in ("Prefix", "Uri") if one.get(attribute) is None), None)
        if missing is not None:
            lacks = "does not" if name == "XmlPeek" else "doesn't"
            call.error(code, f'{start} {lacks} have attribute "{missing}".')
            return None
        found[str(one.get("Prefix"))] = str(one.get("Uri"))
    return found


def _load(call: TaskCall, content: bytes, shown: str) -> Document | None:
    try:
        return read_document(content)
    except etree.XMLSyntaxError as error:
        call.error("MSB3733", f'Input file "{shown}" cannot be opened. {_reason(content, error)}')
        return None


def _reason(content: bytes, error: etree.XMLSyntaxError) -> str:
    """What .NET's reader says of the text, which is what our reader of project files says; lxml's words where that one is content."""
    try:
        read_project_xml(content.decode("utf-8", "replace").lstrip(_MARK), "")
    except XmlSyntaxError as found:
        return found.message
    return str(error.msg)


def _read(call: TaskCall) -> tuple[bytes, str] | None:
    """Content and name shown of the input; None after an error."""
    content, shown = call.text("XmlContent"), call.text("XmlInputPath")
    if call.definition.name == "XmlPeek" and bool(content) == bool(shown):
        which = "Only one of XmlContent or XmlInputPath arguments can" if content else "One of XmlContent or XmlInputPath arguments must"
        call.error("MSB3741", f"Unable to load arguments for the XmlPeek task. {which} be set.")
        return None
    if content:
        return content.lstrip(_MARK).encode(), ""
    path = call.path(shown)
    try:
        return Path(path).read_bytes(), shown
    except FileNotFoundError:
        call.error("MSB3733", f"Input file \"{shown}\" cannot be opened. Could not find file '{path}'.")
    except OSError as error:
        call.error("MSB3733", f'Input file "{shown}" cannot be opened. {exception_text(error, path)}')
    return None


def _select(call: TaskCall, root: etree._Element, namespaces: dict[str, str], context_code: str) -> list[object] | None:
    """The nodes of the query; None after an error."""
    query = call.text("Query")
    bare = re.sub(r"'[^']*'|\"[^\"]*\"", "", query)
    undefined = next((prefix for prefix in _PREFIX.findall(bare) if prefix not in namespaces and prefix != "xml"), None)
    try:
        found = root.getroottree().xpath(query, namespaces=namespaces or None)
    except etree.XPathError as error:
        text = str(error)
        if undefined is not None or text == "Unregistered function":
            unknown = "XsltContext is needed for this query because of an unknown function."
            why = f"Namespace prefix '{undefined}' is not defined." if undefined is not None else unknown
            call.error(context_code, f"Unable to set XPath expression's Context. {why}")
            return None
        if "literal" in text:
            why = "This is an unclosed string."
        else:
            why = "Expression must evaluate to a node-set." if _UNFINISHED.search(bare) else f"'{query}' has an invalid token."
        call.error("MSB3734", f'XPath Query "{query}" cannot be loaded. {why}')
        return None
    if not isinstance(found, list):
        name = call.definition.name
        why = "System.Xml.XPath.XPathException: Expression must evaluate to a node-set."
        call.error("MSB4018", f'The "{name}" task failed unexpectedly.\n{why}')
        return None
    # lxml has no node for a document: the root stands for it.
    return list(found) if found or query.strip() != "/" else [root]


def _xml_peek(call: TaskCall) -> bool:
    read = _read(call)
    document = _load(call, *read) if read is not None else None
    namespaces = _namespaces(call, "MSB3742") if document is not None else None
    if document is None or namespaces is None:
        return False
    nodes = _select(call, document.root, namespaces, "MSB3743")
    if nodes is None:
        return False
    if not nodes:
        call.message("The specified XPath query did not capture any nodes.")
    # The value of attributes and texts, the XML of everything else.
    found = [outer(document, node) if isinstance(node, etree._Element) else str(node) for node in nodes]
    for text in found:
        call.message(f'Found "{text}".', Importance.LOW)
    call.set_items("Result", [OutputItem(text) for text in found])
    return True


def _xml_poke(call: TaskCall) -> bool:
    read = _read(call)
    document = _load(call, *read) if read is not None else None
    namespaces = _namespaces(call, "MSB3731") if document is not None else None
    if document is None or namespaces is None:
        return False
    nodes = _select(call, document.root, namespaces, "MSB3732")
    if nodes is None:
        return False
    for node in nodes:
        why = _poke(document, node, call.text("Value"))
        if why:
            call.error("MSB3735", f'Error while executing poke operation with the Value parameter "{call.text("Value")}". {why}')
            return False
        name = etree.QName(node).localname if isinstance(node, etree._Element) else str(getattr(node, "attrname", ""))
        call.message(f'Replaced "{name}" with "{call.text("Value")}".', Importance.LOW)
    call.message(f"Made {len(nodes)} replacement(s).")
    if nodes:
        Path(call.path(call.text("XmlInputPath"))).write_bytes(saved(document))
    return True


def _poke(document: Document, node: object, value: str) -> str:
    """Puts `value` in the place of what a node holds; why that cannot be, else ""."""
    parent = node.getparent() if isinstance(node, etree._ElementUnicodeResult) else None
    if isinstance(node, etree._Element) and is_element(node):
        names = "".join(f' xmlns{":" + prefix if prefix else ""}="{uri}"' for prefix, uri in node.nsmap.items())
        try:
            made = read_document(f"<x{names}>{value}</x>".encode())
        except etree.XMLSyntaxError as error:
            return _reason(value.encode(), error)
        for child in list(node):
            node.remove(child)
        node.text = made.root.text
        node.extend(list(made.root))
        document.shapes.update(made.shapes)
        document.shapes[node] = Shape(document.shapes[node].names if node in document.shapes else (), is_empty=True)
        return ""
    if parent is not None and isinstance(node, etree._ElementUnicodeResult) and node.is_attribute and node.attrname is not None:
        parent.set(node.attrname, value)
        return ""
    return "Operation is not valid due to the current position of the navigator."


TASKS = (
    TaskDefinition(
        "XmlPeek",
        (
            Parameter("XmlInputPath", Kind.ITEM),
            Parameter("XmlContent", Kind.TEXT),
            Parameter("Query", Kind.TEXT),
            Parameter("Namespaces", Kind.TEXT),
            Parameter("ProhibitDtd", Kind.BOOL),
        ),
        ("Result",),
        _xml_peek,
    ),
    TaskDefinition(
        "XmlPoke",
        (
            Parameter("XmlInputPath", Kind.ITEM, required=True),
            Parameter("Query", Kind.TEXT, required=True),
            Parameter("Value", Kind.ITEM),
            Parameter("Namespaces", Kind.TEXT),
        ),
        (),
        _xml_poke,
    ),
)
