"""The state of one method under generation: evaluation stack, blocks, variables, and what the code refers to.

IL values go in, LLVM IR text comes out. The `ops_*` modules append instructions through this class; `method` drives
them. Invariant: every name in `dependencies` and `declares` was asked for by the emitted text, and nothing else was.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import NamedTuple

from compiler.codegen.function_text import FunctionText
from compiler.codegen.lltypes import ALIGN_OF, LL_OF_KIND, CallShape, call_shape, kind_of, leaves, quote, scalar, storage
from compiler.diagnostics import InputError
from compiler.il.decode import InvalidProgram
from compiler.metadata.method_body import Clause, MethodBody
from compiler.metadata.signatures import ElementType
from compiler.metadata.tokens import Token
from compiler.types.definitions import TYPE_SEALED, Module
from compiler.types.layout import value_size
from compiler.types.naming import method_key, symbol
from compiler.types.type_desc import MethodDesc, NamedType, TypeDesc
from compiler.types.universe import GenericContext, TypeUniverse


class Unsupported(InputError):
    """Something that this version of the compiler does not carry; the message names it."""


class V(NamedTuple):
    """A value on the evaluation stack.

    `kind` as in `lltypes`; `ir` an SSA name or literal; `type` the static type when it is known (for "s" always);
    `nonnull` whether a reference cannot be null; `extra` what is known at compile time: a TypeDesc for typeof, a
    `FunctionRef` for ldftn, a `FieldDesc` for ldtoken.
    """

    kind: str
    ir: str
    type: TypeDesc | None = None
    nonnull: bool = False
    extra: object = None

    @property
    def constant(self) -> int | None:
        """The value of an integer literal, else None."""
        if self.kind in ("i", "l") and (self.ir.isdigit() or (self.ir[0] == "-" and self.ir[1:].isdigit())):
            return int(self.ir)
        return None


# The constant result of a method under the program's feature switches, or None.
ConstantOf = Callable[[MethodDesc], int | None]


class FunctionRef(NamedTuple):
    """What ldftn or ldvirtftn pushed, for the delegate constructor that follows."""

    method: MethodDesc
    is_virtual: bool


class Dependency(NamedTuple):
    """Something that emitted code needs. `kind` is one of reach's edge kinds; `target` a desc."""

    kind: str
    target: object


