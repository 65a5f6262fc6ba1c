"""A body of the source, with the lambdas and local functions in it -> its facts, as .NET's analyzers of source find them.

The functions that run are read again and again until the locals that they share hold no new values; then every call, store and access
that was seen is judged once, with all values that it may see, and with the features that are there whenever it runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import cast

from compiler.csharp.bodies import Row, SourceFile
from compiler.diagnostics import Location
from compiler.flow.annotations import Annotations
from compiler.flow.associations import SemanticMember, association, members_of
from compiler.flow.call_reader import Call
from compiler.flow.facts import ConstructibleArgument, Fact, Member, MethodUse, Origin, UseKind
from compiler.flow.method_facts import Patterns, judge
from compiler.flow.operation_reader import FunctionContext, Hoisted, OperationReader
from compiler.flow.requirements import Requirements, Requires
from compiler.flow.source_functions import SourceFunction
from compiler.flow.source_graph import Features, read_graph, solve
from compiler.flow.source_symbols import SourceSymbols
from compiler.flow.values import Annotated, ValueSet
from compiler.types.definitions import FieldDefinition, MethodDefinition
from compiler.types.type_desc import FieldDesc, MethodDesc, NamedType

_MOST_PASSES = 20


class _Operations:
    """What the functions showed, by operation; implements `operation_reader.OperationStore`."""

    def __init__(self) -> None:
        self.origins: dict[object, Origin] = {}
        self.calls: dict[object, Call] = {}
        self.stores: dict[object, tuple[Annotated, ValueSet]] = {}
        self.accesses: dict[object, MethodDesc] = {}
        self.fields: dict[object, FieldDesc] = {}
        self.instantiations: dict[object, MethodDesc | FieldDesc] = {}
        self.guard_results: dict[object, Features] = {}

    def _seen(self, key: object, origin: Origin) -> None:
        old = self.origins.get(key)
        if old is None:
            self.origins[key] = origin
        elif not old.proven <= origin.proven:
            self.origins[key] = replace(old, proven=old.proven & origin.proven)

    def call(self, key: object, origin: Origin, call: Call) -> None:
        self._seen(key, origin)
        old = self.calls.get(key)
        if old is not None:
            arguments = tuple(a | b for a, b in zip(old.arguments, call.arguments, strict=True))
            call = Call(call.method, call.creates, old.instance | call.instance, arguments)
        self.calls[key] = call

    def store(self, key: object, origin: Origin, values: ValueSet, target: Annotated) -> None:
        self._seen(key, origin)
        old = self.stores.get(key)
        self.stores[key] = (target, values if old is None else old[1] | values)

    def access(self, key: object, origin: Origin, method: MethodDesc) -> None:
        self._seen(key, origin)
        self.accesses[key] = method

    def field_use(self, key: object, origin: Origin, field_: FieldDesc) -> None:
        self._seen(key, origin)
        self.fields[key] = field_

    def instantiation(self, key: object, origin: Origin, of: MethodDesc | FieldDesc) -> None:
        self._seen((key, of), origin)
        self.instantiations[key, of] = of

    def guard_result(self, key: object, origin: Origin, features: Features) -> None:
        self._seen(key, origin)
        self.guard_results[key] = features & self.guard_results.get(key, features)

    def patterns(self) -> Patterns:
        """The same, by places."""
        found = Patterns()
        for key, call in self.calls.items():
            found.call(self.origins[key], call)
        for key, (target, values) in self.stores.items():
            found.store(self.origins[key], values, target)
        for key, method in self.accesses.items():
            found.access(self.origins[key], method, UseKind.DELEGATE)
        for key, field_ in self.fields.items():
            found.field_use(self.origins[key], field_)
        for key, of in self.instantiations.items():
            found.instantiation(self.origins[key], of)
        return found


class SourceBodies:
    """Reads bodies of files, each by itself."""

    def __init__(self, annotations: Annotations, requirements: Requirements, guarded: Callable[[MethodDefinition], Features]) -> None:
        self._annotations = annotations
        self._requirements = requirements
        self._guarded = guarded

    def facts(self, file: SourceFile, number: int) -> list[Fact]:
        """The facts of body `number` (from 0) of `file`."""
        return self._body(file, SourceSymbols(self._annotations.universe, file), file.bodies[number])

    def _body(self, file: SourceFile, symbols: SourceSymbols, body: Row) -> list[Fact]:
        owner, functions = cast("Row", body[0]), cast("list[Row]", body[1])
        found = self._owner(symbols, owner)
        if found is None:
            return []
        member, method = found
        if not functions:
            return list(_constructible(symbols, member, file.path, body))
        base = Origin(member, -1, proven=self._initializer_scope(member) if method is None else frozenset())
        operations, hoisted = _Operations(), Hoisted()
        hoisted.functions[0] = None
        contexts: dict[int, FunctionContext] = {}
        graphs = {}
        for _ in range(_MOST_PASSES):
            before = (dict(hoisted.values), len(hoisted.functions))
            for number in list(hoisted.functions):
                if number not in contexts:
                    row, blocks, regions = functions[number]
                    graphs[number] = read_graph(cast("Row", blocks), cast("Row", regions))
                    context_method, origin = self._function(symbols, cast(int, row), base) if number else (method, base)
                    contexts[number] = FunctionContext(self._annotations, symbols, file.path, origin, context_method, self._guarded)
                solve(graphs[number], OperationReader(contexts[number], hoisted, operations).transfer)
            if (hoisted.values, len(hoisted.functions)) == before:
                break
        overridden = symbols.overridden()
        # What a call requires, the method says that declares what is overridden.
        return [
            replace(fact, method=overridden[fact.method]) if isinstance(fact, MethodUse) and fact.method in overridden else fact
            for fact in judge(self._annotations, operations.patterns())
        ]

    def _owner(self, symbols: SourceSymbols, row: Row) -> tuple[Member, MethodDesc | None] | None:
        kind, index = row
        if kind == "f":
            field = symbols.field(cast(int, index))
            return (field.definition, None) if field is not None else None
        if kind == "t":
            desc = symbols.type(cast(int, index))
            return (desc.definition, None) if isinstance(desc, NamedType) else None
        method = symbols.method(cast(int, index))
        if method is None:
            return None
        return (method.definition, method) if kind == "m" else (_property(method.definition), None)

    def _function(self, symbols: SourceSymbols, row: int, base: Origin) -> tuple[MethodDesc | None, Origin]:
        """A lambda or local function; what the functions around it require, it may use."""
        method = symbols.method(row)
        function = method.definition if method is not None else None
        if not isinstance(function, SourceFunction):
            return method, base
        proven = set(base.proven)
        current: SourceFunction | None = function
        while current is not None:
            proven.update(kind for kind in Requires if kind.value in current.requires)
            current = current.outer
        return method, Origin(base.member, -1, proven=frozenset(proven), function=function)

    def _initializer_scope(self, member: Member) -> Features:
        """What an initializer may use: what its type requires, and for an instance member what all its constructors require."""
        owner = member.owner if isinstance(member, (FieldDefinition, MethodDefinition, SemanticMember)) else member
        accessors = member.accessors.values() if isinstance(member, SemanticMember) else ()
        is_static = any(each.is_static for each in accessors) or (isinstance(member, FieldDefinition) and member.is_static)
        constructors = () if is_static else owner.methods_named(".ctor")
        return frozenset(
            kind
            for kind in Requires
            if self._requirements.on_type(owner, kind) is not None
            or (constructors and all(self._requirements.on_entity(each.module, each.token, kind) is not None for each in constructors))
        )


def _constructible(symbols: SourceSymbols, member: Member, path: str, body: Row) -> Iterator[ConstructibleArgument]:
    """A name with type arguments that may be constructed."""
    line, column, end_line, end_column = cast("tuple[int, int, int, int]", tuple(cast("Row", body[2])))
    origin = Origin(member, -1, place=Location(path, line, column, end_line, end_column))
    for argument in (symbols.type(index) for index in cast("list[int]", body[3])):
        if isinstance(argument, NamedType):
            yield ConstructibleArgument(origin, None, argument.definition)


def _property(accessor: MethodDefinition) -> Member:
    """The property or event of an accessor."""
    member = association(accessor)
    members = (*members_of(accessor.owner, events=False), *members_of(accessor.owner, events=True))
    return next((each for each in members if member is not None and each.token == member.token), accessor)
