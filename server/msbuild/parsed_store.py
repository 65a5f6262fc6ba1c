"""Parsed project files between processes: the content of a file -> its checked tree, from a folder of the user's cache.

One file per content, named by its hash: a line with the layout's number and a hash of the rest, then JSON. What is inside targets, using
tasks and conditional groups is JSON text inside the JSON, read when somebody looks: most of an SDK is never looked at by one project.
A file that is damaged, of another layout or not there is a miss, and the project file is parsed. Nothing in it is run.
"""

from __future__ import annotations

import json
import os
import tempfile
from hashlib import blake2b

from server.msbuild.xml import XmlAttribute, XmlComment, XmlElement, XmlText

# Raised when the form below, or what `check_project` refuses, changes.
LAYOUT = 1
_HEADER = f"aotd parsed project {LAYOUT} "
_PUT_OFF = frozenset({"Target", "UsingTask"})
_PUT_OFF_WITH_CONDITION = frozenset({"PropertyGroup", "ItemGroup", "Choose"})
_CDATA, _COMMENT = 0, 1

Json = list["Json"] | dict[str, "Json"] | str | int | bool | None


class StoreMiss(Exception):
    """There is no usable tree for this content."""


class ParsedStore:
    """The trees in one folder. Reading and writing fail silently as a miss; two processes may use it at once."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def load(self, text: str, path: str) -> XmlElement:
        """The root of the project file `path` whose text is `text`. Raises StoreMiss."""
        try:
            with open(self._place(text), encoding="utf-8", errors="surrogatepass") as stream:
                header, body = stream.readline(), stream.read()
        except (OSError, UnicodeDecodeError) as error:
            raise StoreMiss(str(error)) from None
        if header != f"{_HEADER}{_hash(body)}\n":
            raise StoreMiss("damaged or of another layout")
        return _element(_read(body), path, "")

    def save(self, text: str, root: XmlElement) -> bool:
        """Keeps the tree of `text`, which is checked; False when it cannot be written."""
        place = self._place(text)
        body = json.dumps(_form(root), ensure_ascii=False, separators=(",", ":"))
        folder = os.path.dirname(place)
        try:
            os.makedirs(folder, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=folder)
            with open(descriptor, "w", encoding="utf-8", errors="surrogatepass") as stream:
                stream.write(f"{_HEADER}{_hash(body)}\n{body}")
            os.replace(name, place)
        except OSError:
            return False
        return True

    def _place(self, text: str) -> str:
        name = _hash(text)
        return f"{self._folder}/{LAYOUT}/{name[:2]}/{name[2:]}.json"


def _hash(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()


def _form(element: XmlElement) -> Json:
    """An element as a list: name, line, column, is it an empty tag, attributes flat, children."""
    attributes: list[Json] = []
    for attribute in element.attributes:
        attributes += [attribute.name, attribute.value, attribute.line, attribute.column]
    children: Json = [_child_form(child) for child in element.children]
    if children and _is_put_off(element):
        children = json.dumps(children, ensure_ascii=False, separators=(",", ":"))
    return [element.name, element.line, element.column, int(element.empty_tag), attributes, children]


def _is_put_off(element: XmlElement) -> bool:
    return element.name in _PUT_OFF or (element.name in _PUT_OFF_WITH_CONDITION and element.attribute("Condition") is not None)


def _child_form(child: XmlElement | XmlText | XmlComment) -> Json:
    if isinstance(child, XmlElement):
        return _form(child)
    if isinstance(child, XmlText):
        return [_CDATA, child.text] if child.cdata else child.text
    return [_COMMENT, child.text]


def _read(body: str) -> Json:
    try:
        read: Json = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise StoreMiss(str(error)) from None
    return read


def _element(form: Json, file: str, namespace: str) -> XmlElement:
    """The element of a form. Raises StoreMiss for what is no form."""
    match form:
        case [str(name), int(line), int(column), int(empty_tag), list(flat), (str() | list()) as children]:
            attributes = _attributes(flat)
            for attribute in attributes:
                if attribute.name == "xmlns":
                    namespace = attribute.value
            if isinstance(children, str):
                return PutOffElement(name, file, line, column, attributes, children, empty_tag=bool(empty_tag), namespace=namespace)
            inner = [_child(child, file, namespace) for child in children]
            return XmlElement(name, file, line, column, attributes, inner, empty_tag=bool(empty_tag), namespace=namespace)
    raise StoreMiss("not an element")


def _attributes(flat: list[Json]) -> list[XmlAttribute]:
    attributes: list[XmlAttribute] = []
    if len(flat) % 4:
        raise StoreMiss("not attributes")
    for at in range(0, len(flat), 4):
        name, value, line, column = flat[at : at + 4]
        if not (isinstance(name, str) and isinstance(value, str) and isinstance(line, int) and isinstance(column, int)):
            raise StoreMiss("not an attribute")
        attributes.append(XmlAttribute(name, value, line, column))
    return attributes


def _child(form: Json, file: str, namespace: str) -> XmlElement | XmlText | XmlComment:
    if isinstance(form, str):
        return XmlText(form, cdata=False)
    if isinstance(form, list) and len(form) == 2 and isinstance(form[1], str):
        return XmlText(form[1], cdata=True) if form[0] == _CDATA else XmlComment(form[1])
    return _element(form, file, namespace)


class PutOffElement(XmlElement):
    """An element whose children are read when somebody asks for them. Their text was hashed with the rest, so it is what was written."""

    __slots__ = ("_inner", "_text")

    def __init__(
        self, name: str, file: str, line: int, column: int, attributes: list[XmlAttribute], text: str, *, empty_tag: bool, namespace: str
    ) -> None:
        self._text = text
        self._inner: list[XmlElement | XmlText | XmlComment] | None = None
        self.name, self.file, self.line, self.column, self.attributes = name, file, line, column, attributes
        self.empty_tag, self.namespace = empty_tag, namespace

    @property
    def children(self) -> list[XmlElement | XmlText | XmlComment]:  # type: ignore[override]  # the slot of the base, filled late
        """See XmlElement."""
        if self._inner is None:
            read = _read(self._text)
            if not isinstance(read, list):
                raise StoreMiss("not children")
            self._inner = [_child(child, self.file, self.namespace) for child in read]
        return self._inner
