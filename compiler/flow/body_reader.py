"""One method body -> the values that its calls, stores and returns see: abstract interpretation of IL (ECMA-335 III).

A single pass in code order, as .NET's own compiler does it: a store to a local replaces what the same basic block stored and is
merged with what other blocks stored; a stack is merged at branch targets. What is found goes to a `PatternStore`; lambdas, local
functions and state machines that the body refers to share the values of captured variables through `CapturedValues`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from compiler.diagnostics import InputError
from compiler.flow.annotations import Annotations
from compiler.flow.call_reader import Call, CallReader
from compiler.flow.calls import read_call
from compiler.flow.contexts import open_context
from compiler.flow.demands import Demands
from compiler.flow.facts import Origin, UseKind
from compiler.flow.generated import is_closure_type, is_lambda_or_local_function, is_state_machine_type
from compiler.flow.live_code import live_instructions
from compiler.flow.parameters import PARAM_IN, PARAM_OUT, parameter_rows
from compiler.flow.reader_kind import ReaderKind
from compiler.flow.stack_effects import BLOCK_ENDS, SIMPLE, n_passed
from compiler.flow.values import (
    NOTHING,
    NULL,
    THIS,
    UNKNOWN,
    Annotated,
    AnnotatedArray,
    ArrayValue,
    Boxed,
    ConstInt,
    FieldReference,
    FieldValue,
    KnownString,
    KnownType,
    LocalReference,
    MethodHandle,
    NullableOf,
    ParameterReference,
    ParameterValue,
    ReturnValue,
    TypeHandle,
    ValueSet,
    const_int,
    only,
    single,
    snapshot,
)
from compiler.il.decode import Instruction, decode
from compiler.metadata.bad_image import BadImage
from compiler.metadata.method_body import ClauseKind, MethodBody
from compiler.metadata.signatures import ElementType
from compiler.metadata.tokens import TableId, Token
from compiler.types.definitions import FieldDefinition, MethodDefinition
from compiler.types.type_desc import FieldDesc, GenericParameter, MethodDesc, NamedType, PointerType, TypeDesc

_MOST_TRACKED_ITEMS = 32
_CONDITIONAL_ONE = frozenset({"brfalse", "brtrue"})
_CONDITIONAL_TWO = frozenset({"beq", "bge", "bgt", "ble", "blt", "bne.un", "bge.un", "bgt.un", "ble.un", "blt.un"})


# A method without parameters -> the integer that it always returns (feature switches), or None.
Constants = Callable[[MethodDesc], int | None]


class PatternStore(Protocol):
    """What a body reader hands over; the same place may be handed over several times, with more values each time."""

    def call(self, origin: Origin, call: Call) -> None:
        """A call with the values passed."""

    def store(self, origin: Origin, values: ValueSet, target: Annotated) -> None:
        """Values stored into a field or parameter, or returned."""

    def access(self, origin: Origin, member: MethodDesc | FieldDesc, kind: UseKind) -> None:
        """A method or field named by a token or delegate."""

    def field_use(self, origin: Origin, field_: FieldDesc) -> None:
        """A field read or written."""

    def instantiation(self, origin: Origin, of: TypeDesc | MethodDesc | FieldDesc) -> None:
        """Type arguments given to a type or method."""

    def nested_function(self, method: MethodDefinition) -> None:
        """A lambda or local function that the body refers to."""


@dataclass(slots=True)
class CapturedValues:
    """Values of fields of closures and state machines, joined over all stores.

    `n_changes` counts the stores that added something, `changed_at` says which of them was the last for a field. `read` has the fields
    that were asked for.
    """

    values: dict[FieldDefinition, ValueSet] = field(default_factory=dict)
    n_changes: int = 0
    changed_at: dict[FieldDefinition, int] = field(default_factory=dict)
    read: set[FieldDefinition] = field(default_factory=set)

    def get(self, key: FieldDefinition) -> ValueSet:
        """What the field may hold; nothing when nobody stored yet."""
        self.read.add(key)
        return self.values.get(key, NOTHING)

    def add(self, key: FieldDefinition, stored: ValueSet) -> None:
        """Joins a store."""
        old = self.values.get(key)
        new = stored if old is None else old | stored
        if old is None or new != old:
            self.values[key] = new
            self.n_changes += 1
            self.changed_at[key] = self.n_changes


def is_captured(definition: FieldDefinition) -> bool:
    """Whether the field stands for a local or parameter of the user's method."""
    return is_closure_type(definition.owner) or is_state_machine_type(definition.owner)


