"""The table stream (ECMA-335 II.24.2.6): raw bytes -> columns, read through numpy structured views.

A column is an array of ints, indexed by row number - 1 (rows count from 1 in tokens). Columns are made on first use, by copying memory:
of a version of an assembly that lives for one edit a few rows are read, and lists of all rows would cost more than the edit.
Coded indices stay coded; `tokens.decode_coded` opens them.
"""

from __future__ import annotations

import struct
from array import array
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from compiler.metadata.bad_image import BadImage
from compiler.metadata.tokens import CODED_INDICES, TableId

# Column kinds: "2" and "4" are fixed sizes in bytes, "s" "g" "b" heap indices, "t:NN" a row of table NN, "c:Name" a coded index.
_T = TableId
SCHEMAS: dict[int, tuple[tuple[str, str], ...]] = {
    _T.MODULE: (("Generation", "2"), ("Name", "s"), ("Mvid", "g"), ("EncId", "g"), ("EncBaseId", "g")),
    _T.TYPE_REF: (("ResolutionScope", "c:ResolutionScope"), ("TypeName", "s"), ("TypeNamespace", "s")),
    _T.TYPE_DEF: (
        ("Flags", "4"), ("TypeName", "s"), ("TypeNamespace", "s"), ("Extends", "c:TypeDefOrRef"),
        ("FieldList", "t:4"), ("MethodList", "t:6"),
    ),
    _T.FIELD_PTR: (("Field", "t:4"),),
    _T.FIELD: (("Flags", "2"), ("Name", "s"), ("Signature", "b")),
    _T.METHOD_PTR: (("Method", "t:6"),),
    _T.METHOD_DEF: (("RVA", "4"), ("ImplFlags", "2"), ("Flags", "2"), ("Name", "s"), ("Signature", "b"), ("ParamList", "t:8")),
    _T.PARAM_PTR: (("Param", "t:8"),),
    _T.PARAM: (("Flags", "2"), ("Sequence", "2"), ("Name", "s")),
    _T.INTERFACE_IMPL: (("Class", "t:2"), ("Interface", "c:TypeDefOrRef")),
    _T.MEMBER_REF: (("Class", "c:MemberRefParent"), ("Name", "s"), ("Signature", "b")),
    _T.CONSTANT: (("Type", "2"), ("Parent", "c:HasConstant"), ("Value", "b")),
    _T.CUSTOM_ATTRIBUTE: (("Parent", "c:HasCustomAttribute"), ("Type", "c:CustomAttributeType"), ("Value", "b")),
    _T.FIELD_MARSHAL: (("Parent", "c:HasFieldMarshal"), ("NativeType", "b")),
    _T.DECL_SECURITY: (("Action", "2"), ("Parent", "c:HasDeclSecurity"), ("PermissionSet", "b")),
    _T.CLASS_LAYOUT: (("PackingSize", "2"), ("ClassSize", "4"), ("Parent", "t:2")),
    _T.FIELD_LAYOUT: (("Offset", "4"), ("Field", "t:4")),
    _T.STAND_ALONE_SIG: (("Signature", "b"),),
    _T.EVENT_MAP: (("Parent", "t:2"), ("EventList", "t:20")),
    _T.EVENT_PTR: (("Event", "t:20"),),
    _T.EVENT: (("EventFlags", "2"), ("Name", "s"), ("EventType", "c:TypeDefOrRef")),
    _T.PROPERTY_MAP: (("Parent", "t:2"), ("PropertyList", "t:23")),
    _T.PROPERTY_PTR: (("Property", "t:23"),),
    _T.PROPERTY: (("Flags", "2"), ("Name", "s"), ("Type", "b")),
    _T.METHOD_SEMANTICS: (("Semantics", "2"), ("Method", "t:6"), ("Association", "c:HasSemantics")),
    _T.METHOD_IMPL: (("Class", "t:2"), ("MethodBody", "c:MethodDefOrRef"), ("MethodDeclaration", "c:MethodDefOrRef")),
    _T.MODULE_REF: (("Name", "s"),),
    _T.TYPE_SPEC: (("Signature", "b"),),
    _T.IMPL_MAP: (("MappingFlags", "2"), ("MemberForwarded", "c:MemberForwarded"), ("ImportName", "s"), ("ImportScope", "t:26")),
    _T.FIELD_RVA: (("RVA", "4"), ("Field", "t:4")),
    _T.ENC_LOG: (("Token", "4"), ("FuncCode", "4")),
    _T.ENC_MAP: (("Token", "4"),),
    _T.ASSEMBLY: (
        ("HashAlgId", "4"), ("MajorVersion", "2"), ("MinorVersion", "2"), ("BuildNumber", "2"), ("RevisionNumber", "2"), ("Flags", "4"),
        ("PublicKey", "b"), ("Name", "s"), ("Culture", "s"),
    ),
    _T.ASSEMBLY_PROCESSOR: (("Processor", "4"),),
    _T.ASSEMBLY_OS: (("OSPlatformID", "4"), ("OSMajorVersion", "4"), ("OSMinorVersion", "4")),
    _T.ASSEMBLY_REF: (
        ("MajorVersion", "2"), ("MinorVersion", "2"), ("BuildNumber", "2"), ("RevisionNumber", "2"), ("Flags", "4"),
        ("PublicKeyOrToken", "b"), ("Name", "s"), ("Culture", "s"), ("HashValue", "b"),
    ),
    _T.ASSEMBLY_REF_PROCESSOR: (("Processor", "4"), ("AssemblyRef", "t:35")),
    _T.ASSEMBLY_REF_OS: (("OSPlatformId", "4"), ("OSMajorVersion", "4"), ("OSMinorVersion", "4"), ("AssemblyRef", "t:35")),
    _T.FILE: (("Flags", "4"), ("Name", "s"), ("HashValue", "b")),
    _T.EXPORTED_TYPE: (
        ("Flags", "4"), ("TypeDefId", "4"), ("TypeName", "s"), ("TypeNamespace", "s"), ("Implementation", "c:Implementation"),
    ),
    _T.MANIFEST_RESOURCE: (("Offset", "4"), ("Flags", "4"), ("Name", "s"), ("Implementation", "c:Implementation")),
    _T.NESTED_CLASS: (("NestedClass", "t:2"), ("EnclosingClass", "t:2")),
    _T.GENERIC_PARAM: (("Number", "2"), ("Flags", "2"), ("Owner", "c:TypeOrMethodDef"), ("Name", "s")),
    _T.METHOD_SPEC: (("Method", "c:MethodDefOrRef"), ("Instantiation", "b")),
    _T.GENERIC_PARAM_CONSTRAINT: (("Owner", "t:42"), ("Constraint", "c:TypeDefOrRef")),
    _T.DOCUMENT: (("Name", "b"), ("HashAlgorithm", "g"), ("Hash", "b"), ("Language", "g")),
    _T.METHOD_DEBUG_INFORMATION: (("Document", "t:48"), ("SequencePoints", "b")),
    _T.LOCAL_SCOPE: (
        ("Method", "t:6"), ("ImportScope", "t:53"), ("VariableList", "t:51"), ("ConstantList", "t:52"),
        ("StartOffset", "4"), ("Length", "4"),
    ),
    _T.LOCAL_VARIABLE: (("Attributes", "2"), ("Index", "2"), ("Name", "s")),
    _T.LOCAL_CONSTANT: (("Name", "s"), ("Signature", "b")),
    _T.IMPORT_SCOPE: (("Parent", "t:53"), ("Imports", "b")),
    _T.STATE_MACHINE_METHOD: (("MoveNextMethod", "t:6"), ("KickoffMethod", "t:6")),
    _T.CUSTOM_DEBUG_INFORMATION: (("Parent", "c:HasCustomDebugInformation"), ("Kind", "g"), ("Value", "b")),
}


