"""Opcodes that read and write fields (ECMA-335 III.4), and the class initialization that static ones ask for (ECMA-335 II.10.5.3)."""

from __future__ import annotations

import hashlib

from compiler.codegen.emitter import MethodEmitter, V
from compiler.codegen.lltypes import quote
from compiler.codegen.ops_arith import Op
from compiler.codegen.ops_stack import string_literal
from compiler.codegen.statics import class_constructor, is_before_field_init, static_layout
from compiler.il.decode import Instruction
from compiler.metadata.signatures import ElementType
from compiler.types.layout import type_layout, value_size
from compiler.types.naming import symbol, type_key
from compiler.types.type_desc import FieldDesc, NamedType

# Types whose initializer has nothing to do here: their static fields are known at compile time.
_NO_INITIALIZER = frozenset({"System.String"})


def _field(m: MethodEmitter, ins: Instruction) -> FieldDesc:
    return m.universe.resolve_field(m.module, ins.token, m.context)


def _field_offset(m: MethodEmitter, field: FieldDesc) -> int:
    return type_layout(m.universe, field.owner).offsets[field]


def _field_address(m: MethodEmitter, target: V, field: FieldDesc) -> str:
    """The address of an instance field; a null object throws."""
    pointer = m.coerce(target, "p")
    if not field.owner.is_value_type:
        m.null_check(target, pointer)
    return m.gep(pointer, _field_offset(m, field))


def _ldfld(m: MethodEmitter, ins: Instruction) -> None:
    field = _field(m, ins)
    if field.is_static:
        m.pop()
        _load_static(m, field)
        return
    field_type = m.universe.field_type(field)
    target = m.pop()
    if target.kind == "s":
        pointer = m.gep(target.ir, _field_offset(m, field))
        m.push(V("s", pointer, field_type) if m.kind_of(field_type) == "s" else m.load(field_type, pointer, align=1))
        return
    if field.owner.is_value_type and target.kind != "p" and target.type is not None and target.type.is_value_type:
        # The value of a struct that consists of one scalar is that scalar.
        m.push(V(target.kind, target.ir, field_type))
        return
    pointer = _field_address(m, target, field)
    align = 1 if "unaligned." in m.prefixes else _packed_align(m, field)
    m.push(m.load(field_type, pointer, align=align, volatile="volatile." in m.prefixes))


def _packed_align(m: MethodEmitter, field: FieldDesc) -> int:
    """1 for fields whose offset does not suit their natural alignment, else 0 (natural)."""
    layout = field.owner.definition.class_layout
    return 1 if (layout is not None and layout[0]) or field.definition.explicit_offset is not None else 0


def _ldflda(m: MethodEmitter, ins: Instruction) -> None:
    field = _field(m, ins)
    if field.is_static:
        m.pop()
        m.push(V("p", static_address(m, field), m.universe.byref(m.universe.field_type(field)), nonnull=True))
        return
    target = m.pop()
    if target.kind == "s":
        m.push(V("p", m.gep(target.ir, _field_offset(m, field)), None))
        return
    address = _field_address(m, target, field)
    m.push(V("p", address, m.universe.byref(m.universe.field_type(field)), nonnull=not field.owner.is_value_type))


def _stfld(m: MethodEmitter, ins: Instruction) -> None:
    field = _field(m, ins)
    value = m.pop()
    target = m.pop()
    field_type = m.universe.field_type(field)
    if field.is_static:
        m.store(field_type, static_address(m, field), value)
        return
    pointer = _field_address(m, target, field)
    align = 1 if "unaligned." in m.prefixes else _packed_align(m, field)
    m.store(field_type, pointer, value, align=align, volatile="volatile." in m.prefixes)


def class_init(m: MethodEmitter, owner: NamedType) -> None:
    """Runs the initializer of `owner` if it may not have run before this access."""
    cctor = class_constructor(owner)
    if cctor is None or owner.full_name in _NO_INITIALIZER:
        return
    current = m.method
    if current.owner is owner:
        if current.definition is cctor:
            return
        if not is_before_field_init(owner) and (current.is_static or current.name == ".ctor"):
            # The prologue has run it.
            return
    emit_class_init(m, owner)


