"""An evaluated project -> one XML text with every import in its place, as `-preprocess` writes it.

Only imports that the evaluation followed are put in; the others stay as comments. The evaluation must have traced its imports.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from server.msbuild.model import ProjectInstance
from server.msbuild.project import ProjectEvaluator
from server.msbuild.sdks import parse_sdk_list
from server.msbuild.xml import XmlAttribute, XmlComment, XmlElement, XmlText, outer_comments

_RULE = "=" * 140
# The arrow of an item transform is written as it is; those before item functions and in other text are escaped.
_TRANSFORM = re.compile(r"@\(\s*[A-Za-z_][A-Za-z_0-9\-]*(?P<arrow>\s*->\s*)'[^']*'(?:\s*,\s*'[^']*')?\s*\)")
Node = XmlElement | XmlText | XmlComment
# Where an Import stands, and what it says; the imports that SDKs of a project stand for are all at one place.
_ImportKey = tuple[str, int, int, str, str]


def preprocessed(instance: ProjectInstance, evaluator: ProjectEvaluator) -> str:
    """The text. Raises InputError when the project cannot be read any more."""
    joined = _Joined(evaluator, {})
    for trace in instance.import_traces or ():
        if trace.imported:
            place = trace.location
            joined.imported.setdefault((place.file, place.line, place.column, trace.unexpanded, trace.sdk), []).append(trace.imported)
    root = evaluator.cache.load_entry(instance.path)
    outer = XmlElement(root.name, root.file, root.line, root.column, [], [], empty_tag=False, namespace=root.namespace)
    outer.attributes = [XmlAttribute(one.name, one.value, one.line, one.column) for one in root.attributes if one.name != "Sdk"]
    joined.root = outer
    joined.paths.append(instance.path)
    joined.add_children(root, outer)
    before, after = outer_comments(evaluator.files.read_text(instance.path), instance.path)
    writer = _Writer()
    head = XmlComment(f"\r\n{_RULE}\r\n{_shown(instance.path)}\r\n{_RULE}\r\n")
    nodes: list[Node] = [head, *before, outer, *after]
    for node in nodes:
        writer.node(node, 0, "")
    return "".join(writer.parts).removeprefix("\n")


def _shown(path: str) -> str:
    return path.replace("--", "__")


@dataclass(slots=True, eq=False)
class _Joined:
    """The tree while it is made. `paths` are the files that are being gone through, innermost last."""

    evaluator: ProjectEvaluator
    imported: dict[_ImportKey, list[str]]
    paths: list[str] = field(default_factory=list)
    root: XmlElement | None = None

    def add_children(self, source: XmlElement, target: XmlElement) -> None:
        """Appends to `target` what stands in the project `source`, with its implicit imports."""
        top, bottom = _implicit(source)
        for implicit in top:
            self._import(source, implicit, target)
        self._copy(source, target)
        for implicit in bottom:
            self._import(source, implicit, target)

    def _copy(self, source: XmlElement, target: XmlElement) -> None:
        for child in source.children:
            if not isinstance(child, XmlElement):
                target.children.append(child)
            elif child.name == "Import":
                self._import(source, child, target)
            elif child.name == "ImportGroup":
                condition = child.value("Condition")
                shown = f' Condition="{condition}"' if condition else ""
                target.children.append(XmlComment(f"<ImportGroup{shown}>"))
                self._copy(child, target)
                target.children.append(XmlComment("</ImportGroup>"))
            else:
                target.children.append(child)

    def _import(self, source: XmlElement, element: XmlElement, target: XmlElement) -> None:
        condition, sdk = element.value("Condition"), element.value("Sdk")
        attributes = f'Project="{_shown(element.value("Project"))}"'
        attributes += (f' Sdk="{sdk}"' if sdk else "") + (f' Condition="{condition}"' if condition else "")
        files = self.imported.get((element.file, element.line, element.column, element.value("Project"), sdk), [])
        if not files:
            target.children.append(XmlComment(f"<Import {attributes} />"))
            return
        implied = ""
        if sdk.strip() and sdk.lower() in source.value("Sdk").lower():
            implied = f'\r\n  This import was added implicitly because the Project element\'s Sdk attribute specified "{sdk}".'
        for index, file in enumerate(files):
            head = f"  <Import {attributes}>{implied}"
            target.children.append(XmlComment(f"\r\n{_RULE}\r\n{head}\r\n\r\n{_shown(file)}\r\n{_RULE}\r\n"))
            self.paths.append(file)
            inner = self.evaluator.cache.load(file)
            before, behind = outer_comments(self.evaluator.files.read_text(file), file)
            target.children.extend(before)
            self._take_targets(inner)
            self.add_children(inner, target)
            target.children.extend(behind)
            self.paths.pop()
            after = f"\r\n\r\n{_shown(self.paths[-1])}" if index == len(files) - 1 else ""
            target.children.append(XmlComment(f"\r\n{_RULE}\r\n  </Import>{after}\r\n{_RULE}\r\n"))

    def _take_targets(self, inner: XmlElement) -> None:
        """Initial targets of all files are joined; the first default targets hold."""
        assert self.root is not None
        initial = [text for text in (self.root.value("InitialTargets").strip(), inner.value("InitialTargets").strip()) if text]
        if inner.value("InitialTargets").strip():
            _set(self.root, "InitialTargets", ";".join(initial))
        default = inner.value("DefaultTargets").strip()
        if default and not self.root.value("DefaultTargets").strip():
            _set(self.root, "DefaultTargets", default)


def _set(element: XmlElement, name: str, value: str) -> None:
    attribute = element.attribute(name)
    if attribute is not None:
        attribute.value = value
    else:
        element.attributes.append(XmlAttribute(name, value, element.line, element.column))


def _implicit(root: XmlElement) -> tuple[list[XmlElement], list[XmlElement]]:
    """The Import elements that a project's Sdk attribute and Sdk elements stand for."""
    named = [(reference.name, root) for reference in parse_sdk_list(root.value("Sdk")) or ()] if root.value("Sdk").strip() else []
    named += [(child.value("Name"), child) for child in root.elements() if child.name == "Sdk"]
    return tuple(  # type: ignore[return-value]  # two lists
        [_import_element(name, project, place) for name, place in named] for project in ("Sdk.props", "Sdk.targets")
    )


