"""Delegates that take any arguments: per delegate type, code that packs the arguments into an object[] and calls a function over it.

Interpreted expression trees become delegates this way: the delegate's target is the function, a Func<object[], object>.
"""

from __future__ import annotations

from compiler.codegen.emitter import ConstantOf, MethodEmitter, V
from compiler.codegen.lltypes import call_shape, leaves, quote
from compiler.codegen.method import CodeItem
from compiler.codegen.ops_call import DELEGATE_POINTER, DELEGATE_TARGET, emit_call
from compiler.codegen.ops_control import emit_return
from compiler.codegen.ops_object import box, new_array, unbox_any
from compiler.metadata.method_body import MethodBody
from compiler.metadata.signatures import ElementType
from compiler.metadata.tokens import Token
from compiler.types.naming import symbol, type_key
from compiler.types.type_desc import NamedType, PointerType, TypeDesc
from compiler.types.universe import GenericContext, TypeUniverse


def thunk_symbol(owner: NamedType) -> str:
    """The symbol of a delegate type's code over an object[]."""
    return symbol("dpack", type_key(owner))


def object_array_thunk(universe: TypeUniverse, owner: NamedType, constants: ConstantOf) -> CodeItem:
    """The code of a delegate whose target is a Func<object[], object>; managed pointers are written back."""
    invoke = universe.find_method(owner, "Invoke")
    body = MethodBody(8, init_locals=False, local_sig=Token(0), code=b"", clauses=())
    m = MethodEmitter(universe, invoke, owner.definition.module, body, GenericContext(owner.args, ()), constants)
    m.shape = call_shape(universe, m.signature, has_this=True)
    m.start_block("start")
    header, arguments = _arguments(m)
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
    name = thunk_symbol(owner)
    lines = [f"define {m.shape.result} {quote(name)}({header}) uwtable {{", "entry:", *m.entry, "br label %start"]
    for label, block in m.throw_blocks.items():
        m.start_block(block)
        m.emit(f"call void {m.runtime(label[0], 'void', '', 'noreturn cold')}()")
        m.emit("unreachable")
    for each in m.blocks:
        lines.append(f"{each.label}:")
        lines.extend(each.lines)
    lines.append("}")
    return CodeItem(name, "\n".join(lines), m.declares, m.globals, tuple(m.dependencies), 0)


def _item(desc: TypeDesc) -> TypeDesc:
    return desc.item if isinstance(desc, PointerType) and desc.element is ElementType.BYREF else desc


def _arguments(m: MethodEmitter) -> tuple[str, list[tuple[TypeDesc, V]]]:
    """The function's parameter list, and the arguments after the target with their types."""
    assert m.shape is not None
    header = ["ptr %ret"] if m.shape.returns_in_memory else []
    header.append("ptr %target")
    found: list[tuple[TypeDesc, V]] = []
    for index, desc in enumerate(m.signature.parameters):
        parts = leaves(m.universe, desc)
        if parts is None:
            header.append(f"ptr %p{index}")
            found.append((desc, V("s", f"%p{index}", desc)))
            continue
        home = m.struct_temp(desc)
        for leaf, (offset, memory) in enumerate(parts):
            header.append(f"{memory} %p{index}.{leaf}")
            m.emit(f"store {memory} %p{index}.{leaf}, ptr {m.gep(home, offset)}, align 1")
        found.append((desc, V("s", home, desc) if m.kind_of(desc) == "s" else m.load(desc, home)))
    return ", ".join(header), found


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
