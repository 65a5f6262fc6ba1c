"""The operations of one function of the source -> the values that its calls, stores and returns see.

The reader follows .NET's analyzers of source: values of locals along the control flow, no references and no deconstruction, and the
arguments of a call in the order of their evaluation. What it cannot follow has no value, of which nothing is said.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Protocol, cast

from compiler.diagnostics import Location
from compiler.flow.annotations import Annotations
from compiler.flow.associations import backing_field
from compiler.flow.call_reader import Call, CallReader
from compiler.flow.calls import read_call
from compiler.flow.demands import Demands
from compiler.flow.facts import Origin
from compiler.flow.instantiations import type_parameter
from compiler.flow.source_graph import ALL_FEATURES, Block, Features, FlowState, Node
from compiler.flow.source_symbols import SourceSymbols
from compiler.flow.values import (
    NOTHING,
    NULL,
    THIS,
    UNKNOWN,
    Annotated,
    AnnotatedArray,
    ArrayValue,
    ConstInt,
    KnownString,
    KnownType,
    NullableOf,
    Unknown,
    ValueSet,
    const_int,
    single,
    snapshot,
)
from compiler.types.definitions import MethodDefinition
from compiler.types.type_desc import FieldDesc, GenericParameter, MethodDesc, NamedType

_MOST_TRACKED_ITEMS = 32
# Where in a call the end of what is called stands, if there is one.
_CALLEE = 11
_NO_FEATURES: Features = frozenset()


class Kind(IntEnum):
    """What an operation is, as `worker/Bodies.cs` writes it."""

    NOTHING = 0
    NULL = 1
    INT = 2
    TEXT = 3
    OPERANDS = 4
    LOCAL = 5
    PARAMETER = 6
    THIS = 7
    FIELD = 8
    CALL = 9
    DELEGATE = 10
    TYPE_OF = 11
    ARRAY = 12
    ELEMENT = 13
    OR = 14
    CAPTURE = 15
    CONVERSION = 16
    ASSIGN = 17
    SET_CAPTURE = 18
    RETURN = 19
    LAMBDA = 20
    PROPERTY = 21
    UNKNOWN = 22
    LITERAL = 23
    NOT = 24
    EQUAL = 25
    IS_PATTERN = 26
    MATCH = 27


class OperationStore(Protocol):
    """What a reader hands over; the same operation may be handed over several times. `key` is one object for each operation."""

    def call(self, key: object, origin: Origin, call: Call) -> None:
        """A call with the values passed."""

    def store(self, key: object, origin: Origin, values: ValueSet, target: Annotated) -> None:
        """Values stored or returned."""

    def access(self, key: object, origin: Origin, method: MethodDesc) -> None:
        """A method made a delegate."""

    def field_use(self, key: object, origin: Origin, field_: FieldDesc) -> None:
        """A field read or written."""

    def instantiation(self, key: object, origin: Origin, of: MethodDesc | FieldDesc) -> None:
        """Type arguments given to a member or its type."""

    def guard_result(self, key: object, origin: Origin, features: Features) -> None:
        """What is proved where a property is true, for each value that it returns."""


@dataclass(slots=True)
class Hoisted:
    """Locals that several functions of a body share: all values they ever have. `functions` are the numbers of those that run."""

    values: dict[int, ValueSet] = field(default_factory=dict)
    functions: dict[int, None] = field(default_factory=dict)

    def track(self, local: int) -> None:
        """The local is shared from now on."""
        self.values.setdefault(local, NOTHING)

    def add(self, local: int, stored: ValueSet) -> None:
        """A value that it has."""
        self.values[local] = self.values[local] | snapshot(stored)


@dataclass(frozen=True, slots=True)
class FunctionContext:
    """One function: whose it is. `base` is the origin of its facts without their places; `method` is None for an initializer."""

    annotations: Annotations
    symbols: SourceSymbols
    path: str
    base: Origin
    method: MethodDesc | None
    guarded: Callable[[MethodDefinition], Features]


class OperationReader:
    """Reads the blocks of one function, with one state at a time."""

    def __init__(self, context: FunctionContext, hoisted: Hoisted, store: OperationStore) -> None:
        self._context = context
        self._annotations = context.annotations
        self._symbols = context.symbols
        self._hoisted = hoisted
        self._store = store
        self._state = FlowState()
        self._save: Callable[[], None] = lambda: None

    def transfer(self, block: Block, state: FlowState, save: Callable[[], None]) -> tuple[Features, Features]:
        """Runs a block. The result is what its condition proves when it is true, and when it is false."""
        self._state, self._save = state, save
        for operation in block.operations:
            self._visit(operation)
        if not isinstance(block.value, list):
            return _NO_FEATURES, _NO_FEATURES
        if block.kind:
            value, condition = block.value
            self._visit(value)
            return self._proves(condition)
        self._visit(block.value)
        return _NO_FEATURES, _NO_FEATURES

    # ---- conditions ----

    def _proves(self, condition: Node) -> tuple[Features, Features]:
        """The features that are there when the condition is true, and when it is false."""
        kind = condition[0]
        if kind == Kind.PROPERTY:
            getter = self._symbols.method(cast(int, condition[1]))
            return (self._context.guarded(getter.definition) if getter is not None else _NO_FEATURES), _NO_FEATURES
        if kind == Kind.NOT:
            if_true, if_false = self._proves(cast("Node", condition[1]))
            return if_false, if_true
        if kind == Kind.EQUAL:
            expected, left, right = condition[1], cast("Node", condition[2]), cast("Node", condition[3])
            for literal, other in ((left, right), (right, left)):
                if literal[0] == Kind.LITERAL:
                    if_true, if_false = self._proves(other)
                    return (if_true, if_false) if literal[1] == expected else (if_false, if_true)
        if kind == Kind.IS_PATTERN and condition[1] != -1:
            if_true, if_false = self._proves(cast("Node", condition[2]))
            return (if_true, if_false) if condition[1] == 1 else (if_false, if_true)
        return _NO_FEATURES, _NO_FEATURES

    # ---- operations ----

    def _visit(self, node: Node) -> ValueSet:
        handler = _HANDLERS.get(cast(int, node[0]))
        return handler(self, node) if handler is not None else NOTHING

    def _visit_all(self, nodes: Node) -> list[ValueSet]:
        return [self._visit(cast("Node", node)) for node in nodes]

    def _constant(self, node: Node) -> ValueSet:
        if node[0] == Kind.NULL:
            return NULL
        return single(ConstInt(cast(int, node[1])) if node[0] == Kind.INT else KnownString(cast(str, node[1])))

    def _operands(self, node: Node) -> ValueSet:
        self._visit_all(node[1:])
        return UNKNOWN if node[0] == Kind.UNKNOWN else NOTHING

    def _this(self, _node: Node) -> ValueSet:
        method = self._context.method
        if method is None or method.is_static:
            return NOTHING
        return single(self._annotations.parameter_value(method, THIS))

    def _parameter(self, node: Node) -> ValueSet:
        method = self._symbols.method(cast(int, node[1]))
        return NOTHING if method is None else single(self._annotations.parameter_value(method, cast(int, node[2])))

    def _or(self, node: Node) -> ValueSet:
        result: ValueSet = NOTHING
        rights = self._visit(cast("Node", node[2]))
        for left in self._visit(cast("Node", node[1])):
            for right in rights:
                if isinstance(left, ConstInt) and isinstance(right, ConstInt):
                    result |= single(ConstInt(left.value | right.value))
                elif left in UNKNOWN or right in UNKNOWN:
                    result |= UNKNOWN
        return result

    def _type_of(self, node: Node) -> ValueSet:
        desc = self._symbols.type(cast(int, node[1]))
        if desc is None:
            return NOTHING
        if isinstance(desc, GenericParameter):
            return single(self._type_parameter(desc))
        if isinstance(desc, NamedType) and desc.is_nullable and desc.args:
            inner = desc.args[0]
            if isinstance(inner, GenericParameter):
                return single(NullableOf(desc, self._type_parameter(inner)))
            return single(NullableOf(desc, KnownType(inner))) if isinstance(inner, NamedType) else UNKNOWN
        return single(KnownType(desc))

    def _type_parameter(self, desc: GenericParameter) -> Annotated:
        return type_parameter(Demands(self._annotations, self._context.base, None), desc)

    def _conversion(self, node: Node) -> ValueSet:
        method = self._symbols.method(cast(int, node[1]))
        self._visit(cast("Node", node[2]))
        if method is None or not self._annotations.is_interesting(self._annotations.universe.signature(method).return_type):
            return NOTHING
        return single(self._annotations.return_value(method))

    # ---- locals and captures ----

    def _set(self, key: int, values: ValueSet) -> None:
        self._state.values[key] = values
        self._save()

    def _local(self, node: Node) -> ValueSet:
        local = cast(int, node[1])
        if node[2]:
            self._hoisted.track(local)
        found = self._hoisted.values.get(local)
        return found if found is not None else self._state.values.get(local, NOTHING)

    def _set_local(self, node: Node, values: ValueSet, *, merge: bool) -> None:
        local = cast(int, node[1])
        if node[2]:
            self._hoisted.track(local)
        if local in self._hoisted.values:
            self._hoisted.add(local, values)
            return
        self._set(local, self._state.values.get(local, NOTHING) | values if merge else values)

    def _capture(self, node: Node) -> ValueSet:
        return self._state.values.get(~cast(int, node[1]), NOTHING) if node[2] else NOTHING

    def _set_capture(self, node: Node) -> ValueSet:
        capture, how, value = cast(int, node[1]), node[2], cast("Node", node[3])
        if how == 1:
            self._state.targets[capture] = (value,)
            return NOTHING
        if how == 2:
            found: ValueSet = NOTHING
            for target in self._state.targets.get(cast(int, value[1]), ()):
                found |= self._visit(target)
        else:
            found = self._visit(value)
        self._set(~capture, found)
        return found

    # ---- fields ----

    def _field(self, node: Node) -> ValueSet:
        found = self._symbols.field(cast(int, node[5]))
        if found is None:
            return NOTHING
        owner = found.owner.full_name
        if owner == "System.Type" and found.name == "EmptyTypes":
            return single(ArrayValue((found, 0), single(ConstInt(0)), found.owner))
        if owner == "System.String" and found.name == "Empty":
            return single(KnownString(""))
        origin = self._origin(node)
        self._store.field_use(id(node), origin, found)
        if found.definition.is_static:
            self._store.instantiation(id(node), origin, found)
        value = self._annotations.field_value(found)
        return single(value)

    # ---- arrays ----

    def _array(self, node: Node) -> ValueSet:
        item = self._symbols.type(cast(int, node[1])) or self._annotations.universe.corlib_type("System", "Object")
        size = self._visit(cast("Node", node[2]))
        items = self._visit_all(cast("Node", node[3]))
        return single(ArrayValue((id(node), 0), size, item, {i: (values or UNKNOWN, 0) for i, values in enumerate(items)}))

    def _element(self, node: Node) -> ValueSet:
        arrays = self._visit(cast("Node", node[1]))
        index = const_int(self._visit(cast("Node", node[2])))
        if any(isinstance(array, AnnotatedArray) for array in arrays):
            return frozenset(array.item if isinstance(array, AnnotatedArray) else Unknown() for array in arrays)
        if index is None:
            return UNKNOWN
        result: ValueSet = NOTHING
        for array in arrays:
            item = array.items.get(index) if isinstance(array, ArrayValue) else None
            if item is None:
                return UNKNOWN
            result |= item[0]
        return result or UNKNOWN

    def _store_element(self, node: Node, value: Node, *, merge: bool) -> ValueSet:
        arrays = self._visit(cast("Node", node[1]))
        index = const_int(self._visit(cast("Node", node[2])))
        values = self._visit(value)
        for array in arrays:
            if not isinstance(array, ArrayValue):
                continue
            if index is None:
                array.items.clear()
            elif index in array.items or len(array.items) < _MOST_TRACKED_ITEMS:
                old = array.items.get(index, (NOTHING, 0))[0] if merge else NOTHING
                array.items[index] = (old | (values or UNKNOWN), 0)
        return values

    # ---- assignments ----

    def _assign(self, node: Node) -> ValueSet:
        target, value = cast("Node", node[5]), cast("Node", node[6])
        if target[0] != Kind.CAPTURE:
            return self._assign_to(target, value, node, merge=False)
        targets = self._state.targets.get(cast(int, target[1]), ())
        if not targets:
            return self._visit(value)
        result: ValueSet = NOTHING
        for each in targets:
            result |= self._assign_to(each, value, node, merge=len(targets) > 1)
        return result

    def _assign_to(self, target: Node, value: Node, node: Node, *, merge: bool) -> ValueSet:
        kind = target[0]
        if kind in (Kind.FIELD, Kind.PARAMETER):
            places = self._field(target) if kind == Kind.FIELD else self._parameter(target)
            values = self._visit(value)
            for place in places:
                if isinstance(place, Annotated) and place.annotation:
                    self._store.store((id(node), place), self._origin(node), snapshot(values), place)
            return values
        if kind == Kind.PROPERTY:
            return self._assign_property(target, value, node)
        if kind == Kind.LOCAL:
            values = self._visit(value)
            self._set_local(target, values, merge=merge)
            return values
        if kind == Kind.ELEMENT:
            return self._store_element(target, value, merge=merge)
        if kind in (Kind.CALL, Kind.THIS):
            self._visit(target)
        return self._visit(value)

    def _assign_property(self, target: Node, value: Node, node: Node) -> ValueSet:
        setter_row, is_initialized = cast(int, target[6]), target[8]
        instance = self._visit(cast("Node", target[9]))
        values = self._visit(value)
        if setter_row < 0 or is_initialized:
            self._store_property(target, values, node)
            return values
        arguments = [*self._visit_all(cast("Node", target[10])), values]
        self._perform(node, setter_row, instance, arguments, creates=False)
        return values

    def _store_property(self, target: Node, values: ValueSet, node: Node) -> None:
        """A store to the field of an automatic property."""
        if not self._annotations.rules.follows_property_stores:
            return
        getter = self._symbols.method(cast(int, target[5]))
        field_ = backing_field(getter.definition) if getter is not None else None
        if getter is not None and field_ is not None:
            place = self._annotations.field_value(self._annotations.universe.field(field_, getter.owner))
            if place.annotation:
                self._store.store((id(node), place), self._origin(node), snapshot(values), place)

    def _match(self, node: Node) -> ValueSet:
        """A pattern: variables that it declares have the value that was tested, or that of the member that it names."""
        tested = self._visit(cast("Node", node[1]))
        self._visit_all(cast("Node", node[2]))
        if self._annotations.rules.follows_patterns:
            for source, local, is_captured in cast("list[Node]", node[3]):
                values = self._visit(source) if isinstance(source, list) else tested
                self._set_local([Kind.LOCAL, local, is_captured], values, merge=False)
        return UNKNOWN

    def _property(self, node: Node) -> ValueSet:
        getter_row, is_written = cast(int, node[5]), node[7]
        if is_written:
            return NOTHING
        instance = self._visit(cast("Node", node[9]))
        arguments = self._visit_all(cast("Node", node[10]))
        return self._perform(node, getter_row, instance, arguments, creates=False) if getter_row >= 0 else NOTHING

    def _return(self, node: Node) -> ValueSet:
        values = self._visit(cast("Node", node[5]))
        method = self._context.method
        if method is None:
            return values
        target = self._annotations.return_value(method)
        if target.annotation:
            self._store.store((id(node), target), self._origin(node), snapshot(values), target)
        condition = cast("Node", node[6])
        self._store.guard_result(id(node), self._origin(node), self._proves(condition)[0] if len(condition) > 1 else _NO_FEATURES)
        return values

    # ---- calls ----

    def _call(self, node: Node) -> ValueSet:
        row, creates, function = cast(int, node[5]), bool(node[6]), cast(int, node[7])
        instance = self._visit(cast("Node", node[8]))
        arguments = self._visit_all(cast("Node", node[9]))
        if function >= 0:
            self._hoisted.functions.setdefault(function)
        result = self._perform(node, row, instance, arguments, creates=creates)
        for returns_not_if, condition in cast("list[tuple[int, Node]]", node[10]):
            if_true, if_false = self._proves(condition)
            self._state.features |= if_false if returns_not_if else if_true
        return result

    def _perform(self, node: Node, row: int, instance: ValueSet, arguments: list[ValueSet], *, creates: bool) -> ValueSet:
        method = self._symbols.method(row)
        if method is None:
            return NOTHING
        parameters = self._annotations.universe.signature(method).parameters
        passed = [snapshot(values) for values in arguments[: len(parameters)]]
        passed += [NOTHING] * (len(parameters) - len(passed))
        call = Call(method, creates, NOTHING if method.is_static else snapshot(instance), tuple(passed))
        origin = self._origin(node)
        if node[0] == Kind.CALL and len(node) > _CALLEE:
            line, column = cast("tuple[int, int]", tuple(node[_CALLEE:]))
            assert origin.place is not None, "an operation has a place"
            origin = replace(origin, callee=replace(origin.place, end_line=line, end_column=column))
        self._store.call((id(node), method), origin, call)
        if method.is_static or method.args or method.name == ".ctor":
            self._store.instantiation(id(node), origin, method)
        result = read_call(CallReader(Demands(self._annotations, origin, None)), call)
        if self._symbols.does_not_return(row):
            self._state.values.clear()
            self._state.targets.clear()
            self._state.features = ALL_FEATURES
        for values in arguments:
            for value in values:
                if isinstance(value, ArrayValue):
                    value.items.clear()
        return result

    def _delegate(self, node: Node) -> ValueSet:
        method, function = self._symbols.method(cast(int, node[5])), cast(int, node[6])
        self._visit(cast("Node", node[7]))
        if function >= 0:
            self._hoisted.functions.setdefault(function)
        if method is not None:
            origin = self._origin(node)
            self._store.access(id(node), origin, method)
            if method.is_static or method.args or method.name == ".ctor":
                self._store.instantiation(id(node), origin, method)
        return NOTHING

    def _lambda(self, node: Node) -> ValueSet:
        self._hoisted.functions.setdefault(cast(int, node[1]))
        return NOTHING

    def _origin(self, node: Node) -> Origin:
        base = self._context.base
        line, column, end_line, end_column = cast("tuple[int, int, int, int]", tuple(node[1:5]))
        place = Location(self._context.path, line, column, end_line, end_column)
        return Origin(base.member, -1, place=place, proven=base.proven | self._state.features, function=base.function)


_HANDLERS: dict[int, Callable[[OperationReader, Node], ValueSet]] = {
    **dict.fromkeys((Kind.NULL, Kind.INT, Kind.TEXT), OperationReader._constant),
    **dict.fromkeys((Kind.OPERANDS, Kind.UNKNOWN), OperationReader._operands),
    Kind.LOCAL: OperationReader._local,
    Kind.PARAMETER: OperationReader._parameter,
    Kind.THIS: OperationReader._this,
    Kind.FIELD: OperationReader._field,
    Kind.CALL: OperationReader._call,
    Kind.DELEGATE: OperationReader._delegate,
    Kind.TYPE_OF: OperationReader._type_of,
    Kind.ARRAY: OperationReader._array,
    Kind.ELEMENT: OperationReader._element,
    Kind.OR: OperationReader._or,
    Kind.CAPTURE: OperationReader._capture,
    Kind.CONVERSION: OperationReader._conversion,
    Kind.ASSIGN: OperationReader._assign,
    Kind.SET_CAPTURE: OperationReader._set_capture,
    Kind.RETURN: OperationReader._return,
    Kind.LAMBDA: OperationReader._lambda,
    Kind.PROPERTY: OperationReader._property,
    Kind.MATCH: OperationReader._match,
}
