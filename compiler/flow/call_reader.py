"""One call with the values passed to it, and what the readers of calls share: demands, declared results, reached members."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from compiler.flow.annotations import Annotations
from compiler.flow.binder import Reached
from compiler.flow.demands import Demands
from compiler.flow.facts import MethodUse, Unanalyzable, UnanalyzableCall, UseKind
from compiler.flow.requirements import Requires
from compiler.flow.values import THIS, KnownMethod, Value, ValueSet, single
from compiler.types.definitions import MethodDefinition
from compiler.types.type_desc import MethodDesc, NamedType, TypeDesc


@dataclass(frozen=True, slots=True)
class Call:
    """One call: `instance` is empty for static methods; `arguments` exclude `this`. `creates` for newobj."""

    method: MethodDesc
    creates: bool
    instance: ValueSet
    arguments: tuple[ValueSet, ...]


class CallReader:
    """Reads calls at one place."""

    __slots__ = ("demands", "annotations")

    def __init__(self, demands: Demands) -> None:
        self.demands = demands
        self.annotations: Annotations = demands.annotations

    # ---- shared by the handlers ----

    def declared(self, call: Call, annotation: int | None = None) -> ValueSet:
        """What the call's declaration says of its result; `annotation` replaces the declared one."""
        return single(self.annotations.return_value(call.method, annotation, creates=call.creates))

    def use(self, call: Call, only_kind: Requires | None) -> None:
        """The called method is used; with `only_kind` nothing but that requirement of it counts."""
        if self.demands.emit is not None:
            kind = UseKind.CREATE if call.creates else UseKind.CALL
            self.demands.emit(MethodUse(self.demands.origin, call.method, kind, only_kind))

    def unanalyzable(self, call: Call, kind: Unanalyzable, parameter: int = 0) -> None:
        """The call depends on a value that is not known."""
        if self.demands.emit is not None:
            self.demands.emit(UnanalyzableCall(self.demands.origin, kind, call.method, parameter))

    def require_this(self, call: Call, values: ValueSet, members: int) -> None:
        """`values`, the instance of the call, must have `members`."""
        self.demands.require(values, self.annotations.parameter_value(call.method, THIS, members))

    def require_argument(self, call: Call, index: int, values: ValueSet, members: int) -> None:
        """`values`, argument `index` of the call, must have `members`."""
        self.demands.require(values, self.annotations.parameter_value(call.method, index, members))

    def reach_all(self, members: Iterable[Reached]) -> list[Reached]:
        """All of `members` are reached; they come back as a list."""
        found = list(members)
        for member in found:
            self.demands.reach(member)
        return found

    def method_value(self, method: MethodDefinition, desc: TypeDesc) -> Value:
        """A MethodInfo of `method`, found on type `desc`."""
        universe = self.annotations.universe
        owner: NamedType | None = desc if isinstance(desc, NamedType) else universe.base_type(desc)
        while owner is not None and owner.definition is not method.owner:
            owner = universe.base_type(owner)
        return KnownMethod(universe.method(method, owner or universe.named(method.owner, ()), ()))

    def find_parameter(self, call: Call, index: int, type_name: str) -> bool:
        """Whether parameter `index` of the called method has that type."""
        parameters = self.annotations.universe.signature(call.method).parameters
        if index >= len(parameters):
            return False
        desc = parameters[index]
        return isinstance(desc, NamedType) and desc.full_name == type_name
