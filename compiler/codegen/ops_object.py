"""Opcodes on objects and types: allocation, boxing, casts, tokens (ECMA-335 III.4)."""

from __future__ import annotations

from compiler.codegen.dispatch import resolve_static, virtual_target
from compiler.codegen.emitter import FunctionRef, MethodEmitter, Unsupported, V, is_sealed
from compiler.codegen.lltypes import quote
from compiler.codegen.ops_arith import Op
from compiler.codegen.ops_memory import zero
from compiler.codegen.ops_stack import type_symbol
from compiler.il.decode import Instruction
from compiler.metadata.signatures import ElementType
from compiler.metadata.tokens import TableId
from compiler.types.casting import can_cast
from compiler.types.layout import type_layout
from compiler.types.naming import field_key, method_key, symbol, type_key
from compiler.types.type_desc import ArrayType, FieldDesc, MethodDesc, NamedType, TypeDesc
from compiler.types.vtable import finalizer


def allocate(m: MethodEmitter, desc: TypeDesc) -> str:
    """A new zeroed object of an exact class, or a box for a value type."""
    m.need("constructed", desc)
    table = type_symbol(m, desc)
    if finalizer(m.universe, desc) is not None:
        # The collector's list refers to it too: LLVM must not take its stores for unread.
        return m.call("ptr", m.runtime("rt_new_finalizable", "nonnull ptr", "ptr"), [f"ptr {table}"])
    return m.call("ptr", m.runtime("rt_new", "noalias nonnull ptr", "ptr"), [f"ptr {table}"])


def new_array(m: MethodEmitter, array: ArrayType, length: V) -> V:
    """A new zeroed vector."""
    m.need("constructed", array)
    table = type_symbol(m, array)
    operand = m.coerce(length, "l") if length.kind != "i" else m.value(f"sext i32 {length.ir} to i64")
    result = m.call("ptr", m.runtime("rt_new_array", "noalias nonnull ptr", "ptr, i64"), [f"ptr {table}", f"i64 {operand}"])
    return V("p", result, array, nonnull=True)


def _newarr(m: MethodEmitter, ins: Instruction) -> None:
    m.push(new_array(m, m.universe.array(m.type_of(ins.operand), 0), m.pop()))


def box(m: MethodEmitter, desc: TypeDesc, value: V) -> V:
    """The boxed form of `value` (ECMA-335 III.4.1); Nullable<T> boxes its value or gives null."""
    if desc.is_reference:
        return value
    if isinstance(desc, NamedType) and desc.is_nullable:
        return _box_nullable(m, desc, value)
    result = allocate(m, desc)
    m.store(desc, m.gep(result, 8), value)
    return V("p", result, desc, nonnull=True)


def _nullable_fields(m: MethodEmitter, desc: NamedType) -> tuple[FieldDesc, FieldDesc]:
    fields = {f.name: f for f in m.universe.fields(desc)}
    return fields["hasValue"], fields["value"]


def _box_nullable(m: MethodEmitter, desc: NamedType, value: V) -> V:
    has_value, inner = _nullable_fields(m, desc)
    offsets = type_layout(m.universe, desc).offsets
    slot = m.alloca("ptr", 8)
    m.emit(f"store ptr null, ptr {slot}, align 8")
    flag = m.value(f"load i8, ptr {m.gep(value.ir, offsets[has_value])}, align 1")
    some, done = m.label("some"), m.label("k")
    m.emit(f"br i1 {m.value(f'icmp ne i8 {flag}, 0')}, label %{some}, label %{done}")
    m.start_block(some)
    inner_type = m.universe.field_type(inner)
    boxed = box(m, inner_type, m.load(inner_type, m.gep(value.ir, offsets[inner])))
    m.emit(f"store ptr {boxed.ir}, ptr {slot}, align 8")
    m.branch(done)
    m.start_block(done)
    return V("p", m.value(f"load ptr, ptr {slot}, align 8"), inner_type)


