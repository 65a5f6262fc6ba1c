"""Roots of a program -> the methods of its own assemblies that can run, each with the reason that was found first.

This is who uses whom, to explain findings and to leave out findings in dependencies that nothing uses. Reflection
over types that are known where it happens is followed. The framework's bodies are not
followed: what it calls back are delegates, which their maker uses, and overrides of types that are created. Types that are named
(`typeof`, type arguments) count as created, since reflection may do so. What a program keeps and compiles is `compiler/reach`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum

from compiler.diagnostics import InputError
from compiler.flow.annotations import Annotations
from compiler.flow.contexts import open_context
from compiler.flow.facts import MemberAccess
from compiler.flow.generated import GeneratedCode
from compiler.flow.method_facts import read_facts
from compiler.flow.overrides import overrides_of
from compiler.flow.reader_kind import ReaderKind
from compiler.il.decode import Instruction, decode
from compiler.metadata.tokens import TableId, Token
from compiler.types.definitions import METHOD_ACCESS_MASK, MethodDefinition, Module, TypeDefinition
from compiler.types.type_desc import ArrayType, MethodDesc, NamedType, PointerType, TypeDesc

_METHODS = frozenset(("call", "callvirt", "newobj", "ldftn", "ldvirtftn", "jmp"))
_FIELDS = frozenset(("ldsfld", "ldsflda", "stsfld"))
_TYPES = frozenset(("initobj", "box", "constrained.", "ldtoken"))
_PUBLIC_TYPES = frozenset((1, 2))
_TYPE_VISIBILITY = 0x7
_NESTED_FAMILY = frozenset((4, 7))
_FAMILY, _FAMILY_OR_ASSEMBLY, _PUBLIC = 4, 5, 6


class How(Enum):
    """How a method comes to be used; `value` stands between the user and the used one in explanations."""

    ENTRY_POINT = "is the entry point"
    VISIBLE = "is visible outside of its assembly"
    ROOTED = "is in an assembly that is kept as a whole"
    DESCRIBED = "is kept by a descriptor or an rd.xml file"
    CALL = "calls"
    CREATE = "creates"
    DELEGATE = "makes a delegate of"
    NAME = "names the type of"
    REFLECTION = "reaches by reflection"
    OVERRIDE = "calls an override:"
    CALLBACK = "creates a type whose overrides the framework may call:"
    INITIALIZER = "needs the type initializer:"
    BODY = "has its code in"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a method is reached: `by` which method and where in it. A root has None. `through` is the method whose override it is."""

    how: How
    by: MethodDefinition | None
    il_offset: int = -1
    through: MethodDefinition | None = None


@dataclass(slots=True)
class Reached:
    """The methods of a program. Invariant: following `by` from any reason ends at a root."""

    reasons: dict[MethodDefinition, Reason] = field(default_factory=dict)

    def chain(self, method: MethodDefinition) -> list[tuple[MethodDefinition, Reason]]:
        """From a root to `method`, each with its reason; empty when it is not reached."""
        found: list[tuple[MethodDefinition, Reason]] = []
        current: MethodDefinition | None = method
        while current is not None and current in self.reasons:
            reason = self.reasons[current]
            found.append((current, reason))
            current = reason.by
        return found[::-1]


Roots = Iterable[tuple[MethodDefinition, How]]


def program_roots(module: Module, *, keeps_all: bool) -> Iterator[tuple[MethodDefinition, How]]:
    """Where a program begins in its main assembly: the entry point, or all that a library shows. With `keeps_all` everything."""
    entry = module.image.entry_point
    for definition in module.types():
        for method in definition.methods:
            if keeps_all:
                yield method, How.ROOTED
            elif entry >> 24 == TableId.METHOD_DEF and method.token == entry:
                yield method, How.ENTRY_POINT
            elif definition.rid == 1 and method.name == ".cctor":
                yield method, How.INITIALIZER
            elif not entry and is_visible(method):
                yield method, How.VISIBLE


def is_visible(method: MethodDefinition) -> bool:
    """Whether other assemblies can use or override a method."""
    owner: TypeDefinition | None = method.owner
    while owner is not None:
        visibility = owner.flags & _TYPE_VISIBILITY
        if visibility not in _PUBLIC_TYPES and not (owner.enclosing is not None and visibility in _NESTED_FAMILY):
            return False
        owner = owner.enclosing
    return method.flags & METHOD_ACCESS_MASK in (_FAMILY, _FAMILY_OR_ASSEMBLY, _PUBLIC)


def _may_reflect(instruction: Instruction) -> bool:
    """Whether a value that reflection starts from is loaded: the handle of a type."""
    if instruction.name == "ldtoken" and isinstance(instruction.operand, int):
        return instruction.operand >> 24 in (TableId.TYPE_DEF, TableId.TYPE_REF, TableId.TYPE_SPEC)
    return False


def reach(annotations: Annotations, generated: GeneratedCode, roots: Roots, own: frozenset[Module], proceed: Callable[[], None]) -> Reached:
    """Everything that `roots` can reach in the `own` modules, nearest first. `proceed` is called often; what it raises ends the work."""
    marking = _Marking(annotations, generated, own)
    for method, how in roots:
        marking.mark(method, Reason(how, None))
    marking.run(proceed)
    return marking.reached


