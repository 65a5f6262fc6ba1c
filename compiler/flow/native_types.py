"""MarshalAs of parameters and results: the native type that FieldMarshal rows give (ECMA-335 II.22.17, II.23.4)."""

from __future__ import annotations

from compiler.flow.parameters import parameter_rows
from compiler.metadata.tokens import TableId, encode_coded
from compiler.types.definitions import MethodDefinition, Module


def native_type(method: MethodDefinition, sequence: int) -> int:
    """The native type that MarshalAs gives a parameter (0 is the return value), or 0."""
    row = parameter_rows(method).get(sequence)
    return _table(method.module).get(encode_coded("HasFieldMarshal", row.token), 0) if row is not None else 0


def _table(module: Module) -> dict[int, int]:
    found = module.sig_cache.get("native types")
    if found is None:
        image = module.image
        pairs = zip(image.column(TableId.FIELD_MARSHAL, "Parent"), image.column(TableId.FIELD_MARSHAL, "NativeType"), strict=True)
        found = module.sig_cache["native types"] = {parent: (image.blob(blob) or b"\0")[0] for parent, blob in pairs}
    assert isinstance(found, dict)
    return found
