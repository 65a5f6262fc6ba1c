"""Opcodes that read and write variables, fields, elements and raw memory (ECMA-335 III.3, III.4)."""

from __future__ import annotations

import hashlib
import struct

from compiler.codegen.emitter import MethodEmitter, V, is_sealed
from compiler.codegen.lltypes import quote
from compiler.codegen.ops_arith import Op
from compiler.codegen.statics import class_constructor, is_before_field_init, static_layout
from compiler.il.decode import Instruction, InvalidProgram
from compiler.metadata.signatures import ElementType
from compiler.types.layout import type_layout, value_size
from compiler.types.naming import symbol, type_key
from compiler.types.type_desc import ArrayType, FieldDesc, NamedType, PointerType, TypeDesc

E_ = ElementType
_IND_ELEMENTS = {
    "i1": E_.I1, "u1": E_.U1, "i2": E_.I2, "u2": E_.U2, "i4": E_.I4, "u4": E_.U4, "i8": E_.I8, "i": E_.I, "r4": E_.R4, "r8": E_.R8,
    "ref": E_.OBJECT,
}


# ---- constants ----


def _ldc_int(m: MethodEmitter, ins: Instruction) -> None:
    m.push(V("i" if ins.name == "ldc.i4" else "l", str(ins.operand)))


def float_literal(value: float, kind: str) -> str:
    """A float constant in IR syntax: the bits of the double."""
    if kind == "f":
        value = struct.unpack("<f", struct.pack("<f", value))[0]
    return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"


def _ldc_float(m: MethodEmitter, ins: Instruction) -> None:
    assert isinstance(ins.operand, float)
    kind = "f" if ins.name == "ldc.r4" else "d"
    m.push(V(kind, float_literal(ins.operand, kind)))


def _ldnull(m: MethodEmitter, ins: Instruction) -> None:
    m.push(V("p", "null"))


def _ldstr(m: MethodEmitter, ins: Instruction) -> None:
    assert isinstance(ins.operand, int)
    m.push(string_literal(m, m.module.image.user_string(ins.operand & 0xFFFFFF)))


def string_literal(m: MethodEmitter, text: str) -> V:
    """A frozen string object; equal literals are one object in the whole program."""
    raw = text.encode("utf-16-le", "surrogatepass")
    name = "str." + hashlib.blake2b(raw, digest_size=12).hexdigest()
    string = m.universe.primitive(E_.STRING)
    table = type_symbol(m, string)
    n_chars = len(raw) // 2
    units = ", ".join(f"i16 {int.from_bytes(raw[i : i + 2], 'little', signed=True)}" for i in range(0, len(raw), 2))
    units = f"{units}, i16 0" if units else "i16 0"
    ll_type = f"<{{ i64, ptr, i32, [{n_chars + 1} x i16] }}>"
    m.globals[name] = (
        f"{quote(name)} = linkonce_odr global {ll_type} <{{ i64 0, ptr {table}, i32 {n_chars}, [{n_chars + 1} x i16] [{units}] }}>, "
        "comdat, align 16"
    )
    return V("p", f"getelementptr (i8, ptr {quote(name)}, i64 8)", string, nonnull=True, extra=text)


def _sizeof(m: MethodEmitter, ins: Instruction) -> None:
    m.push(V("i", str(value_size(m.universe, m.type_of(ins.operand))[0])))


def type_symbol(m: MethodEmitter, desc: TypeDesc) -> str:
    """The MethodTable of `desc`, in IR syntax; recorded as needed."""
    m.need("type", desc)
    name = symbol("mt", type_key(desc))
    return m.declare(name, f"{quote(name)} = external global i8")


# ---- stack ----


def _dup(m: MethodEmitter, ins: Instruction) -> None:
    value = m.pop()
    m.push(value)
    m.push(value)


def _pop(m: MethodEmitter, ins: Instruction) -> None:
    m.pop()


def _nop(m: MethodEmitter, ins: Instruction) -> None:
    return


# ---- variables ----