class BodyReader:
    """Reads one body. Invariant: `_stack` is None exactly where the code before cannot fall through."""

    def __init__(
        self, annotations: Annotations, constants: Constants, captured: CapturedValues, store: PatternStore, method: MethodDefinition
    ) -> None:
        universe = annotations.universe
        self._annotations = annotations
        self._universe = universe
        self._constants = constants
        self._captured = captured
        self._store = store
        self._method = method
        self._module = method.module
        self._context = open_context(universe, method)
        self._desc = universe.method(method, universe.named(method.owner, ()), ())
        self._locals: dict[int, tuple[ValueSet, int]] = {}
        self._stack: list[ValueSet] | None = []
        self._known: dict[int, list[ValueSet]] = {}
        self._block = -1
        self._local_types: list[tuple[TypeDesc, bool]] = []

    def read(self) -> None:
        """Reads the whole body. Raises InputError when it is malformed."""
        body = self._method.body
        if body is None:
            return
        instructions = live_instructions(decode(body.code), body, self._constant_of)
        self._local_types = self._universe.locals_of(self._module, body.local_sig, self._context)
        targets = _branch_targets(instructions, body)
        for clause in body.clauses:
            if clause.kind is ClauseKind.FILTER:
                self._known[clause.filter_start] = [UNKNOWN]
            if clause.kind in (ClauseKind.FILTER, ClauseKind.CATCH):
                self._known[clause.handler_start] = [UNKNOWN]
        ended = True
        for instruction in instructions:
            if ended or instruction.offset in targets:
                self._block += 1
            ended = instruction.name in BLOCK_ENDS
            self._enter(instruction.offset)
            self._step(instruction)

    def _constant_of(self, token: int) -> tuple[int, int] | None:
        try:
            method = self._universe.resolve_method(self._module, Token(token), self._context)
        except InputError:
            return None
        if not isinstance(method, MethodDesc) or method.definition.sig.parameters:
            return None
        value = self._constants(method)
        return None if value is None else (value, 0 if method.is_static else 1)

    # ---- stack ----

    def _enter(self, offset: int) -> None:
        known = self._known.get(offset)
        if known is not None:
            self._stack = list(known) if self._stack is None else _merge(self._stack, known)
        elif self._stack is None:
            self._stack = []

    def _pop(self) -> ValueSet:
        assert self._stack is not None
        return self._stack.pop() if self._stack else UNKNOWN

    def _push(self, values: ValueSet) -> None:
        assert self._stack is not None
        self._stack.append(values)

    def _branch(self, target: int) -> None:
        assert self._stack is not None
        if self._stack:
            known = self._known.get(target)
            self._known[target] = list(self._stack) if known is None else _merge(known, self._stack)

    # ---- instructions ----

    def _step(self, instruction: Instruction) -> None:
        name = instruction.name
        effect = SIMPLE.get(name)
        if name in ("ldind.ref", "ldobj") and self._annotations.reader is ReaderKind.BUILD:
            self._push(self._dereference(instruction.offset, self._pop()))
            return
        if name == "box" and isinstance(instruction.operand, int):
            self._box(instruction.offset, Token(instruction.operand))
            return
        if effect is not None:
            for _ in range(effect[0]):
                self._pop()
            for _ in range(effect[1]):
                self._push(UNKNOWN)
            return
        operand = instruction.operand
        if name in _CONDITIONAL_ONE or name in _CONDITIONAL_TWO:
            self._pop()
            if name in _CONDITIONAL_TWO:
                self._pop()
            assert isinstance(operand, int)
            self._branch(operand)
            return
        if isinstance(operand, tuple):
            self._pop()
            for target in operand:
                self._branch(target)
            return
        assert isinstance(operand, int)
        try:
            _HANDLERS[name](self, instruction, operand)
        except InputError:
            self._after_unresolved(name)

    def _box(self, offset: int, token: Token) -> None:
        self._pop()
        boxed = UNKNOWN
        try:
            desc = self._universe.resolve_type(self._module, token, self._context)
            if self._annotations.reader is ReaderKind.BUILD:
                boxed = single(Boxed(desc))
            elif self._annotations.rules.checks_boxes_and_arrays and self._annotations.has_annotated_parameters(desc):
                self._store.instantiation(self._origin(offset), desc)
        except InputError:
            pass
        self._push(boxed)

    def _after_unresolved(self, name: str) -> None:
        """A token that cannot be resolved: the compiler reports it; the stack goes on without its operands."""
        if name in ("newobj", "ldsfld", "ldsflda", "ldtoken", "ldftn"):
            self._push(UNKNOWN)

    def _load_constant(self, instruction: Instruction, operand: int) -> None:
        if instruction.name == "ldnull":
            self._push(NULL)
        elif instruction.name == "ldstr":
            self._push(single(KnownString(self._module.image.user_string(operand & 0xFFFFFF))))
        else:
            self._push(single(ConstInt(operand)))

    def _dup(self, _instruction: Instruction, _operand: int) -> None:
        top = self._pop()
        self._push(top)
        self._push(top)

    def _nothing(self, _instruction: Instruction, _operand: int) -> None:
        return

    def _jump(self, _instruction: Instruction, operand: int) -> None:
        self._branch(operand)
        self._stack = None

    def _end(self, _instruction: Instruction, _operand: int) -> None:
        self._stack = None

    def _return(self, instruction: Instruction, _operand: int) -> None:
        assert self._stack is not None
        if len(self._stack) == 1:
            target = self._annotations.return_value(self._desc)
            if target.annotation:
                values = self._dereference(instruction.offset, self._pop())
                self._store.store(self._origin(instruction.offset), snapshot(values), target)
        self._stack = None

    # ---- arguments and locals ----

    def _parameter(self, number: int) -> int:
        """The index of argument `number`; THIS for `this`."""
        return number if self._method.is_static else number - 1

    def _declared_parameter(self, index: int) -> TypeDesc:
        parameters = self._universe.signature(self._desc).parameters
        if index >= len(parameters):
            raise BadImage(self._method.module.image.file, f"'{self._desc}' has no argument {index}")
        return parameters[index]

    def _load_argument(self, instruction: Instruction, operand: int) -> None:
        index = self._parameter(operand)
        if index == THIS:
            owner = self._desc.owner
            by_reference = owner.is_value_type or instruction.name == "ldarga"
        else:
            declared = self._declared_parameter(index)
            by_reference = declared.is_pointer_like or instruction.name == "ldarga"
        if by_reference:
            self._push(single(ParameterReference(index)))
        else:
            self._push(single(self._annotations.parameter_value(self._desc, index)))

    def _store_argument(self, instruction: Instruction, operand: int) -> None:
        values = self._pop()
        index = self._parameter(operand)
        if index != THIS:
            self._declared_parameter(index)
            self._store_into(instruction.offset, self._annotations.parameter_value(self._desc, index), values)

    def _load_local(self, instruction: Instruction, operand: int) -> None:
        if instruction.name == "ldloca":
            self._push(single(LocalReference(operand)))
        else:
            found = self._locals.get(operand)
            self._push(UNKNOWN if found is None else found[0])

    def _store_local(self, _instruction: Instruction, operand: int) -> None:
        self._set_local(operand, self._pop())

    def _set_local(self, index: int, values: ValueSet) -> None:
        old = self._locals.get(index)
        merged = values if old is None or old[1] == self._block else snapshot(old[0] | values)
        self._locals[index] = (merged, self._block)

    # ---- references ----

    def _dereference(self, offset: int, values: ValueSet) -> ValueSet:
        if not any(isinstance(value, LocalReference | ParameterReference | FieldReference) for value in values):
            return values
        result: ValueSet = NOTHING
        for value in values:
            if isinstance(value, LocalReference):
                found = self._locals.get(value.index)
                result |= UNKNOWN if found is None else found[0]
            elif isinstance(value, ParameterReference):
                result |= single(self._annotations.parameter_value(self._desc, value.index))
            elif isinstance(value, FieldReference):
                result |= self._read_field(offset, value.field)
            else:
                result |= single(value)
        return result

    def _store_reference(self, offset: int, target: ValueSet, values: ValueSet) -> None:
        for place in target:
            if isinstance(place, LocalReference):
                self._set_local(place.index, values)
            elif isinstance(place, FieldReference):
                if is_captured(place.field.definition):
                    self._captured.add(place.field.definition, values)
                else:
                    self._read_field(offset, place.field)
                    self._store_into(offset, self._annotations.field_value(place.field), values)
            elif isinstance(place, ParameterReference) and place.index != THIS:
                self._store_into(offset, self._annotations.parameter_value(self._desc, place.index), values)
            elif isinstance(place, ReturnValue) and place.annotation:
                self._store.store(self._origin(offset), snapshot(values), place)
            elif isinstance(place, FieldValue):
                self._store_into(offset, place, self._dereference(offset, values))

    def _store_into(self, offset: int, target: ParameterValue | FieldValue, values: ValueSet) -> None:
        if target.annotation:
            self._store.store(self._origin(offset), snapshot(values), target)

    def _indirect_store(self, instruction: Instruction, _operand: int) -> None:
        values = self._pop()
        self._store_reference(instruction.offset, self._pop(), values)

    # ---- fields ----

    def _read_field(self, offset: int, found: FieldDesc) -> ValueSet:
        definition = found.definition
        if is_captured(definition):
            return self._captured.get(definition)
        origin = self._origin(offset)
        self._store.field_use(origin, found)
        if definition.is_static:
            self._store.instantiation(origin, found)
        return _well_known_field(found) or single(self._captured_parameter(found) or self._annotations.field_value(found))

    def _captured_parameter(self, found: FieldDesc) -> ParameterValue | None:
        """The primary constructor's parameter that a field `<name>P` stands for, for the reader that sees source."""
        name = found.name
        if self._annotations.reader is ReaderKind.PUBLISH or not (name.startswith("<") and name.endswith(">P")):
            return None
        for constructor in found.definition.owner.methods_named(".ctor"):
            for row in parameter_rows(constructor).values():
                if row.sequence and row.name == name[1:-2]:
                    desc = self._universe.method(constructor, self._universe.named(constructor.owner, ()), ())
                    return self._annotations.parameter_value(desc, row.sequence - 1)
        return None

    def _load_field(self, instruction: Instruction, operand: int) -> None:
        if instruction.name in ("ldfld", "ldflda"):
            self._pop()
        found = self._universe.resolve_field(self._module, Token(operand), self._context)
        if instruction.name in ("ldflda", "ldsflda"):
            self._push(single(FieldReference(found)))
        else:
            self._push(self._read_field(instruction.offset, found))

    def _store_field(self, instruction: Instruction, operand: int) -> None:
        values = self._pop()
        if instruction.name == "stfld":
            self._pop()
        found = self._universe.resolve_field(self._module, Token(operand), self._context)
        if is_captured(found.definition):
            self._captured.add(found.definition, values)
            return
        self._read_field(instruction.offset, found)
        values = self._dereference(instruction.offset, values)
        self._store_into(instruction.offset, self._annotations.field_value(found), values)

    # ---- arrays ----

    def _new_array(self, instruction: Instruction, operand: int) -> None:
        size = self._pop()
        item = self._universe.resolve_type(self._module, Token(operand), self._context)
        if self._annotations.reader is ReaderKind.PUBLISH and self._annotations.rules.checks_boxes_and_arrays:
            self._store.instantiation(self._origin(instruction.offset), item)
        self._push(single(ArrayValue((self._method, instruction.offset), size, item)))

    def _store_element(self, _instruction: Instruction, _operand: int) -> None:
        values, index, arrays = self._pop(), const_int(self._pop()), self._pop()
        for array in arrays:
            if not isinstance(array, ArrayValue):
                continue
            if index is None:
                self._forget_items(array)
            else:
                self._set_item(array, index, values)

    def _set_item(self, array: ArrayValue, index: int, values: ValueSet) -> None:
        old = array.items.get(index)
        if old is not None:
            array.items[index] = (values if old[1] == self._block else old[0] | values, self._block)
        elif len(array.items) < _MOST_TRACKED_ITEMS:
            array.items[index] = (values, self._block)

    def _forget_items(self, array: ArrayValue) -> None:
        for index in list(array.items):
            self._set_item(array, index, UNKNOWN)

    def _load_element(self, instruction: Instruction, _operand: int) -> None:
        index, arrays = const_int(self._pop()), self._pop()
        array = only(arrays)
        by_reference = instruction.name == "ldelema"
        if isinstance(array, AnnotatedArray) and not by_reference:
            self._push(single(array.item))
            return
        if not isinstance(array, ArrayValue):
            self._push(UNKNOWN)
            return
        if index is None:
            if by_reference:
                self._forget_items(array)
            self._push(UNKNOWN)
            return
        if by_reference:
            array.items[index] = (UNKNOWN, self._block)
            self._push(UNKNOWN)
            return
        item = array.items.get(index)
        self._push(UNKNOWN if item is None else item[0])

    # ---- tokens ----

    def _load_token(self, instruction: Instruction, operand: int) -> None:
        token, origin = Token(operand), self._origin(instruction.offset)
        table = token >> 24
        if self._universe.is_field_token(self._module, token):
            found = self._universe.resolve_field(self._module, token, self._context)
            self._store.access(origin, found, UseKind.TOKEN)
            self._push(UNKNOWN)
        elif table in (TableId.METHOD_DEF, TableId.MEMBER_REF, TableId.METHOD_SPEC):
            method = self._universe.resolve_method(self._module, token, self._context)
            if isinstance(method, MethodDesc):
                self._reference(origin, method, UseKind.TOKEN)
                self._push(single(MethodHandle(method)))
            else:
                self._push(UNKNOWN)
        else:
            desc = self._universe.resolve_type(self._module, token, self._context)
            self._push(self._handle(desc))
            if self._annotations.reader is ReaderKind.PUBLISH:
                self._store.instantiation(origin, desc)

    def _handle(self, desc: TypeDesc) -> ValueSet:
        if isinstance(desc, GenericParameter):
            return single(TypeHandle(self._type_parameter(desc)))
        if isinstance(desc, NamedType) and desc.is_nullable and desc.args:
            inner = desc.args[0]
            if isinstance(inner, GenericParameter):
                return single(TypeHandle(NullableOf(desc, self._type_parameter(inner))))
            return single(TypeHandle(NullableOf(desc, KnownType(inner)))) if isinstance(inner, NamedType) else UNKNOWN
        return single(TypeHandle(KnownType(desc)))

    def _type_parameter(self, desc: GenericParameter) -> Annotated:
        owner = self._method.owner if desc.element is ElementType.VAR else self._method
        return self._annotations.generic_parameter(owner, desc.index)

    def _load_function(self, instruction: Instruction, operand: int) -> None:
        if instruction.name == "ldvirtftn":
            self._pop()
        method = self._universe.resolve_method(self._module, Token(operand), self._context)
        if isinstance(method, MethodDesc):
            self._reference(self._origin(instruction.offset), method, UseKind.DELEGATE)
        self._push(UNKNOWN)

    def _reference(self, origin: Origin, method: MethodDesc, kind: UseKind) -> None:
        self._store.access(origin, method, kind)
        self._store.instantiation(origin, method)
        self._track(method)

    def _track(self, method: MethodDesc) -> None:
        if method.definition.module is self._module and is_lambda_or_local_function(method.name):
            self._store.nested_function(method.definition)

    # ---- calls ----

    def _call(self, instruction: Instruction, operand: int) -> None:
        method = self._universe.resolve_method(self._module, Token(operand), self._context)
        creates = instruction.name == "newobj"
        if not isinstance(method, MethodDesc):
            self._pop_many(len(method.signature.parameters) + (0 if creates else 1))
            if creates or method.signature.return_type.element is not ElementType.VOID:
                # Elements of arrays of several dimensions are not followed; the build's analyzers say nothing about them.
                self._push(NOTHING if self._annotations.reader is ReaderKind.BUILD else UNKNOWN)
            return
        self._track(method)
        n_parameters = len(self._universe.signature(method).parameters)
        passed = [self._pop() for _ in range(n_passed(self._module, Token(operand), method.definition))][::-1][:n_parameters]
        if not method.is_static:
            passed.insert(0, UNKNOWN if creates else self._pop())
        self._perform(instruction.offset, method, passed, creates=creates)

    def _perform(self, offset: int, method: MethodDesc, passed: list[ValueSet], *, creates: bool) -> None:
        values = [snapshot(self._dereference(offset, argument)) for argument in passed]
        instance = NOTHING if method.is_static else values[0]
        arguments = tuple(values if method.is_static else values[1:])
        call = Call(method, creates, instance, arguments)
        origin = self._origin(offset)
        self._store.call(origin, call)
        if method.is_static or method.args or method.name == ".ctor":
            self._store.instantiation(origin, method)
        result = read_call(CallReader(Demands(self._annotations, origin, None)), call)
        if creates or self._universe.signature(method).return_type.element is not ElementType.VOID:
            self._push(result)
        self._assign_references(offset, method, passed)
        for argument in passed:
            for value in argument:
                if isinstance(value, ArrayValue):
                    self._forget_items(value)

    def _assign_references(self, offset: int, method: MethodDesc, passed: list[ValueSet]) -> None:
        """After the call, what was passed by `ref` or `out` holds what the callee's parameter holds."""
        first = 0 if method.is_static else 1
        for index, desc in enumerate(self._universe.signature(method).parameters):
            if isinstance(desc, PointerType) and desc.element is ElementType.BYREF:
                row = parameter_rows(method.definition).get(index + 1)
                flags = row.flags if row is not None else 0
                is_out = bool(flags & PARAM_OUT)
                if self._annotations.reader is ReaderKind.BUILD:
                    # The build's analyzers know nothing of what comes back, and say nothing about it.
                    if is_out:
                        self._forget_locals(passed[index + first])
                elif is_out or not flags & PARAM_IN:
                    value = single(self._annotations.parameter_value(method, index))
                    self._store_reference(offset, passed[index + first], value)

    def _forget_locals(self, target: ValueSet) -> None:
        for place in target:
            if isinstance(place, LocalReference):
                self._locals[place.index] = (NOTHING, self._block)

    def _call_indirect(self, _instruction: Instruction, operand: int) -> None:
        signature = self._universe.stand_alone_method_sig(self._module, Token(operand), self._context)
        self._pop_many(len(signature.parameters) + 1 + (1 if signature.has_this else 0))
        if signature.return_type.element is not ElementType.VOID:
            self._push(UNKNOWN)

    def _pop_many(self, count: int) -> None:
        for _ in range(count):
            self._pop()

    def _origin(self, offset: int) -> Origin:
        return Origin(self._method, offset)


