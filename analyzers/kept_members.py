"""Descriptors, embedded and named by a project, and rd.xml files -> the methods that a program has because of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from analyzers.context import ModuleContext
from analyzers.finding import RawFinding
from analyzers.link_xml import malformed
from analyzers.rule import RULES
from compiler.diagnostics import Location
from compiler.flow.described_members import members_embedded, members_of_files
from compiler.flow.link_xml import InvalidLinkXml, read_link_xml
from compiler.flow.root_files import RootFile, RootFileKind
from compiler.flow.runtime_directives import read_directives
from compiler.types.definitions import MethodDefinition, Module
from compiler.types.type_desc import MethodDesc, NamedType
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
    embedded = (each for module in modules for each in members_embedded(universe, module, switches))
    for member in chain(embedded, members_of_files(universe, files, switches)):
        if isinstance(member, MethodDefinition):
            yield member
        elif isinstance(member, NamedType):
            yield from member.definition.methods
        elif isinstance(member, MethodDesc):
            yield member.definition