def _import_element(sdk: str, project: str, place: XmlElement) -> XmlElement:
    attributes = [XmlAttribute("Project", project, 0, 0), XmlAttribute("Sdk", sdk, 0, 0)]
    return XmlElement("Import", place.file, 0, 0, attributes, [], empty_tag=True, namespace="")


@dataclass(slots=True, eq=False)
class _Writer:
    """XML with two blanks a level; inside an element that holds text nothing is indented. A namespace is declared where it changes."""

    parts: list[str] = field(default_factory=list)

    def node(self, node: Node, depth: int, namespace: str, *, indents: bool = True) -> None:
        """Appends a node, below an element of `namespace`."""
        if isinstance(node, XmlText):
            self.parts.append(f"<![CDATA[{node.text}]]>" if node.cdata else _escaped(node.text))
            return
        if indents:
            self.parts.append("\n" + "  " * depth)
        if isinstance(node, XmlComment):
            self.parts.append(f"<!--{node.text}-->")
            return
        attributes = "".join(f' {one.name}="{_escaped_attribute(one.value)}"' for one in node.attributes)
        if node.namespace != namespace and node.attribute("xmlns") is None:
            attributes += f' xmlns="{_escaped_attribute(node.namespace)}"'
        if not node.children:
            self.parts.append(f"<{node.name}{attributes} />")
            return
        self.parts.append(f"<{node.name}{attributes}>")
        holds_text = False
        for child in node.children:
            holds_text = holds_text or isinstance(child, XmlText)
            self.node(child, depth + 1, node.namespace, indents=indents and not holds_text)
        if indents and not holds_text:
            self.parts.append("\n" + "  " * depth)
        self.parts.append(f"</{node.name}>")


def _escaped(text: str) -> str:
    pieces: list[str] = []
    written = 0
    for transform in _TRANSFORM.finditer(text) if "->" in text else ():
        pieces += [_without_markup(text[written : transform.start("arrow")]), transform["arrow"]]
        written = transform.end("arrow")
    return "".join(pieces) + _without_markup(text[written:])


def _without_markup(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _escaped_attribute(text: str) -> str:
    escaped = _escaped(text).replace('"', "&quot;")
    return escaped.replace("\n", "&#xA;").replace("\r", "&#xD;").replace("\t", "&#x9;")