def _box(m: MethodEmitter, ins: Instruction) -> None:
    desc = m.type_of(ins.operand)
    value = m.pop()
    if _fold_box(m, desc, value):
        return
    m.push(box(m, desc, value))


def _fold_box(m: MethodEmitter, desc: TypeDesc, value: V) -> bool:
    """Generic code boxes only to test: `box T; brtrue`, `box T; isinst X; brtrue`, `box T; unbox.any T` need no box."""
    following = m.next_instruction
    if not following or desc.is_reference or (isinstance(desc, NamedType) and desc.is_nullable):
        return False
    name, operand = following[0]
    if name in ("brtrue", "brfalse"):
        m.push(V("i", "1"))
        return True
    if name == "unbox.any" and m.type_of(operand) is desc:
        m.push(value)
        m.skip = 1
        return True
    if name == "isinst" and len(following) > 1 and following[1][0] in ("brtrue", "brfalse"):
        m.push(V("i", "1" if can_cast(m.universe, desc, m.type_of(operand)) else "0"))
        m.skip = 1
        return True
    if name == "ldnull" and len(following) > 1 and following[1][0] in ("cgt.un", "ceq"):
        m.push(V("i", "1" if following[1][0] == "cgt.un" else "0"))
        m.skip = 2
        return True
    return False


def _unbox_address(m: MethodEmitter, desc: TypeDesc, value: V) -> str:
    """The address of the value in a box; null and other types throw (ECMA-335 III.4.32)."""
    pointer = m.coerce(value, "p")
    m.null_check(value, pointer)
    table = m.value(f"load ptr, ptr {pointer}, align 8")
    wanted = type_symbol(m, desc)
    same = m.value(f"icmp eq ptr {table}, {wanted}")
    slow, fast = m.label("unbox"), m.label("k")
    m.emit(f"br i1 {same}, label %{fast}, label %{slow}, !prof !1")
    m.start_block(slow)
    m.call("void", m.runtime("rt_check_unbox", "void", "ptr, ptr", "cold"), [f"ptr {pointer}", f"ptr {wanted}"])
    m.branch(fast)
    m.start_block(fast)
    return m.gep(pointer, 8)


def _unbox(m: MethodEmitter, ins: Instruction) -> None:
    desc = m.type_of(ins.operand)
    if isinstance(desc, NamedType) and desc.is_nullable:
        m.push(V("p", _unbox_nullable(m, desc, m.pop()).ir, m.universe.byref(desc), nonnull=True))
        return
    m.push(V("p", _unbox_address(m, desc, m.pop()), m.universe.byref(desc), nonnull=True))


def unbox_any(m: MethodEmitter, desc: TypeDesc, value: V) -> V:
    """ECMA-335 III.4.33."""
    if not desc.is_value_type:
        return cast_class(m, desc, value)
    if isinstance(desc, NamedType) and desc.is_nullable:
        return _unbox_nullable(m, desc, value)
    return m.load(desc, _unbox_address(m, desc, value))


def _unbox_nullable(m: MethodEmitter, desc: NamedType, value: V) -> V:
    has_value, inner = _nullable_fields(m, desc)
    offsets = type_layout(m.universe, desc).offsets
    temp = m.struct_temp(desc)
    zero(m, temp, desc)
    pointer = m.coerce(value, "p")
    some, done = m.label("some"), m.label("k")
    m.emit(f"br i1 {m.value(f'icmp eq ptr {pointer}, null')}, label %{done}, label %{some}")
    m.start_block(some)
    inner_type = m.universe.field_type(inner)
    address = _unbox_address(m, inner_type, V("p", pointer, nonnull=True))
    m.store(inner_type, m.gep(temp, offsets[inner]), m.load(inner_type, address))
    m.emit(f"store i8 1, ptr {m.gep(temp, offsets[has_value])}, align 1")
    m.branch(done)
    m.start_block(done)
    return V("s", temp, desc)


