"""ILLink XML files, embedded or named by a project: what they name and is not there (IL2001 to IL2017, IL2044, IL2100, IL2101).

As .NET's native compiler does, the substitutions are read twice, for bodies and for resources, under two names; of the link
attributes only assemblies and types are looked up.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterator, Mapping

from analyzers.context import ModuleContext
from analyzers.finding import RawFinding
from analyzers.rule import RULES
from compiler.diagnostics import InputError, Location
from compiler.flow.associations import members_of
from compiler.flow.contexts import open_context, open_type_context
from compiler.flow.link_xml import InvalidLinkXml, XmlElement, read_link_xml
from compiler.metadata.resources import embedded_resource
from compiler.metadata.signatures import ElementType, SigType
from compiler.types.definitions import FieldDefinition, MethodDefinition, Module, TypeDefinition

_INTEGER = re.compile(r"\s*[+-]?[0-9]+\s*\Z")


def check_link_xml(context: ModuleContext, switches: Mapping[str, bool]) -> Iterator[RawFinding]:
    """The findings in the XML files that the module embeds; `switches` are the feature switches that are set."""
    module = context.module.name
    documents: tuple[tuple[str, str, Callable[[_Document, TypeDefinition, XmlElement], Iterator[RawFinding]] | None], ...] = (
        ("ILLink.Descriptors.xml", f"resource ILLink.Descriptors.xml in {module}", _described_type),
        ("ILLink.Substitutions.xml", "name", _substituted_type),
        ("ILLink.Substitutions.xml", f"resource ILLink.Substitutions.xml in {module}", None),
        ("ILLink.LinkAttributes.xml", f"resource ILLink.LinkAttributes.xml in {module}", _attributed_type),
    )
    for resource, file, check_type in documents:
        try:
            content = embedded_resource(context.module.image, resource)
            if content is not None:
                document = _Document(context, file, switches, is_descriptor=check_type is _described_type)
                yield from document.check(read_link_xml(content), check_type)
        except (InvalidLinkXml, InputError):
            # What cannot be read stops the native compiler, too; that is no finding.
            continue


def check_descriptors(context: ModuleContext, files: Mapping[str, bytes], switches: Mapping[str, bool]) -> Iterator[RawFinding]:
    """The findings in descriptors that stand in files of their own (path -> content); an unreadable one has none."""
    for path, content in files.items():
        try:
            yield from _Document(context, path, switches, is_descriptor=True).check(read_link_xml(content), _described_type)
        except (InvalidLinkXml, InputError):
            continue


class _Document:
    """One XML file of a module under analysis."""

    def __init__(self, context: ModuleContext, file: str, switches: Mapping[str, bool], *, is_descriptor: bool) -> None:
        self.context = context
        self.switches = switches
        self._file = file
        self._is_descriptor = is_descriptor

    def check(
        self, root: XmlElement, check_type: Callable[[_Document, TypeDefinition, XmlElement], Iterator[RawFinding]] | None
    ) -> Iterator[RawFinding]:
        """The findings of the file; without `check_type` its assemblies alone are looked at."""
        for element in root.named("assembly"):
            module = self.context.module
            name = element.get("fullname").partition(",")[0]
            if element.get("fullname") == "*":
                yield self.found(element, "IL2100")
                continue
            if name != module.name and not self._is_descriptor:
                yield self.found(element, "IL2101", module.name, name)
                continue
            if not element.applies(self.switches):
                continue
            target = self._module(name)
            if target is None:
                yield self.found(element, "IL2007", name)
            elif check_type is not None:
                yield from self._types(target, element, check_type)
                yield from self._namespaces(target, element)

    def found(self, element: XmlElement, rule_id: str, *arguments: str) -> RawFinding:
        """A finding at an element."""
        rule, module = RULES[rule_id], self.context.module
        place = Location(self._file, element.line, element.column)
        return RawFinding(rule, rule.message(*arguments), module.type_definition(1), place, member_name=module.name)

    def applying(self, element: XmlElement, name: str) -> Iterator[XmlElement]:
        """The child elements of that name whose conditions hold."""
        return (child for child in element.named(name) if child.applies(self.switches))

    def signature(self, member: MethodDefinition | FieldDefinition) -> str:
        """A method or field as the files write it: `System.Int32 Name(System.String)`."""

        def name(sig: SigType) -> str:
            universe = self.context.lookups.universe
            generic = open_context(universe, member) if isinstance(member, MethodDefinition) else open_type_context(universe, member.owner)
            return repr(universe.resolve_sig(member.module, sig, generic)).replace("+", "/")

        try:
            if isinstance(member, FieldDefinition):
                return f"{name(member.sig)} {member.name}"
            return f"{name(member.sig.return_type)} {member.name}({','.join(name(each) for each in member.sig.parameters)})"
        except InputError:
            return ""

    def _types(
        self, module: Module, assembly: XmlElement, check_type: Callable[[_Document, TypeDefinition, XmlElement], Iterator[RawFinding]]
    ) -> Iterator[RawFinding]:
        for element in self.applying(assembly, "type"):
            name = element.get("fullname")
            if "*" in name:
                for definition in _matching(module, name):
                    yield from check_type(self, definition, element)
                continue
            found = _type_named(module, name)
            if found is None:
                yield self.found(element, "IL2008", name)
            else:
                yield from check_type(self, found, element)

    def _namespaces(self, module: Module, assembly: XmlElement) -> Iterator[RawFinding]:
        if not self._is_descriptor:
            return
        for element in self.applying(assembly, "namespace"):
            name = element.get("fullname")
            if not any(definition.namespace == name for definition in module.types()):
                yield self.found(element, "IL2044", name)

    def _module(self, name: str) -> Module | None:
        if name == self.context.module.name:
            return self.context.module
        try:
            return self.context.lookups.universe.load(name)
        except InputError:
            return None


def _type_named(module: Module, name: str) -> TypeDefinition | None:
    outer, *nested = name.split("/")
    namespace, _, simple = outer.rpartition(".")
    found = module.find_type(namespace, simple)
    for part in nested:
        found = module.find_nested(found, part) if found is not None else None
    return found


def _matching(module: Module, pattern: str) -> Iterator[TypeDefinition]:
    # `[` is part of a name here, and no class of characters.
    pattern = pattern.replace("[", "[[]")
    return (each for each in module.types() if fnmatch.fnmatchcase(each.full_name.replace("+", "/"), pattern))


# ---- the three kinds of files ----


def _attributed_type(_document: _Document, _definition: TypeDefinition, _element: XmlElement) -> Iterator[RawFinding]:
    return iter(())


def _described_type(document: _Document, definition: TypeDefinition, element: XmlElement) -> Iterator[RawFinding]:
    name = document.context.names.definition(definition)
    preserve = element.get("preserve")
    if preserve == "fields" and not definition.fields:
        yield document.found(element, "IL2001", name)
    if preserve == "methods" and not definition.methods:
        yield document.found(element, "IL2002", name)
    for child in document.applying(element, "field"):
        yield from _named(document, child, definition, definition.fields, "IL2012")
    for child in document.applying(element, "method"):
        yield from _named(document, child, definition, definition.methods, "IL2009")
    for kind, rule_id in (("event", "IL2016"), ("property", "IL2017")):
        semantic = {each.name for each in members_of(definition, events=kind == "event")}
        for child in document.applying(element, kind):
            wanted = child.get("signature") or child.get("name")
            if wanted and wanted.rpartition(" ")[2] not in semantic:
                yield document.found(child, rule_id, wanted, name)


def _named(
    document: _Document,
    element: XmlElement,
    owner: TypeDefinition,
    members: tuple[MethodDefinition, ...] | tuple[FieldDefinition, ...],
    rule_id: str,
) -> Iterator[RawFinding]:
    """The finding when an element names no method or field."""
    signature, name = element.get("signature"), element.get("name")
    if signature:
        is_there = any(document.signature(member) == signature for member in members)
    else:
        is_there = not name or any(member.name == name for member in members)
    if not is_there:
        yield document.found(element, rule_id, signature or name, document.context.names.definition(owner))


def _substituted_type(document: _Document, definition: TypeDefinition, element: XmlElement) -> Iterator[RawFinding]:
    owner = document.context.names.definition(definition)
    for child in document.applying(element, "method"):
        signature = child.get("signature")
        method = next((each for each in definition.methods if document.signature(each) == signature), None)
        if signature and method is None:
            yield document.found(child, "IL2009", signature, owner)
        elif method is not None:
            name, body = document.context.names.method(method), child.get("body")
            if body not in ("stub", "remove"):
                yield document.found(child, "IL2011", body, name)
            elif body == "stub" and not _is_value(method.sig.return_type.element, child.get("value")):
                yield document.found(child, "IL2010", name)
    for child in document.applying(element, "field"):
        wanted = child.get("name")
        field = next((each for each in definition.fields if each.name == wanted), None)
        if field is None:
            if wanted:
                yield document.found(child, "IL2012", wanted, owner)
            continue
        name, value = document.context.names.field(field), child.get("value")
        if not field.is_static or field.is_literal:
            yield document.found(child, "IL2013", name)
        elif not value:
            yield document.found(child, "IL2014", name)
        elif not _is_value(field.sig.element, value):
            yield document.found(child, "IL2015", value, name)


def _is_value(element: ElementType, value: str) -> bool:
    """Whether a text is a value of a type for which values can be given; of others nothing is said."""
    if not value or element not in (ElementType.BOOLEAN, ElementType.I4, ElementType.U4):
        return True
    if element is ElementType.BOOLEAN and value.strip().lower() in ("true", "false"):
        return True
    return _INTEGER.match(value) is not None
