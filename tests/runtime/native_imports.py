"""Managed assemblies -> what they import from libSystem.Native, with each import's signature as ctypes types.

The class library's own metadata is the specification of the shim's ABI, so tests call through these signatures and never
through hand-written ones.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compiler.metadata.image import Image, open_image
from compiler.metadata.signatures import ElementType, SigType, read_field_sig, read_method_sig
from compiler.metadata.tokens import TableId, Token, decode_coded, token_rid, token_table

MODULE = "libSystem.Native"

_CTYPES: dict[ElementType, Any] = {
    ElementType.VOID: None,
    ElementType.I1: ctypes.c_int8,
    ElementType.U1: ctypes.c_uint8,
    ElementType.I2: ctypes.c_int16,
    ElementType.U2: ctypes.c_uint16,
    ElementType.CHAR: ctypes.c_uint16,
    ElementType.I4: ctypes.c_int32,
    ElementType.U4: ctypes.c_uint32,
    ElementType.I8: ctypes.c_int64,
    ElementType.U8: ctypes.c_uint64,
    ElementType.R4: ctypes.c_float,
    ElementType.R8: ctypes.c_double,
    ElementType.I: ctypes.c_ssize_t,
    ElementType.U: ctypes.c_size_t,
    ElementType.PTR: ctypes.c_void_p,
    ElementType.FNPTR: ctypes.c_void_p,
}


@dataclass(frozen=True, slots=True)
class NativeImport:
    """One import: who asks for which entry point, and how it is called. `return_type` is None for void."""

    assembly: str
    entry_point: str
    return_type: Any
    parameters: tuple[Any, ...]


def native_imports(framework: Path) -> list[NativeImport]:
    """Every import from libSystem.Native in the managed assemblies of `framework`, sorted by assembly and name."""
    found: list[NativeImport] = []
    for path in sorted(framework.glob("*.dll")):
        data = path.read_bytes()
        if MODULE.encode() + b"\0" in data:
            found += _imports_of(open_image(str(path), data), path.stem)
    return sorted(found, key=lambda item: (item.assembly, item.entry_point))


def _imports_of(image: Image, assembly: str) -> Iterator[NativeImport]:
    modules = [image.string(name) for name in image.column(TableId.MODULE_REF, "Name")]
    signatures = image.column(TableId.METHOD_DEF, "Signature")
    rows = zip(
        image.column(TableId.IMPL_MAP, "MemberForwarded"),
        image.column(TableId.IMPL_MAP, "ImportName"),
        image.column(TableId.IMPL_MAP, "ImportScope"),
        strict=True,
    )
    for member, name, scope in rows:
        if modules[scope - 1] != MODULE:
            continue
        method = decode_coded("MemberForwarded", member)
        signature = read_method_sig(image.file, image.blob(signatures[token_rid(method) - 1]))
        parameters = tuple(_ctype(image, parameter) for parameter in signature.parameters)
        yield NativeImport(assembly, image.string(name), _ctype(image, signature.return_type), parameters)


def _ctype(image: Image, sig_type: SigType) -> Any:
    """Value types here are enums; those of other assemblies (AddressFamily, SocketError, ...) have 32 bits."""
    if sig_type.element == ElementType.VALUETYPE:
        return _enum_ctype(image, sig_type.token)
    return _CTYPES[sig_type.element]


def _enum_ctype(image: Image, token: Token) -> Any:
    if token_table(token) != TableId.TYPE_DEF:
        return ctypes.c_int32
    first = image.column(TableId.TYPE_DEF, "FieldList")[token_rid(token) - 1]
    names = image.column(TableId.FIELD, "Name")
    assert image.string(names[first - 1]) == "value__", "only enums are passed by value"
    underlying = read_field_sig(image.file, image.blob(image.column(TableId.FIELD, "Signature")[first - 1]))
    return _CTYPES[underlying.element]