def _merge(left: list[ValueSet], right: list[ValueSet]) -> list[ValueSet]:
    """Slot by slot from the bottom; malformed code may have stacks of different depth, whose missing slots are unknown.

    Each slot gets its own copy of an array: as in .NET's compiler, stores through one do not show in the other from here on.
    """
    depth = max(len(left), len(right))
    padded = [[*slots, *[UNKNOWN] * (depth - len(slots))] for slots in (left, right)]
    return [snapshot(a | b) for a, b in zip(*padded, strict=True)]


def _well_known_field(found: FieldDesc) -> ValueSet:
    """The value of a static field of the core library that every program relies on; empty for other fields."""
    owner = found.owner.full_name
    if owner == "System.Type" and found.name == "EmptyTypes":
        return single(ArrayValue((found, 0), single(ConstInt(0)), found.owner))
    return single(KnownString("")) if owner == "System.String" and found.name == "Empty" else NOTHING


def _branch_targets(instructions: list[Instruction], body: MethodBody) -> set[int]:
    """The offsets where a basic block starts: where something jumps to and where an exception handler begins.

    Deviates: a block runs on into a protected region, as in .NET's compiler.
    """
    targets: set[int] = set()
    for instruction in instructions:
        if instruction.name in BLOCK_ENDS and instruction.name not in ("ret", "throw", "rethrow", "endfinally", "endfilter", "jmp"):
            operand = instruction.operand
            targets.update(operand if isinstance(operand, tuple) else (int(operand),))
    for clause in body.clauses:
        targets.add(clause.handler_start)
        if clause.kind is ClauseKind.FILTER:
            targets.add(clause.filter_start)
    return targets


