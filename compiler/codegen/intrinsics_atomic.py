"""The atomic operations of System.Threading: arguments -> LLVM atomic instructions, all sequentially consistent."""

from __future__ import annotations

from compiler.codegen.emitter import Emit, MethodEmitter, V
from compiler.codegen.lltypes import scalar
from compiler.types.type_desc import MethodDesc, PointerType, TypeDesc


def _atomic_type(m: MethodEmitter, desc: TypeDesc) -> tuple[str, str] | None:
    one = scalar(m.universe, desc)
    if one is None or one[0] in ("float", "double"):
        return None
    return one[0], one[1]


def _target_type(m: MethodEmitter, method: MethodDesc) -> TypeDesc:
    first = m.universe.signature(method).parameters[0]
    assert isinstance(first, PointerType)
    return first.item


def _compare_exchange(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    desc = _target_type(m, method)
    found = _atomic_type(m, desc)
    if found is None:
        return False
    pointer = m.coerce(values[0], "p")
    new, old = m.to_memory(desc, values[1]), m.to_memory(desc, values[2])
    pair = m.value(f"cmpxchg ptr {pointer}, {found[0]} {old}, {found[0]} {new} seq_cst seq_cst")
    m.push(m.from_memory(desc, m.value(f"extractvalue {{{found[0]}, i1}} {pair}, 0")))
    return True


def _atomic_rmw(operation: str) -> Emit:
    def emit(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
        desc = _target_type(m, method)
        found = _atomic_type(m, desc)
        if found is None:
            return False
        operand = m.to_memory(desc, values[1])
        m.push(m.from_memory(desc, m.value(f"atomicrmw {operation} ptr {m.coerce(values[0], 'p')}, {found[0]} {operand} seq_cst")))
        return True

    return emit


def _fence(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    m.emit("fence seq_cst")
    return True


ATOMIC_TABLES: dict[str, dict[str, Emit]] = {
    "System.Threading.Interlocked": {
        "CompareExchange": _compare_exchange, "Exchange": _atomic_rmw("xchg"), "ExchangeAdd": _atomic_rmw("add"), "And": _atomic_rmw("and"),
        "Or": _atomic_rmw("or"), "MemoryBarrier": _fence, "ReadMemoryBarrier": _fence,
    },
    "System.Threading.Thread": {"MemoryBarrier": _fence},
}
