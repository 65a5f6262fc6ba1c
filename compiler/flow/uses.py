"""A method body -> the members that its instructions name, in order: calls, creations, delegates, tokens and fields.

Values are not followed here. A token that cannot be resolved is passed over: the compiler reports it when it compiles the body.
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.diagnostics import InputError
from compiler.flow.facts import BodyFact, FieldUse, MethodUse, Origin, UseKind
from compiler.il.decode import decode
from compiler.metadata.signatures import ElementType
from compiler.metadata.tokens import TableId, Token
from compiler.types.definitions import MethodDefinition
from compiler.types.type_desc import MethodDesc
from compiler.types.universe import GenericContext, TypeUniverse

_METHOD_KINDS = {
    "call": UseKind.CALL, "callvirt": UseKind.CALL, "newobj": UseKind.CREATE, "ldftn": UseKind.DELEGATE, "ldvirtftn": UseKind.DELEGATE,
    "jmp": UseKind.CALL,
}
_FIELD_KINDS = {name: UseKind.CALL for name in ("ldfld", "ldflda", "stfld", "ldsfld", "ldsflda", "stsfld")}
_METHOD_TABLES = (TableId.METHOD_DEF, TableId.METHOD_SPEC)


def open_context(universe: TypeUniverse, method: MethodDefinition) -> GenericContext:
    """The context in which the parameters of `method` and of its type stand for themselves."""
    return GenericContext(
        tuple(universe.parameter(ElementType.VAR, i) for i in range(method.owner.generic_count)),
        tuple(universe.parameter(ElementType.MVAR, i) for i in range(method.generic_count)),
    )


def read_uses(universe: TypeUniverse, method: MethodDefinition) -> Iterator[BodyFact]:
    """The members that the body of `method` names. Raises BadImage and InvalidProgram when the body is malformed."""
    body = method.body
    if body is None:
        return
    context = open_context(universe, method)
    for instruction in decode(body.code):
        name = instruction.name
        if name not in _METHOD_KINDS and name not in _FIELD_KINDS and name != "ldtoken":
            continue
        assert isinstance(instruction.operand, int)
        token = Token(instruction.operand)
        origin = Origin(method, instruction.offset)
        try:
            yield from _read_use(universe, method, name, token, origin, context)
        except InputError:
            continue


def _read_use(
    universe: TypeUniverse, method: MethodDefinition, name: str, token: Token, origin: Origin, context: GenericContext
) -> Iterator[BodyFact]:
    module = method.module
    kind = _METHOD_KINDS.get(name)
    if name == "ldtoken":
        if universe.is_field_token(module, token):
            yield FieldUse(origin, universe.resolve_field(module, token, context), UseKind.TOKEN)
            return
        if token >> 24 not in _METHOD_TABLES and token >> 24 != TableId.MEMBER_REF:
            return
        kind = UseKind.TOKEN
    if kind is None:
        yield FieldUse(origin, universe.resolve_field(module, token, context), _FIELD_KINDS[name])
        return
    found = universe.resolve_method(module, token, context)
    if isinstance(found, MethodDesc):
        yield MethodUse(origin, found, kind)
