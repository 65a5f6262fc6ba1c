"""IL2125, IL3058: references that were not built to be trimmed or compiled natively, where a project asks for that check (.NET 10)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzers.finding import Finding, Reporter
from analyzers.options import AnalysisOptions
from analyzers.rule import RULES
from analyzers.rule_versions import rules_of
from analyzers.severity import Severities
from compiler.diagnostics import InputError, Location
from compiler.flow.custom_attributes import AttributeReader
from compiler.metadata.image import open_image
from compiler.metadata.tokens import TableId, make_token
from compiler.types.definitions import Module
from compiler.types.interned import AssemblyFinder
from compiler.types.universe import TypeUniverse

_METADATA = "System.Reflection.AssemblyMetadataAttribute"
_ASSEMBLY = make_token(TableId.ASSEMBLY, 1)
# Rule -> the metadata that a compatible assembly has.
MARKS = {"IL2125": "IsTrimmable", "IL3058": "IsAotCompatible"}


def trimmable(assemblies: Iterable[tuple[str, bytes]], find_assembly: AssemblyFinder) -> frozenset[str]:
    """The names of the assemblies that say of themselves that they may be trimmed; raises BadImage for what is no assembly."""
    universe = TypeUniverse(find_assembly)
    attributes = AttributeReader(universe)
    modules = [universe.add_module(open_image(name, image), name) for name, image in assemblies]
    return frozenset(module.name for module in modules if MARKS["IL2125"] in _marks(attributes, module))


def check_references(
    references: Iterable[str], find_assembly: AssemblyFinder, options: AnalysisOptions, asked: dict[str, str], project: str
) -> Iterator[Finding]:
    """The findings about assemblies given by name; `asked` has the rules that the project asks for, with the values of its properties."""
    severities = Severities(options.severities, {})
    wanted = [
        (RULES[id_], severity, value)
        for id_, value in asked.items()
        if value.lower() == "true" and options.is_on(RULES[id_].category) and (severity := severities.of(id_, "")) is not None
    ]
    if not wanted or not rules_of(options.major_version).reports_references:
        return
    universe = TypeUniverse(find_assembly)
    attributes = AttributeReader(universe)
    for name in references:
        try:
            marks = _marks(attributes, universe.load(name))
        except InputError:
            continue
        for rule, severity, value in wanted:
            if MARKS[rule.id] not in marks:
                # Deviates: the value stands where the property's name should, which is .NET's mistake, kept because users search for it.
                message = rule.message(name, value)
                yield Finding(rule.id, severity, message, Location(project), "", (Reporter.BUILD,), (), rule.help_link)


def _marks(attributes: AttributeReader, module: Module) -> set[str]:
    """The metadata of an assembly that is true."""
    return {each.text(0) for each in attributes.named(module, _ASSEMBLY, _METADATA) if each.text(1).lower() == "true"}
