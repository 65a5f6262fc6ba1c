"""A user's method, with the lambdas, local functions and state machines made from it -> its facts.

The bodies are read again and again while captured variables that they ask for get new values (a fix point); then every call, store
and access that was seen is judged once, with all values that it may see.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from compiler.diagnostics import InputError
from compiler.flow.annotations import Annotations
from compiler.flow.body_reader import BodyReader, CapturedValues, Constants
from compiler.flow.call_reader import Call, CallReader
from compiler.flow.calls import read_call
from compiler.flow.demands import Demands
from compiler.flow.facts import Fact, FieldUse, MemberAccess, Origin, UseKind
from compiler.flow.generated import GeneratedCode
from compiler.flow.instantiations import check_instantiation
from compiler.flow.reader_kind import ReaderKind
from compiler.flow.values import Annotated, ReturnValue, ValueSet
from compiler.types.definitions import FieldDefinition, MethodDefinition
from compiler.types.type_desc import FieldDesc, MethodDesc, TypeDesc

_MOST_PASSES = 20
_log = logging.getLogger(__name__)


class Patterns:
    """What the bodies showed, merged over passes; implements `body_reader.PatternStore`."""

    def __init__(self) -> None:
        self.calls: dict[tuple[Origin, MethodDesc], Call] = {}
        self.stores: dict[tuple[Origin, Annotated], ValueSet] = {}
        self.accesses: dict[tuple[Origin, MethodDesc | FieldDesc], UseKind] = {}
        self.fields: dict[tuple[Origin, FieldDesc], None] = {}
        self.instantiations: dict[tuple[Origin, TypeDesc | MethodDesc | FieldDesc], None] = {}
        self.functions: dict[MethodDefinition, None] = {}

    def call(self, origin: Origin, call: Call) -> None:
        old = self.calls.get((origin, call.method))
        if old is not None:
            arguments = tuple(a | b for a, b in zip(old.arguments, call.arguments, strict=True))
            call = Call(call.method, call.creates, old.instance | call.instance, arguments)
        self.calls[origin, call.method] = call

    def store(self, origin: Origin, values: ValueSet, target: Annotated) -> None:
        key = (origin, target)
        self.stores[key] = self.stores.get(key, frozenset()) | values

    def stores_by_place(self) -> Iterator[tuple[Origin, Annotated, ValueSet]]:
        """The stores as .NET's native compiler has them: stores of one instruction are one store of all its values to all its targets.

        So a call that fills two `out` arguments seems to store either result in both.
        """
        values: dict[tuple[Origin, bool], ValueSet] = {}
        for (origin, target), stored in self.stores.items():
            place = (origin, isinstance(target, ReturnValue))
            values[place] = values.get(place, frozenset()) | stored
        for origin, target in self.stores:
            yield origin, target, values[origin, isinstance(target, ReturnValue)]

    def access(self, origin: Origin, member: MethodDesc | FieldDesc, kind: UseKind) -> None:
        self.accesses[origin, member] = kind

    def field_use(self, origin: Origin, field_: FieldDesc) -> None:
        self.fields[origin, field_] = None

    def instantiation(self, origin: Origin, of: TypeDesc | MethodDesc | FieldDesc) -> None:
        self.instantiations[origin, of] = None

    def nested_function(self, method: MethodDefinition) -> None:
        self.functions[method] = None


def read_facts(annotations: Annotations, generated: GeneratedCode, constants: Constants, method: MethodDefinition) -> list[Fact]:
    """The facts of a user's method and of all code made from it. Malformed bodies give no facts."""
    patterns = Patterns()
    captured = CapturedValues()
    bodies: dict[MethodDefinition, _Reading | None] = {}
    _add_body(generated, bodies, method)
    for _ in range(_MOST_PASSES):
        waiting = [body for body, reading in bodies.items() if reading is None or reading.is_outdated(captured)]
        if not waiting:
            break
        for body in waiting:
            began, captured.read = captured.n_changes, set()
            try:
                BodyReader(annotations, constants, captured, patterns, body).read()
            except InputError as error:
                _log.debug("body not read method=%r error=%s", body, error.message)
            bodies[body] = _Reading(began, captured.read)
        for function in patterns.functions:
            _add_body(generated, bodies, function)
    return judge(annotations, patterns)


@dataclass(frozen=True, slots=True)
class _Reading:
    """One reading of a body: which captured variables it asked for, and how many changes of such there had been when it began.

    Reading it again gives nothing new as long as none of them has changed since.
    """

    began: int
    captured: set[FieldDefinition]

    def is_outdated(self, captured: CapturedValues) -> bool:
        return any(captured.changed_at.get(each, 0) > self.began for each in self.captured)


def _add_body(generated: GeneratedCode, bodies: dict[MethodDefinition, _Reading | None], method: MethodDefinition) -> None:
    if method in bodies:
        return
    bodies[method] = None
    machine = generated.state_machine(method)
    if machine is not None:
        for member in machine.methods:
            bodies.setdefault(member)


def judge(annotations: Annotations, patterns: Patterns) -> list[Fact]:
    """The facts of everything that was seen."""
    facts: list[Fact] = []
    stores = ((origin, target, values) for (origin, target), values in patterns.stores.items())
    for origin, target, values in patterns.stores_by_place() if annotations.reader is ReaderKind.PUBLISH else stores:
        Demands(annotations, origin, facts.append).require(values, target)
    for (origin, _), call in patterns.calls.items():
        read_call(CallReader(Demands(annotations, origin, facts.append)), call)
    for origin, of in patterns.instantiations:
        check_instantiation(Demands(annotations, origin, facts.append), of)
    for origin, field_ in patterns.fields:
        facts.append(FieldUse(origin, field_, UseKind.CALL))
    for (origin, member), kind in patterns.accesses.items():
        if isinstance(member, MethodDesc):
            facts.append(MemberAccess(origin, member.definition, member, kind=kind))
        else:
            facts.append(MemberAccess(origin, member.definition, kind=kind))
    return facts
