"""Metadata tokens and coded indices (ECMA-335 II.22, II.24.2.6): plain ints in, plain ints out."""

from __future__ import annotations

from enum import IntEnum
from typing import NewType

Token = NewType("Token", int)
Rva = NewType("Rva", int)
IlOffset = NewType("IlOffset", int)


class TableId(IntEnum):
    """Numbers of the metadata tables (ECMA-335 II.22) and of the Portable PDB tables."""

    MODULE = 0x00
    TYPE_REF = 0x01
    TYPE_DEF = 0x02
    FIELD_PTR = 0x03
    FIELD = 0x04
    METHOD_PTR = 0x05
    METHOD_DEF = 0x06
    PARAM_PTR = 0x07
    PARAM = 0x08
    INTERFACE_IMPL = 0x09
    MEMBER_REF = 0x0A
    CONSTANT = 0x0B
    CUSTOM_ATTRIBUTE = 0x0C
    FIELD_MARSHAL = 0x0D
    DECL_SECURITY = 0x0E
    CLASS_LAYOUT = 0x0F
    FIELD_LAYOUT = 0x10
    STAND_ALONE_SIG = 0x11
    EVENT_MAP = 0x12
    EVENT_PTR = 0x13
    EVENT = 0x14
    PROPERTY_MAP = 0x15
    PROPERTY_PTR = 0x16
    PROPERTY = 0x17
    METHOD_SEMANTICS = 0x18
    METHOD_IMPL = 0x19
    MODULE_REF = 0x1A
    TYPE_SPEC = 0x1B
    IMPL_MAP = 0x1C
    FIELD_RVA = 0x1D
    ENC_LOG = 0x1E
    ENC_MAP = 0x1F
    ASSEMBLY = 0x20
    ASSEMBLY_PROCESSOR = 0x21
    ASSEMBLY_OS = 0x22
    ASSEMBLY_REF = 0x23
    ASSEMBLY_REF_PROCESSOR = 0x24
    ASSEMBLY_REF_OS = 0x25
    FILE = 0x26
    EXPORTED_TYPE = 0x27
    MANIFEST_RESOURCE = 0x28
    NESTED_CLASS = 0x29
    GENERIC_PARAM = 0x2A
    METHOD_SPEC = 0x2B
    GENERIC_PARAM_CONSTRAINT = 0x2C
    DOCUMENT = 0x30
    METHOD_DEBUG_INFORMATION = 0x31
    LOCAL_SCOPE = 0x32
    LOCAL_VARIABLE = 0x33
    LOCAL_CONSTANT = 0x34
    IMPORT_SCOPE = 0x35
    STATE_MACHINE_METHOD = 0x36
    CUSTOM_DEBUG_INFORMATION = 0x37


_T = TableId

# Name of the coded index -> (tag bits, table per tag; -1 where the tag is unused). ECMA-335 II.24.2.6.
CODED_INDICES: dict[str, tuple[int, tuple[int, ...]]] = {
    "TypeDefOrRef": (2, (_T.TYPE_DEF, _T.TYPE_REF, _T.TYPE_SPEC)),
    "HasConstant": (2, (_T.FIELD, _T.PARAM, _T.PROPERTY)),
    "HasCustomAttribute": (
        5,
        (
            _T.METHOD_DEF, _T.FIELD, _T.TYPE_REF, _T.TYPE_DEF, _T.PARAM, _T.INTERFACE_IMPL, _T.MEMBER_REF, _T.MODULE,
            _T.DECL_SECURITY, _T.PROPERTY, _T.EVENT, _T.STAND_ALONE_SIG, _T.MODULE_REF, _T.TYPE_SPEC, _T.ASSEMBLY,
            _T.ASSEMBLY_REF, _T.FILE, _T.EXPORTED_TYPE, _T.MANIFEST_RESOURCE, _T.GENERIC_PARAM,
            _T.GENERIC_PARAM_CONSTRAINT, _T.METHOD_SPEC,
        ),
    ),
    "HasFieldMarshal": (1, (_T.FIELD, _T.PARAM)),
    "HasDeclSecurity": (2, (_T.TYPE_DEF, _T.METHOD_DEF, _T.ASSEMBLY)),
    "MemberRefParent": (3, (_T.TYPE_DEF, _T.TYPE_REF, _T.MODULE_REF, _T.METHOD_DEF, _T.TYPE_SPEC)),
    "HasSemantics": (1, (_T.EVENT, _T.PROPERTY)),
    "MethodDefOrRef": (1, (_T.METHOD_DEF, _T.MEMBER_REF)),
    "MemberForwarded": (1, (_T.FIELD, _T.METHOD_DEF)),
    "Implementation": (2, (_T.FILE, _T.ASSEMBLY_REF, _T.EXPORTED_TYPE)),
    "CustomAttributeType": (3, (-1, -1, _T.METHOD_DEF, _T.MEMBER_REF)),
    "ResolutionScope": (2, (_T.MODULE, _T.MODULE_REF, _T.ASSEMBLY_REF, _T.TYPE_REF)),
    "TypeOrMethodDef": (1, (_T.TYPE_DEF, _T.METHOD_DEF)),
    "HasCustomDebugInformation": (
        5,
        (
            _T.METHOD_DEF, _T.FIELD, _T.TYPE_REF, _T.TYPE_DEF, _T.PARAM, _T.INTERFACE_IMPL, _T.MEMBER_REF, _T.MODULE,
            _T.DECL_SECURITY, _T.PROPERTY, _T.EVENT, _T.STAND_ALONE_SIG, _T.MODULE_REF, _T.TYPE_SPEC, _T.ASSEMBLY,
            _T.ASSEMBLY_REF, _T.FILE, _T.EXPORTED_TYPE, _T.MANIFEST_RESOURCE, _T.GENERIC_PARAM,
            _T.GENERIC_PARAM_CONSTRAINT, _T.METHOD_SPEC, _T.DOCUMENT, _T.LOCAL_SCOPE, _T.LOCAL_VARIABLE,
            _T.LOCAL_CONSTANT, _T.IMPORT_SCOPE,
        ),
    ),
}


def make_token(table: int, rid: int) -> Token:
    """The token of row `rid` (from 1) of `table` (ECMA-335 III.1.9)."""
    return Token((table << 24) | rid)


def token_table(token: int) -> int:
    """The table number of `token`."""
    return token >> 24


def token_rid(token: int) -> int:
    """The row number of `token`, from 1; 0 is the nil token."""
    return token & 0xFFFFFF


def decode_coded(kind: str, value: int) -> Token:
    """The token that coded index `value` of `kind` stands for; an unused tag gives table 0xFF, which no reader accepts."""
    bits, tables = CODED_INDICES[kind]
    tag = value & ((1 << bits) - 1)
    table = tables[tag] if tag < len(tables) else -1
    return Token(((table & 0xFF) << 24) | (value >> bits))


def encode_coded(kind: str, token: int) -> int:
    """The coded index of `kind` for `token`. Raises ValueError when the table has no tag."""
    bits, tables = CODED_INDICES[kind]
    return ((token & 0xFFFFFF) << bits) | tables.index(token >> 24)
