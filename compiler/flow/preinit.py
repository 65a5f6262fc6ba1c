"""Static constructors that can be run before the program: their effects become data, their code is not compiled or analysed.

This tells only whether a constructor is of that kind: straight computation with constants, strings and null, static calls of the
same kind, and stores to the type's own static fields. Anything else ends the attempt, as it does in .NET's compiler.
"""

from __future__ import annotations

from compiler.diagnostics import InputError
from compiler.flow.contexts import open_context
from compiler.il.decode import Instruction, decode
from compiler.metadata.signatures import ElementType
from compiler.metadata.tokens import Token
from compiler.types.definitions import FieldDefinition, MethodDefinition
from compiler.types.reads import NotedAnswers
from compiler.types.type_desc import MethodDesc
from compiler.types.universe import TypeUniverse

_MOST_STEPS = 2000
_MOST_CALLS = 20
_NULL = object()
_SCALARS = frozenset(
    (ElementType.BOOLEAN, ElementType.CHAR, ElementType.I1, ElementType.U1, ElementType.I2, ElementType.U2, ElementType.I4, ElementType.U4)
)
# Numbers are int, strings str, null the object above.
_Operand = object


class _NotConstantError(Exception):
    """The code does something that only a running program can do."""


class Preinitialization:
    """Answers for static constructors. Invariant: an answer depends on IL alone, so it is kept."""

    def __init__(self, universe: TypeUniverse) -> None:
        self._universe = universe
        self._known = NotedAnswers[MethodDefinition, bool](universe.volatile)

    def runs_early(self, method: MethodDefinition) -> bool:
        """Whether `method` is a static constructor whose effects can be computed now. Generic types are never done early."""
        if method.name != ".cctor" or method.owner.generic_count:
            return False
        return self._known.answer(method, lambda: self._try(method))

    def _try(self, method: MethodDefinition) -> bool:
        try:
            _Run(self._universe, method).execute(method, [], 0)
        except (_NotConstantError, InputError):
            return False
        return True


class _Run:
    """One attempt: values of the type's static fields so far, and the steps left."""

    def __init__(self, universe: TypeUniverse, constructor: MethodDefinition) -> None:
        self._universe = universe
        self._owner = constructor.owner
        self._fields: dict[FieldDefinition, _Operand] = {}
        self._steps = _MOST_STEPS

    def execute(self, method: MethodDefinition, args: list[_Operand], depth: int) -> _Operand:
        """The result of a static method; None for void."""
        body = method.body
        if body is None or body.clauses or depth > _MOST_CALLS or method.generic_count or method.owner.generic_count:
            raise _NotConstantError
        if depth and any(m.name == ".cctor" for m in method.owner.methods) and method.owner is not self._owner:
            raise _NotConstantError
        instructions = decode(body.code)
        index_of = {instruction.offset: index for index, instruction in enumerate(instructions)}
        stack: list[_Operand] = []
        stored: dict[int, _Operand] = {}
        index = 0
        while index < len(instructions):
            self._steps -= 1
            if self._steps < 0:
                raise _NotConstantError
            instruction = instructions[index]
            if instruction.name == "ret":
                return stack.pop() if stack else None
            target = self._step(method, instruction, stack, stored, args, depth)
            index = index + 1 if target is None else index_of[target]
        raise _NotConstantError

    def _step(
        self,
        method: MethodDefinition,
        instruction: Instruction,
        stack: list[_Operand],
        stored: dict[int, _Operand],
        args: list[_Operand],
        depth: int,
    ) -> int | None:
        """Executes one instruction; the offset to jump to, or None."""
        name, operand = instruction.name, instruction.operand
        assert isinstance(operand, int | float | tuple)
        if name == "ldc.i4":
            stack.append(operand)
        elif name == "ldstr":
            stack.append(method.module.image.user_string(int(operand) & 0xFFFFFF) if isinstance(operand, int) else "")
        elif name == "ldnull":
            stack.append(_NULL)
        elif name == "ldarg" and isinstance(operand, int):
            stack.append(args[operand])
        elif name in ("ldloc", "stloc") and isinstance(operand, int):
            if name == "stloc":
                stored[operand] = stack.pop()
            else:
                stack.append(stored.get(operand, 0))
        elif name in ("dup", "pop"):
            top = stack.pop()
            stack.extend((top, top) if name == "dup" else ())
        elif name in ("br", "brtrue", "brfalse") and isinstance(operand, int):
            if name == "br" or (_is_true(stack.pop()) == (name == "brtrue")):
                return operand
        elif name in ("add", "sub", "mul", "and", "or", "xor", "ceq", "cgt", "clt"):
            stack.append(_arithmetic(name, stack.pop(), stack.pop()))
        elif name in ("stsfld", "ldsfld") and isinstance(operand, int):
            self._field(method, name, Token(operand), stack)
        elif name == "call" and isinstance(operand, int):
            self._call(method, Token(operand), stack, depth)
        elif name != "nop":
            raise _NotConstantError
        return None

    def _field(self, method: MethodDefinition, name: str, token: Token, stack: list[_Operand]) -> None:
        found = self._universe.resolve_field(method.module, token, open_context(self._universe, method)).definition
        if found.owner is not self._owner:
            raise _NotConstantError
        if name == "stsfld":
            self._fields[found] = stack.pop()
        else:
            default: _Operand = 0 if found.sig.element in _SCALARS else _NULL
            stack.append(self._fields.get(found, default))

    def _call(self, method: MethodDefinition, token: Token, stack: list[_Operand], depth: int) -> None:
        callee = self._universe.resolve_method(method.module, token, open_context(self._universe, method))
        if not isinstance(callee, MethodDesc) or not callee.is_static:
            raise _NotConstantError
        n_args = len(callee.definition.sig.parameters)
        args = stack[len(stack) - n_args :]
        del stack[len(stack) - n_args :]
        result = self.execute(callee.definition, args, depth + 1)
        if callee.definition.sig.return_type.element is not ElementType.VOID:
            stack.append(result)


def _is_true(value: _Operand) -> bool:
    return value is not _NULL and value != 0


def _arithmetic(name: str, right: _Operand, left: _Operand) -> int:
    if not isinstance(left, int) or not isinstance(right, int):
        raise _NotConstantError
    results = {
        "add": left + right,
        "sub": left - right,
        "mul": left * right,
        "and": left & right,
        "or": left | right,
        "xor": left ^ right,
        "ceq": int(left == right),
        "cgt": int(left > right),
        "clt": int(left < right),
    }
    return (results[name] + 0x80000000) % 0x100000000 - 0x80000000