_HANDLERS = {
    **dict.fromkeys(("ldnull", "ldstr", "ldc.i4"), BodyReader._load_constant),
    "dup": BodyReader._dup,
    **dict.fromkeys(("castclass", "isinst", "nop", "break", "jmp"), BodyReader._nothing),
    **dict.fromkeys(("constrained.", "no.", "readonly.", "tail.", "unaligned.", "volatile."), BodyReader._nothing),
    "br": BodyReader._jump,
    **dict.fromkeys(("leave", "endfilter", "endfinally", "rethrow", "throw"), BodyReader._end),
    "ret": BodyReader._return,
    **dict.fromkeys(("ldarg", "ldarga"), BodyReader._load_argument),
    "starg": BodyReader._store_argument,
    **dict.fromkeys(("ldloc", "ldloca"), BodyReader._load_local),
    "stloc": BodyReader._store_local,
    **dict.fromkeys(
        ("stobj", "stind.ref", "stind.i", "stind.i1", "stind.i2", "stind.i4", "stind.i8", "stind.r4", "stind.r8"),
        BodyReader._indirect_store,
    ),
    **dict.fromkeys(("ldfld", "ldflda", "ldsfld", "ldsflda"), BodyReader._load_field),
    **dict.fromkeys(("stfld", "stsfld"), BodyReader._store_field),
    "newarr": BodyReader._new_array,
    **dict.fromkeys(
        ("stelem", "stelem.i", "stelem.i1", "stelem.i2", "stelem.i4", "stelem.i8", "stelem.r4", "stelem.r8", "stelem.ref"),
        BodyReader._store_element,
    ),
    **dict.fromkeys(
        (
            "ldelem",
            "ldelem.i",
            "ldelem.i1",
            "ldelem.i2",
            "ldelem.i4",
            "ldelem.i8",
            "ldelem.r4",
            "ldelem.r8",
            "ldelem.u1",
            "ldelem.u2",
            "ldelem.u4",
            "ldelem.u8",
            "ldelem.ref",
            "ldelema",
        ),
        BodyReader._load_element,
    ),
    "ldtoken": BodyReader._load_token,
    **dict.fromkeys(("ldftn", "ldvirtftn"), BodyReader._load_function),
    **dict.fromkeys(("call", "callvirt", "newobj"), BodyReader._call),
    "calli": BodyReader._call_indirect,
}
