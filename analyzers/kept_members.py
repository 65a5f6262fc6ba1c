"""Descriptors, embedded and named by a project, and rd.xml files -> the methods that a program has because of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from compiler.flow.described_members import members_embedded, members_of_files
from compiler.flow.root_files import RootFile
from compiler.types.definitions import MethodDefinition, Module
from compiler.types.type_desc import MethodDesc, NamedType
from compiler.types.universe import TypeUniverse


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
