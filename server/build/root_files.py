"""Files in which a project names what a publish keeps: ILLink descriptors (TrimmerRootDescriptor) and rd.xml (RdXmlFile)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from compiler.flow.link_xml import InvalidLinkXml, XmlElement, read_link_xml
from server.build.project_values import EvaluatedProject


def descriptors(project: EvaluatedProject) -> dict[str, bytes]:
    """The descriptors that can be read, by full path; others are left out."""
    return dict(_files(project, "TrimmerRootDescriptor"))


def assemblies_kept_whole(project: EvaluatedProject) -> frozenset[str]:
    """Lower-case names of the assemblies of which a publish keeps everything: by item, descriptor or rd.xml."""
    kept = {item.identity.lower() for item in project.items_of("TrimmerRootAssembly")}
    for content in descriptors(project).values():
        kept.update(name.partition(",")[0].lower() for name in _whole_assemblies(content, _is_whole))
    for _, content in _files(project, "RdXmlFile"):
        kept.update(name.partition(",")[0].lower() for name in _whole_assemblies(content, _is_dynamic))
    return frozenset(kept)


def _files(project: EvaluatedProject, item_type: str) -> Iterator[tuple[str, bytes]]:
    for item in project.items_of(item_type):
        try:
            with open(item.full_path(), "rb") as stream:
                yield item.full_path(), stream.read()
        except OSError:
            continue


def _whole_assemblies(content: bytes, is_whole: Callable[[XmlElement], bool]) -> Iterator[str]:
    try:
        pending = [read_link_xml(content)]
    except InvalidLinkXml:
        return
    while pending:
        element = pending.pop()
        if element.name.lower() == "assembly" and is_whole(element):
            yield element.get("fullname") or element.get("Name")
        pending += element.children


def _is_whole(element: XmlElement) -> bool:
    """An assembly of a descriptor is kept whole when it says so, or names nothing of its own."""
    return element.get("preserve") == "all" or not (element.children or element.get("preserve"))


def _is_dynamic(element: XmlElement) -> bool:
    """An assembly of an rd.xml file, with everything in it."""
    return element.get("Dynamic") == "Required All"
