"""Descriptors, embedded and named by a project, and rd.xml files -> the methods that a program has because of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from analyzers.context import ModuleContext
from analyzers.finding import RawFinding
from analyzers.link_xml import malformed
from analyzers.root_files import DESCRIPTOR, RootFile, RootFileKind
from analyzers.rule import RULES
from analyzers.runtime_directives import read_directives
from compiler.diagnostics import InputError, Location
from compiler.flow.link_members import (
    keeps_everything,
    methods_meant,
    module_named,
    semantic_meant,
    type_named,
    types_matching,
)
from compiler.flow.link_xml import InvalidLinkXml, XmlElement, read_link_xml, read_linker
from compiler.metadata.resources import embedded_resource
from compiler.types.definitions import MethodDefinition, Module, TypeDefinition
from compiler.types.universe import TypeUniverse


def check_root_files(context: ModuleContext, files: Sequence[RootFile]) -> Iterator[RawFinding]:
    """The findings of files that cannot be read, and of rd.xml files that a native compiler refuses."""
    module = context.module
    for file in files:
        if file.failure:
            rule = RULES["IL1033" if file.is_missing else "IL1013"]
            message = rule.message(file.path) if file.is_missing else rule.message(file.path, file.failure)
            yield RawFinding(rule, message, module.type_definition(1), Location(file.project), member_name=module.name)
            continue
        if file.kind is not RootFileKind.DIRECTIVES:
            continue
        try:
            root = read_link_xml(file.content)
        except InvalidLinkXml as error:
            yield malformed(module, file.path, file.path, error)
            continue
        for refusal in read_directives(context.lookups.universe, root).refusals:
            place = Location(file.path, refusal.element.line, refusal.element.column)
            message = RULES["IL1013"].message(file.path, refusal.reason)
            yield RawFinding(RULES["IL1013"], message, module.type_definition(1), place, member_name=module.name)


def kept_methods(
    universe: TypeUniverse, modules: Sequence[Module], files: Sequence[RootFile], switches: Mapping[str, bool]
) -> Iterator[MethodDefinition]:
    """The methods that the descriptors in `modules` and `files` keep. What cannot be read keeps nothing."""
    for module in modules:
        try:
            content = embedded_resource(module.image, DESCRIPTOR)
            root = read_linker(content) if content is not None else None
        except (InputError, InvalidLinkXml):
            continue
        if root is not None:
            yield from _described(universe, root, module, switches)
    for file in files:
        try:
            if file.kind is RootFileKind.DESCRIPTOR:
                root = read_linker(file.content)
                yield from _described(universe, root, None, switches) if root is not None else ()
            else:
                kept = read_directives(universe, read_link_xml(file.content))
                whole = [module_named(universe, name) for name in sorted(kept.assemblies)]
                yield from (method for each in whole if each is not None for method in _all_methods(each.types()))
                yield from kept.methods
        except InvalidLinkXml:
            continue


def _described(
    universe: TypeUniverse, root: XmlElement, embedded_in: Module | None, switches: Mapping[str, bool]
) -> Iterator[MethodDefinition]:
    """What one descriptor keeps; an embedded one may leave its assembly out."""
    if not root.applies(switches):
        return
    parts = [(module_named(universe, each.get("fullname")), each) for each in root.named("assembly") if each.applies(switches)]
    parts += [(embedded_in, root)] if embedded_in is not None else []
    for module, element in parts:
        if module is None:
            continue
        if keeps_everything(element):
            yield from _all_methods(module.types())
            continue
        spaces = {each.get("fullname") for each in element.named("namespace") if each.applies(switches)}
        yield from _all_methods(each for each in module.types() if spaces and each.namespace in spaces)
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


def _of_type(
    universe: TypeUniverse, definition: TypeDefinition, element: XmlElement, switches: Mapping[str, bool]
) -> Iterator[MethodDefinition]:
    if keeps_everything(element) or element.get("preserve").lower() == "methods":
        yield from definition.methods
    for child in element.children:
        if not child.applies(switches):
            continue
        if child.name == "method":
            yield from methods_meant(universe, definition, child).found
        elif child.name in ("property", "event"):
            for member in semantic_meant(universe, definition, child, events=child.name == "event").found:
                yield from member.accessors.values()


def _all_methods(definitions: Iterator[TypeDefinition]) -> Iterator[MethodDefinition]:
    return (method for definition in definitions for method in definition.methods)