def _unbox_any(m: MethodEmitter, ins: Instruction) -> None:
    m.push(unbox_any(m, m.type_of(ins.operand), m.pop()))


def _known_cast(m: MethodEmitter, desc: TypeDesc, value: V) -> bool:
    """Whether the static type already proves the cast."""
    source = value.type
    return source is not None and (source.is_reference or source.is_value_type) and value.kind == "p" and not source.is_pointer_like and (
        desc.element is ElementType.OBJECT or can_cast(m.universe, source, desc)
    )


def _is_exact(desc: TypeDesc) -> bool:
    """Whether only one MethodTable passes a cast to `desc`."""
    if isinstance(desc, NamedType):
        return is_sealed(desc) and not desc.is_interface and not desc.is_delegate
    if not isinstance(desc, ArrayType) or desc.rank:
        return False
    return isinstance(desc.item, NamedType) and is_sealed(desc.item) and desc.item.is_reference


def cast_class(m: MethodEmitter, desc: TypeDesc, value: V) -> V:
    """ECMA-335 III.4.3: null passes, another type throws InvalidCastException."""
    pointer = m.coerce(value, "p")
    if pointer == "null" or _known_cast(m, desc, value):
        return V("p", pointer, desc, nonnull=value.nonnull, extra=value.extra)
    target = _nullable_argument(desc)
    helper = m.runtime(_cast_helper(target, "rt_cast"), "ptr", "ptr, ptr")
    return V("p", m.call("ptr", helper, [f"ptr {pointer}", f"ptr {type_symbol(m, target)}"]), desc, nonnull=value.nonnull)


def _nullable_argument(desc: TypeDesc) -> TypeDesc:
    return desc.args[0] if isinstance(desc, NamedType) and desc.is_nullable else desc


def _cast_helper(desc: TypeDesc, prefix: str) -> str:
    if _is_exact(desc) or (isinstance(desc, NamedType) and desc.is_value_type):
        return f"{prefix}_exact"
    if isinstance(desc, NamedType) and not desc.is_interface and not desc.is_delegate:
        return f"{prefix}_class"
    return f"{prefix}_any"


def _castclass(m: MethodEmitter, ins: Instruction) -> None:
    m.push(cast_class(m, m.type_of(ins.operand), m.pop()))


def _isinst(m: MethodEmitter, ins: Instruction) -> None:
    desc = m.type_of(ins.operand)
    value = m.pop()
    pointer = m.coerce(value, "p")
    if pointer == "null" or _known_cast(m, desc, value):
        m.push(V("p", pointer, desc, nonnull=value.nonnull, extra=value.extra))
        return
    target = _nullable_argument(desc)
    helper = m.runtime(_cast_helper(target, "rt_is_instance"), "ptr", "ptr, ptr", "nounwind memory(read)")
    m.push(V("p", m.value(f"call ptr {helper}(ptr {pointer}, ptr {type_symbol(m, target)})"), target))


def runtime_type(m: MethodEmitter, desc: TypeDesc) -> V:
    """The System.RuntimeType of `desc`: a frozen object."""
    m.need("type_object", desc)
    name = symbol("rtype", type_key(desc))
    operand = m.declare(name, f"{quote(name)} = external global i8")
    return V("p", f"getelementptr (i8, ptr {operand}, i64 8)", m.universe.corlib_type("System", "RuntimeType"), nonnull=True, extra=desc)


