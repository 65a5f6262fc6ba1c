"""What rules share while one module is analysed: look-ups over the universe, and the module's positions."""

from __future__ import annotations

from dataclasses import dataclass

from analyzers.csharp_names import CSharpNames
from analyzers.positions import Positions
from analyzers.rule import Category
from analyzers.suppress import Suppressions
from compiler.flow.custom_attributes import AttributeReader
from compiler.flow.generated import GeneratedCode
from compiler.flow.requirements import Requirements, Requires
from compiler.types.definitions import MethodDefinition, Module
from compiler.types.universe import TypeUniverse

SILENCED_BY = {
    Category.TRIMMING: Requires.UNREFERENCED_CODE,
    Category.SINGLE_FILE: Requires.ASSEMBLY_FILES,
    Category.AOT: Requires.DYNAMIC_CODE,
}


class Lookups:
    """Look-ups that depend on metadata alone; made once for a universe."""

    def __init__(self, universe: TypeUniverse) -> None:
        self.universe = universe
        self.attributes = AttributeReader(universe)
        self.requirements = Requirements(self.attributes)
        self.generated = GeneratedCode(universe, self.attributes)
        self.suppressions = Suppressions(universe, self.attributes, self.generated)
        self.names = CSharpNames(universe, self.attributes)


@dataclass(frozen=True, slots=True)
class ModuleContext:
    """One module under analysis."""

    lookups: Lookups
    module: Module
    positions: Positions

    def is_in_scope(self, method: MethodDefinition, kind: Requires) -> bool:
        """Whether `method`, or the method that it was made from, is within a Requires attribute of that kind."""
        lookups = self.lookups
        seen: set[MethodDefinition] = set()
        current: MethodDefinition | None = method
        while current is not None and current not in seen:
            seen.add(current)
            if lookups.requirements.in_scope(current, kind):
                return True
            current = lookups.generated.owner(current)
        return False
