"""Descriptors, embedded and named by a project, rd.xml files and whole assemblies -> the members that a program has because of them.

The analyzers explain findings by these, and reach keeps them for reflection: both by the same reading. What cannot be read keeps nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from compiler.diagnostics import InputError
from compiler.flow.link_members import (
    fields_meant,
    keeps_everything,
    methods_meant,
    module_named,
    semantic_meant,
    type_named,
    types_matching,
)
from compiler.flow.link_xml import InvalidLinkXml, XmlElement, read_link_xml, read_linker
from compiler.flow.root_files import DESCRIPTOR, RootFile, RootFileKind
from compiler.flow.runtime_directives import read_directives
from compiler.metadata.resources import embedded_resource
from compiler.types.definitions import FieldDefinition, MethodDefinition, Module, TypeDefinition
from compiler.types.type_desc import MethodDesc, NamedType
from compiler.types.universe import TypeUniverse

# A definition stands for all its instances; a desc is one instance, with all its members where it is a type.
Described = MethodDefinition | FieldDefinition | TypeDefinition | MethodDesc | NamedType


def members_embedded(universe: TypeUniverse, module: Module, switches: Mapping[str, bool]) -> Iterator[Described]:
    """What the descriptor that a module embeds keeps."""
    try:
        content = embedded_resource(module.image, DESCRIPTOR)
        root = read_linker(content) if content is not None else None
    except (InputError, InvalidLinkXml):
        return
    if root is not None:
        yield from _described(universe, root, module, switches)


def members_of_files(universe: TypeUniverse, files: Sequence[RootFile], switches: Mapping[str, bool]) -> Iterator[Described]:
    """What descriptors and rd.xml files of a project keep."""
    for file in files:
        try:
            if file.kind is RootFileKind.DESCRIPTOR:
                root = read_linker(file.content)
                yield from _described(universe, root, None, switches) if root is not None else ()
                continue
            kept = read_directives(universe, read_link_xml(file.content))
        except InvalidLinkXml:
            continue
        for name in sorted(kept.assemblies):
            yield from members_of_assembly(universe, name)
        yield from kept.methods
        yield from kept.types
        yield from kept.instances


def members_of_assembly(universe: TypeUniverse, name: str) -> Iterator[Described]:
    """Everything in an assembly."""
    module = module_named(universe, name)
    if module is not None:
        yield from _everything(module.types())


def _described(universe: TypeUniverse, root: XmlElement, embedded_in: Module | None, switches: Mapping[str, bool]) -> Iterator[Described]:
    """What one descriptor keeps; an embedded one may leave its assembly out."""
    if not root.applies(switches):
        return
    parts = [(module_named(universe, each.get("fullname")), each) for each in root.named("assembly") if each.applies(switches)]
    parts += [(embedded_in, root)] if embedded_in is not None else []
    for module, element in parts:
        if module is None:
            continue
        if keeps_everything(element):
            yield from _everything(module.types())
            continue
        spaces = {each.get("fullname") for each in element.named("namespace") if each.applies(switches)}
        yield from _everything(each for each in module.types() if spaces and each.namespace in spaces)
        for child in element.named("type"):
            if child.applies(switches):
                for definition in _types(universe, module, child.get("fullname")):
                    yield from _of_type(universe, definition, child, switches)


def _types(universe: TypeUniverse, module: Module, name: str) -> Iterator[TypeDefinition]:
    if "*" in name:
        yield from types_matching(module, name)
        return
    found = type_named(universe, module, name)
    if found is not None:
        yield found


def _of_type(universe: TypeUniverse, definition: TypeDefinition, element: XmlElement, switches: Mapping[str, bool]) -> Iterator[Described]:
    yield definition
    preserve = "all" if keeps_everything(element) else element.get("preserve").strip().lower()
    if preserve in ("all", "methods"):
        yield from definition.methods
    if preserve in ("all", "fields"):
        yield from definition.fields
    for child in element.children:
        if not child.applies(switches):
            continue
        if child.name == "method":
            yield from methods_meant(universe, definition, child).found
        elif child.name == "field":
            yield from fields_meant(universe, definition, child).found
        elif child.name in ("property", "event"):
            for member in semantic_meant(universe, definition, child, events=child.name == "event").found:
                yield from member.accessors.values()


def _everything(definitions: Iterable[TypeDefinition]) -> Iterator[Described]:
    for definition in definitions:
        yield definition
        yield from definition.methods
        yield from definition.fields
