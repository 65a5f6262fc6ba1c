"""Where static fields live: one block per type for ordinary statics, one per type in each thread's block for [ThreadStatic].

The blocks' addresses and thread offsets are the program's (typedata); code refers to them by symbol only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from compiler.types.definitions import TYPE_BEFORE_FIELD_INIT, MethodDefinition
from compiler.types.layout import value_size
from compiler.types.type_desc import FieldDesc, NamedType
from compiler.types.universe import TypeUniverse

_THREAD_STATIC = "System.ThreadStaticAttribute"


@dataclass(frozen=True, slots=True)
class StaticLayout:
    """Field -> byte offset in its block, and the blocks' sizes in bytes."""

    offsets: dict[FieldDesc, int]
    thread_offsets: dict[FieldDesc, int]
    size_bytes: int
    thread_size_bytes: int


def static_layout(universe: TypeUniverse, owner: NamedType) -> StaticLayout:
    """The static blocks of a type. Fields with an RVA have no place in them."""
    found = owner.cache.get("static_layout")
    if found is None:
        offsets: dict[FieldDesc, int] = {}
        thread_offsets: dict[FieldDesc, int] = {}
        ends = [0, 0]
        for field in universe.fields(owner):
            definition = field.definition
            if not definition.is_static or definition.is_literal or definition.rva:
                continue
            is_thread = definition.has_attribute(_THREAD_STATIC)
            size, align = value_size(universe, universe.field_type(field))
            align = min(max(align, 1), 8)
            start = (ends[is_thread] + align - 1) & -align
            (thread_offsets if is_thread else offsets)[field] = start
            ends[is_thread] = start + size
        found = owner.cache["static_layout"] = StaticLayout(offsets, thread_offsets, (ends[0] + 7) & -8, (ends[1] + 7) & -8)
    return cast(StaticLayout, found)


def class_constructor(owner: NamedType) -> MethodDefinition | None:
    """The type initializer (ECMA-335 II.10.5.3), or None."""
    found = owner.definition.methods_named(".cctor")
    return found[0] if found else None


def is_before_field_init(owner: NamedType) -> bool:
    """Whether the initializer runs at a field access only, not at method calls (ECMA-335 I.8.9.5)."""
    return bool(owner.definition.flags & TYPE_BEFORE_FIELD_INIT)
