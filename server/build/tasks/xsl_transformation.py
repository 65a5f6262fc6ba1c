"""The XslTransformation task: XML through a style sheet. Neither style sheet nor input reaches the network or other files."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence

from lxml import etree

from server.build.events import Importance
from server.build.tasks.task import Kind, Parameter, TaskCall, TaskDefinition, copied_item

_TOO_MANY_INPUTS = "Only one of XmlContent or XmlInputPaths arguments can be set."
_TOO_FEW_INPUTS = "One of XmlContent or XmlInputPaths arguments must be set."
_TOO_MANY_SHEETS = "Only one of XslContent, XslInputPath or XslCompiledDllPath arguments can be set."
_TOO_FEW_SHEETS = "One of XslContent, XslInputPath and XslCompiledDllPath arguments must be set."


_EMPTY_ELEMENT = re.compile(rb"(<[\w:][^<>]*?)\s*/>")
_NO_ACCESS = etree.XSLTAccessControl(**dict.fromkeys(("read_file", "write_file", "create_dir", "read_network", "write_network"), False))


def _run(call: TaskCall) -> bool:
    fault = _fault_of_arguments(call)
    if fault:
        call.error("MSB3701", f"Unable to load arguments for the XslTransformation task. {fault}")
        return False
    inputs = call.items("XmlInputPaths")
    outputs = call.items("OutputPaths")
    other = "XmlInputPaths" if inputs else "XmlContent"
    n_inputs = len(inputs) or 1
    if len(outputs) != n_inputs:
        text = f'"OutputPaths" refers to {len(outputs)} item(s), and "{other}" refers to {n_inputs} item(s).'
        call.error("MSB3094", f"{text} They must have the same number of items.")
        return False
    arguments = _arguments(call)
    if arguments is None:
        return False
    if call.text("XslCompiledDllPath"):
        call.error("MSB3705", "XslCompiledDllPath is not supported when building with .NET Core.")
        return False
    sheet = _style_sheet(call)
    if sheet is None:
        return False
    try:
        transform = etree.XSLT(sheet, access_control=_NO_ACCESS)
    except etree.XSLTParseError as error:
        call.error("MSB3704", f"Unable to load the specified Xslt. {error}")
        return False
    if call.flag("UseTrustedSettings"):
        call.message(
            "You are enabling relaxed XSLT security settings via the UseTrustedSettings parameter. For more details on security "
            "implications of this setting please see https://aka.ms/msbuild/xsltransformation-task",
            Importance.HIGH,
        )
    texts = [item.identity for item in inputs] if inputs else [""]
    for shown, output in zip(texts, outputs, strict=True):
        if not _transform(call, transform, sheet, arguments, shown, output.identity):
            return False
    sources = inputs or outputs
    call.set_items("OutputPaths", [copied_item(source, output.identity) for output, source in zip(outputs, sources, strict=True)])
    return True


def _fault_of_arguments(call: TaskCall) -> str:
    if call.has("XmlInputPaths") and call.has("XmlContent"):
        return _TOO_MANY_INPUTS
    if not call.has("XmlInputPaths") and not call.has("XmlContent"):
        return _TOO_FEW_INPUTS
    n_sheets = sum(call.has(name) for name in ("XslContent", "XslInputPath", "XslCompiledDllPath"))
    if n_sheets > 1:
        return _TOO_MANY_SHEETS
    return "" if n_sheets else _TOO_FEW_SHEETS


def _arguments(call: TaskCall) -> dict[str, str] | None:
    """Parameters of the style sheet by name; None after an error."""
    fault = ""
    found: dict[str, str] = {}
    try:
        root = etree.fromstring(f"<XsltParameters>{call.text('Parameters')}</XsltParameters>", _parser())
        for element in root.iterfind("{*}Parameter"):
            missing = next((name for name in ("Name", "Value") if element.get(name) is None), "")
            if missing:
                fault = f'The specified Xslt Parameter doesn\'t have attribute "{missing}".'
                break
            name = str(element.get("Name"))
            space = str(element.get("Namespace", ""))
            found[f"{{{space}}}{name}" if space else name] = str(element.get("Value"))
    except etree.XMLSyntaxError:
        fault = "The specified Xslt Parameter attribute is not a well-formed XML fragment."
    if fault:
        call.error("MSB3702", f"Unable to process the XsltParameters argument for the XslTransformation task. {fault}")
        return None
    return found


def _style_sheet(call: TaskCall) -> etree._Element | None:
    try:
        if call.text("XslContent"):
            content = call.text("XslContent").encode()
        else:
            content = call.instance.surroundings.files.read_text(call.path(call.text("XslInputPath"))).encode()
        document = etree.fromstring(content, _parser())
        if _has_dtd(document) and _prohibits_dtd(call):
            call.error(
                "MSB3704",
                "Unable to load the specified Xslt because it contains a DTD. DTDs are prohibited by default for security reasons. "
                'Remove the DTD, or if you trust the input, set "ProhibitDtd" to "false" on the "XslTransformation" task to ignore DTDs.',
            )
            return None
        return document
    except OSError as error:
        reason = f"Could not find file '{call.path(call.text('XslInputPath'))}'." if isinstance(error, FileNotFoundError) else str(error)
    except etree.XMLSyntaxError as error:
        reason = str(error)
    call.error("MSB3704", f"Unable to load the specified Xslt. {reason}")
    return None


def _transform(call: TaskCall, transform: etree.XSLT, sheet: etree._Element, arguments: dict[str, str], shown: str, output: str) -> bool:
    try:
        if shown:
            content = call.instance.surroundings.files.read_text(call.path(shown)).encode()
        else:
            content = call.text("XmlContent").encode()
        document = etree.fromstring(content, _parser())
        if _has_dtd(document) and _prohibits_dtd(call):
            call.error(
                "MSB3703",
                f'Unable to execute transformation because the XML input "{shown}" contains a DTD. DTDs are prohibited by default for '
                'security reasons. Remove the DTD, or if you trust the input, set "ProhibitDtd" to "false" on the "XslTransformation" '
                "task to ignore DTDs.",
            )
            return False
        result = transform(document, profile_run=False, **{name: etree.XSLT.strparam(value) for name, value in arguments.items()})
        with open(call.path(output), "wb") as stream:
            stream.write(_serialized(result, sheet))
    except FileNotFoundError as error:
        call.error("MSB3703", f"Unable to execute transformation. Could not find file '{error.filename or call.path(shown)}'.")
        return False
    except (OSError, etree.XMLSyntaxError, etree.XSLTApplyError) as error:
        call.error("MSB3703", f"Unable to execute transformation. {error}")
        return False
    return True


def _serialized(result: etree._XSLTResultTree, sheet: etree._Element) -> bytes:
    """As .NET writes it: a byte order mark, `<a />`, and no line break after the declaration unless indented."""
    output = sheet.find("{http://www.w3.org/1999/XSL/Transform}output")
    settings = {} if output is None else {str(name): str(output.get(name)) for name in map(str, output.attrib)}
    content = bytes(result)
    if settings.get("method", "xml") != "xml":
        return codecs.BOM_UTF8 + content
    content = _EMPTY_ELEMENT.sub(rb"\1 />", content).rstrip(b"\n")
    declaration, end, rest = content.partition(b"?>\n")
    if not declaration.startswith(b"<?xml ") or not end:
        return codecs.BOM_UTF8 + content
    separator = b"\n" if settings.get("indent") == "yes" else b""
    return codecs.BOM_UTF8 + b'<?xml version="1.0" encoding="utf-8"?>' + separator + rest


def _has_dtd(document: etree._Element) -> bool:
    return document.getroottree().docinfo.internalDTD is not None


def _prohibits_dtd(call: TaskCall) -> bool:
    return call.flag("ProhibitDtd", default=True)


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True)


def _texts(names: Sequence[str]) -> tuple[Parameter, ...]:
    return tuple(Parameter(name, Kind.TEXT) for name in names)


TASK = TaskDefinition(
    "XslTransformation",
    (
        Parameter("XmlInputPaths", Kind.ITEMS),
        Parameter("XslInputPath", Kind.ITEM),
        Parameter("XslCompiledDllPath", Kind.ITEM),
        Parameter("OutputPaths", Kind.ITEMS, required=True),
        Parameter("PreserveWhitespace", Kind.BOOL),
        Parameter("UseTrustedSettings", Kind.BOOL),
        Parameter("ProhibitDtd", Kind.BOOL),
        *_texts(("XmlContent", "XslContent", "Parameters")),
    ),
    ("OutputPaths",),
    _run,
)
