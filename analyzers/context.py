"""What rules share while one module is analysed: look-ups over the universe, the writer of names, and the module's positions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from analyzers.csharp_names import CSharpNames
from analyzers.il_names import IlNames
from analyzers.names import Names
from analyzers.positions import Positions
from analyzers.rule import Category, Rule
from analyzers.rule_versions import RuleVersion
from analyzers.suppress import Suppressions
from compiler.flow.annotations import Annotations
from compiler.flow.associations import SemanticMember
from compiler.flow.body_reader import Constants
from compiler.flow.custom_attributes import AttributeReader
from compiler.flow.facts import Member, Origin
from compiler.flow.generated import GeneratedCode
from compiler.flow.parameters import generic_parameter_names
from compiler.flow.preinit import Preinitialization
from compiler.flow.reader_kind import FIRST_RULES, FlowRules, ReaderKind
from compiler.flow.requirements import Requirements, Requires
from compiler.flow.source_functions import SourceFunction
from compiler.flow.values import GenericParameterValue
from compiler.types.definitions import FieldDefinition, MethodDefinition, Module
from compiler.types.universe import TypeUniverse

SILENCED_BY = {
    Category.TRIMMING: Requires.UNREFERENCED_CODE,
    Category.SINGLE_FILE: Requires.ASSEMBLY_FILES,
    Category.AOT: Requires.DYNAMIC_CODE,
}


class ReaderlessLookups:
    """Look-ups that depend on metadata alone and are the same for both readers; made once for a universe."""

    def __init__(self, universe: TypeUniverse) -> None:
        self.universe = universe
        self.attributes = AttributeReader(universe)
        self.generated = GeneratedCode(universe, self.attributes)


class Lookups:
    """Look-ups that depend on metadata and the reader; made once for a universe."""

    def __init__(self, shared: ReaderlessLookups, reader: ReaderKind, rules: FlowRules = FIRST_RULES) -> None:
        universe = shared.universe
        self.reader = reader
        self.universe = universe
        self.attributes = shared.attributes
        self.requirements = Requirements(self.attributes, reader)
        self.generated = shared.generated
        self.annotations = Annotations(universe, self.attributes, self.generated, reader, rules)
        self.suppressions = Suppressions(universe, self.attributes, self.generated, reader)
        self.preinitialization = Preinitialization(universe)
        self.csharp_names = CSharpNames(universe, self.attributes)
        self.il_names = IlNames(universe)


@dataclass(frozen=True, slots=True)
class ModuleContext:
    """One module under analysis, for findings in the words of one reporter.

    `proves` says whether a feature guard protects a place; the publish's compiler folds branches instead, so there it is never asked.
    `proceed` is called before each method and type; what it raises ends the analysis. `heeds_source` says whether what the source says
    of suppression counts, and not what is compiled alone; `reads_source` whether the bodies of the source are read instead of those of
    the module. `rules` are those of the project's version of .NET.
    """

    lookups: Lookups
    module: Module
    positions: Positions
    names: Names
    constants: Constants
    proves: Callable[[Origin, Requires], bool]
    proceed: Callable[[], None]
    heeds_source: bool
    reads_source: bool = False
    rules: RuleVersion = RuleVersion()

    def is_silenced(self, rule: Rule, member: Member) -> bool:
        """Whether the Requires attribute that silences `rule` is in scope in `member`."""
        return self.is_in_scope(member, SILENCED_BY[rule.category])

    def is_in_scope(self, member: Member, kind: Requires) -> bool:
        """Whether `member`, or the method that it was made from, is within a Requires attribute of that kind.

        An attribute on a type does not cover what stands on the type itself.
        """
        lookups = self.lookups
        if isinstance(member, FieldDefinition):
            if lookups.reader is ReaderKind.BUILD:
                return lookups.requirements.covers_field(member, kind)
            return lookups.requirements.of_field(member, kind) is not None
        if isinstance(member, SemanticMember):
            on_itself = lookups.requirements.on_entity(member.module, member.token, kind)
            return on_itself is not None or lookups.requirements.on_type(member.owner, kind) is not None
        seen: set[MethodDefinition] = set()
        current = member if isinstance(member, MethodDefinition) else None
        while current is not None and current not in seen:
            seen.add(current)
            if lookups.requirements.in_scope(current, kind):
                return True
            current = lookups.generated.enclosing_scope(current, lookups.reader)
        return False

    def may_not_use(self, origin: Origin, kind: Requires) -> bool:
        """Whether code at `origin` is neither in the scope of a Requires attribute of that kind nor guarded."""
        return kind not in origin.proven and not self.is_in_scope(origin.member, kind) and not self.proves(origin, kind)

    def is_silenced_at(self, rule: Rule, origin: Origin) -> bool:
        """Whether what silences `rule` is in scope or proved at a place."""
        return SILENCED_BY[rule.category] in origin.proven or self.is_silenced(rule, origin.member)

    def generic_name(self, value: GenericParameterValue) -> str:
        """The name of a type parameter."""
        if isinstance(value.owner, SourceFunction):
            return value.owner.generic_names[value.index]
        names = generic_parameter_names(value.owner.module, value.owner.token)
        return names[value.index] if value.index < len(names) else ""
