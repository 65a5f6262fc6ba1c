"""Compiler-generated methods and types -> the user's method that they were made from.

C# turns lambdas and local functions into methods named `<M>b__0_0` and `<M>g__F|0_0`, and async methods and iterators into
state machine types `<M>d__0`. Whose they are is read from the code of the methods called M: the method that refers to a lambda owns
it, and the state machine attribute names the type. Code that nobody refers to has no owner and is not analysed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from compiler.diagnostics import InputError
from compiler.flow.custom_attributes import AttributeReader, TypeName
from compiler.flow.parameters import generic_parameter_names
from compiler.flow.reader_kind import ReaderKind
from compiler.il.decode import decode
from compiler.il.opcodes import BY_NAME
from compiler.metadata.tokens import TableId, Token, decode_coded
from compiler.types.definitions import MethodDefinition, Module, TypeDefinition
from compiler.types.reads import KeptByMember
from compiler.types.type_desc import MethodDesc
from compiler.types.universe import EMPTY_CONTEXT, TypeUniverse

_STATE_MACHINE_ATTRIBUTES = (
    "System.Runtime.CompilerServices.AsyncStateMachineAttribute",
    "System.Runtime.CompilerServices.IteratorStateMachineAttribute",
    "System.Runtime.CompilerServices.AsyncIteratorStateMachineAttribute",
)
_METHOD_REFERENCES = frozenset({"call", "callvirt", "newobj", "ldftn", "ldvirtftn", "ldtoken"})


def is_generated_name(name: str) -> bool:
    """Whether a C# compiler made the name up."""
    return name.startswith("<")


def _kind_letter(name: str) -> str:
    if not name.startswith("<"):
        return ""
    # `<<M>b__0>d` has a generated name inside its brackets: the letter after the last bracket counts.
    close = name.rfind(">")
    return name[close + 1 : close + 2]


def is_lambda_or_local_function(name: str) -> bool:
    """Whether the method name is that of a lambda or of a local function."""
    return _kind_letter(name.partition("|")[0]) in ("b", "g")


def is_lambda(name: str) -> bool:
    """Whether the method name is that of a lambda."""
    return _kind_letter(name) == "b"


def _source_name(method: MethodDefinition) -> str:
    """The name of the user's method that `method` is or was made from, with `-` for `.`, as compilers write it in names of types."""
    name = method.name
    if is_state_machine_type(method.owner):
        name = _inside(method.owner.name)
    while is_lambda_or_local_function(name):
        name = _inside(name.partition("|")[0])
    return name.replace(".", "-")


def _inside(name: str) -> str:
    """What the outermost brackets of a generated name hold."""
    return name[1 : name.rfind(">")]


def is_state_machine_type(definition: TypeDefinition) -> bool:
    """Whether the type holds the state of an async method or iterator."""
    return _kind_letter(definition.name) == "d"


def is_closure_type(definition: TypeDefinition) -> bool:
    """Whether the type holds lambdas without captures, or captured variables."""
    return definition.name.startswith("<>c")


def user_type(definition: TypeDefinition) -> TypeDefinition:
    """The nearest type around `definition`, itself included, that no compiler made."""
    current = definition
    while is_generated_name(current.name) and current.enclosing is not None:
        current = current.enclosing
    return current


