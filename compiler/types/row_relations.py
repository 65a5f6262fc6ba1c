"""How the rows of one module belong together (ECMA-335 II.22): members to types, layouts, constants, attributes and imports to members.

Rows are named by their numbers, from 1. Small tables are read when the module is opened, large ones at the first question.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator

from compiler.metadata.image import Image
from compiler.metadata.signatures import ElementType
from compiler.metadata.tokens import TableId, Token, decode_coded, encode_coded


class RowRelations:
    """The relations of one image. `method_impls` maps a TypeDef row to its (body, declaration) tokens; `class_layouts` to (packing size,
    class size) in bytes; `field_rvas` and `field_layouts` map Field rows; `pinvokes` MethodDef rows to (module, entry point, flags).
    """

    def __init__(self, image: Image) -> None:
        self.image = image
        self._enclosing = {nested: outer for nested, outer in _columns(image, TableId.NESTED_CLASS, "NestedClass", "EnclosingClass")}
        self._generic_params: dict[int, list[int]] = defaultdict(list)
        for rid, owner in enumerate(image.column(TableId.GENERIC_PARAM, "Owner"), 1):
            self._generic_params[owner].append(rid)
        self.interface_impls: dict[int, list[Token]] = defaultdict(list)
        for cls, interface in _columns(image, TableId.INTERFACE_IMPL, "Class", "Interface"):
            self.interface_impls[cls].append(decode_coded("TypeDefOrRef", interface))
        self.method_impls: dict[int, list[tuple[Token, Token]]] = defaultdict(list)
        for cls, body, declaration in _columns(image, TableId.METHOD_IMPL, "Class", "MethodBody", "MethodDeclaration"):
            self.method_impls[cls].append((decode_coded("MethodDefOrRef", body), decode_coded("MethodDefOrRef", declaration)))
        layouts = _columns(image, TableId.CLASS_LAYOUT, "Parent", "PackingSize", "ClassSize")
        self.class_layouts: dict[int, tuple[int, int]] = {parent: (packing, size) for parent, packing, size in layouts}
        self.field_rvas = {field: rva for field, rva in _columns(image, TableId.FIELD_RVA, "Field", "RVA")}
        self.field_layouts = {field: offset for field, offset in _columns(image, TableId.FIELD_LAYOUT, "Field", "Offset")}
        self.pinvokes = self._read_pinvokes()
        self._attributes: dict[int, list[int]] | None = None
        self._getters: dict[int, int] | None = None
        self._constants: dict[int, int] | None = None
        self._field_starts = image.column(TableId.TYPE_DEF, "FieldList")
        self._method_starts = image.column(TableId.TYPE_DEF, "MethodList")

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
        return self._enclosing.get(rid, 0)

    def generic_params(self, token: int) -> list[int]:
        """GenericParam rows of a TypeDef or MethodDef token, in order."""
        return self._generic_params.get(encode_coded("TypeOrMethodDef", token), [])

    def attribute_rows(self, token: int) -> list[int]:
        """CustomAttribute rows on the entity of `token`."""
        if self._attributes is None:
            table: dict[int, list[int]] = defaultdict(list)
            for rid, parent in enumerate(self.image.column(TableId.CUSTOM_ATTRIBUTE, "Parent"), 1):
                table[parent].append(rid)
            self._attributes = dict(table)
        return self._attributes.get(encode_coded("HasCustomAttribute", token), [])

    def property_of_getter(self, method_rid: int) -> int:
        """The Property row whose getter is MethodDef row `method_rid`; 0 when the method is no getter (ECMA-335 II.22.28)."""
        if self._getters is None:
            semantics = _columns(self.image, TableId.METHOD_SEMANTICS, "Semantics", "Method", "Association")
            self._getters = {method: owner >> 1 for kind, method, owner in semantics if kind & 2 and owner & 1}
        return self._getters.get(method_rid, 0)

    def constant(self, token: int) -> tuple[ElementType, bytes] | None:
        """(type, little-endian bytes) of the Constant row of a field or parameter, or None."""
        if self._constants is None:
            self._constants = {parent: rid for rid, parent in enumerate(self.image.column(TableId.CONSTANT, "Parent"), 1)}
        rid = self._constants.get(encode_coded("HasConstant", token))
        if rid is None:
            return None
        kind = self.image.column(TableId.CONSTANT, "Type")[rid - 1]
        return ElementType(kind & 0xFF), self.image.blob(self.image.column(TableId.CONSTANT, "Value")[rid - 1])


def _columns(image: Image, table: TableId, *names: str) -> Iterator[tuple[int, ...]]:
    """The rows of `table`, reduced to the named columns."""
    return zip(*(image.column(table, name) for name in names), strict=True)