def _index(m: MethodEmitter, ins: Instruction, variables: list[tuple[TypeDesc, str]]) -> int:
    assert isinstance(ins.operand, int)
    if ins.operand >= len(variables):
        raise InvalidProgram("AOTD1011", f"{m.method!r}: variable {ins.operand} does not exist at IL offset 0x{ins.offset:04X}")
    return ins.operand


def _ldarg(m: MethodEmitter, ins: Instruction) -> None:
    index = _index(m, ins, m.args)
    desc, slot = m.args[index]
    value = m.load(desc, slot)
    is_this = index == 0 and m.signature.has_this and 0 not in m.arg_written and desc.is_reference
    m.push(V(value.kind, value.ir, desc, nonnull=is_this))


def _ldarga(m: MethodEmitter, ins: Instruction) -> None:
    desc, slot = m.args[_index(m, ins, m.args)]
    m.push(V("p", slot, m.universe.byref(desc), nonnull=True))


def _starg(m: MethodEmitter, ins: Instruction) -> None:
    desc, slot = m.args[_index(m, ins, m.args)]
    m.store(desc, slot, m.pop())


def _ldloc(m: MethodEmitter, ins: Instruction) -> None:
    desc, slot = m.locals[_index(m, ins, m.locals)]
    m.push(m.load(desc, slot))


def _ldloca(m: MethodEmitter, ins: Instruction) -> None:
    desc, slot = m.locals[_index(m, ins, m.locals)]
    m.push(V("p", slot, m.universe.byref(desc), nonnull=True))


def _stloc(m: MethodEmitter, ins: Instruction) -> None:
    desc, slot = m.locals[_index(m, ins, m.locals)]
    m.store(desc, slot, m.pop())


# ---- fields ----


def _field(m: MethodEmitter, ins: Instruction) -> FieldDesc:
    return m.universe.resolve_field(m.module, ins.operand, m.context)  # type: ignore[arg-type]  # operands are plain ints


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


def class_init(m: MethodEmitter, owner: NamedType, *, precise_too: bool) -> None:
    """Runs the initializer of `owner` if it has not run; `precise_too` says whether the access triggers precise ones as well."""
    cctor = class_constructor(owner)
    if cctor is None or owner.full_name in _NO_INITIALIZER:
        return
    current = m.method
    if current.owner is owner:
        if current.definition is cctor:
            return
        if not is_before_field_init(owner) and (current.is_static or current.name == ".ctor"):
            # The prologue has run it.
            if not precise_too:
                return
            if current.is_static or current.name == ".ctor":
                return
    emit_class_init(m, owner)


_NO_INITIALIZER = {"System.String"}


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
    class_init(m, owner, precise_too=True)
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
    if field.owner.element is E_.STRING and field.name == "Empty":
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


# ---- indirect ----


def _align(m: MethodEmitter) -> int:
    return 1 if "unaligned." in m.prefixes else 0


def _ind_type(m: MethodEmitter, suffix: str, pointer: V) -> TypeDesc:
    if suffix == "ref" and isinstance(pointer.type, PointerType) and pointer.type.item.is_reference:
        return pointer.type.item
    return m.universe.primitive(_IND_ELEMENTS[suffix])


def _ldind(m: MethodEmitter, ins: Instruction) -> None:
    pointer = m.pop()
    desc = _ind_type(m, ins.name[6:], pointer)
    m.push(m.load(desc, m.coerce(pointer, "p"), align=_align(m), volatile="volatile." in m.prefixes))


def _stind(m: MethodEmitter, ins: Instruction) -> None:
    value = m.pop()
    pointer = m.pop()
    desc = _ind_type(m, ins.name[6:], pointer)
    m.store(desc, m.coerce(pointer, "p"), value, align=_align(m), volatile="volatile." in m.prefixes)


def _ldobj(m: MethodEmitter, ins: Instruction) -> None:
    m.push(m.load(m.type_of(ins.operand), m.pop_as("p"), align=_align(m), volatile="volatile." in m.prefixes))