class GeneratedCode:
    """Owners of generated methods, found name by name. Invariant: `_owners` is complete for what was made from the methods of a type that
    have one name, for every type and name in `_done`."""

    def __init__(self, universe: TypeUniverse, attributes: AttributeReader) -> None:
        self._universe = universe
        self._attributes = attributes
        volatile = universe.volatile
        self._owners = KeptByMember[MethodDefinition, MethodDefinition](volatile)
        self._machines = KeptByMember[MethodDefinition, TypeDefinition](volatile)
        self._children = KeptByMember[MethodDefinition, list[MethodDefinition]](volatile)
        self._by_name = KeptByMember[TypeDefinition, dict[str, list[MethodDefinition]]](volatile)
        self._done = KeptByMember[tuple[TypeDefinition, str], bool](volatile)

    def owner(self, method: MethodDefinition) -> MethodDefinition | None:
        """The method that `method` was made from (one step outward), or None when the user wrote it or nobody refers to it."""
        if not self.is_generated(method):
            return None
        self._read(method)
        return self._owners.get(method)

    def enclosing_scope(self, method: MethodDefinition, reader: ReaderKind) -> MethodDefinition | None:
        """The method whose Requires attributes and suppressions hold in `method` too, or None.

        For the publish's compiler all lambdas and local functions of a method are its direct children.
        """
        if reader is ReaderKind.PUBLISH and is_lambda_or_local_function(method.name):
            outer = self.user_method(method)
            return outer if outer is not method else None
        return self.owner(method)

    def user_method(self, method: MethodDefinition) -> MethodDefinition:
        """The user's method behind `method`; `method` itself when there is none."""
        current = method
        seen = {current}
        while (outer := self.owner(current)) is not None and outer not in seen:
            seen.add(outer)
            current = outer
        return current

    def is_generated(self, method: MethodDefinition) -> bool:
        """Whether `method` is a lambda, a local function or a member of a state machine."""
        return is_lambda_or_local_function(method.name) or is_state_machine_type(method.owner)

    def state_machine(self, method: MethodDefinition) -> TypeDefinition | None:
        """The state machine type of an async method or iterator, or None."""
        self._read(method)
        return self._machines.get(method)

    def declared_parameter(self, owner: TypeDefinition | MethodDefinition, index: int) -> tuple[TypeDefinition | MethodDefinition, int]:
        """The type parameter that the user declared behind parameter `index` of a generated type; other parameters are their own."""
        if not isinstance(owner, TypeDefinition) or not is_generated_name(owner.name) or owner.enclosing is None:
            return owner, index
        name = generic_parameter_names(owner.module, owner.token)[index]
        for method in self._methods_around(owner):
            own = generic_parameter_names(method.module, method.token)
            if name in own:
                return method, own.index(name)
        outer = user_type(owner)
        return (outer, index) if index < outer.generic_count else (owner, index)

    def _methods_around(self, definition: TypeDefinition) -> Iterator[MethodDefinition]:
        """The methods that a generated type was made from, from the inside out."""
        current = next((owner for method in definition.methods if (owner := self.owner(method)) is not None), None)
        seen: set[MethodDefinition] = set()
        while current is not None and current not in seen:
            seen.add(current)
            yield current
            current = self._owners.get(current)

    def made_from(self, method: MethodDefinition) -> list[MethodDefinition]:
        """The generated methods whose owner, one step outward, is `method`, in the order of reference."""
        self._read(method)
        return self._children.get(method, [])

    def _read(self, method: MethodDefinition) -> None:
        """Finds out what was made from the user's methods that have the name of the one behind `method`."""
        definition, name = user_type(method.owner), _source_name(method)
        if (definition, name) in self._done:
            return
        self._done[definition, name] = True
        # Who made what is a matter of the bodies in one method's group, which are noted where they are read themselves.
        module, reads = definition.module, definition.module.reads
        module.reads = None
        try:
            self._read_bodies(definition, name)
        finally:
            module.reads = reads

    def _read_bodies(self, definition: TypeDefinition, name: str) -> None:
        by_name = self._by_name.get(definition)
        if by_name is None:
            by_name = {}
            for method in definition.methods:
                if not is_lambda_or_local_function(method.name):
                    by_name.setdefault(_source_name(method), []).append(method)
            self._by_name[definition] = by_name
        pending = list(by_name.get(name, ()))
        while pending:
            method = pending.pop()
            for callee in self._references(method):
                if callee not in self._owners and callee is not method:
                    self._owners[callee] = method
                    self._children[method] = [*self._children.get(method, ()), callee]
                    pending.append(callee)

    def _references(self, method: MethodDefinition) -> Iterator[MethodDefinition]:
        machine = self._declared_machine(method)
        if machine is not None:
            self._machines[method] = machine
            yield from machine.methods
        try:
            body = method.body
            instructions = decode(body.code) if body is not None and _may_refer(method.module, body.code) else []
        except InputError:
            return
        for instruction in instructions:
            if instruction.name in _METHOD_REFERENCES:
                assert isinstance(instruction.operand, int)
                token = Token(instruction.operand)
                if _is_nested_function(method.module, token):
                    yield from self._resolve(method.module, token)

    def _resolve(self, module: Module, token: Token) -> Iterator[MethodDefinition]:
        try:
            found = self._universe.resolve_method(module, token, EMPTY_CONTEXT)
        except InputError:
            return
        if isinstance(found, MethodDesc) and found.definition.module is module:
            yield found.definition

    def _declared_machine(self, method: MethodDefinition) -> TypeDefinition | None:
        for row in method.module.attribute_rows(method.token):
            if method.module.attribute_type_name(row) in _STATE_MACHINE_ATTRIBUTES:
                attribute = self._attributes.decode(method.module, row)
                if attribute is not None and attribute.value.fixed and isinstance(attribute.value.fixed[0], TypeName):
                    return _find_own_type(method.module, attribute.value.fixed[0].name)
        return None


