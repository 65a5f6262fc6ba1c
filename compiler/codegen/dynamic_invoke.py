"""Delegate.DynamicInvoke: per delegate type, code that takes an object[] and calls Invoke with its elements unboxed."""

from __future__ import annotations

from compiler.codegen.emitter import ConstantOf, MethodEmitter, V
from compiler.codegen.lltypes import call_shape
from compiler.codegen.method import CodeItem
from compiler.codegen.ops_call import DELEGATE_POINTER, DELEGATE_TARGET, emit_call
from compiler.codegen.ops_memory import zero
from compiler.codegen.ops_object import box
from compiler.codegen.ops_stack import type_symbol
from compiler.codegen.synthesized import finished, open_function
from compiler.types.naming import symbol, type_key
from compiler.types.type_desc import NamedType, PointerType, TypeDesc
from compiler.types.universe import TypeUniverse


def dynamic_thunk(universe: TypeUniverse, owner: NamedType, constants: ConstantOf) -> CodeItem:
    """`ptr dyn(ptr delegate, ptr arguments)`: the boxed result, null for void. The runtime has checked the count."""
    invoke = universe.find_method(owner, "Invoke")
    m = open_function(universe, invoke, owner.definition.module, constants)
    arguments: list[V] = []
    written_back: list[tuple[int, TypeDesc, str]] = []
    for index, desc in enumerate(m.signature.parameters):
        value_type = desc.item if isinstance(desc, PointerType) else desc
        slot = f"getelementptr i8, ptr %arguments, i64 {16 + 8 * index}"
        element = m.value(f"load ptr, ptr {m.value(slot)}, align 8")
        value = _argument(m, value_type, element)
        if isinstance(desc, PointerType):
            home = m.struct_temp(value_type)
            m.store(value_type, home, value)
            written_back.append((index, value_type, home))
            value = V("p", home, desc, nonnull=True)
        arguments.append(value)
    code = m.value(f"load ptr, ptr {m.gep('%delegate', DELEGATE_POINTER)}, align 8")
    target = m.value(f"load ptr, ptr {m.gep('%delegate', DELEGATE_TARGET)}, align 8")
    emit_call(m, code, call_shape(universe, m.signature, has_this=True), m.signature, target, arguments)
    result = "null" if m.is_void(m.signature.return_type) else box(m, m.signature.return_type, m.pop()).ir
    for index, desc, home in written_back:
        boxed = box(m, desc, m.load(desc, home))
        m.emit(f"store ptr {boxed.ir}, ptr {m.gep('%arguments', 16 + 8 * index)}, align 8")
    m.emit(f"ret ptr {result}")
    return finished(m, symbol("dyn", type_key(owner)), "ptr", "ptr %delegate, ptr %arguments")


def _argument(m: MethodEmitter, desc: TypeDesc, element: str) -> V:
    """The element as a value of `desc`: null stands for default(T); a wrong type throws ArgumentException."""
    if desc.is_reference:
        checked = m.runtime("rt_dynamic_reference", "ptr", "ptr, ptr")
        return V("p", m.call("ptr", checked, [f"ptr {element}", f"ptr {type_symbol(m, desc)}"]), desc)
    home = m.struct_temp(desc)
    zero(m, home, desc)
    fill = m.runtime("rt_dynamic_value", "void", "ptr, ptr, ptr")
    m.call("void", fill, [f"ptr {home}", f"ptr {element}", f"ptr {type_symbol(m, desc)}"])
    return m.load(desc, home)