@dataclass(slots=True)
class Tables:
    """The rows of one image, by table. `rows[table]` is the number of rows; columns have row 1 at index 0."""

    file: str
    rows: list[int]
    _views: dict[int, np.ndarray[tuple[int], np.dtype[np.void]]]
    _columns: dict[tuple[int, str], array[int]] = field(default_factory=dict)

    def column(self, table: int, name: str) -> array[int]:
        """All values of one column, index 0 = row 1; an absent table gives an empty one."""
        key = (table, name)
        found = self._columns.get(key)
        if found is None:
            view = self._views.get(table)
            found = self._columns[key] = array("I", b"" if view is None else view[name].astype("<u4").tobytes())
        return found

    def array(self, table: int, name: str) -> np.ndarray[tuple[int], np.dtype[np.void]] | None:
        """The same column as a numpy view, or None for an absent table."""
        view = self._views.get(table)
        return None if view is None else view[name]


def read_tables(file: str, stream: bytes, external_rows: list[int] | None) -> Tables:
    """The tables of a `#~` stream (ECMA-335 II.24.2.6).

    `external_rows` gives row counts of tables in another image (a Portable PDB refers to its module's tables).
    Raises BadImage when counts or sizes leave the stream.
    """
    if len(stream) < 24:
        raise BadImage(file, "the metadata table stream is shorter than its header")
    heap_sizes = stream[6]
    valid = int.from_bytes(stream[8:16], "little")
    rows = [0] * 64
    pos = 24
    for table in range(64):
        if valid >> table & 1:
            if table not in SCHEMAS:
                raise BadImage(file, f"unknown metadata table 0x{table:02X}")
            if pos + 4 > len(stream):
                raise BadImage(file, "the metadata row counts leave the table stream")
            rows[table] = struct.unpack_from("<I", stream, pos)[0]
            pos += 4
    if heap_sizes & 0x40:
        pos += 4
    sizing_rows = list(rows)
    if external_rows is not None:
        for table, count in enumerate(external_rows):
            if count:
                sizing_rows[table] = count
    views: dict[int, np.ndarray[tuple[int], np.dtype[np.void]]] = {}
    for table in range(64):
        if not rows[table]:
            continue
        dtype = _row_dtype(table, heap_sizes, sizing_rows)
        end = pos + dtype.itemsize * rows[table]
        if end > len(stream):
            raise BadImage(file, f"table {TableId(table).name} with {rows[table]} rows leaves the table stream")
        views[table] = np.frombuffer(stream, dtype=dtype, count=rows[table], offset=pos)
        pos = end
    return Tables(file, rows, views)


def _row_dtype(table: int, heap_sizes: int, rows: list[int]) -> np.dtype[np.void]:
    return _dtype_of(table, tuple(_column_size(kind, heap_sizes, rows) for _, kind in SCHEMAS[table]))


@lru_cache(1024)
def _dtype_of(table: int, sizes: tuple[int, ...]) -> np.dtype[np.void]:
    return np.dtype([(name, "<u2" if size == 2 else "<u4") for (name, _), size in zip(SCHEMAS[table], sizes, strict=True)])


def _column_size(kind: str, heap_sizes: int, rows: list[int]) -> int:
    if kind in ("2", "4"):
        return int(kind)
    if kind in ("s", "g", "b"):
        return 4 if heap_sizes & {"s": 1, "g": 2, "b": 4}[kind] else 2
    if kind.startswith("t:"):
        return 2 if rows[int(kind[2:])] < 0x10000 else 4
    bits, tables = CODED_INDICES[kind[2:]]
    most = max(rows[t] for t in tables if t >= 0)
    return 2 if most < (1 << (16 - bits)) else 4
