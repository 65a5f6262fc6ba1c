"""CombineTargetFrameworkInfoProperties and CombineXmlElements: what a project tells of itself to those that refer to it, as XML."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from server.build.tasks.task import Kind, Parameter, TaskCall, TaskDefinition
from server.msbuild.escaping import escape as escape_value


def _combine_properties(call: TaskCall) -> bool:
    if not call.has("PropertiesAndValues"):
        return True
    root = call.text("RootElementName")
    by_attribute = call.flag("UseAttributeForTargetFrameworkInfoPropertyNames")
    if not root and not by_attribute:
        reason = "When UseAttributeForTargetFrameworkInfoPropertyNames is false, make sure to set a non-empty value for 'RootElementName'."
        call.error("MSB3991", f"'RootElementName' is not set or empty. {reason}")
        return False
    start = f"<TargetFramework Name={quoteattr(escape_value(root))}" if by_attribute else f"<{root}"
    end = "TargetFramework" if by_attribute else root
    lines = [f"  <{item.identity}>{escape(item.value('Value'))}</{item.identity}>" for item in call.items("PropertiesAndValues")]
    call.set_value("Result", "\n".join([f"{start}>", *lines, f"</{end}>"]) if lines else f"{start} />")
    return True


def _combine_elements(call: TaskCall) -> bool:
    if not call.has("XmlElements"):
        return True
    root = call.text("RootElementName")
    lines: list[str] = []
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_blank_text=True)
    for item in call.items("XmlElements"):
        try:
            element = etree.fromstring(item.identity, parser)
        except etree.XMLSyntaxError as error:
            call.error("MSB4018", f'The "CombineXmlElements" task failed unexpectedly. {error.msg}')
            return False
        lines += _lines(element, 1)
    call.set_value("Result", "\n".join([f"<{root}>", *lines, f"</{root}>"]) if lines else f"<{root} />")
    return True


def _lines(element: etree._Element, depth: int) -> list[str]:
    """As XElement.ToString writes it: children on lines of their own, unless there is text between them."""
    indent = "  " * depth
    name = str(element.tag)
    start = name + "".join(f" {key!s}={quoteattr(str(element.get(key)))}" for key in map(str, element.attrib))
    if len(element) and not (element.text or "").strip():
        inner = [line for child in element for line in _lines(child, depth + 1)]
        return [f"{indent}<{start}>", *inner, f"{indent}</{name}>"]
    return [f"{indent}<{start}>{escape(element.text or '')}</{name}>"]


TASKS = (
    TaskDefinition(
        "CombineTargetFrameworkInfoProperties",
        (
            Parameter("RootElementName", Kind.TEXT),
            Parameter("PropertiesAndValues", Kind.ITEMS),
            Parameter("UseAttributeForTargetFrameworkInfoPropertyNames", Kind.BOOL),
        ),
        ("Result",),
        _combine_properties,
    ),
    TaskDefinition(
        "CombineXmlElements",
        (Parameter("RootElementName", Kind.TEXT), Parameter("XmlElements", Kind.ITEMS)),
        ("Result",),
        _combine_elements,
    ),
)