def _stobj(m: MethodEmitter, ins: Instruction) -> None:
    value = m.pop()
    m.store(m.type_of(ins.operand), m.pop_as("p"), value, align=_align(m), volatile="volatile." in m.prefixes)


def _cpobj(m: MethodEmitter, ins: Instruction) -> None:
    source = m.pop_as("p")
    target = m.pop_as("p")
    desc = m.type_of(ins.operand)
    m.store(desc, target, m.load(desc, source))


def zero(m: MethodEmitter, pointer: str, desc: TypeDesc) -> None:
    """Stores default(T) at `pointer`."""
    kind = m.kind_of(desc)
    if kind == "s":
        size, align = value_size(m.universe, desc)
        m.declares["llvm.memset.p0.i64"] = "declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)"
        m.emit(f"call void @llvm.memset.p0.i64(ptr align {min(align, 8)} {pointer}, i8 0, i64 {size}, i1 false)")
    else:
        literal = {"i": V("i", "0"), "l": V("l", "0"), "p": V("p", "null"), "f": V("f", "0.0"), "d": V("d", "0.0")}[kind]
        m.store(desc, pointer, literal)


def _initobj(m: MethodEmitter, ins: Instruction) -> None:
    zero(m, m.pop_as("p"), m.type_of(ins.operand))


def _cpblk(m: MethodEmitter, ins: Instruction) -> None:
    size = m.pop_as("i")
    source = m.pop_as("p")
    target = m.pop_as("p")
    copy_block(m, target, source, m.value(f"zext i32 {size} to i64"))


def copy_block(m: MethodEmitter, target: str, source: str, n_bytes: str) -> None:
    """memmove of `n_bytes` (an i64 operand); overlap is allowed, as the class library expects."""
    m.declares["llvm.memmove.p0.p0.i64"] = "declare void @llvm.memmove.p0.p0.i64(ptr, ptr, i64, i1)"
    m.emit(f"call void @llvm.memmove.p0.p0.i64(ptr {target}, ptr {source}, i64 {n_bytes}, i1 false)")


def _initblk(m: MethodEmitter, ins: Instruction) -> None:
    size = m.pop_as("i")
    value = m.pop_as("i")
    target = m.pop_as("p")
    set_block(m, target, value, m.value(f"zext i32 {size} to i64"))


def set_block(m: MethodEmitter, target: str, value: str, n_bytes: str) -> None:
    """memset of `n_bytes` (i64) with the low byte of `value` (i32)."""
    m.declares["llvm.memset.p0.i64"] = "declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)"
    m.emit(f"call void @llvm.memset.p0.i64(ptr {target}, i8 {m.value(f'trunc i32 {value} to i8')}, i64 {n_bytes}, i1 false)")


def _localloc(m: MethodEmitter, ins: Instruction) -> None:
    size = m.pop_as("l")
    name = m.value(f"alloca i8, i64 {size}, align 16")
    if m.body.init_locals:
        m.declares["llvm.memset.p0.i64"] = "declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)"
        m.emit(f"call void @llvm.memset.p0.i64(ptr align 16 {name}, i8 0, i64 {size}, i1 false)")
    m.push(V("p", name, None, nonnull=True))


# ---- arrays ----


def element_address(m: MethodEmitter, array: V, index: V, item: TypeDesc) -> str:
    """The address of an element of a vector, after null and bounds checks (ECMA-335 III.4.7)."""
    pointer = m.coerce(array, "p")
    m.null_check(array, pointer)
    length = m.value(f"load i32, ptr {m.gep(pointer, 8)}, align 8")
    if index.kind == "i":
        m.throw_if(m.value(f"icmp uge i32 {index.ir}, {length}"), "rt_throw_index_out_of_range")
        wide = m.value(f"zext i32 {index.ir} to i64") if index.constant is None else index.ir
    else:
        wide = m.coerce(index, "l")
        m.throw_if(m.value(f"icmp uge i64 {wide}, {m.value(f'zext i32 {length} to i64')}"), "rt_throw_index_out_of_range")
    size, _ = value_size(m.universe, item)
    start = m.gep(pointer, 16)
    if size in (1, 2, 4, 8):
        return m.value(f"getelementptr i{size * 8}, ptr {start}, i64 {wide}", "g")
    return m.value(f"getelementptr [{size} x i8], ptr {start}, i64 {wide}", "g")


