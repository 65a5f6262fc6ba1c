"""The interface dispatch table: selectors x types folded into one array by row displacement.

A row per selector holds the code for each type id. Rows are laid over each other where they do not collide; a call adds
the selector's base to the receiver's type id. Lookup is one load and never searches. A type without an entry is never
the receiver of such a call, which the type system has already ensured.
"""

from __future__ import annotations

from compiler.codegen.data_text import DataText
from compiler.codegen.lltypes import quote
from compiler.reach.world import World, dispatch_symbol_kind
from compiler.types.naming import method_key, symbol, type_key
from compiler.types.type_desc import MethodDesc, TypeDesc
from compiler.types.universe import TypeUniverse

# Where a call ends that no constructed type can make: type id 0 stands for every type that the program was not seen to construct.
NO_TARGET = '@"rt_no_dispatch_target"'


def number_types(universe: TypeUniverse, world: World) -> dict[TypeDesc, int]:
    """A type id, from 1, for each constructed type; a class's descendants are numbered together, so that rows stay dense."""

    def path(desc: TypeDesc) -> tuple[str, ...]:
        names: list[str] = []
        current: TypeDesc | None = desc
        while current is not None:
            names.append(type_key(current))
            current = universe.base_type(current)
        return tuple(reversed(names))

    return {desc: index for index, desc in enumerate(sorted(world.constructed, key=path), 1)}


def emit_dispatch_table(universe: TypeUniverse, world: World, type_ids: dict[TypeDesc, int], out: DataText) -> None:
    """Emits the table and each selector's base."""
    rows: list[tuple[str, list[tuple[int, str]]]] = []
    for selector, targets in world.selectors.items():
        cells = [(0, NO_TARGET)]
        cells += sorted((type_ids[desc], out.method(universe, m, dispatch_symbol_kind(m))) for desc, m in targets.items())
        rows.append((symbol("sel", method_key(universe, selector)), cells))
    rows.sort(key=lambda row: (-len(row[1]), row[0]))
    occupied = 0
    table: dict[int, str] = {}
    for name, cells in rows:
        base = _first_fit(occupied, cells) if cells else 0
        for type_id, code in cells:
            occupied |= 1 << (base + type_id)
            table[base + type_id] = code
        out.lines.append(f"{quote(name)} = constant i32 {base}, align 4")
    size = max(table, default=0) + 1
    items = ", ".join(f"ptr {table.get(i, NO_TARGET)}" for i in range(size))
    out.declares["rt_no_dispatch_target"] = f"declare void {NO_TARGET}()"
    out.lines.append(f'@"rt_dispatch_table" = constant [{size} x ptr] [{items}], align 8')


def dispatch_entry(universe: TypeUniverse, selector: MethodDesc) -> str:
    """The base of a used selector, for the runtime: the address of an i32."""
    return quote(symbol("sel", method_key(universe, selector)))


def _first_fit(occupied: int, cells: list[tuple[int, str]]) -> int:
    lowest = cells[0][0]
    mask = 0
    for type_id, _ in cells:
        mask |= 1 << (type_id - lowest)
    shifted = occupied
    base = 0
    while shifted & mask:
        # The next place where the row's first cell is free.
        step = 1
        shifted >>= 1
        while shifted & 1:
            shifted >>= 1
            step += 1
        base += step
    return base - lowest

