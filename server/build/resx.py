"""A .resx file -> the .resources file that System.Resources reads (format 2, as ResourceWriter writes it)."""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from lxml import etree

from compiler.diagnostics import Location

_READER = "System.Resources.ResourceReader, mscorlib, Version=4.0.0.0, Culture=neutral, PublicKeyToken=b77a5c561934e089"
_SET = "System.Resources.RuntimeResourceSet"
_MAGIC = 0xBEEFCACE
_TYPE_NULL, _TYPE_STRING, _TYPE_BYTES, _TYPE_STREAM = 0, 1, 0x20, 0x21
_BYTES_MIME = "application/x-microsoft.net.object.bytearray.base64"


@dataclass(frozen=True, slots=True)
class StreamValue:
    """Bytes that a program gets as a stream."""

    content: bytes


Value = str | bytes | StreamValue | None
# A path as the .resx file writes it -> the file's bytes. May raise OSError.
ReadFile = Callable[[str], bytes]


class ResxError(Exception):
    """A .resx file that cannot be compiled: MSBuild's code and text, and where."""

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
    for element in root:
        if element.tag != "data":
            continue
        name = element.get("name")
        if name is None:
            raise ResxError("MSB3103", "Invalid Resx file. Could not find a name for a resource.", _line(element))
        if name.lower() not in known:
            known.add(name.lower())
            found[name] = _value(element, name, read_file)
    return found


def _line(element: etree._Element) -> int:
    line: object = element.sourceline
    return line if isinstance(line, int) else 0


def _value(element: etree._Element, name: str, read_file: ReadFile) -> Value:
    child = element.find("value")
    text = "".join(str(part) for part in child.itertext()) if child is not None else ""
    mime = element.get("mimetype", "")
    kind = str(element.get("type", "")).partition(",")[0].strip()
    if mime == _BYTES_MIME and kind == "System.Byte[]":
        return base64.b64decode("".join(text.split()))
    if mime:
        raise _unsupported(element, name)
    if kind in ("", "System.String"):
        return text
    if kind == "System.Resources.ResXNullRef":
        return None
    if kind == "System.Resources.ResXFileRef":
        return _file(element, name, text, read_file)
    raise _unsupported(element, name)


def _file(element: etree._Element, name: str, text: str, read_file: ReadFile) -> Value:
    path, _, rest = text.partition(";")
    kind = rest.partition(",")[0].strip()
    encoding = rest.rpartition(";")[2].strip() if ";" in rest else "utf-8-sig"
    try:
        content = read_file(path.strip().strip('"').replace("\\", "/"))
    except OSError as error:
        message = f"Invalid Resx file. Could not find a part of the path '{path}'. {error.strerror}"
        raise ResxError("MSB3103", message, _line(element)) from error
    if kind == "System.String":
        try:
            return content.decode("utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding)
        except (LookupError, UnicodeDecodeError) as error:
            raise ResxError("MSB3103", f"Invalid Resx file. {PurePosixPath(path).name}: {error}", _line(element)) from error
    if kind == "System.Byte[]":
        return content
    if kind == "System.IO.MemoryStream":
        return StreamValue(content)
    raise _unsupported(element, name)


def _unsupported(element: etree._Element, name: str) -> ResxError:
    message = (
        "Non-string resources require the System.Resources.Extensions assembly at runtime, but it was not found in this project's "
        f"references. (resource '{name}')"
    )
    return ResxError("MSB3822", message, _line(element))


def write_resources(resources: Mapping[str, Value]) -> bytes:
    """The bytes of a .resources file."""
    ordered = sorted(resources.items(), key=lambda entry: (_hash(entry[0]), entry[0]))
    names = b""
    data = b""
    positions: list[int] = []
    for name, value in ordered:
        positions.append(len(names))
        names += _counted(name.encode("utf-16-le")) + struct.pack("<i", len(data))
        data += _encoded(value)
    header = _counted(_READER.encode()) + _counted(_SET.encode())
    out = struct.pack("<Iii", _MAGIC, 1, len(header)) + header + struct.pack("<iii", 2, len(ordered), 0)
    out += b"".join(b"PAD"[at % 3 : at % 3 + 1] for at in range(-len(out) % 8))
    out += b"".join(struct.pack("<i", _hash(name)) for name, _ in ordered)
    out += b"".join(struct.pack("<i", position) for position in positions)
    return out + struct.pack("<i", len(out) + 4 + len(names)) + names + data


def _hash(name: str) -> int:
    """FastResourceComparer's hash, as a signed number."""
    units = name.encode("utf-16-le")
    value = 5381
    for at in range(0, len(units), 2):
        value = ((value * 33) ^ int.from_bytes(units[at : at + 2], "little")) & 0xFFFFFFFF
    return value - (1 << 32) if value >> 31 else value


def _counted(content: bytes) -> bytes:
    """`content` after its length in groups of 7 bits."""
    length = len(content)
    head = bytearray()
    while length > 0x7F:
        head.append(length & 0x7F | 0x80)
        length >>= 7
    head.append(length)
    return bytes(head) + content


def _encoded(value: Value) -> bytes:
    if value is None:
        return bytes([_TYPE_NULL])
    if isinstance(value, str):
        return bytes([_TYPE_STRING]) + _counted(value.encode("utf-8", "surrogatepass"))
    kind, content = (_TYPE_STREAM, value.content) if isinstance(value, StreamValue) else (_TYPE_BYTES, value)
    return bytes([kind]) + struct.pack("<i", len(content)) + content
