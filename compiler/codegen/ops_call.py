"""Calls (ECMA-335 III.3.19-20, III.4.2, III.4.21): direct, virtual, through interfaces, delegates and pointers."""

from __future__ import annotations

from compiler.codegen.array_methods import emit_array_method
from compiler.codegen.dispatch import devirtualized, resolve_static, virtual_target
from compiler.codegen.emitter import FunctionRef, MethodEmitter, Unsupported, V
from compiler.codegen.intrinsics import try_intrinsic
from compiler.codegen.lltypes import CallShape, call_shape, quote, storage
from compiler.codegen.ops_arith import Op
from compiler.codegen.ops_fields import emit_class_init
from compiler.codegen.ops_memory import zero
from compiler.codegen.ops_object import allocate, box
from compiler.codegen.statics import class_constructor, is_before_field_init
from compiler.il.decode import Instruction
from compiler.metadata.signatures import ElementType
from compiler.types.naming import symbol, type_key
from compiler.types.type_desc import ArrayMethod, MethodDesc, MethodSignature, NamedType
from compiler.types.vtable import resolve_constrained

DELEGATE_TARGET, DELEGATE_POINTER, DELEGATE_AUXILIARY = 8, 24, 32


def _pop_arguments(m: MethodEmitter, signature: MethodSignature) -> list[V]:
    values = [m.pop() for _ in signature.parameters]
    values.reverse()
    return values


def emit_call(m: MethodEmitter, callee: str, shape: CallShape, signature: MethodSignature, this: str | None, arguments: list[V]) -> None:
    """Emits a call of `callee` and pushes its result."""
    operands: list[str] = []
    result_slot = ""
    if shape.returns_in_memory:
        result_slot = m.struct_temp(signature.return_type)
        operands.append(f"ptr {result_slot}")
    if this is not None:
        operands.append(f"ptr {this}")
    for desc, value in zip(signature.parameters, arguments, strict=True):
        operands.extend(m.pass_value(desc, value))
    result = m.call(shape.result, callee, operands)
    if result_slot:
        m.push(V("s", result_slot, signature.return_type))
    elif result:
        m.push(m.receive(signature.return_type, result))


def call_method(m: MethodEmitter, method: MethodDesc, this: V | None, arguments: list[V]) -> None:
    """A direct call."""
    signature = m.universe.signature(method)
    shape = call_shape(m.universe, signature, has_this=this is not None)
    emit_call(m, m.method_symbol(method), shape, signature, None if this is None else m.coerce(this, "p"), arguments)


def call_virtual(m: MethodEmitter, method: MethodDesc, this: V, arguments: list[V]) -> None:
    """callvirt: null check, then dispatch."""
    pointer = m.coerce(this, "p")
    m.null_check(this, pointer)
    checked = V("p", pointer, this.type, nonnull=True, extra=this.extra)
    if not method.is_virtual:
        call_method(m, method, checked, arguments)
        return
    direct = devirtualized(m, method, checked)
    signature = m.universe.signature(method)
    shape = call_shape(m.universe, signature, has_this=True)
    if direct is not None:
        if direct.owner.is_value_type:
            pointer = m.gep(pointer, 8)
        if try_intrinsic(m, direct, [V("p", pointer, this.type, nonnull=True), *arguments]):
            return
        emit_call(m, m.method_symbol(direct), shape, signature, pointer, arguments)
        return
    emit_call(m, virtual_target(m, method, checked), shape, signature, pointer, arguments)


def _call(m: MethodEmitter, ins: Instruction) -> None:
    method = m.universe.resolve_method(m.module, ins.token, m.context)
    if isinstance(method, ArrayMethod):
        arguments = _pop_arguments(m, method.signature)
        emit_array_method(m, method, m.pop(), arguments)
        return
    signature = m.universe.signature(method)
    arguments = _pop_arguments(m, signature)
    this = m.pop() if signature.has_this else None
    if "constrained." in m.prefixes:
        _constrained_call(m, method, this, arguments)
        return
    values = arguments if this is None else [this, *arguments]
    if try_intrinsic(m, method, values):
        return
    if this is None:
        call_method(m, method, None, arguments)
        return
    if method.owner.is_delegate and method.name == "Invoke":
        _invoke_delegate(m, this, signature, arguments)
    elif ins.name == "callvirt":
        call_virtual(m, method, this, arguments)
    else:
        if this.kind == "s":
            raise Unsupported("AOTD2001", f"{m.method!r}: an instance call on a struct value at IL offset 0x{ins.offset:04X}")
        call_method(m, method, this, arguments)


def _invoke_delegate(m: MethodEmitter, this: V, signature: MethodSignature, arguments: list[V]) -> None:
    pointer = m.coerce(this, "p")
    m.null_check(this, pointer)
    code = m.value(f"load ptr, ptr {m.gep(pointer, DELEGATE_POINTER)}, align 8")
    target = m.value(f"load ptr, ptr {m.gep(pointer, DELEGATE_TARGET)}, align 8")
    emit_call(m, code, call_shape(m.universe, signature, has_this=True), signature, target, arguments)