def _ldtoken(m: MethodEmitter, ins: Instruction) -> None:
    token = ins.token
    if token >> 24 in (TableId.TYPE_REF, TableId.TYPE_DEF, TableId.TYPE_SPEC):
        desc = m.universe.resolve_type(m.module, token, m.context)
        handle = m.universe.corlib_type("System", "RuntimeTypeHandle")
        temp = m.struct_temp(handle)
        value = runtime_type(m, desc)
        m.emit(f"store ptr {value.ir}, ptr {temp}, align 8")
        m.push(V("s", temp, handle, nonnull=True, extra=desc))
        return
    if m.universe.is_field_token(m.module, token):
        field = m.universe.resolve_field(m.module, token, m.context)
        handle = m.universe.corlib_type("System", "RuntimeFieldHandle")
        temp = m.struct_temp(handle)
        if field.definition.rva:
            # Initial bytes of arrays and spans; who takes the handle knows the field.
            zero(m, temp, handle)
        else:
            m.need("reflected_field", field)
            _member_handle(m, "rt_field_handle", symbol("rf", field_key(field)), temp)
        m.push(V("s", temp, handle, extra=field))
        return
    method = m.universe.resolve_method(m.module, token, m.context)
    if not isinstance(method, MethodDesc):
        raise Unsupported("AOTD2001", f"{m.method!r}: ldtoken of an array's method is not supported yet")
    handle = m.universe.corlib_type("System", "RuntimeMethodHandle")
    temp = m.struct_temp(handle)
    m.need("reflected_method", method)
    _member_handle(m, "rt_method_handle", symbol("rm", method_key(m.universe, method)), temp)
    m.push(V("s", temp, handle))


def _member_handle(m: MethodEmitter, maker: str, record: str, target: str) -> None:
    """Stores the object that a RuntimeMethodHandle or RuntimeFieldHandle holds, made from the record that reflection has."""
    m.need("native", maker)
    operand = m.declare(record, f"{quote(record)} = external constant i8")
    made = m.call("ptr", m.runtime(maker, "nonnull ptr", "ptr"), [f"ptr {operand}"])
    m.emit(f"store ptr {made}, ptr {target}, align 8")


def _mkrefany(m: MethodEmitter, ins: Instruction) -> None:
    raise Unsupported("AOTD2001", f"{m.method!r}: typed references ({ins.name}) are not supported yet")


def _ldftn(m: MethodEmitter, ins: Instruction) -> None:
    method = m.universe.resolve_method(m.module, ins.token, m.context)
    if not isinstance(method, MethodDesc):
        raise Unsupported("AOTD2001", f"{m.method!r}: the address of an array method is not supported yet")
    if "constrained." in m.prefixes:
        method = resolve_static(m, m.type_of(m.prefixes["constrained."]), method)
    for_delegate = bool(m.next_instruction) and m.next_instruction[0][0] == "newobj"
    if for_delegate and method.owner.is_value_type and not method.is_static:
        operand = m.unboxing_symbol(method)
    else:
        operand = m.method_symbol(method)
    if for_delegate:
        m.need("delegate_target", method)
    m.push(V("p", operand, None, nonnull=True, extra=FunctionRef(method, is_virtual=False)))


def _ldvirtftn(m: MethodEmitter, ins: Instruction) -> None:
    method = m.universe.resolve_method(m.module, ins.token, m.context)
    if not isinstance(method, MethodDesc):
        raise Unsupported("AOTD2001", f"{m.method!r}: the address of an array method is not supported yet")
    target = m.pop()
    pointer = m.coerce(target, "p")
    m.null_check(target, pointer)
    code = virtual_target(m, method, V("p", pointer, target.type, nonnull=True))
    m.push(V("p", code, None, nonnull=True, extra=FunctionRef(method, is_virtual=True)))


TABLE: dict[str, Op] = {
    "newarr": _newarr, "box": _box, "unbox": _unbox, "unbox.any": _unbox_any, "castclass": _castclass, "isinst": _isinst,
    "ldtoken": _ldtoken,
    "mkrefany": _mkrefany, "refanyval": _mkrefany, "refanytype": _mkrefany, "arglist": _mkrefany, "ldftn": _ldftn, "ldvirtftn": _ldvirtftn,
}