def emit_class_init(m: MethodEmitter, owner: NamedType) -> None:
    """The check itself: one load and a branch that is not taken after the first time."""
    m.need("cctor", owner)
    name = symbol("cctor", type_key(owner))
    record = m.declare(name, f"{quote(name)} = external global i8")
    state = m.value(f"load atomic i32, ptr {record} acquire, align 8")
    done = m.value(f"icmp eq i32 {state}, 2")
    slow, fast = m.label("init"), m.label("k")
    m.emit(f"br i1 {done}, label %{fast}, label %{slow}, !prof !1")
    m.start_block(slow)
    m.call("void", m.runtime("rt_run_class_constructor", "void", "ptr", "cold"), [f"ptr {record}"])
    m.branch(fast)
    m.start_block(fast)


def static_address(m: MethodEmitter, field: FieldDesc) -> str:
    """The address of a static field, after its type's initializer."""
    owner = field.owner
    definition = field.definition
    if definition.rva:
        return rva_data(m, field)
    class_init(m, owner)
    layout = static_layout(m.universe, owner)
    if field in layout.thread_offsets:
        m.need("thread_statics", owner)
        name = symbol("tls", type_key(owner))
        offset_global = m.declare(name, f"{quote(name)} = external constant i64")
        base = m.value(f"call ptr {m.runtime('rt_thread_statics', 'ptr', '', 'nounwind')}()")
        block = m.value(f"getelementptr i8, ptr {base}, i64 {m.value(f'load i64, ptr {offset_global}, align 8')}")
        return m.gep(block, layout.thread_offsets[field])
    m.need("statics", owner)
    name = symbol("statics", type_key(owner))
    block = m.declare(name, f"{quote(name)} = external global i8")
    offset = layout.offsets[field]
    return block if offset == 0 else f"getelementptr (i8, ptr {block}, i64 {offset})"


def rva_data(m: MethodEmitter, field: FieldDesc) -> str:
    """The initial bytes of a field with an RVA, as a constant of the unit (ECMA-335 II.16.3.2)."""
    definition = field.definition
    size, _ = value_size(m.universe, m.universe.field_type(field))
    raw = definition.module.image.at_rva(definition.rva, size)
    name = "rva." + hashlib.blake2b(raw, digest_size=12).hexdigest()
    body = "".join(f"\\{b:02X}" for b in raw)
    m.globals[name] = f'{quote(name)} = linkonce_odr constant [{size} x i8] c"{body}", comdat, align 16'
    return quote(name)


def _load_static(m: MethodEmitter, field: FieldDesc) -> None:
    if field.owner.element is ElementType.STRING and field.name == "Empty":
        m.push(string_literal(m, ""))
        return
    constant = _known_static(field)
    if constant is not None:
        m.push(constant)
        return
    m.push(m.load(m.universe.field_type(field), static_address(m, field), volatile="volatile." in m.prefixes))


def _known_static(field: FieldDesc) -> V | None:
    """Static fields whose value the target decides (BitConverter.IsLittleEndian)."""
    if field.owner.full_name == "System.BitConverter" and field.name == "IsLittleEndian":
        return V("i", "1")
    if field.owner.full_name in ("System.IntPtr", "System.UIntPtr") and field.name == "Zero":
        return V("l", "0")
    return None


def _ldsfld(m: MethodEmitter, ins: Instruction) -> None:
    _load_static(m, _field(m, ins))


def _ldsflda(m: MethodEmitter, ins: Instruction) -> None:
    field = _field(m, ins)
    m.push(V("p", static_address(m, field), m.universe.byref(m.universe.field_type(field)), nonnull=True))


def _stsfld(m: MethodEmitter, ins: Instruction) -> None:
    field = _field(m, ins)
    value = m.pop()
    m.store(m.universe.field_type(field), static_address(m, field), value, volatile="volatile." in m.prefixes)


TABLE: dict[str, Op] = {
    "ldfld": _ldfld, "ldflda": _ldflda, "stfld": _stfld, "ldsfld": _ldsfld, "ldsflda": _ldsflda, "stsfld": _stsfld,
}
