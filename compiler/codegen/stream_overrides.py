"""Which Stream classes override the Begin/End methods: a table that Stream's ReadAsync and WriteAsync ask the runtime for.

CoreCLR compares the slots of method tables; here tables hold only the slots that the program calls.
"""

from __future__ import annotations

from compiler.codegen.data_text import DataText, method_table
from compiler.reach.world import World
from compiler.types.naming import type_key
from compiler.types.type_desc import NamedType, TypeDesc
from compiler.types.universe import TypeUniverse
from compiler.types.vtable import slot_index, vtable

# C name of the runtime call -> methods of which an override counts; the flag is the place in this table as a power of two.
_CALLS = {
    "ic_Stream_HasOverriddenBeginEndRead": ("BeginRead", "EndRead"),
    "ic_Stream_HasOverriddenBeginEndWrite": ("BeginWrite", "EndWrite"),
}


def emit_stream_overrides(universe: TypeUniverse, world: World, out: DataText) -> None:
    """`{ ptr type, i64 flags }` per Stream class with overrides, then one row of nulls; empty when nobody asks."""
    rows = []
    if any(name in world.natives for name in _CALLS):
        for desc in sorted(world.constructed, key=type_key):
            flags = _flags(universe, desc)
            if flags:
                rows.append(f"{{ ptr, i64 }} {{ ptr {method_table(desc)}, i64 {flags} }}")
    rows.append("{ ptr, i64 } zeroinitializer")
    out.lines.append(f'@"rt_stream_overrides" = constant [{len(rows)} x {{ ptr, i64 }}] [{", ".join(rows)}], align 8')


def _flags(universe: TypeUniverse, desc: TypeDesc) -> int:
    stream = universe.corlib_type("System.IO", "Stream")
    if desc is stream or not isinstance(desc, NamedType) or not _derives(universe, desc, stream):
        return 0
    slots = vtable(universe, desc)
    flags = 0
    for place, names in enumerate(_CALLS.values()):
        for name in names:
            if slots[slot_index(universe, universe.find_method(stream, name))].owner is not stream:
                flags |= 1 << place
    return flags


def _derives(universe: TypeUniverse, desc: TypeDesc, ancestor: NamedType) -> bool:
    base = universe.base_type(desc)
    while base is not None and base is not ancestor:
        base = universe.base_type(base)
    return base is ancestor