def nested_types(definition: TypeDefinition) -> list[TypeDefinition]:
    """The types declared directly inside `definition`, in metadata order."""
    definition.note_members()
    module = definition.module
    return [module.type_definition(rid) for rid in module.nested_rows(definition.rid)]


def _find_own_type(module: Module, name: str) -> TypeDefinition | None:
    """The type of `module` with the serialized name `name`, or None; its assembly name is not looked at."""
    full = name.partition(",")[0].strip()
    outer, *nested = full.split("+")
    namespace, _, simple = outer.rpartition(".")
    definition = module.find_type(namespace, simple)
    for inner in nested:
        if definition is None:
            return None
        definition = module.find_nested(definition, inner)
    return definition


def _references_pattern() -> re.Pattern[bytes]:
    """Finds the tokens of methods wherever an instruction may stand that names one."""
    codes = (BY_NAME[name].code for name in sorted(_METHOD_REFERENCES))
    opcodes = b"|".join(re.escape(code.to_bytes(1 if code < 0x100 else 2, "big")) for code in codes)
    tables = b"|".join(re.escape(bytes((table,))) for table in (TableId.METHOD_DEF, TableId.MEMBER_REF, TableId.METHOD_SPEC))
    return re.compile(b"(?=(?:" + opcodes + b")(...(?:" + tables + b")))", re.DOTALL)


_REFERENCES = _references_pattern()


def _may_refer(module: Module, code: bytes) -> bool:
    """Whether code may name a lambda or a local function. Most does not, and then need not be decoded."""
    return any(_is_nested_function(module, Token(int.from_bytes(token, "little"))) for token in set(_REFERENCES.findall(code)))


def _is_nested_function(module: Module, token: Token) -> bool:
    """Whether a method token names a lambda or local function, read from the name alone."""
    table, rid = token >> 24, token & 0xFFFFFF
    image = module.image
    if table == TableId.METHOD_SPEC:
        specs = image.column(TableId.METHOD_SPEC, "Method")
        if not 0 < rid <= len(specs):
            return False
        token = decode_coded("MethodDefOrRef", specs[rid - 1])
        table, rid = token >> 24, token & 0xFFFFFF
    if table == TableId.METHOD_DEF:
        names = image.column(TableId.METHOD_DEF, "Name")
    elif table == TableId.MEMBER_REF:
        names = image.column(TableId.MEMBER_REF, "Name")
    else:
        return False
    if not 0 < rid <= len(names):
        return False
    # Few names begin like one that a compiler made up; the others need not be read.
    offset = names[rid - 1]
    return image.strings_heap[offset : offset + 1] == b"<" and is_lambda_or_local_function(image.string(offset))