def _item_type(m: MethodEmitter, ins: Instruction, array: V) -> TypeDesc:
    if ins.name in ("ldelem", "stelem", "ldelema"):
        return m.type_of(ins.operand)
    suffix = ins.name[7:]
    if suffix == "ref":
        return array.type.item if isinstance(array.type, ArrayType) else m.universe.primitive(E_.OBJECT)
    return m.universe.primitive(_IND_ELEMENTS[suffix])


def _ldelem(m: MethodEmitter, ins: Instruction) -> None:
    index = m.pop()
    array = m.pop()
    item = _item_type(m, ins, array)
    m.push(m.load(item, element_address(m, array, index, item)))


def _ldelema(m: MethodEmitter, ins: Instruction) -> None:
    index = m.pop()
    array = m.pop()
    item = m.type_of(ins.operand)
    address = element_address(m, array, index, item)
    if item.is_reference and not is_sealed(item) and "readonly." not in m.prefixes:
        check = m.runtime("rt_check_element_address", "void", "ptr, ptr")
        m.call("void", check, [f"ptr {m.coerce(array, 'p')}", f"ptr {type_symbol(m, item)}"])
    m.push(V("p", address, m.universe.byref(item), nonnull=True))


def _stelem(m: MethodEmitter, ins: Instruction) -> None:
    value = m.pop()
    index = m.pop()
    array = m.pop()
    item = _item_type(m, ins, array)
    address = element_address(m, array, index, item)
    if item.is_reference and value.ir != "null":
        known = isinstance(array.type, ArrayType) and is_sealed(array.type.item)
        if not known:
            check = m.runtime("rt_check_array_store", "void", "ptr, ptr")
            m.call("void", check, [f"ptr {m.coerce(array, 'p')}", f"ptr {m.coerce(value, 'p')}"])
    m.store(item, address, value)


def _ldlen(m: MethodEmitter, ins: Instruction) -> None:
    array = m.pop()
    pointer = m.coerce(array, "p")
    m.null_check(array, pointer)
    length = m.value(f"load i32, ptr {m.gep(pointer, 8)}, align 8")
    m.push(V("l", m.value(f"zext i32 {length} to i64")))


TABLE: dict[str, Op] = {
    "ldc.i4": _ldc_int, "ldc.i8": _ldc_int, "ldc.r4": _ldc_float, "ldc.r8": _ldc_float, "ldnull": _ldnull, "ldstr": _ldstr, "sizeof": _sizeof,
    "dup": _dup, "pop": _pop, "nop": _nop, "break": _nop,
    "ldarg": _ldarg, "ldarga": _ldarga, "starg": _starg, "ldloc": _ldloc, "ldloca": _ldloca, "stloc": _stloc,
    "ldfld": _ldfld, "ldflda": _ldflda, "stfld": _stfld, "ldsfld": _ldsfld, "ldsflda": _ldsflda, "stsfld": _stsfld,
    **{f"ldind.{s}": _ldind for s in _IND_ELEMENTS},
    **{f"stind.{s}": _stind for s in ("ref", "i1", "i2", "i4", "i8", "r4", "r8", "i")},
    "ldobj": _ldobj, "stobj": _stobj, "cpobj": _cpobj, "initobj": _initobj, "cpblk": _cpblk, "initblk": _initblk, "localloc": _localloc,
    **{f"ldelem.{s}": _ldelem for s in _IND_ELEMENTS}, "ldelem": _ldelem, "ldelema": _ldelema,
    **{f"stelem.{s}": _stelem for s in ("i", "i1", "i2", "i4", "i8", "r4", "r8", "ref")}, "stelem": _stelem, "ldlen": _ldlen,
}