class _Marking:
    """One marking. Invariant: every reached method is in `_pending` or has been read."""

    def __init__(self, annotations: Annotations, generated: GeneratedCode, own: frozenset[Module]) -> None:
        self.reached = Reached()
        self._universe = annotations.universe
        self._annotations = annotations
        self._generated = generated
        self._own = own
        self._reflected: set[MethodDefinition] = set()
        self._pending: deque[MethodDefinition] = deque()
        self._created: set[TypeDefinition] = set()
        # Called methods with their callers, and overrides of types that exist which wait for a call.
        self._called: dict[MethodDefinition, Reason] = {}
        self._waiting: dict[MethodDefinition, list[MethodDefinition]] = {}

    def mark(self, method: MethodDefinition, reason: Reason) -> None:
        """`method` is reached."""
        if method not in self.reached.reasons and self._is_own(method.module):
            self.reached.reasons[method] = reason
            self._pending.append(method)

    def run(self, proceed: Callable[[], None]) -> None:
        """Reads what is reached until nothing new is."""
        while self._pending:
            proceed()
            method = self._pending.popleft()
            for part in self._generated.made_from(method):
                if part.owner is not method.owner:
                    self.mark(part, Reason(How.BODY, method))
            initializer = next((each for each in method.owner.methods_named(".cctor")), None)
            if initializer is not None:
                self.mark(initializer, Reason(How.INITIALIZER, method))
            try:
                body = method.body
                instructions = decode(body.code) if body is not None else []
            except InputError:
                continue
            for instruction in instructions:
                self._read(method, instruction)
            if any(_may_reflect(instruction) for instruction in instructions):
                self._reflect(self._generated.user_method(method))

    def _reflect(self, method: MethodDefinition) -> None:
        """Follows a body's values: members of known types that reflection reaches."""
        if method in self._reflected:
            return
        self._reflected.add(method)
        for fact in read_facts(self._annotations, self._generated, lambda _method: None, method):
            origin = fact.origin
            if isinstance(fact, MemberAccess) and isinstance(origin.member, MethodDefinition) and isinstance(fact.member, MethodDefinition):
                self.mark(fact.member, Reason(How.REFLECTION, origin.member, origin.il_offset))
                if fact.member.name == ".ctor":
                    self._create(fact.member.owner, origin.member, origin.il_offset)

    def _is_own(self, module: Module) -> bool:
        return module in self._own

    def _read(self, method: MethodDefinition, instruction: Instruction) -> None:
        name = instruction.name
        try:
            if name in _METHODS:
                self._use_method(method, instruction)
            elif name in _FIELDS:
                desc = self._universe.resolve_field(method.module, instruction.token, open_context(self._universe, method))
                for initializer in desc.definition.owner.methods_named(".cctor"):
                    self.mark(initializer, Reason(How.INITIALIZER, method, instruction.offset))
            elif name in _TYPES:
                self._use_type(method, instruction)
        except InputError:
            # A reference that is missing: the compiler reports it.
            return

    def _use_method(self, method: MethodDefinition, instruction: Instruction) -> None:
        found = self._universe.resolve_method(method.module, instruction.token, open_context(self._universe, method))
        if not isinstance(found, MethodDesc):
            return
        how = How.CALL
        if instruction.name == "newobj":
            how = How.CREATE
            self._create(found.owner.definition, method, instruction.offset)
        elif instruction.name in ("ldftn", "ldvirtftn"):
            how = How.DELEGATE
        for argument in (*found.args, *found.owner.args):
            self._name(argument, method, instruction.offset)
        reason = Reason(how, method, instruction.offset)
        self.mark(found.definition, reason)
        if found.definition.is_virtual and found.definition not in self._called:
            self._called[found.definition] = reason
            for override in self._waiting.pop(found.definition, ()):
                self.mark(override, Reason(How.OVERRIDE, method, instruction.offset, found.definition))

    def _use_type(self, method: MethodDefinition, instruction: Instruction) -> None:
        table = instruction.token >> 24
        if table in (TableId.TYPE_DEF, TableId.TYPE_REF, TableId.TYPE_SPEC):
            context = open_context(self._universe, method)
            desc = self._universe.resolve_type(method.module, Token(instruction.token), context)
            if instruction.name == "ldtoken":
                self._name(desc, method, instruction.offset)
            elif isinstance(desc, NamedType):
                self._create(desc.definition, method, instruction.offset)
        elif instruction.name == "ldtoken" and not self._universe.is_field_token(method.module, instruction.token):
            found = self._universe.resolve_method(method.module, instruction.token, open_context(self._universe, method))
            if isinstance(found, MethodDesc):
                self.mark(found.definition, Reason(How.NAME, method, instruction.offset))

    def _name(self, desc: TypeDesc, method: MethodDefinition, offset: int) -> None:
        """A type that reflection or generic code may create."""
        if isinstance(desc, (ArrayType, PointerType)):
            self._name(desc.item, method, offset)
        elif isinstance(desc, NamedType) and self._is_own(desc.definition.module) and desc.definition not in self._created:
            for constructor in desc.definition.methods_named(".ctor"):
                self.mark(constructor, Reason(How.NAME, method, offset))
            self._create(desc.definition, method, offset)
            for argument in desc.args:
                self._name(argument, method, offset)

    def _create(self, definition: TypeDefinition, method: MethodDefinition, offset: int) -> None:
        """Objects of a type exist: what it overrides may be called."""
        current: TypeDefinition | None = definition
        while current is not None and current not in self._created and self._is_own(current.module):
            self._created.add(current)
            for pair in overrides_of(self._universe, current, ReaderKind.PUBLISH):
                caller = self._called.get(pair.base)
                if not self._is_own(pair.base.module):
                    self.mark(pair.method, Reason(How.CALLBACK, method, offset, pair.base))
                elif caller is not None:
                    self.mark(pair.method, Reason(How.OVERRIDE, caller.by, caller.il_offset, pair.base))
                else:
                    self._waiting.setdefault(pair.base, []).append(pair.method)
            base = self._universe.base_type(self._universe.open_type(current))
            current = base.definition if base is not None else None
