"""ILLink XML and rd.xml files, embedded or named by a project: what they name and is not there, and files that cannot be read.

As .NET's native compiler does, the substitutions are read twice, for bodies and for resources, under two names; of the link
attributes only assemblies, types and the attributes of types are looked at. What that compiler passes over in silence, though the file
then means nothing, is found too where it is asked for (`UNREPORTED`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from analyzers.context import ModuleContext
from analyzers.finding import RawFinding
from analyzers.rule import RULES
from compiler.diagnostics import InputError, Location
from compiler.flow.associations import AccessorKind, SemanticMember
from compiler.flow.link_members import (
    fields_meant,
    keeps_everything,
    methods_meant,
    module_named,
    semantic_meant,
    type_named,
    types_matching,
)
from compiler.flow.link_signatures import method_signature
from compiler.flow.link_xml import InvalidLinkXml, XmlElement, read_link_xml, read_linker
from compiler.flow.root_files import DESCRIPTOR, LINK_ATTRIBUTES, SUBSTITUTIONS, EmbeddedFile, RootFile, RootFileKind
from compiler.flow.runtime_directives import read_directives
from compiler.metadata.resources import embedded_resource
from compiler.metadata.signatures import ElementType
from compiler.types.definitions import Module, TypeDefinition

_INTEGER = re.compile(r"\s*[+-]?[0-9]+\s*\Z")
_BOOLEANS = ("true", "false")
_REMOVE_ATTRIBUTES = ("RemoveAttributeInstances", "RemoveAttributeInstancesAttribute")
_MEMBERS = ("method", "field", "property", "event")


class _Kind(Enum):
    """What a file is read for."""

    DESCRIPTOR = "what is kept"
    BODIES = "bodies that are replaced"
    RESOURCES = "resources that are removed"
    ATTRIBUTES = "attributes that are added and removed"


# Resource, the native compiler's name for it, what it is read for.
_EMBEDDED = (
    (DESCRIPTOR, f"resource {DESCRIPTOR} in {{0}}", _Kind.DESCRIPTOR),
    (SUBSTITUTIONS, "name", _Kind.BODIES),
    (SUBSTITUTIONS, f"resource {SUBSTITUTIONS} in {{0}}", _Kind.RESOURCES),
    (LINK_ATTRIBUTES, f"resource {LINK_ATTRIBUTES} in {{0}}", _Kind.ATTRIBUTES),
)


def check_link_xml(context: ModuleContext, switches: Mapping[str, bool], files: Sequence[EmbeddedFile]) -> Iterator[RawFinding]:
    """The findings in the XML files that the module embeds; `switches` are the feature switches that are set.

    `files` are those that were embedded, where they are known: findings then stand there, each once, with what nobody else reports.
    """
    known = {each.resource: each for each in files}
    for resource, name, kind in _EMBEDDED:
        source = known.get(resource)
        content = source.content if source is not None else _embedded(context.module, resource)
        if content is None:
            continue
        file = source.path if source is not None else name.format(context.module.name)
        document = _Document(context, switches, file, kind, is_embedded=True, tells_all=source is not None)
        yield from document.check(content, resource)


def check_root_files(context: ModuleContext, files: Sequence[RootFile], switches: Mapping[str, bool]) -> Iterator[RawFinding]:
    """The findings in descriptors and rd.xml files that a project names, and of those that are not there."""
    for file in files:
        if file.is_missing:
            yield _at(context.module, "IL1033", Location(file.project), file.path)
        elif file.failure:
            yield _at(context.module, "IL1013", Location(file.project), file.path, file.failure)
        elif file.kind is RootFileKind.DIRECTIVES:
            yield from _directives(context, file)
        else:
            document = _Document(context, switches, file.path, _Kind.DESCRIPTOR, is_embedded=False, tells_all=False)
            yield from document.check(file.content, file.path)


def _directives(context: ModuleContext, file: RootFile) -> Iterator[RawFinding]:
    """What a native compiler refuses in an rd.xml file."""
    try:
        root = read_link_xml(file.content)
    except InvalidLinkXml as error:
        yield _malformed(context.module, file.path, file.path, error)
        return
    for refusal in read_directives(context.lookups.universe, root).refusals:
        place = Location(file.path, refusal.element.line, refusal.element.column)
        yield _at(context.module, "IL1013", place, file.path, refusal.reason)


def _embedded(module: Module, resource: str) -> bytes | None:
    try:
        return embedded_resource(module.image, resource)
    except InputError:
        return None


def _malformed(module: Module, file: str, name: str, error: InvalidLinkXml) -> RawFinding:
    """The finding of a file that cannot be read."""
    return _at(module, "IL1003", Location(file, error.line, error.column), name, error.reason)


def _at(module: Module, rule_id: str, place: Location, *arguments: str) -> RawFinding:
    """A finding in a file, about a module."""
    rule = RULES[rule_id]
    return RawFinding(rule, rule.message(*arguments), module.type_definition(1), place, member_name=module.name)


@dataclass(frozen=True, slots=True)
class _Document:
    """One XML file of a module under analysis. With `tells_all` findings that .NET does not have are among its own."""

    context: ModuleContext
    switches: Mapping[str, bool]
    file: str
    kind: _Kind
    is_embedded: bool
    tells_all: bool

    def check(self, content: bytes | str, name: str) -> Iterator[RawFinding]:
        """The findings of the file, which errors call `name`."""
        module = self.context.module
        try:
            root = read_linker(content)
        except InvalidLinkXml as error:
            # Read twice, told once.
            if self.kind is not _Kind.RESOURCES:
                yield _malformed(module, self.file, name, error)
            return
        if root is None:
            return
        if self.tells_all and self.kind is not _Kind.RESOURCES:
            yield from self._conditions(root, name)
        if not root.applies(self.switches):
            return
        for element in root.named("assembly"):
            yield from self._assembly(element)
        if self.is_embedded:
            yield from self._parts(module, root)

    def _conditions(self, element: XmlElement, name: str) -> Iterator[RawFinding]:
        """Conditions on features that are malformed, so that they never hold."""
        feature, value, default = element.get("feature"), element.get("featurevalue"), element.get("featuredefault")
        if feature and not value:
            yield self._found(element, "IL1001", name, feature)
        elif feature and value.strip().lower() not in _BOOLEANS:
            yield self._found(element, "IL1002", name, feature)
        elif feature and default and default.strip().lower() != "true":
            yield self._found(element, "IL1014", name)
        for child in element.children:
            yield from self._conditions(child, name)

    def _assembly(self, element: XmlElement) -> Iterator[RawFinding]:
        own = self.context.module
        name = element.get("fullname").partition(",")[0].strip()
        if element.get("fullname") == "*":
            yield self._found(element, "IL2100")
            return
        if self.kind is not _Kind.DESCRIPTOR and name != own.name:
            yield self._found(element, "IL2101", own.name, name)
            return
        if not element.applies(self.switches):
            return
        module = own if name == own.name else module_named(self.context.lookups.universe, name)
        if module is None:
            yield self._found(element, "IL2007", name)
        else:
            yield from self._parts(module, element)

    def _parts(self, module: Module, element: XmlElement) -> Iterator[RawFinding]:
        """What stands in an element that is about an assembly."""
        if self.kind is _Kind.RESOURCES:
            yield from self._resources(module, element) if self.tells_all else ()
            return
        if self.kind is _Kind.DESCRIPTOR and keeps_everything(element):
            return
        universe = self.context.lookups.universe
        for child in self._applying(element, "type"):
            name = child.get("fullname")
            if "*" in name and self.kind is not _Kind.BODIES:
                for definition in types_matching(module, name):
                    yield from self._type(definition, child)
                continue
            found = type_named(universe, module, name)
            if found is None:
                yield self._found(child, "IL2008", name)
            else:
                yield from self._type(found, child)
        if self.kind is _Kind.DESCRIPTOR:
            for child in self._applying(element, "namespace"):
                name = child.get("fullname")
                if not any(definition.namespace == name for definition in module.types()):
                    yield self._found(child, "IL2044", name)

    def _resources(self, module: Module, element: XmlElement) -> Iterator[RawFinding]:
        for child in self._applying(element, "resource"):
            name, action = child.get("name"), child.get("action")
            if not name:
                yield self._found(child, "IL2038")
            elif action != "remove":
                yield self._found(child, "IL2039", action, name)
            elif embedded_resource(module.image, name) is None:
                yield self._found(child, "IL2040", name, module.name)

    def _type(self, definition: TypeDefinition, element: XmlElement) -> Iterator[RawFinding]:
        match self.kind:
            case _Kind.DESCRIPTOR:
                yield from self._described(definition, element)
            case _Kind.BODIES:
                yield from self._substituted_methods(definition, element)
                yield from self._substituted_fields(definition, element)
            case _Kind.ATTRIBUTES:
                yield from self._attributed(element)

    # ---- the kinds of files ----

    def _described(self, definition: TypeDefinition, element: XmlElement) -> Iterator[RawFinding]:
        universe, owner = self.context.lookups.universe, self.context.names.definition(definition)
        preserve = element.get("preserve").lower()
        if preserve == "fields" and not definition.fields:
            yield self._found(element, "IL2001", owner)
        if preserve == "methods" and not definition.methods:
            yield self._found(element, "IL2002", owner)
        for child in self._applying(element, "field"):
            for name in fields_meant(universe, definition, child).missing:
                yield self._found(child, "IL2012", name, owner)
        for child in self._applying(element, "method"):
            for name in methods_meant(universe, definition, child).missing:
                yield self._found(child, "IL2009", name, owner)
        for child in self._applying(element, "event"):
            for name in semantic_meant(universe, definition, child, events=True).missing:
                yield self._found(child, "IL2016", name, owner)
        for child in self._applying(element, "property"):
            meant = semantic_meant(universe, definition, child, events=False)
            for member in meant.by_signature:
                yield from self._accessors(child, member, owner)
            for name in meant.missing:
                yield self._found(child, "IL2017", name, owner)

    def _accessors(self, element: XmlElement, member: SemanticMember, owner: str) -> Iterator[RawFinding]:
        """The accessors that a property lacks where an element asks for some and not for all."""
        asked = [word.lower() for word in element.get("accessors").split(";") if word]
        if not asked or "all" in asked:
            return
        for kind, rule_id in ((AccessorKind.GETTER, "IL2018"), (AccessorKind.SETTER, "IL2019")):
            if kind not in member.accessors:
                yield self._found(element, rule_id, member.name, owner)

    def _substituted_methods(self, definition: TypeDefinition, element: XmlElement) -> Iterator[RawFinding]:
        universe, names = self.context.lookups.universe, self.context.names
        for child in self._applying(element, "method"):
            signature = child.get("signature")
            if not signature:
                continue
            method = next((each for each in definition.methods if method_signature(universe, each, with_arity=True) == signature), None)
            if method is None:
                yield self._found(child, "IL2009", signature, names.definition(definition))
                continue
            body = child.get("body")
            if body not in ("stub", "remove"):
                yield self._found(child, "IL2011", body, names.method(method))
            elif body == "stub" and not _is_value(method.sig.return_type.element, child.get("value")):
                yield self._found(child, "IL2010", names.method(method))

    def _substituted_fields(self, definition: TypeDefinition, element: XmlElement) -> Iterator[RawFinding]:
        names = self.context.names
        for child in self._applying(element, "field"):
            wanted, value = child.get("name"), child.get("value")
            field = next((each for each in definition.fields if each.name == wanted), None)
            if field is None:
                if wanted:
                    yield self._found(child, "IL2012", wanted, names.definition(definition))
            elif not field.is_static or field.is_literal:
                yield self._found(child, "IL2013", names.field(field))
            elif not value:
                yield self._found(child, "IL2014", names.field(field))
            elif not _is_value(field.sig.element, value):
                yield self._found(child, "IL2015", value, names.field(field))

    def _attributed(self, element: XmlElement) -> Iterator[RawFinding]:
        for child in element.named("attribute"):
            internal = child.get("internal")
            if internal and (internal not in _REMOVE_ATTRIBUTES or not child.is_self_closing):
                yield self._found(child, "IL2049", internal)
        for member in (each for kind in _MEMBERS for each in element.named(kind)) if self.tells_all else ():
            for child in member.named("attribute"):
                if child.get("internal") in _REMOVE_ATTRIBUTES:
                    yield self._found(child, "IL2048", _REMOVE_ATTRIBUTES[-1])

    def _applying(self, element: XmlElement, name: str) -> Iterator[XmlElement]:
        """The child elements of that name whose conditions hold."""
        return (child for child in element.named(name) if child.applies(self.switches))

    def _found(self, element: XmlElement, rule_id: str, *arguments: str) -> RawFinding:
        """A finding at an element."""
        return _at(self.context.module, rule_id, Location(self.file, element.line, element.column), *arguments)


def _is_value(element: ElementType, value: str) -> bool:
    """Whether a text is a value of a type for which values can be given; of others nothing is said."""
    if not value or element not in (ElementType.BOOLEAN, ElementType.I4, ElementType.U4):
        return True
    if element is ElementType.BOOLEAN and value.strip().lower() in _BOOLEANS:
        return True
    return _INTEGER.match(value) is not None
