"""The closed world: from roots to everything that the program can touch.

Code generation of a method reports what it needs (`Dependency`); this module follows those reports to a fix point and
resolves dispatch: which implementations a used slot or selector can reach on the types that are constructed. Every node
keeps the reason why it was reached first.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from compiler.metadata.signatures import ElementType
from compiler.types.casting import can_cast, enum_underlying
from compiler.types.definitions import TYPE_ABSTRACT, MethodDefinition, Module, TypeDefinition
from compiler.types.interfaces import all_interfaces
from compiler.types.modifiers import modifiers_of
from compiler.types.type_desc import ArrayType, DeclaredParameter, FieldDesc, MethodDesc, NamedType, PointerType, TypeDesc
from compiler.types.universe import TypeUniverse
from compiler.types.vtable import finalizer, resolve_interface, resolve_virtual, slot_index, vtable


class Need(Protocol):
    """An edge target: `kind` names what is needed of `target`."""

    @property
    def kind(self) -> str:
        """One of the kinds that `World.add` knows."""

    @property
    def target(self) -> object:
        """A type, a method or a symbol."""


class Code(Protocol):
    """Generated code, as far as reach looks at it."""

    @property
    def dependencies(self) -> Iterable[Need]:
        """What the code needs."""


# (kind of code, desc) -> its code; kinds: "method", "unboxing_stub", "static_thunk", "multicast_thunk",
# "dynamic_thunk", "array_thunk", "attribute", "field_storage".
Generate = Callable[[str, object], Code]
Node = tuple[str, object]


@dataclass(frozen=True, slots=True)
class AttributeUse:
    """A custom attribute that reflection finds: CustomAttribute row `row` of `module`, and the constructor that it names."""

    module: Module
    row: int
    constructor: MethodDesc


@dataclass(slots=True)
class World:
    """What is reachable. `code` holds generated code by (kind, desc); `slots` the used slots' methods per constructed type;
    `selectors` per used selector the implementation for each constructed type that can receive it; `reflected_methods`,
    `reflected_fields` and `attributes` what reflection over members finds."""

    code: dict[Node, Code] = field(default_factory=dict)
    types: dict[TypeDesc, None] = field(default_factory=dict)
    constructed: dict[TypeDesc, None] = field(default_factory=dict)
    slots: dict[TypeDesc, dict[int, MethodDesc]] = field(default_factory=dict)
    selectors: dict[MethodDesc, dict[TypeDesc, MethodDesc]] = field(default_factory=dict)
    statics: dict[NamedType, None] = field(default_factory=dict)
    thread_statics: dict[NamedType, None] = field(default_factory=dict)
    class_constructors: dict[NamedType, None] = field(default_factory=dict)
    natives: dict[str, None] = field(default_factory=dict)
    finalizers: dict[TypeDesc, MethodDesc] = field(default_factory=dict)
    reflected_methods: dict[MethodDesc, None] = field(default_factory=dict)
    reflected_fields: dict[FieldDesc, None] = field(default_factory=dict)
    attributes: dict[AttributeUse, None] = field(default_factory=dict)
    reasons: dict[Node, Node | None] = field(default_factory=dict)


class WorldBuilder:
    """Marks the world. Invariant: a node on the queue is in `reasons` already, so each is handled once."""

    def __init__(self, universe: TypeUniverse, generate: Generate) -> None:
        self.universe = universe
        self.generate = generate
        self.world = World()
        self._queue: deque[Node] = deque()
        self._used_slots: dict[NamedType, dict[int, MethodDesc]] = defaultdict(dict)
        self._subclasses: dict[NamedType, list[TypeDesc]] = defaultdict(list)
        self._selectors_of: dict[object, list[MethodDesc]] = defaultdict(list)
        self._implementers: dict[object, list[TypeDesc]] = defaultdict(list)

    def add(self, kind: str, target: object, reason: Node | None) -> None:
        """Marks a node as reached because of `reason`."""
        node = (kind, target)
        if node not in self.world.reasons:
            self.world.reasons[node] = reason
            self._queue.append(node)

    @property
    def has_work(self) -> bool:
        """Whether marked nodes wait to be followed."""
        return bool(self._queue)

    def run(self, progress: Callable[[int], None]) -> World:
        """Follows all edges; calls `progress` with the number of code items now and then."""
        while self._queue:
            node = self._queue.popleft()
            self._visit(node)
            if node[0] == "method" and len(self.world.code) % 50 == 0:
                progress(len(self.world.code))
        return self.world

    def _visit(self, node: Node) -> None:
        kind, target = node
        match kind:
            case "method" | "unboxing_stub" | "static_thunk" | "multicast_thunk" | "dynamic_thunk" | "array_thunk" | "field_storage":
                self._visit_code(node)
            case "attribute":
                assert isinstance(target, AttributeUse)
                self.world.attributes[target] = None
                self.add("constructed", target.constructor.owner, node)
                self._visit_code(node)
            case "reflected_method":
                assert isinstance(target, MethodDesc)
                self._visit_reflected_method(target, node)
            case "reflected_field":
                assert isinstance(target, FieldDesc)
                self._visit_reflected_field(target, node)
            case "type" | "type_object":
                assert isinstance(target, TypeDesc)
                self._visit_type(target, node)
            case "constructed":
                assert isinstance(target, TypeDesc)
                self._visit_constructed(target, node)
            case "virtual":
                assert isinstance(target, MethodDesc)
                self._visit_slot(target, node)
            case "selector":
                assert isinstance(target, MethodDesc)
                self._visit_selector(target, node)
            case "statics" | "thread_statics":
                assert isinstance(target, NamedType)
                (self.world.statics if kind == "statics" else self.world.thread_statics)[target] = None
            case "cctor":
                assert isinstance(target, NamedType)
                self.world.class_constructors[target] = None
                self.add("type", target, node)
                constructor = target.definition.methods_named(".cctor")[0]
                self.add("method", self.universe.method(constructor, target, ()), node)
            case "delegate_target":
                # Looked at by those who keep members for reflection.
                pass
            case "delegate":
                self.add("static_thunk", target, node)
            case "native":
                assert isinstance(target, str)
                self.world.natives[target] = None
            case _:
                raise AssertionError(f"unknown dependency kind {kind}")

    def _visit_code(self, node: Node) -> None:
        code = self.generate(*node)
        self.world.code[node] = code
        for need in code.dependencies:
            self.add(need.kind, need.target, node)

    def _visit_reflected_method(self, method: MethodDesc, node: Node) -> None:
        """A method that reflection finds: its types, and what a call of it needs."""
        self.world.reflected_methods[method] = None
        signature = self.universe.reflected_signature(method)
        for desc in (method.owner, signature.return_type, *signature.parameters, *type_arguments(self.universe, method)):
            self.add("type", desc, node)
        for modifier in modifiers_of(self.universe, method.definition):
            self.add("type", modifier.type, node)
        if method.args:
            self.add("reflected_method", self.universe.method(method.definition, method.owner, ()), node)
        if not is_invocable(method):
            return
        for desc in (signature.return_type, *signature.parameters):
            self._add_box(desc.item if isinstance(desc, PointerType) and desc.element is ElementType.BYREF else desc, node)
        if not method.definition.is_abstract:
            self.add("method", method, node)
            if method.owner.is_value_type and not method.is_static:
                self.add("unboxing_stub", method, node)
        if method.is_virtual and not method.is_static:
            self._add_overridden(method, node)
            self.add("selector" if method.owner.is_interface or method.args else "virtual", method, node)
        if method.name == ".ctor" and not method.definition.owner.flags & TYPE_ABSTRACT:
            self.add("constructed", method.owner, node)

    def _add_overridden(self, method: MethodDesc, node: Node) -> None:
        """Reflection goes from a method to the one that it overrides, whose attributes it may inherit."""
        base = self.universe.base_type(method.owner)
        if base is None or method.owner.is_interface or method.args:
            return
        slot, slots = slot_index(self.universe, method), vtable(self.universe, base)
        if slot < len(slots):
            self.add("reflected_method", slots[slot], node)

    def _visit_reflected_field(self, found: FieldDesc, node: Node) -> None:
        """A field that reflection finds: its types, and where a static one is stored."""
        self.world.reflected_fields[found] = None
        desc = self.universe.reflected_field_type(found)
        self.add("type", found.owner, node)
        self.add("type", desc, node)
        if found.owner.is_open or is_bare(found.owner):
            return
        self._add_box(desc, node)
        if found.is_static and not found.definition.is_literal:
            self.add("field_storage", found, node)

    def _add_box(self, desc: TypeDesc, node: Node) -> None:
        """Values of the type are boxed by reflection."""
        if not isinstance(desc, NamedType) or not desc.is_value_type or is_bare(desc) or desc.element is ElementType.VOID:
            return
        inner = desc.args[0] if desc.is_nullable else desc
        if not is_by_ref_like(inner):
            self.add("constructed", inner, node)

    def _visit_type(self, desc: TypeDesc, node: Node) -> None:
        if desc in self.world.types:
            return
        self.world.types[desc] = None
        if isinstance(desc, DeclaredParameter):
            self._visit_parameter(desc, node)
        if is_bare(desc):
            return
        base = self.universe.base_type(desc)
        if base is not None:
            self.add("type", base, node)
        if isinstance(desc, (ArrayType, PointerType)):
            self.add("type", desc.item, node)
        if isinstance(desc, NamedType):
            for argument in desc.args:
                self.add("type", argument, node)
            if desc.is_enum:
                self.add("type", enum_underlying(self.universe, desc), node)
            if desc.args:
                self.add("type", self.universe.named(desc.definition, ()), node)
            if desc.definition.enclosing is not None:
                self.add("type", self.universe.named(desc.definition.enclosing, ()), node)

    def _visit_parameter(self, desc: DeclaredParameter, node: Node) -> None:
        """A type parameter refers to the type or method that declares it."""
        owner = desc.owner
        declaring = self.universe.named(owner if isinstance(owner, TypeDefinition) else owner.owner, ())
        self.add("type", declaring, node)
        if isinstance(owner, MethodDefinition):
            self.add("reflected_method", self.universe.method(owner, declaring, ()), node)

    def _visit_constructed(self, desc: TypeDesc, node: Node) -> None:
        if desc in self.world.constructed:
            return
        self.world.constructed[desc] = None
        self.add("type", desc, node)
        if isinstance(desc, NamedType) and desc.is_delegate:
            self.add("multicast_thunk", desc, node)
        if isinstance(desc, NamedType) and desc.is_value_type and not desc.is_enum and not desc.is_primitive:
            # ValueType.Equals boxes the fields.
            for field_desc in self.universe.fields(desc):
                field_type = self.universe.field_type(field_desc)
                if not field_desc.is_static and field_type.is_value_type:
                    self.add("constructed", field_type, node)
        self.add("type", self.universe.primitive(ElementType.I), node)
        found = finalizer(self.universe, desc)
        if found is not None:
            self.world.finalizers[desc] = found
            self.add("method", found, node)
        ancestor: TypeDesc | None = desc
        while ancestor is not None:
            if isinstance(ancestor, NamedType):
                self._subclasses[ancestor].append(desc)
                for slot in list(self._used_slots[ancestor]):
                    self._fill_slot(desc, slot, node)
                for selector in list(self._selectors_of[ancestor]):
                    self._fill_selector(desc, selector)
            ancestor = self.universe.base_type(ancestor)
        for definition in dict.fromkeys(i.definition for i in all_interfaces(self.universe, desc)):
            self._implementers[definition].append(desc)
            for selector in list(self._selectors_of[definition]):
                self._fill_selector(desc, selector)

    def _visit_slot(self, method: MethodDesc, node: Node) -> None:
        slot = slot_index(self.universe, method)
        owner = method.owner
        # The slot belongs to the class that introduced it: calls through a derived class reach the same one.
        declaring: NamedType | None = owner
        base = self.universe.base_type(owner)
        while base is not None and slot < len(vtable(self.universe, base)):
            declaring = base
            base = self.universe.base_type(base)
        assert declaring is not None
        if slot in self._used_slots[owner]:
            return
        self._used_slots[owner][slot] = method
        for desc in list(self._subclasses[owner]):
            self._fill_slot(desc, slot, node)

    def _fill_slot(self, desc: TypeDesc, slot: int, node: Node) -> None:
        table = self.world.slots.setdefault(desc, {})
        if slot in table:
            return
        found = vtable(self.universe, desc)[slot]
        if found.definition.is_abstract or found.definition.generic_count:
            return
        table[slot] = found
        self._reach_target(desc, found, node)

    def _reach_target(self, desc: TypeDesc, found: MethodDesc, node: Node) -> None:
        if found.owner.is_value_type and not found.is_static:
            self.add("unboxing_stub", found, node)
        else:
            self.add("method", found, node)

    def _visit_selector(self, selector: MethodDesc, node: Node) -> None:
        self.world.selectors[selector] = {}
        owner = selector.owner
        if owner.is_interface:
            self._selectors_of[owner.definition].append(selector)
            candidates = self._implementers[owner.definition]
        else:
            self._selectors_of[owner].append(selector)
            candidates = self._subclasses[owner]
        for desc in list(candidates):
            self._fill_selector(desc, selector)

    def _fill_selector(self, desc: TypeDesc, selector: MethodDesc) -> None:
        table = self.world.selectors[selector]
        if desc in table:
            return
        if selector.owner.is_interface:
            if not can_cast(self.universe, desc, selector.owner):
                return
            found = resolve_interface(self.universe, desc, selector)
        else:
            found = resolve_virtual(self.universe, desc, selector)
        if found is None or found.definition.is_abstract:
            return
        table[desc] = found
        self._reach_target(desc, found, ("selector", selector))


def why(world: World, node: Node) -> list[Node]:
    """The chain of reasons from `node` back to a root."""
    chain = [node]
    while True:
        previous = world.reasons.get(chain[-1])
        if previous is None:
            return chain
        chain.append(previous)


def dispatch_symbol_kind(method: MethodDesc) -> str:
    """Which entry of a method stands in tables: the unboxing entry for value types, else the code itself."""
    return "unbox" if method.owner.is_value_type and not method.is_static else "m"


def is_bare(desc: TypeDesc) -> bool:
    """Whether `desc` is open or a generic definition without arguments, which exists for reflection only."""
    return desc.is_open or (isinstance(desc, NamedType) and bool(desc.definition.generic_count) and not desc.args)


def is_by_ref_like(desc: TypeDesc) -> bool:
    """Whether values of the type live on the stack only."""
    return isinstance(desc, NamedType) and desc.definition.has_attribute("System.Runtime.CompilerServices.IsByRefLikeAttribute")


def type_arguments(universe: TypeUniverse, method: MethodDesc) -> tuple[TypeDesc, ...]:
    """The type arguments of a generic method; for its definition the parameters themselves."""
    return method.args or universe.declared_parameters(method.definition)


def is_invocable(method: MethodDesc) -> bool:
    """Whether reflection can call the method: it is closed, and it has code that can be called as any other's."""
    if method.is_open or is_bare(method.owner):
        return False
    if method.owner.is_delegate and method.name != "Invoke":
        return False
    return not (method.owner.element is ElementType.STRING and method.name == ".ctor")


def default_constructor(universe: TypeUniverse, desc: TypeDesc) -> MethodDesc | None:
    """The parameterless instance constructor of a closed class or value type that can be made, or None."""
    if not isinstance(desc, NamedType) or is_bare(desc) or desc.is_interface or desc.is_delegate or desc.definition.flags & TYPE_ABSTRACT:
        return None
    for definition in desc.definition.methods_named(".ctor"):
        if not definition.sig.parameters and not definition.is_static:
            return universe.method(definition, desc, ())
    return None
