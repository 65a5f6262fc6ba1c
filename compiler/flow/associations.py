"""Accessor methods -> the property or event that they belong to (ECMA-335 II.22.28), per module."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from compiler.metadata.tokens import TableId, Token, decode_coded, encode_coded, make_token
from compiler.types.definitions import FieldDefinition, MethodDefinition, Module, TypeDefinition
from compiler.types.row_relations import GroupedRows

_BACKING = ">k__BackingField"
# By "are events": the map table, the table, the map's column of first rows.
_MAPS = {
    False: (TableId.PROPERTY_MAP, TableId.PROPERTY, "PropertyList"),
    True: (TableId.EVENT_MAP, TableId.EVENT, "EventList"),
}


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


class _Semantics:
    """The MethodSemantics rows of one module (ECMA-335 II.22.28), and the properties and events that they belong to."""

    def __init__(self, module: Module) -> None:
        image = module.image
        self._module = module
        self._methods = image.column(TableId.METHOD_SEMANTICS, "Method")
        self._kinds = image.column(TableId.METHOD_SEMANTICS, "Semantics")
        self._members = image.column(TableId.METHOD_SEMANTICS, "Association")
        self._row_of_method = dict(zip(self._methods, range(len(self._methods)), strict=True))
        self._by_member = GroupedRows(image, TableId.METHOD_SEMANTICS, "Association")
        self._maps = {
            events: {parent: index for index, parent in enumerate(image.column(_MAPS[events][0], "Parent"))} for events in (False, True)
        }
        self._associations: dict[int, Association | None] = {}
        self._found: dict[tuple[int, bool], tuple[SemanticMember, ...]] = {}

    def association(self, method: int) -> Association | None:
        """See the function."""
        if method not in self._associations:
            index = self._row_of_method.get(method)
            self._associations[method] = self._association(index) if index is not None else None
        return self._associations[method]

    def _association(self, index: int) -> Association | None:
        token = decode_coded("HasSemantics", self._members[index])
        table = TableId.PROPERTY if token >> 24 == TableId.PROPERTY else TableId.EVENT
        names = self._module.image.column(table, "Name")
        if not 0 < token & 0xFFFFFF <= len(names):
            return None
        name = self._module.image.string(names[(token & 0xFFFFFF) - 1])
        return Association(self._module, token, name, _KINDS.get(self._kinds[index], AccessorKind.OTHER))

    def members(self, owner: TypeDefinition, *, events: bool) -> tuple[SemanticMember, ...]:
        """See `members_of`."""
        found = self._found.get((owner.rid, events))
        if found is None:
            found = self._found[owner.rid, events] = tuple(self._read(owner, events=events))
        return found

    def _read(self, owner: TypeDefinition, *, events: bool) -> Iterator[SemanticMember]:
        image = self._module.image
        map_table, table, column = _MAPS[events]
        index = self._maps[events].get(owner.rid)
        if index is None:
            return
        starts, names = image.column(map_table, column), image.column(table, "Name")
        end = starts[index + 1] if index + 1 < len(starts) else len(names) + 1
        for rid in range(starts[index], end):
            token = make_token(table, rid)
            rows = self._by_member.rows(encode_coded("HasSemantics", token))
            accessors = {
                _KINDS.get(self._kinds[row - 1], AccessorKind.OTHER): self._module.method_at(self._methods[row - 1]) for row in rows
            }
            yield SemanticMember(token, image.string(names[rid - 1]), owner, accessors)


def association(method: MethodDefinition) -> Association | None:
    """The property or event of an accessor, or None for an ordinary method."""
    return _semantics(method.module).association(method.rid)


def members_of(definition: TypeDefinition, *, events: bool) -> tuple[SemanticMember, ...]:
    """The properties (or events) that a type declares, in metadata order."""
    definition.note_members()
    return _semantics(definition.module).members(definition, events=events)


def _semantics(module: Module) -> _Semantics:
    found = module.sig_cache.get("semantics")
    if not isinstance(found, _Semantics):
        found = module.sig_cache["semantics"] = _Semantics(module)
    return found


def member_owner(module: Module, token: Token) -> TypeDefinition:
    """The type that declares the property or event of `token`."""
    is_property = token >> 24 == TableId.PROPERTY
    table, column = (TableId.PROPERTY_MAP, "PropertyList") if is_property else (TableId.EVENT_MAP, "EventList")
    starts = module.image.column(table, column)
    index = bisect_right(starts, token & 0xFFFFFF) - 1
    return module.type_definition(module.image.column(table, "Parent")[index])


def backing_field(accessor: MethodDefinition) -> FieldDefinition | None:
    """The field behind the automatic property of an accessor, as C# names it."""
    member = association(accessor)
    name = f"<{member.name}{_BACKING}" if member is not None else ""
    return next((each for each in accessor.owner.fields if each.name == name), None)


def property_of_backing_field(name: str) -> str:
    """The name of the automatic property that a field of this name stands behind, or ""."""
    return name[1:].removesuffix(_BACKING) if name.startswith("<") and name.endswith(_BACKING) else ""
