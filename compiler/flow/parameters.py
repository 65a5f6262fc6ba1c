"""Param and GenericParam rows of a method or type: names, flags and tokens, by position."""

from __future__ import annotations

from dataclasses import dataclass

from compiler.flow.source_functions import SourceFunction
from compiler.metadata.tokens import TableId, Token, decode_coded, make_token
from compiler.types.definitions import MethodDefinition, Module

PARAM_IN = 0x1
PARAM_OUT = 0x2
PARAM_OPTIONAL = 0x10


@dataclass(frozen=True, slots=True)
class ParameterRow:
    """A Param row; `sequence` 0 is the return value, 1 the first parameter after `this`."""

    token: Token
    sequence: int
    name: str
    flags: int


def parameter_rows(method: MethodDefinition) -> dict[int, ParameterRow]:
    """Sequence -> row, for the rows that the method has (a compiler may leave any out)."""
    module = method.module
    if isinstance(method, SourceFunction):
        return {i: ParameterRow(Token(0), i, name, 0) for i, name in enumerate(method.parameter_names, 1)}
    key = ("parameters", method.rid)
    found = module.sig_cache.get(key)
    if found is None:
        image = module.image
        starts = image.column(TableId.METHOD_DEF, "ParamList")
        end = starts[method.rid] if method.rid < len(starts) else image.rows(TableId.PARAM) + 1
        sequences = image.column(TableId.PARAM, "Sequence")
        names = image.column(TableId.PARAM, "Name")
        flags = image.column(TableId.PARAM, "Flags")
        found = module.sig_cache[key] = {
            sequences[rid - 1]: ParameterRow(
                make_token(TableId.PARAM, rid), sequences[rid - 1], image.string(names[rid - 1]), flags[rid - 1]
            )
            for rid in range(starts[method.rid - 1], min(end, len(names) + 1))
        }
    assert isinstance(found, dict)
    return found


def parameter_name(method: MethodDefinition, index: int) -> str:
    """The name of parameter `index` (from 0, `this` not counted); empty when there is no row."""
    row = parameter_rows(method).get(index + 1)
    return row.name if row is not None else ""


def generic_parameter_names(module: Module, owner: int) -> tuple[str, ...]:
    """The names of the generic parameters of a TypeDef or MethodDef token, in order."""
    key = ("generic names", owner)
    found = module.sig_cache.get(key)
    if found is None:
        image = module.image
        numbers = image.column(TableId.GENERIC_PARAM, "Number")
        names = image.column(TableId.GENERIC_PARAM, "Name")
        rows = sorted(module.generic_params(owner), key=lambda rid: numbers[rid - 1])
        found = module.sig_cache[key] = tuple(image.string(names[rid - 1]) for rid in rows)
    assert isinstance(found, tuple)
    return found


def constraints(module: Module, generic_rid: int) -> list[Token]:
    """The constraints (TypeDefOrRef tokens) of GenericParam row `generic_rid`."""
    found = module.sig_cache.get("constraints")
    if found is None:
        image = module.image
        table: dict[int, list[Token]] = {}
        rows = TableId.GENERIC_PARAM_CONSTRAINT
        pairs = zip(image.column(rows, "Owner"), image.column(rows, "Constraint"), strict=True)
        for owner, coded in pairs:
            table.setdefault(owner, []).append(decode_coded("TypeDefOrRef", coded))
        found = module.sig_cache["constraints"] = table
    assert isinstance(found, dict)
    tokens: list[Token] = found.get(generic_rid, [])
    return tokens


def generic_parameter_token(module: Module, owner: int, index: int) -> Token | None:
    """The GenericParam token of parameter `index` of a TypeDef or MethodDef token, or None."""
    numbers = module.image.column(TableId.GENERIC_PARAM, "Number")
    for rid in module.generic_params(owner):
        if numbers[rid - 1] == index:
            return make_token(TableId.GENERIC_PARAM, rid)
    return None
