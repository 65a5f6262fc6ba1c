"""Accessor methods -> the property or event that they belong to (ECMA-335 II.22.28), per module."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from enum import Enum

from compiler.metadata.tokens import TableId, Token, decode_coded, make_token
from compiler.types.definitions import MethodDefinition, Module, TypeDefinition


class AccessorKind(Enum):
    """What an accessor does; `value` is the word that diagnostics use."""

    GETTER = "get"
    SETTER = "set"
    ADDER = "add"
    REMOVER = "remove"
    RAISER = "raise"
    OTHER = "other"


_KINDS = {
    0x01: AccessorKind.SETTER,
    0x02: AccessorKind.GETTER,
    0x04: AccessorKind.OTHER,
    0x08: AccessorKind.ADDER,
    0x10: AccessorKind.REMOVER,
    0x20: AccessorKind.RAISER,
}


@dataclass(frozen=True, slots=True)
class Association:
    """A property or event, and what one accessor is to it."""

    module: Module
    token: Token
    name: str
    kind: AccessorKind

    @property
    def is_property(self) -> bool:
        """Whether the token is a property's."""
        return self.token >> 24 == TableId.PROPERTY


@dataclass(frozen=True, slots=True, eq=False)
class SemanticMember:
    """A property or event with its accessors (MethodDef row numbers by kind)."""

    token: Token
    name: str
    owner: TypeDefinition
    accessors: dict[AccessorKind, MethodDefinition]

    @property
    def module(self) -> Module:
        """The module that declares the member."""
        return self.owner.module

    @property
    def is_property(self) -> bool:
        """Whether the member is a property."""
        return self.token >> 24 == TableId.PROPERTY


def association(method: MethodDefinition) -> Association | None:
    """The property or event of an accessor, or None for an ordinary method."""
    return _by_method(method.module).get(method.rid)


def members_of(definition: TypeDefinition, *, events: bool) -> tuple[SemanticMember, ...]:
    """The properties (or events) that a type declares, in metadata order."""
    definition.note_members()
    module = definition.module
    table, list_table, column = (
        (TableId.EVENT_MAP, TableId.EVENT, "EventList") if events else (TableId.PROPERTY_MAP, TableId.PROPERTY, "PropertyList")
    )
    key = ("semantic members", events)
    found = module.sig_cache.get(key)
    if found is None:
        found = module.sig_cache[key] = _read_members(module, table, list_table, column)
    assert isinstance(found, dict)
    members: tuple[SemanticMember, ...] = found.get(definition.rid, ())
    return members


def _read_members(module: Module, table: TableId, list_table: TableId, column: str) -> dict[int, tuple[SemanticMember, ...]]:
    image = module.image
    parents = image.column(table, "Parent")
    starts = image.column(table, column)
    names = image.column(list_table, "Name")
    accessors: dict[int, dict[AccessorKind, MethodDefinition]] = {}
    for rid, found in _by_method(module).items():
        accessors.setdefault(found.token, {})[found.kind] = module.method_definition(rid)
    result: dict[int, tuple[SemanticMember, ...]] = {}
    for index, parent in enumerate(parents):
        end = starts[index + 1] if index + 1 < len(starts) else len(names) + 1
        owner = module.type_definition(parent)
        result[parent] = tuple(
            SemanticMember(make_token(list_table, rid), image.string(names[rid - 1]), owner, accessors.get(make_token(list_table, rid), {}))
            for rid in range(starts[index], end)
        )
    return result


def member_owner(module: Module, token: Token) -> TypeDefinition:
    """The type that declares the property or event of `token`."""
    is_property = token >> 24 == TableId.PROPERTY
    table, column = (TableId.PROPERTY_MAP, "PropertyList") if is_property else (TableId.EVENT_MAP, "EventList")
    starts = module.image.column(table, column)
    index = bisect_right(starts, token & 0xFFFFFF) - 1
    return module.type_definition(module.image.column(table, "Parent")[index])


def _by_method(module: Module) -> dict[int, Association]:
    found = module.sig_cache.get("associations")
    if found is None:
        found = module.sig_cache["associations"] = _read_associations(module)
    assert isinstance(found, dict)
    return found


def _read_associations(module: Module) -> dict[int, Association]:
    image = module.image
    result: dict[int, Association] = {}
    for semantics, method, coded in zip(
        image.column(TableId.METHOD_SEMANTICS, "Semantics"),
        image.column(TableId.METHOD_SEMANTICS, "Method"),
        image.column(TableId.METHOD_SEMANTICS, "Association"),
        strict=True,
    ):
        token = decode_coded("HasSemantics", coded)
        table = TableId.PROPERTY if token >> 24 == TableId.PROPERTY else TableId.EVENT
        names = image.column(table, "Name")
        if 0 < token & 0xFFFFFF <= len(names):
            name = image.string(names[(token & 0xFFFFFF) - 1])
            result[method] = Association(module, token, name, _KINDS.get(semantics, AccessorKind.OTHER))
    return result
