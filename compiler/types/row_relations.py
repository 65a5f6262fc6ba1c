"""How the rows of one module belong together (ECMA-335 II.22): members to types, layouts, constants, attributes and imports to members.

Rows are named by their numbers, from 1. A table is read at the first question about it.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from compiler.metadata.image import Image
from compiler.metadata.signatures import ElementType
from compiler.metadata.tokens import TableId, Token, decode_coded, encode_coded


class GroupedRows:
    """The rows of a table by the value of one column, which valid files are sorted by (ECMA-335 II.22)."""

    def __init__(self, image: Image, table: TableId, column: str) -> None:
        self._keys = image.column(table, column)
        self._rows: list[int] | None = None
        view = np.frombuffer(self._keys, dtype=np.uint32)
        if bool((view[1:] < view[:-1]).any()):
            order = np.argsort(view, kind="stable")
            self._rows = order.tolist()
            self._keys = array("I", view[order].tobytes())

    def rows(self, key: int) -> list[int]:
        """The rows (from 1) with that value, in order."""
        start = bisect_left(self._keys, key)
        end = start
        while end < len(self._keys) and self._keys[end] == key:
            end += 1
        return list(range(start + 1, end + 1)) if self._rows is None else [self._rows[index] + 1 for index in range(start, end)]

    def count(self, key: int) -> int:
        """How many rows have that value."""
        return bisect_right(self._keys, key) - bisect_left(self._keys, key)


class RowRelations:
    """The relations of one image."""

    def __init__(self, image: Image) -> None:
        self.image = image
        self._enclosing = _enclosing_rows(image)
        self._generic_params = GroupedRows(image, TableId.GENERIC_PARAM, "Owner")
        # Most types and methods are not generic.
        self._generic_owners = frozenset(image.column(TableId.GENERIC_PARAM, "Owner"))
        self._getters: dict[int, int] | None = None
        self._field_starts = image.column(TableId.TYPE_DEF, "FieldList")
        self._method_starts = image.column(TableId.TYPE_DEF, "MethodList")

    @cached_property
    def _interface_impls(self) -> GroupedRows:
        return GroupedRows(self.image, TableId.INTERFACE_IMPL, "Class")

    def interface_impls(self, type_rid: int) -> list[Token]:
        """The interfaces that a TypeDef row lists."""
        interfaces = self.image.column(TableId.INTERFACE_IMPL, "Interface")
        return [decode_coded("TypeDefOrRef", interfaces[rid - 1]) for rid in self._interface_impls.rows(type_rid)]

    @cached_property
    def _method_impls(self) -> GroupedRows:
        return GroupedRows(self.image, TableId.METHOD_IMPL, "Class")

    def method_impls(self, type_rid: int) -> list[tuple[Token, Token]]:
        """The (body, declaration) tokens of the MethodImpl rows of a TypeDef row."""
        rows = self._method_impls.rows(type_rid)
        bodies, declarations = (self.image.column(TableId.METHOD_IMPL, name) for name in ("MethodBody", "MethodDeclaration"))
        return [(decode_coded("MethodDefOrRef", bodies[rid - 1]), decode_coded("MethodDefOrRef", declarations[rid - 1])) for rid in rows]

    @cached_property
    def class_layouts(self) -> dict[int, tuple[int, int]]:
        """TypeDef row -> (packing size, class size) in bytes."""
        layouts = _columns(self.image, TableId.CLASS_LAYOUT, "Parent", "PackingSize", "ClassSize")
        return {parent: (packing, size) for parent, packing, size in layouts}

    @cached_property
    def field_rvas(self) -> dict[int, int]:
        """Field row -> address of its initial bytes."""
        return {field: rva for field, rva in _columns(self.image, TableId.FIELD_RVA, "Field", "RVA")}

    @cached_property
    def field_layouts(self) -> dict[int, int]:
        """Field row -> offset in bytes."""
        return {field: offset for field, offset in _columns(self.image, TableId.FIELD_LAYOUT, "Field", "Offset")}

    @cached_property
    def method_columns(self) -> tuple[array[int], array[int], array[int], array[int]]:
        """Name, Flags, ImplFlags and RVA of the MethodDef rows."""
        name, flags, impl_flags, rva = (self.image.column(TableId.METHOD_DEF, each) for each in ("Name", "Flags", "ImplFlags", "RVA"))
        return name, flags, impl_flags, rva

    @cached_property
    def pinvokes(self) -> dict[int, tuple[str, str, int]]:
        """MethodDef row -> (module, entry point, flags)."""
        return self._read_pinvokes()

    @cached_property
    def _attributes(self) -> GroupedRows:
        return GroupedRows(self.image, TableId.CUSTOM_ATTRIBUTE, "Parent")

    @cached_property
    def _constants(self) -> GroupedRows:
        return GroupedRows(self.image, TableId.CONSTANT, "Parent")

    def _read_pinvokes(self) -> dict[int, tuple[str, str, int]]:
        image = self.image
        modules = image.column(TableId.MODULE_REF, "Name")
        found: dict[int, tuple[str, str, int]] = {}
        columns = ("MappingFlags", "MemberForwarded", "ImportName", "ImportScope")
        for flags, member, name, scope in _columns(image, TableId.IMPL_MAP, *columns):
            if member & 1 and 0 < scope <= len(modules):
                found[member >> 1] = (image.string(modules[scope - 1]), image.string(name), flags)
        return found

    def method_owner(self, rid: int) -> int:
        """The TypeDef row that owns MethodDef row `rid`."""
        return bisect_right(self._method_starts, rid)

    def field_owner(self, rid: int) -> int:
        """The TypeDef row that owns Field row `rid`."""
        return bisect_right(self._field_starts, rid)

    def member_range(self, type_rid: int, column: str, table: TableId) -> range:
        """The rows of `table` that TypeDef row `type_rid` owns by its list column (ECMA-335 II.22.37)."""
        starts = self._field_starts if column == "FieldList" else self._method_starts
        end = starts[type_rid] if type_rid < len(starts) else self.image.rows(table) + 1
        return range(starts[type_rid - 1], end)

    def enclosing_rid(self, rid: int) -> int:
        """The row of the enclosing type; 0 for a top-level type."""
        return int(self._enclosing[rid]) if rid < len(self._enclosing) else 0

    def nested_rows(self, rid: int) -> list[int]:
        """The rows of the types directly inside a TypeDef row, in order."""
        found: list[int] = np.flatnonzero(self._enclosing == rid).tolist() if rid else []
        return found

    def generic_params(self, token: int) -> list[int]:
        """GenericParam rows of a TypeDef or MethodDef token, in order."""
        return self._generic_params.rows(encode_coded("TypeOrMethodDef", token))

    def n_generic_params(self, table: TableId, rid: int) -> int:
        """How many GenericParam rows a TypeDef or MethodDef row has."""
        key = rid << 1 | (table == TableId.METHOD_DEF)
        return self._generic_params.count(key) if key in self._generic_owners else 0

    def attribute_rows(self, token: int) -> list[int]:
        """CustomAttribute rows on the entity of `token`."""
        return self._attributes.rows(encode_coded("HasCustomAttribute", token))

    def property_of_getter(self, method_rid: int) -> int:
        """The Property row whose getter is MethodDef row `method_rid`; 0 when the method is no getter (ECMA-335 II.22.28)."""
        if self._getters is None:
            semantics = _columns(self.image, TableId.METHOD_SEMANTICS, "Semantics", "Method", "Association")
            self._getters = {method: owner >> 1 for kind, method, owner in semantics if kind & 2 and owner & 1}
        return self._getters.get(method_rid, 0)

    def constant(self, token: int) -> tuple[ElementType, bytes] | None:
        """(type, little-endian bytes) of the Constant row of a field or parameter, or None."""
        rows = self._constants.rows(encode_coded("HasConstant", token))
        if not rows:
            return None
        # Of several rows, which no valid file has, the last one counts.
        rid = rows[-1]
        kind = self.image.column(TableId.CONSTANT, "Type")[rid - 1]
        return ElementType(kind & 0xFF), self.image.blob(self.image.column(TableId.CONSTANT, "Value")[rid - 1])


def _enclosing_rows(image: Image) -> NDArray[np.uint32]:
    """Per TypeDef row the row of the type around it, 0 for none; index 0 is no row. Rows that do not exist are left out."""
    nested, outer = (np.frombuffer(image.column(TableId.NESTED_CLASS, name), np.uint32) for name in ("NestedClass", "EnclosingClass"))
    result = np.zeros(image.rows(TableId.TYPE_DEF) + 1, dtype=np.uint32)
    exists = nested < len(result)
    result[nested[exists]] = outer[exists]
    result[0] = 0
    return result


def _columns(image: Image, table: TableId, *names: str) -> Iterator[tuple[int, ...]]:
    """The rows of `table`, reduced to the named columns."""
    return zip(*(image.column(table, name) for name in names), strict=True)
