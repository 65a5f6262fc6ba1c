"""Virtual dispatch: where a call of a virtual method finds its code.

A class slot is loaded from the MethodTable. An interface method, and every instantiation of a generic virtual method,
is a selector: a row in the program's dispatch table, found by adding the receiver's type id to the selector's base.
Bases are data of the program, so that code does not change when types are added.
"""

from __future__ import annotations

from compiler.codegen.emitter import MethodEmitter, Unsupported, V, is_sealed
from compiler.codegen.lltypes import quote
from compiler.types.naming import method_key, symbol
from compiler.types.type_desc import MethodDesc, NamedType, TypeDesc
from compiler.types.vtable import resolve_constrained, resolve_virtual, slot_index

VTABLE_OFFSET = 0x40
TYPE_ID_OFFSET = 0x08


def virtual_target(m: MethodEmitter, method: MethodDesc, this: V) -> str:
    """The code pointer that a virtual call of `method` on a non-null `this` reaches."""
    direct = devirtualized(m, method, this)
    if direct is not None:
        return m.unboxing_symbol(direct) if direct.owner.is_value_type else m.method_symbol(direct)
    table = m.value(f"load ptr, ptr {this.ir}, align 8")
    if method.owner.is_interface or method.args:
        m.need("selector", method)
        name = symbol("sel", method_key(m.universe, method))
        base_global = m.declare(name, f"{quote(name)} = external constant i32")
        base = m.value(f"load i32, ptr {base_global}, align 4, !invariant.load !2")
        type_id = m.value(f"load i32, ptr {m.gep(table, TYPE_ID_OFFSET)}, align 8, !invariant.load !2")
        index = m.value(f"add i32 {base}, {type_id}")
        rows = m.declare("rt_dispatch_table", '@"rt_dispatch_table" = external constant ptr')
        entry = m.value(f"getelementptr ptr, ptr {rows}, i64 {m.value(f'zext i32 {index} to i64')}")
        return m.value(f"load ptr, ptr {entry}, align 8, !invariant.load !2")
    m.need("virtual", method)
    slot = slot_index(m.universe, method)
    return m.value(f"load ptr, ptr {m.gep(table, VTABLE_OFFSET + 8 * slot)}, align 8, !invariant.load !2")


def devirtualized(m: MethodEmitter, method: MethodDesc, this: V) -> MethodDesc | None:
    """The only method that the call can reach by static knowledge, or None."""
    if not method.is_virtual:
        return method
    if not method.owner.is_interface and (method.definition.flags & 0x20 or is_sealed(method.owner)):
        return resolve_virtual(m.universe, method.owner, method) if is_sealed(method.owner) else method
    desc = this.type
    if isinstance(desc, NamedType) and not desc.is_interface and this.kind == "p" and (is_sealed(desc) or desc.is_value_type):
        return resolve_constrained(m.universe, desc, method)
    return None


def resolve_static(m: MethodEmitter, desc: TypeDesc, method: MethodDesc) -> MethodDesc:
    """The implementation of a static virtual method on `desc`. Raises Unsupported when the type has none."""
    if not method.owner.is_interface or not method.is_virtual:
        return method
    found = resolve_constrained(m.universe, desc, method)
    if found is None:
        raise Unsupported("AOTD2002", f"{m.method!r}: '{desc!r}' does not implement static '{method!r}'")
    return found
