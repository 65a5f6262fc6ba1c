"""Delegates that take any arguments: per delegate type, code that packs the arguments into an object[] and calls a function over it.

Interpreted expression trees become delegates this way: the delegate's target is the function, a Func<object[], object>.
"""

from __future__ import annotations

from compiler.codegen.emitter import ConstantOf, MethodEmitter, V
from compiler.codegen.lltypes import call_shape
from compiler.codegen.method import CodeItem
from compiler.codegen.ops_call import DELEGATE_POINTER, DELEGATE_TARGET, emit_call
from compiler.codegen.ops_control import emit_return
from compiler.codegen.ops_object import box, new_array, unbox_any
from compiler.codegen.synthesized import finished, incoming, open_function
from compiler.metadata.signatures import ElementType
from compiler.types.naming import symbol, type_key
from compiler.types.type_desc import NamedType, PointerType, TypeDesc
from compiler.types.universe import TypeUniverse


def thunk_symbol(owner: NamedType) -> str:
    """The symbol of a delegate type's code over an object[]."""
    return symbol("dpack", type_key(owner))


def object_array_thunk(universe: TypeUniverse, owner: NamedType, constants: ConstantOf) -> CodeItem:
    """The code of a delegate whose target is a Func<object[], object>; managed pointers are written back."""
    invoke = universe.find_method(owner, "Invoke")
    m = open_function(universe, invoke, owner.definition.module, constants)
    header, values = incoming(m, "%target")
    assert m.shape is not None
    arguments = list(zip(m.signature.parameters, values, strict=True))
    root = universe.primitive(ElementType.OBJECT)
    packed = new_array(m, universe.array(root, 0), V("i", str(len(arguments))))
    for index, (desc, value) in enumerate(arguments):
        item = _item(desc)
        boxed = box(m, item, m.load(item, value.ir) if item is not desc else value)
        m.emit(f"store ptr {m.coerce(boxed, 'p')}, ptr {m.gep(packed.ir, 16 + 8 * index)}, align 8")
    result = _call(m, packed)
    for index, (desc, value) in enumerate(arguments):
        item = _item(desc)
        if item is not desc:
            element = m.value(f"load ptr, ptr {m.gep(packed.ir, 16 + 8 * index)}, align 8")
            m.store(item, value.ir, unbox_any(m, item, V("p", element, root)))
    returned = m.signature.return_type
    if not m.is_void(returned):
        m.push(unbox_any(m, returned, V("p", result, root)))
    emit_return(m)
    return finished(m, thunk_symbol(owner), m.shape.result, header)


def _item(desc: TypeDesc) -> TypeDesc:
    return desc.item if isinstance(desc, PointerType) and desc.element is ElementType.BYREF else desc


def _call(m: MethodEmitter, packed: V) -> str:
    """Calls the target with the array; its result as an object."""
    universe = m.universe
    root = universe.primitive(ElementType.OBJECT)
    function = universe.corlib_type("System", "Func`2", universe.array(root, 0), root)
    signature = universe.signature(universe.find_method(function, "Invoke"))
    code = m.value(f"load ptr, ptr {m.gep('%target', DELEGATE_POINTER)}, align 8")
    target = m.value(f"load ptr, ptr {m.gep('%target', DELEGATE_TARGET)}, align 8")
    emit_call(m, code, call_shape(universe, signature, has_this=True), signature, target, [packed])
    return m.coerce(m.pop(), "p")
