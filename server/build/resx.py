"""A .resx file, or a text file of `name=value` lines -> resources by name."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from pathlib import PurePosixPath

from lxml import etree

from compiler.diagnostics import Location
from server.build.resource_values import Format, StreamValue, TypedValue, Value, primitive_value

_BYTES_MIME = "application/x-microsoft.net.object.bytearray.base64"
_BINARY_MIMES = frozenset(
    {
        "application/x-microsoft.net.object.binary.base64",
        "text/microsoft-urt/psuedoml-serialized/base64",
        "text/microsoft-urt/binary-serialized/base64",
    }
)
# The type that stands for one that is only known to the formatter which reads the value.
_UNKNOWN_TYPE = "System.Resources.Extensions.UnknownType"
_XML_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.|\Z)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}

# A path as the .resx file writes it -> the file's bytes. May raise OSError.
ReadFile = Callable[[str], bytes]


class ResxError(Exception):
    """A file that cannot be compiled: MSBuild's code and text, and where."""

    def __init__(self, code: str, message: str, line: int) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.line = line

    def location(self, file: str) -> Location:
        """The place in `file`."""
        return Location(file, self.line, 0)


def read_resx(content: bytes, read_file: ReadFile) -> dict[str, Value]:
    """The resources of a .resx file by name; a name that comes again is ignored. Raises ResxError."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        line = error.lineno or 0
        raise ResxError("MSB3103", f"Invalid Resx file. {error.msg}", line) from error
    if root.tag != "root":
        raise ResxError("MSB3103", "Invalid Resx file. ResX input is not valid. Cannot find valid root element.", _line(root))
    found: dict[str, Value] = {}
    known: set[str] = set()
    aliases: dict[str, str] = {}
    for element in root:
        if element.tag == "assembly":
            full_name = element.get("name", "")
            aliases[element.get("alias") or full_name.partition(",")[0].strip()] = full_name
        if element.tag != "data":
            continue
        name = element.get("name")
        if name is None:
            raise ResxError("MSB3103", "Invalid Resx file. Could not find a name for a resource.", _line(element))
        if name.lower() not in known:
            known.add(name.lower())
            found[name] = _value(element, name, _type_name(element, aliases), read_file)
    return found


def _line(element: etree._Element) -> int:
    line: object = element.sourceline
    return line if isinstance(line, int) else 0


def _type_name(element: etree._Element, aliases: dict[str, str]) -> str:
    """The assembly-qualified type, "" for text; an alias in place of the assembly is opened."""
    written = str(element.get("type", ""))
    name, comma, assembly = written.partition(",")
    full_name = aliases.get(assembly.strip()) if comma else None
    return f"{name}, {full_name}" if full_name is not None else written


def _value(element: etree._Element, name: str, type_name: str, read_file: ReadFile) -> Value:
    child = element.find("value")
    text = "".join(str(part) for part in (child if child is not None else element).itertext())
    if element.get(_XML_SPACE) != "preserve" and not text.strip():
        text = ""
    mime = str(element.get("mimetype", ""))
    kind = type_name.partition(",")[0].strip()
    if mime:
        return _encoded_value(element, name, type_name, mime, text)
    if kind in ("", "System.String"):
        return text
    if kind == "System.Resources.ResXNullRef":
        return None
    if kind == "System.Resources.ResXFileRef":
        return _file(element, text, read_file)
    if kind == "System.Byte[]":
        return _from_base64(element, text)
    return _typed(element, type_name, text)


def _typed(element: etree._Element, type_name: str, text: str) -> Value:
    """A value given as text, of a primitive type or of one whose converter reads it when the program runs."""
    try:
        primitive = primitive_value(type_name.partition(",")[0].strip(), text)
    except ValueError as error:
        raise ResxError("MSB3103", f"Invalid Resx file. {error}", _line(element)) from error
    return primitive if primitive is not None else TypedValue(type_name, Format.TYPE_CONVERTER_TEXT, text.encode("utf-8", "surrogatepass"))


def _encoded_value(element: etree._Element, name: str, type_name: str, mime: str, text: str) -> Value:
    content = _from_base64(element, text)
    if mime == _BYTES_MIME:
        is_bytes = type_name.partition(",")[0].strip() == "System.Byte[]"
        return content if is_bytes else TypedValue(type_name, Format.TYPE_CONVERTER_BYTES, content)
    if mime in _BINARY_MIMES:
        return TypedValue(_UNKNOWN_TYPE, Format.BINARY_FORMATTER, content)
    message = f'Resource "{name}" uses MIME type "{mime}", which is not supported by MSBuild when running on .NET.'
    raise ResxError("MSB3826", message, _line(element))


def _from_base64(element: etree._Element, text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error as error:
        message = (
            "Invalid Resx file. The input is not a valid Base-64 string as it contains a non-base 64 character, more than two padding "
            "characters, or an illegal character among the padding characters."
        )
        raise ResxError("MSB3103", message, _line(element)) from error


def _file(element: etree._Element, text: str, read_file: ReadFile) -> Value:
    """`path;type[;encoding]`, the path perhaps in quotes."""
    path, quote, rest = text.strip().removeprefix('"').partition('"') if text.strip().startswith('"') else (*text.strip().partition(";"),)
    parts = (rest.removeprefix(";") if quote == '"' else rest).split(";")
    type_name = parts[0].strip()
    kind = type_name.partition(",")[0].strip()
    try:
        content = read_file(path.strip().replace("\\", "/"))
    except OSError as error:
        message = f"Invalid Resx file. Could not find a part of the path '{path}'. {error.strerror}"
        raise ResxError("MSB3103", message, _line(element)) from error
    if kind == "System.String":
        encoding = parts[1].strip() if len(parts) > 1 else "utf-8"
        try:
            return content.decode("utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding)
        except (LookupError, UnicodeDecodeError) as error:
            raise ResxError("MSB3103", f"Invalid Resx file. {PurePosixPath(path).name}: {error}", _line(element)) from error
    if kind == "System.Byte[]":
        return content
    if kind == "System.IO.MemoryStream":
        return StreamValue(content)
    return TypedValue(type_name, Format.ACTIVATOR_STREAM, content)


def read_resource_text(content: bytes) -> dict[str, Value]:
    """The resources of a .txt or .restext file: `name = value` lines, comments, escapes in values. Raises ResxError."""
    found: dict[str, Value] = {}
    known: set[str] = set()
    lines = content.decode("utf-8-sig", "replace").splitlines()
    for number, line in enumerate(lines, start=1):
        stripped = line.strip()
        if not stripped or stripped[0] in "#;" or stripped.lower() == "[strings]":
            continue
        if stripped.startswith("["):
            raise ResxError("MSB3563", f'Unsupported square bracket keyword, "{stripped}".', number)
        name, equals, value = line.partition("=")
        # At the end of the file a name may stand alone.
        if not equals and (number < len(lines) or content.endswith((b"\n", b"\r"))):
            raise ResxError("MSB3564", f'Resource line without an equals sign, "{line}".', number)
        name = name.strip()
        if not name:
            raise ResxError("MSB3565", "Resource line without a name.", number)
        if name.lower() not in known:
            known.add(name.lower())
            found[name] = _unescaped(name, value.strip(), number)
    return found


def _unescaped(name: str, value: str, line: int) -> str:
    def replace(match: re.Match[str]) -> str:
        escape = match[1]
        if len(escape) == 5:
            return chr(int(escape[1:], 16))
        if escape == "u":
            raise ResxError("MSB3569", f"Invalid hex value after '\\u' in resource \"{name}\", value '{value}'.", line)
        if escape not in _ESCAPED:
            raise ResxError("MSB3566", f"Unsupported or invalid escape character in resource \"{name}\", char '{escape}'.", line)
        return _ESCAPED[escape]

    return _ESCAPE.sub(replace, value)
