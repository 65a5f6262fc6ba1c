"""A program's assemblies -> why a member is in it: the chain of uses from a root, in words and places.

Code that a compiler made counts as the method that it was made from. Places come from the symbols of the assemblies that have some.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from analyzers.csharp_names import CSharpNames
from analyzers.kept_members import kept_methods
from analyzers.names import member_name
from analyzers.positions import Positions
from analyzers.reached import How, Reached, Reason, program_roots, reach
from analyzers.run import proceed_always
from compiler.diagnostics import Location
from compiler.flow.annotations import Annotations
from compiler.flow.associations import members_of
from compiler.flow.custom_attributes import AttributeReader
from compiler.flow.documentation_ids import field_id, member_id, method_id, type_id
from compiler.flow.facts import Origin
from compiler.flow.generated import GeneratedCode, is_generated_name
from compiler.flow.reader_kind import ReaderKind
from compiler.flow.root_files import RootFile
from compiler.metadata.image import open_image
from compiler.metadata.portable_pdb import PortablePdb, embedded_pdb, open_pdb
from compiler.types.definitions import MethodDefinition, Module, TypeDefinition
from compiler.types.interned import AssemblyFinder
from compiler.types.universe import TypeUniverse

_ASYNC_ENTRY = "<Main>"


@dataclass(frozen=True, slots=True)
class ProgramPart:
    """One assembly of a program, its main one last; `pdb` is empty when there is none. All code of one that is `kept` counts as reached."""

    name: str
    image: bytes
    pdb: bytes
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """What a project keeps beside its entry point: the files that say so, and the feature switches that their conditions are about."""

    files: Sequence[RootFile] = ()
    switches: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a chain: `text` says how `member` comes in, `place` is where the step before it uses it (of the first: its own)."""

    member: str
    assembly: str
    text: str
    place: Location | None


class Chains(Protocol):
    """What says why members are in a program."""

    def chain(self, assembly: str, member: str) -> tuple[Step, ...]:
        """The steps from a root to the member with that documentation id; empty when nothing reaches it."""


@dataclass(frozen=True, slots=True)
class FirstChains:
    """The chains of several programs: of the first that has one."""

    several: Sequence[Callable[[], Chains]]

    def chain(self, assembly: str, member: str) -> tuple[Step, ...]:
        """See Chains."""
        return next((steps for each in self.several if (steps := each().chain(assembly, member))), ())


