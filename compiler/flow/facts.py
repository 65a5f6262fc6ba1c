"""Facts about a body: what one reading of it found out, as plain values. Analyzers turn them into diagnostics, reach into edges.

A fact says where it is (`Origin`) and what was used or could not be known; it holds no text of a diagnostic.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from compiler.types.definitions import FieldDefinition, MethodDefinition, TypeDefinition
from compiler.types.type_desc import FieldDesc, MethodDesc


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a fact was found. `method` is the body that was read, which may be generated; `il_offset` is -1 for the whole method."""

    method: MethodDefinition
    il_offset: int


class UseKind(Enum):
    """How a body uses a member."""

    CALL = "call"
    CREATE = "create"
    DELEGATE = "delegate"
    TOKEN = "token"


@dataclass(frozen=True, slots=True)
class MethodUse:
    """A method that a body names directly."""

    origin: Origin
    method: MethodDesc
    kind: UseKind


@dataclass(frozen=True, slots=True)
class FieldUse:
    """A field that a body reads, writes or takes the address of."""

    origin: Origin
    field: FieldDesc
    kind: UseKind


BodyFact = MethodUse | FieldUse
Member = MethodDefinition | FieldDefinition | TypeDefinition