class MethodEmitter(FunctionText):
    """One method in the making. See the module text."""

    def __init__(
        self, universe: TypeUniverse, method: MethodDesc, module: Module, body: MethodBody, context: GenericContext, constants: ConstantOf
    ) -> None:
        super().__init__()
        self.universe = universe
        self.method = method
        self.module = module
        self.body = body
        self.context = context
        self.constants = constants
        self.signature = universe.signature(method)
        self.dependencies: dict[Dependency, None] = {}
        self.stack: list[V] = []
        self.offset = 0
        self.pads: tuple[int, ...] = ()
        self.landing_pads: dict[tuple[int, ...], str] = {}
        self.throw_blocks: dict[tuple[str, tuple[int, ...]], str] = {}
        self.entry_stacks: dict[int, list[V]] = {}
        self.worklist: list[int] = []
        self.queued: set[int] = set()
        self.locals: list[tuple[TypeDesc, str]] = []
        self.args: list[tuple[TypeDesc, str]] = []
        self.arg_written: set[int] = set()
        self.prefixes: dict[str, int] = {}
        self.finally_exits: dict[int, list[str]] = {}
        self.finally_hops: list[tuple[str, int, int]] = []
        self.finally_slots: set[int] = set()
        self.ended_finally: set[int] = set()
        self.catch_slots: set[int] = set()
        self.dispatches: dict[int, bool] = {}
        self.filters_used: dict[int, None] = {}
        self.needs_resume = False
        self.has_filters = False
        self.frame_lines: list[str] = []
        self.entry_head = ""
        self.in_filter = False
        self.shape: CallShape | None = None
        self.next_instruction: list[tuple[str, object]] = []
        self.skip = 0

    def need(self, kind: str, target: object) -> None:
        """Records that the code depends on `target`."""
        self.dependencies[Dependency(kind, target)] = None

    def method_symbol(self, method: MethodDesc) -> str:
        """The code of a method, in IR syntax; recorded as needed. Methods of value types take a managed pointer as `this`."""
        self.need("method", method)
        name, text = method_declaration(self.universe, method, "m")
        return self.declare(name, text)

    def unboxing_symbol(self, method: MethodDesc) -> str:
        """The entry of a value type's instance method that takes the boxed value as `this`."""
        self.need("unboxing_stub", method)
        name, text = method_declaration(self.universe, method, "unbox")
        return self.declare(name, text)

    def constant_result(self, method: MethodDesc) -> V | None:
        """The value that a call always gives, by feature switches and substitutions, or None."""
        number = self.constants(method)
        if number is None:
            return None
        return V(kind_of(self.universe, self.universe.signature(method).return_type), str(number))

    def push(self, value: V) -> None:
        """Pushes a value."""
        self.stack.append(value)

    def pop(self) -> V:
        """Pops a value. Raises InvalidProgram on an empty stack."""
        if not self.stack:
            raise InvalidProgram("AOTD1011", f"{self.method!r}: the evaluation stack is empty at IL offset 0x{self.offset:04X}")
        return self.stack.pop()

    def pop_as(self, kind: str) -> str:
        """Pops a scalar converted to `kind`; returns its operand."""
        return self.coerce(self.pop(), kind)

    def coerce(self, value: V, kind: str) -> str:
        """The operand of `value` as stack kind `kind` (ECMA-335 III.1.6 implicit conversions)."""
        if value.kind == kind:
            return value.ir
        source = value.kind
        constant = value.constant
        if constant is not None and kind in ("i", "l"):
            return str(constant) if kind == "l" else str(((constant + 0x80000000) & 0xFFFFFFFF) - 0x80000000)
        if constant == 0 and kind == "p":
            return "null"
        if source == "p" and value.ir == "null" and kind in ("i", "l"):
            return "0"
        match source + kind:
            case "il":
                return self.value(f"sext i32 {value.ir} to i64")
            case "li":
                return self.value(f"trunc i64 {value.ir} to i32")
            case "pl":
                return self.value(f"ptrtoint ptr {value.ir} to i64")
            case "lp":
                return self.value(f"inttoptr i64 {value.ir} to ptr")
            case "ip":
                return self.value(f"inttoptr i64 {self.value(f'sext i32 {value.ir} to i64')} to ptr")
            case "pi":
                return self.value(f"trunc i64 {self.value(f'ptrtoint ptr {value.ir} to i64')} to i32")
            case "fd":
                return self.value(f"fpext float {value.ir} to double")
            case "df":
                return self.value(f"fptrunc double {value.ir} to float")
        where = f"at IL offset 0x{self.offset:04X}"
        raise InvalidProgram("AOTD1011", f"{self.method!r}: a value of kind {source} stands where {kind} is due {where}")

    def struct_temp(self, desc: TypeDesc) -> str:
        """A fresh stack slot for a struct value."""
        ll_type, _, align = storage(self.universe, desc)
        return self.alloca(ll_type, align)

    def copy_bytes(self, target: str, source: str, desc: TypeDesc, align: int = 0) -> None:
        """Copies one struct value."""
        size, natural = value_size(self.universe, desc)
        a = align or min(natural, 8)
        self.declares["llvm.memcpy.p0.p0.i64"] = "declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)"
        self.emit(f"call void @llvm.memcpy.p0.p0.i64(ptr align {a} {target}, ptr align {a} {source}, i64 {size}, i1 false)")

    def load(self, desc: TypeDesc, pointer: str, *, align: int = 0, volatile: bool = False) -> V:
        """Loads a location of type `desc`; a struct is copied to a fresh slot."""
        one = scalar(self.universe, desc)
        if one is None:
            temp = self.struct_temp(desc)
            self.copy_bytes(temp, pointer, desc, align)
            return V("s", temp, desc)
        memory, kind, extension = one
        name = self.value(f"load {'volatile ' if volatile else ''}{memory}, ptr {pointer}, align {align or ALIGN_OF[memory]}")
        if extension:
            name = self.value(f"{extension} {memory} {name} to i32")
        return V(kind, name, desc)

    def store(self, desc: TypeDesc, pointer: str, value: V, *, align: int = 0, volatile: bool = False) -> None:
        """Stores `value` into a location of type `desc`."""
        one = scalar(self.universe, desc)
        if one is None:
            if value.kind != "s":
                raise InvalidProgram("AOTD1011", f"{self.method!r}: a scalar is stored as {desc!r} at IL offset 0x{self.offset:04X}")
            self.copy_bytes(pointer, value.ir, desc, align)
            return
        memory, _, _ = one
        operand = self.to_memory(desc, value)
        self.emit(f"store {'volatile ' if volatile else ''}{memory} {operand}, ptr {pointer}, align {align or ALIGN_OF[memory]}")

    def to_memory(self, desc: TypeDesc, value: V) -> str:
        """The operand of a scalar in the memory type of `desc`."""
        one = scalar(self.universe, desc)
        assert one is not None
        memory, kind, extension = one
        if value.kind == "s":
            return self.value(f"load {memory}, ptr {value.ir}, align 1")
        operand = self.coerce(value, kind)
        if extension:
            if value.constant is not None:
                bits = {"i8": 8, "i16": 16}[memory]
                number = value.constant & ((1 << bits) - 1)
                return str(number - (1 << bits) if number >> (bits - 1) else number)
            operand = self.value(f"trunc i32 {operand} to {memory}")
        return operand

    def from_memory(self, desc: TypeDesc, operand: str) -> V:
        """A stack value from an operand in the memory type of `desc`."""
        one = scalar(self.universe, desc)
        assert one is not None
        memory, kind, extension = one
        if extension:
            operand = self.value(f"{extension} {memory} {operand} to i32")
        return V(kind, operand, desc)

    def pass_value(self, desc: TypeDesc, value: V) -> list[str]:
        """`type operand` for each leaf that a parameter of type `desc` is passed as."""
        one = scalar(self.universe, desc)
        if one is not None:
            return [f"{one[0]} {self.to_memory(desc, value)}"]
        if value.kind != "s":
            raise InvalidProgram("AOTD1011", f"{self.method!r}: a scalar is passed as {desc!r} at IL offset 0x{self.offset:04X}")
        parts = leaves(self.universe, desc)
        if parts is None:
            return [f"ptr {value.ir}"]
        result = []
        for offset, memory in parts:
            result.append(f"{memory} {self.value(f'load {memory}, ptr {self.gep(value.ir, offset)}, align 1')}")
        return result

    def call(self, result: str, callee: str, arguments: list[str], attributes: str = "") -> str:
        """Emits a call, as an invoke inside protected code; returns the result's name ("" for void)."""
        text = f"{result} {callee}({', '.join(arguments)})"
        name = "" if result == "void" else self.fresh("r")
        prefix = f"{name} = " if name else ""
        if self.pads:
            following = self.label("c")
            self.emit(f"{prefix}invoke {text} {attributes} to label %{following} unwind label %{self.landing_pad()}")
            self.start_block(following)
        else:
            self.emit(f"{prefix}call {text} {attributes}".rstrip())
        return name

    def landing_pad(self) -> str:
        """The label of the landing pad for the current protected region."""
        found = self.landing_pads.get(self.pads)
        if found is None:
            found = self.landing_pads[self.pads] = self.label("lpad")
        return found

    def receive(self, desc: TypeDesc, result: str) -> V:
        """The stack value of a call's result that came back by value."""
        if scalar(self.universe, desc) is not None:
            return self.from_memory(desc, result)
        parts = leaves(self.universe, desc)
        assert parts is not None
        temp = self.struct_temp(desc)
        if len(parts) == 1:
            self.emit(f"store {parts[0][1]} {result}, ptr {self.gep(temp, parts[0][0])}, align 1")
        else:
            ll_type = "{" + ", ".join(t for _, t in parts) + "}"
            for index, (offset, memory) in enumerate(parts):
                part = self.value(f"extractvalue {ll_type} {result}, {index}")
                self.emit(f"store {memory} {part}, ptr {self.gep(temp, offset)}, align 1")
        return V("s", temp, desc)

    def throw_if(self, condition: str, helper: str) -> None:
        """Branches to a block that calls the throwing `helper` when `condition` (i1) holds."""
        target = self.throw_block(helper)
        following = self.label("k")
        self.emit(f"br i1 {condition}, label %{target}, label %{following}, !prof !0")
        self.start_block(following)

    def throw_block(self, helper: str) -> str:
        """The label of the shared block that calls `helper` from the current region."""
        key = (helper, self.pads)
        found = self.throw_blocks.get(key)
        if found is None:
            found = self.throw_blocks[key] = self.label("throw")
        return found

    def null_check(self, value: V, operand: str) -> None:
        """Throws NullReferenceException when a reference is null."""
        if not value.nonnull:
            self.throw_if(self.value(f"icmp eq ptr {operand}, null"), "rt_throw_null_reference")

    def go_to(self, target: int) -> None:
        """Ends the block with a jump to the IL block at `target`, carrying the evaluation stack there."""
        self.spill(target)
        self.branch(f"b{target}")

    def spill(self, target: int) -> None:
        """Writes the evaluation stack to the slots of the IL block at `target` and queues that block."""
        slots = self.entry_stacks.get(target)
        if slots is None:
            slots = []
            for value in self.stack:
                if value.kind == "s":
                    assert value.type is not None
                    slots.append(V("s", self.struct_temp(value.type), value.type))
                else:
                    slot = self.alloca(LL_OF_KIND[value.kind], 8, "s")
                    slots.append(V(value.kind, slot, value.type))
            self.entry_stacks[target] = slots
        if len(slots) != len(self.stack):
            raise InvalidProgram("AOTD1011", f"{self.method!r}: stack depths differ at IL offset 0x{target:04X}")
        for index, (entry, value) in enumerate(zip(slots, self.stack, strict=True)):
            if entry.kind == "s":
                assert entry.type is not None
                self.copy_bytes(entry.ir, value.ir, entry.type)
            else:
                self.emit(f"store {LL_OF_KIND[entry.kind]} {self.coerce(value, entry.kind)}, ptr {entry.ir}, align 8")
                if entry.type is not value.type:
                    slots[index] = V(entry.kind, entry.ir, None)
        self.queue(target)

    def queue(self, target: int) -> None:
        """Puts the IL block at `target` on the list of reachable blocks."""
        if target not in self.queued:
            self.queued.add(target)
            heapq.heappush(self.worklist, target)

    def type_of(self, token: object) -> TypeDesc:
        """The type of a token operand in the method's context."""
        assert isinstance(token, int)
        return self.universe.resolve_type(self.module, Token(token), self.context)

    def clause_chain(self, offset: int) -> tuple[int, ...]:
        """Indexes of the clauses that protect `offset`, inner ones first."""
        return tuple(i for i, c in enumerate(self.body.clauses) if c.try_start <= offset < c.try_end)

    def clause(self, index: int) -> Clause:
        """Clause `index` of the body."""
        return self.body.clauses[index]

    def kind_of(self, desc: TypeDesc) -> str:
        """The stack kind of `desc`."""
        return kind_of(self.universe, desc)

    def is_void(self, desc: TypeDesc) -> bool:
        """Whether a signature returns nothing."""
        return desc.element is ElementType.VOID


def is_sealed(desc: TypeDesc) -> bool:
    """Whether no class derives from `desc`, so that a static type is the exact one."""
    return isinstance(desc, NamedType) and bool(desc.definition.flags & TYPE_SEALED)


def method_declaration(universe: TypeUniverse, method: MethodDesc, prefix: str) -> tuple[str, str]:
    """(symbol, declaration) of a method's code; `prefix` is "m" for the code itself, "unbox" for its unboxing entry."""
    found = universe.declarations.get((prefix, method))
    if found is None:
        name = symbol(prefix, method_key(universe, method))
        signature = universe.signature(method)
        shape = call_shape(universe, signature, has_this=signature.has_this)
        found = (name, f"declare {shape.result} {quote(name)}({', '.join(shape.parameters)})")
        universe.declarations[prefix, method] = found
    return found


# Code of an intrinsic method: the popped arguments (`this` first) go in; True when the result was pushed, False to call as usual.
Emit = Callable[[MethodEmitter, MethodDesc, list[V]], bool]
