"""XmlPeek and XmlPoke."""

from __future__ import annotations

from lxml import etree

from server.build.tasks.io_errors import exception_text
from server.build.tasks.task import Kind, OutputItem, Parameter, TaskCall, TaskDefinition
from server.msbuild.xml import XmlSyntaxError, read_project_xml

_MARK = "\ufeff"


def _namespaces(call: TaskCall, code: str) -> dict[str, str] | None:
    """The prefixes of the Namespaces parameter; None after an error."""
    text = call.text("Namespaces")
    if not text:
        return {}
    try:
        root = etree.fromstring(f"<Namespaces>{text}</Namespaces>")
    except etree.XMLSyntaxError:
        name = call.definition.name
        reason = "The specified Namespaces attribute is not a well-formed XML fragment."
        call.error(code, f"Unable to process the Namespaces argument for the {name} task. {reason}")
        return None
    return {str(one.get("Prefix")): str(one.get("Uri")) for one in root}


def _load(call: TaskCall, text: str, shown: str) -> etree._Element | None:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, strip_cdata=False)
    try:
        return etree.fromstring(text.lstrip(_MARK).encode(), parser)
    except etree.XMLSyntaxError as error:
        call.error("MSB3733", f'Input file "{shown}" cannot be opened. {_reason(text, error)}')
        return None


def _reason(text: str, error: etree.XMLSyntaxError) -> str:
    """What .NET's reader says of the text, which is what our reader of project files says; lxml's words where that one is content."""
    try:
        read_project_xml(text.lstrip(_MARK), "")
    except XmlSyntaxError as found:
        return found.message
    return str(error.msg)


def _read(call: TaskCall) -> tuple[str, str] | None:
    """(text, name shown) of the input; None after an error."""
    if call.text("XmlContent"):
        return call.text("XmlContent"), ""
    shown = call.text("XmlInputPath")
    path = call.path(shown)
    try:
        return call.instance.surroundings.files.read_text(path), shown
    except FileNotFoundError:
        call.error("MSB3733", f"Input file \"{shown}\" cannot be opened. Could not find file '{path}'.")
    except OSError as error:
        call.error("MSB3733", f'Input file "{shown}" cannot be opened. {exception_text(error, path)}')
    return None


def _select(call: TaskCall, root: etree._Element, namespaces: dict[str, str]) -> list[object] | None:
    query = call.text("Query")
    try:
        found = root.getroottree().xpath(query, namespaces=namespaces or None)
    except etree.XPathError as error:
        call.error("MSB3734", f'XPath Query "{query}" cannot be loaded. {error}')
        return None
    return list(found) if isinstance(found, list) else [found]


def _xml_peek(call: TaskCall) -> bool:
    namespaces = _namespaces(call, "MSB3742")
    read = _read(call) if namespaces is not None else None
    root = _load(call, *read) if read is not None else None
    if root is None or namespaces is None:
        return False
    nodes = _select(call, root, namespaces)
    if nodes is None:
        return False
    call.set_items("Result", [OutputItem(_outer(node)) for node in nodes])
    return True


def _outer(node: object) -> str:
    """A node as XmlPeek gives it: the value of an attribute, the XML of everything else."""
    if isinstance(node, etree._Element):
        return _element_text(node, declared={})
    if isinstance(node, str) and getattr(node, "is_attribute", False):
        return str(node)
    if isinstance(node, str):
        return _escaped(str(node))
    if isinstance(node, bool):
        return "True" if node else "False"
    if isinstance(node, float):
        return str(int(node)) if node == int(node) else str(node)
    return str(node)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _element_text(element: etree._Element, declared: dict[str | None, str]) -> str:
    """The element as .NET writes it, without its tail. `declared` are the prefixes in scope."""
    if isinstance(element, (etree._Comment, etree._ProcessingInstruction)):
        return etree.tostring(element, encoding="unicode", with_tail=False)
    name = _qualified(element, element.tag)
    attributes = "".join(
        f' xmlns{":" + prefix if prefix else ""}="{_escaped(uri)}"' for prefix, uri in element.nsmap.items() if declared.get(prefix) != uri
    )
    attributes += "".join(
        f' {_qualified(element, str(key))}="{_escaped(str(value)).replace(chr(34), "&quot;")}"' for key, value in element.items()
    )
    scope = {**declared, **element.nsmap}
    inner = _escaped(element.text or "") + "".join(_element_text(child, scope) + _escaped(child.tail or "") for child in element)
    return f"<{name}{attributes}>{inner}</{name}>" if inner else f"<{name}{attributes} />"


def _qualified(element: etree._Element, tag: str) -> str:
    name = etree.QName(tag)
    if not name.namespace:
        return name.localname
    prefix = next((prefix for prefix, uri in element.nsmap.items() if uri == name.namespace), None)
    return f"{prefix}:{name.localname}" if prefix else name.localname


def _xml_poke(call: TaskCall) -> bool:
    namespaces = _namespaces(call, "MSB3731")
    read = _read(call) if namespaces is not None else None
    root = _load(call, *read) if read is not None else None
    if read is None or root is None or namespaces is None:
        return False
    nodes = _select(call, root, namespaces)
    if nodes is None:
        return False
    for node in nodes:
        if not _poke(call, node):
            return False
    if nodes:
        text = read[0].lstrip(_MARK)
        head = text[: text.index("?>") + 2] if text.startswith("<?xml") else ""
        gap = text[len(head) : len(text) - len(text[len(head) :].lstrip())]
        with open(call.path(call.text("XmlInputPath")), "w", encoding="utf-8", newline="") as stream:
            stream.write(_MARK + head + gap + _around(root))
    return True


def _around(root: etree._Element) -> str:
    """The root with the comments and instructions before it."""
    before = "".join(
        etree.tostring(node, encoding="unicode", with_tail=False) + "\n" for node in reversed(list(root.itersiblings(preceding=True)))
    )
    return before + _element_text(root, declared={})


def _poke(call: TaskCall, node: object) -> bool:
    value = call.text("Value")
    if isinstance(node, etree._Element):
        try:
            made = etree.fromstring(f"<x>{value}</x>")
        except etree.XMLSyntaxError as error:
            call.error("MSB3735", f'Error while executing poke operation with the Value parameter "{value}". {error.msg}')
            return False
        for child in list(node):
            node.remove(child)
        node.text = made.text
        node.extend(list(made))
        return True
    parent = node.getparent() if isinstance(node, etree._ElementUnicodeResult) else None
    if parent is None or not isinstance(node, etree._ElementUnicodeResult):
        return True
    if node.is_attribute and node.attrname is not None:
        parent.set(node.attrname, value)
    elif node.is_tail:
        parent.tail = value
    else:
        parent.text = value
    return True


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
            Parameter("Value", Kind.TEXT),
            Parameter("Namespaces", Kind.TEXT),
        ),
        (),
        _xml_poke,
    ),
)
