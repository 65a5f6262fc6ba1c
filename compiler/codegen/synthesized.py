"""Functions without IL of their own: an emitter over an empty body, the arguments that come in, and the finished text.

They have no protected regions; what they throw goes to their callers.
"""

from __future__ import annotations

from compiler.codegen.emitter import ConstantOf, MethodEmitter, V
from compiler.codegen.lltypes import call_shape, leaves, quote
from compiler.codegen.method import CodeItem
from compiler.metadata.method_body import MethodBody
from compiler.metadata.tokens import Token
from compiler.types.definitions import Module
from compiler.types.type_desc import MethodDesc
from compiler.types.universe import GenericContext, TypeUniverse


def open_function(universe: TypeUniverse, method: MethodDesc, module: Module, constants: ConstantOf) -> MethodEmitter:
    """An emitter with the signature and the generic arguments of `method`; names are resolved in `module`."""
    body = MethodBody(8, init_locals=False, local_sig=Token(0), code=b"", clauses=())
    m = MethodEmitter(universe, method, module, body, GenericContext(method.owner.args, method.args), constants)
    m.shape = call_shape(universe, m.signature, has_this=m.signature.has_this)
    m.start_block("start")
    return m


def incoming(m: MethodEmitter, this: str) -> tuple[str, list[V]]:
    """The parameter list by the managed convention, and the arguments as stack values; `this` names the first one of an instance method."""
    assert m.shape is not None
    header = ["ptr %ret"] if m.shape.returns_in_memory else []
    if m.signature.has_this:
        header.append(f"ptr {this}")
    values: list[V] = []
    for index, desc in enumerate(m.signature.parameters):
        parts = leaves(m.universe, desc)
        if parts is None:
            header.append(f"ptr %p{index}")
            values.append(V("s", f"%p{index}", desc))
            continue
        home = m.struct_temp(desc)
        for leaf, (offset, memory) in enumerate(parts):
            header.append(f"{memory} %p{index}.{leaf}")
            m.emit(f"store {memory} %p{index}.{leaf}, ptr {m.gep(home, offset)}, align 1")
        values.append(V("s", home, desc) if m.kind_of(desc) == "s" else m.load(desc, home))
    return ", ".join(header), values


def finished(m: MethodEmitter, symbol: str, result: str, header: str, before: str = "") -> CodeItem:
    """The code of the function that returns LLVM type `result`, after its last instruction; globals of its own stand in `before`."""
    for (helper, _), label in m.throw_blocks.items():
        m.start_block(label)
        m.emit(f"call void {m.runtime(helper, 'void', '', 'noreturn cold')}()")
        m.emit("unreachable")
    lines = [f"{before}define {result} {quote(symbol)}({header}) uwtable {{", "entry:", *m.entry, "br label %start"]
    for block in m.blocks:
        lines += [f"{block.label}:", *block.lines]
    return CodeItem(symbol, "\n".join([*lines, "}"]), m.declares, m.globals, tuple(m.dependencies), 0)