def _constrained_call(m: MethodEmitter, method: MethodDesc, this: V | None, arguments: list[V]) -> None:
    """`constrained. T` (ECMA-335 III.2.1): `this` is a managed pointer to a T; static virtual methods have none."""
    desc = m.type_of(m.prefixes["constrained."])
    if this is None:
        target = resolve_static(m, desc, method)
        if not try_intrinsic(m, target, arguments):
            call_method(m, target, None, arguments)
        return
    pointer = m.coerce(this, "p")
    if desc.is_reference:
        call_virtual(m, method, m.load(desc, pointer), arguments)
        return
    found = resolve_constrained(m.universe, desc, method)
    if found is not None and found.owner is desc:
        values = [V("p", pointer, m.universe.byref(desc), nonnull=True), *arguments]
        if not try_intrinsic(m, found, values):
            call_method(m, found, values[0], arguments)
        return
    boxed = box(m, desc, m.load(desc, pointer))
    if found is not None and not found.owner.is_value_type:
        if not try_intrinsic(m, found, [boxed, *arguments]):
            call_method(m, found, boxed, arguments)
        return
    call_virtual(m, method, boxed, arguments)


def _calli(m: MethodEmitter, ins: Instruction) -> None:
    signature = m.universe.stand_alone_method_sig(m.module, ins.token, m.context)
    target = m.pop()
    arguments = _pop_arguments(m, signature)
    this = m.coerce(m.pop(), "p") if signature.has_this else None
    code = m.coerce(target, "p")
    emit_call(m, code, call_shape(m.universe, signature, has_this=this is not None), signature, this, arguments)


def _newobj(m: MethodEmitter, ins: Instruction) -> None:
    method = m.universe.resolve_method(m.module, ins.token, m.context)
    if isinstance(method, ArrayMethod):
        emit_array_method(m, method, None, _pop_arguments(m, method.signature))
        return
    signature = m.universe.signature(method)
    arguments = _pop_arguments(m, signature)
    owner = method.owner
    if owner.element is ElementType.STRING:
        _new_string(m, signature, arguments)
    elif owner.is_delegate:
        _new_delegate(m, owner, arguments)
    elif owner.is_value_type:
        _new_value(m, method, arguments)
    else:
        result = V("p", allocate(m, owner), owner, nonnull=True)
        if method.name == ".ctor" and owner.element is ElementType.OBJECT:
            m.push(result)
            return
        call_method(m, method, result, arguments)
        m.push(result)


def _new_value(m: MethodEmitter, method: MethodDesc, arguments: list[V]) -> None:
    owner = method.owner
    kind = m.kind_of(owner)
    ll_type, _, align = storage(m.universe, owner)
    temp = m.alloca(ll_type, align)
    zero(m, temp, owner)
    this = V("p", temp, m.universe.byref(owner), nonnull=True)
    if not try_intrinsic(m, method, [this, *arguments]):
        call_method(m, method, this, arguments)
    m.push(V("s", temp, owner) if kind == "s" else m.load(owner, temp))


def _new_string(m: MethodEmitter, signature: MethodSignature, arguments: list[V]) -> None:
    """`new string(...)` calls the private Ctor of the same parameters, which returns the string."""
    string = m.universe.primitive(ElementType.STRING)
    for definition in string.definition.methods_named("Ctor"):
        candidate = m.universe.method(definition, string, ())
        resolved = m.universe.signature(candidate)
        if len(resolved.parameters) == len(signature.parameters) and all(
            a is b for a, b in zip(resolved.parameters, signature.parameters, strict=True)
        ):
            call_method(m, candidate, V("p", "null") if resolved.has_this else None, arguments)
            return
    raise Unsupported("AOTD2001", f"{m.method!r}: string has no constructor with {len(arguments)} such parameters")


def _new_delegate(m: MethodEmitter, owner: NamedType, arguments: list[V]) -> None:
    """A delegate over (target, code). A static method goes through the type's thunk that drops the target (ECMA-335 II.14.6)."""
    target, code = arguments
    m.need("delegate", owner)
    result = allocate(m, owner)
    reference = code.extra
    pointer = m.coerce(code, "p")
    receiver = m.coerce(target, "p")
    invoke = m.universe.find_method(owner, "Invoke")
    n_parameters = len(m.universe.signature(invoke).parameters)
    is_open_static = (
        isinstance(reference, FunctionRef)
        and reference.method.is_static
        and len(m.universe.signature(reference.method).parameters) == n_parameters
    )
    if is_open_static:
        thunk = symbol("dstatic", type_key(owner))
        operand = m.declare(thunk, f"declare void {quote(thunk)}()")
        m.emit(f"store ptr {result}, ptr {m.gep(result, DELEGATE_TARGET)}, align 8")
        m.emit(f"store ptr {operand}, ptr {m.gep(result, DELEGATE_POINTER)}, align 8")
        m.emit(f"store ptr {pointer}, ptr {m.gep(result, DELEGATE_AUXILIARY)}, align 8")
    else:
        m.emit(f"store ptr {receiver}, ptr {m.gep(result, DELEGATE_TARGET)}, align 8")
        m.emit(f"store ptr {pointer}, ptr {m.gep(result, DELEGATE_POINTER)}, align 8")
    m.push(V("p", result, owner, nonnull=True))


def attach_foreign_thread(m: MethodEmitter) -> None:
    """Foreign code may call from a thread that the collector does not know yet."""
    if m.method.definition.has_attribute("System.Runtime.InteropServices.UnmanagedCallersOnlyAttribute"):
        m.emit(f"call ptr {m.runtime('rt_thread_self', 'ptr', '', 'nounwind')}()")


def prologue_class_init(m: MethodEmitter) -> None:
    """A precise initializer runs before static methods and constructors of its type (ECMA-335 I.8.9.5)."""
    owner = m.method.owner
    cctor = class_constructor(owner)
    if cctor is None or is_before_field_init(owner) or m.method.definition is cctor:
        return
    if m.method.is_static or m.method.name == ".ctor":
        emit_class_init(m, owner)


TABLE: dict[str, Op] = {"call": _call, "callvirt": _call, "calli": _calli, "newobj": _newobj}