class ProgramReasons:
    """Answers why members of a program are in it. Invariant: `_reached` is complete."""

    def __init__(
        self, given: Sequence[ProgramPart], find_assembly: AssemblyFinder, kept: Kept, proceed: Callable[[], None] = proceed_always
    ) -> None:
        """Raises BadImage for a part that is no assembly, and what `proceed` raises, which is called often."""
        parts = _distinct(given)
        self._universe = TypeUniverse(find_assembly)
        self._modules = {part.name: self._universe.add_module(open_image(part.name, part.image), part.name) for part in parts}
        attributes = AttributeReader(self._universe)
        self._generated = GeneratedCode(self._universe, attributes)
        self._names = CSharpNames(self._universe, attributes)
        self._positions = {
            module: Positions(self._universe, module, _symbols(part, module), None)
            for part, module in zip(parts, self._modules.values(), strict=True)
        }
        begins = [part for part in parts if part.kept or part is parts[-1]]
        roots = [root for part in begins for root in program_roots(self._modules[part.name], keeps_all=part.kept)]
        modules = list(self._modules.values())
        roots += [(method, How.DESCRIBED) for method in kept_methods(self._universe, modules, kept.files, kept.switches)]
        annotations = Annotations(self._universe, attributes, self._generated, ReaderKind.PUBLISH)
        self._reached = reach(annotations, self._generated, roots, frozenset(self._modules.values()), proceed)
        self._by_id: dict[Module, dict[str, list[MethodDefinition]]] = {}

    @property
    def reached(self) -> Reached:
        """Everything that is reached."""
        return self._reached

    def is_reached(self, assembly: str, member: str) -> bool:
        """Whether code of a member, by its documentation id, can run."""
        return any(method in self._reached.reasons for method in self._methods(assembly, member))

    def chain(self, assembly: str, member: str) -> tuple[Step, ...]:
        """The steps from a root to the member with that documentation id; empty when nothing reaches it."""
        for method in self._methods(assembly, member):
            found = self._reached.chain(method)
            if found:
                return self._steps(found)
        return ()

    def matching(self, text: str) -> list[tuple[str, str, str]]:
        """(assembly, documentation id, name) of the methods that may be meant: all of that id or name, else those whose name has it."""
        rows = [
            (module.name, each, self._names.method(method))
            for module in self._modules.values()
            for each, methods in self._ids(module).items()
            for method in methods[:1]
            if each.startswith("M:") and not is_generated_name(method.owner.name)
        ]
        exact = [row for row in rows if text in (row[1], row[1][2:], row[2], row[2].partition("(")[0])]
        return exact or [row for row in rows if text in row[2] or text in row[1]]

    def _methods(self, assembly: str, member: str) -> list[MethodDefinition]:
        module = self._modules.get(assembly)
        return self._ids(module).get(member, []) if module is not None else []

    def _ids(self, module: Module) -> dict[str, list[MethodDefinition]]:
        """Documentation id -> the methods whose code is that member's: accessors, initializers, all of a type."""
        found = self._by_id.get(module)
        if found is None:
            found = self._by_id[module] = {}
            for definition in module.types():
                self._add_type(definition, found)
        return found

    def _add_type(self, definition: TypeDefinition, found: dict[str, list[MethodDefinition]]) -> None:
        for method in definition.methods:
            found.setdefault(method_id(self._universe, method), []).append(method)
        for each in (*members_of(definition, events=False), *members_of(definition, events=True)):
            found[member_id(self._universe, each.module, each.token)] = list(each.accessors.values())
        for declared in definition.fields:
            found[field_id(declared)] = definition.methods_named(".cctor" if declared.is_static else ".ctor")
        found[type_id(definition)] = list(definition.methods)

    def _steps(self, chain: list[tuple[MethodDefinition, Reason]]) -> tuple[Step, ...]:
        if len(chain) > 1 and chain[0][0].name == _ASYNC_ENTRY:
            # What C# puts in front of an asynchronous Main waits for it and is nobody's code.
            chain = [(chain[1][0], chain[0][1]), *chain[2:]]
        steps: list[Step] = []
        before: MethodDefinition | None = None
        for method, reason in chain:
            user = self._generated.user_method(method)
            if user is before:
                continue
            place = self._place(reason) if reason.by is not None else self._own_place(method)
            steps.append(Step(self._names.method(user), user.module.name, self._text(reason), place))
            before = user
        return tuple(steps)

    def _text(self, reason: Reason) -> str:
        if reason.through is None:
            return reason.how.value
        return f"{reason.how.value} {member_name(self._names, reason.through)} is"

    def _place(self, reason: Reason) -> Location | None:
        assert reason.by is not None
        positions = self._positions.get(reason.by.module)
        return positions.at(Origin(reason.by, reason.il_offset)) if positions is not None and reason.il_offset >= 0 else None

    def _own_place(self, method: MethodDefinition) -> Location | None:
        positions = self._positions.get(method.module)
        if positions is None:
            return None
        machine = self._generated.state_machine(method)
        bodies = (method, *(machine.methods_named("MoveNext") if machine is not None else ()))
        return next((place for body in bodies if (place := positions.at(Origin(body, 0))) is not None), None)


def _distinct(parts: Sequence[ProgramPart]) -> list[ProgramPart]:
    """Of several parts of one name the first, which is what a program loads; the main one before all others."""
    first: dict[str, ProgramPart] = {}
    for part in (*parts[-1:], *parts):
        first.setdefault(part.name.lower(), part)
    return [*list(first.values())[1:], *parts[-1:]]


def _symbols(part: ProgramPart, module: Module) -> PortablePdb | None:
    if part.pdb:
        return open_pdb(f"{part.name}.pdb", part.pdb)
    return embedded_pdb(module.image)
