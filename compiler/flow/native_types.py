"""MarshalAs of parameters and results: the native types that FieldMarshal rows give (ECMA-335 II.22.17, II.23.4)."""

from __future__ import annotations

from typing import cast

from compiler.flow.parameters import parameter_rows
from compiler.metadata.tokens import TableId, encode_coded
from compiler.types.definitions import MethodDefinition, Module

_ARRAY, _NO_ELEMENT = 0x2A, 0x50


def native_type(method: MethodDefinition, sequence: int) -> int:
    """The native type that MarshalAs gives a parameter (0 is the return value), or 0."""
    return _marshalling(method, sequence)[0]


def element_native_type(method: MethodDefinition, sequence: int) -> int:
    """The native type that MarshalAs gives the elements of an array parameter, or 0."""
    blob = _marshalling(method, sequence)
    return blob[1] if blob[0] == _ARRAY and len(blob) > 1 and blob[1] != _NO_ELEMENT else 0


def _marshalling(method: MethodDefinition, sequence: int) -> bytes:
    row = parameter_rows(method).get(sequence)
    return _table(method.module).get(encode_coded("HasFieldMarshal", row.token), b"\0") if row is not None else b"\0"


def _table(module: Module) -> dict[int, bytes]:
    found = module.sig_cache.get("native types")
    if found is None:
        image = module.image
        pairs = zip(image.column(TableId.FIELD_MARSHAL, "Parent"), image.column(TableId.FIELD_MARSHAL, "NativeType"), strict=True)
        found = module.sig_cache["native types"] = {parent: image.blob(blob) or b"\0" for parent, blob in pairs}
    return cast("dict[int, bytes]", found)
