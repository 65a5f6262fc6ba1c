"""P/Invokes of shared libraries -> a stub that finds the entry point at its first call, converts arguments, calls, and converts back.

The conversions are those of .NET's runtime marshalling on Unix; `DisableRuntimeMarshalling` leaves only what needs none. Objects do
not move, so arrays and strings of UTF-16 are passed where they stand.
"""

from __future__ import annotations

from compiler.codegen.emitter import ConstantOf, MethodEmitter, Unsupported, V, method_declaration
from compiler.codegen.lltypes import call_shape, leaves
from compiler.codegen.method import CodeItem
from compiler.codegen.native_abi import Registers
from compiler.codegen.pinvoke_arguments import Stub, convert_arguments
from compiler.codegen.pinvoke_result import Result
from compiler.codegen.wrappers import native_call
from compiler.flow.native_types import native_type
from compiler.metadata.method_body import MethodBody
from compiler.metadata.signatures import ElementType
from compiler.metadata.tokens import Token
from compiler.types.type_desc import MethodDesc, TypeDesc
from compiler.types.universe import GenericContext, TypeUniverse

# ImplMap.MappingFlags (ECMA-335 II.23.1.8) and MethodDef.ImplFlags (II.23.1.11).
_CHARSET_MASK, _CHARSET_UNICODE, _SETS_LAST_ERROR, _PRESERVES_SIGNATURE = 0x6, 0x4, 0x40, 0x80
_DISABLED = "System.Runtime.CompilerServices.DisableRuntimeMarshallingAttribute"

# Calls of the class library that pass straight through to a library of the system; opened when the program first calls them.
_SHARED_LIBRARIES = {"BrotliEncoder": "libbrotlienc.so.1", "BrotliDecoder": "libbrotlidec.so.1"}


def pinvoke(universe: TypeUniverse, method: MethodDesc, library: str, entry: str, constants: ConstantOf) -> CodeItem:
    """The code of a P/Invoke: of the runtime's own C functions a plain call. Raises Unsupported naming what cannot be converted."""
    signature = universe.signature(method)
    is_own = library == "QCall" or library.startswith("libSystem.")
    for prefix, shared in _SHARED_LIBRARIES.items():
        if entry.startswith(prefix) and library == "libSystem.IO.Compression.Native":
            return pinvoke_stub(universe, method, shared, entry, constants)
    if is_own and all(_is_plain(desc) for desc in (signature.return_type, *signature.parameters)):
        return native_call(universe, method, f"qc_{entry}" if library == "QCall" else entry)
    return pinvoke_stub(universe, method, library, entry, constants)


def _is_plain(desc: TypeDesc) -> bool:
    """The class library's own calls take values and addresses as they are."""
    return desc.element is ElementType.VOID or desc.is_pointer_like or desc.is_value_type


def pinvoke_stub(universe: TypeUniverse, method: MethodDesc, library: str, entry: str, constants: ConstantOf) -> CodeItem:
    """The stub of `library!entry`. Raises Unsupported naming the parameter that cannot be converted."""
    definition = method.definition
    m = MethodEmitter(
        universe, method, definition.module, MethodBody(8, init_locals=False, local_sig=Token(0), code=b"", clauses=()),
        GenericContext(method.owner.args, method.args), constants,
    )  # fmt: skip
    m.shape = call_shape(universe, m.signature, has_this=False)
    m.start_block("start")
    flags = definition.pinvoke[2] if definition.pinvoke is not None else 0
    marshals = not definition.module.has_attribute(Token(0x20000001), _DISABLED)
    stub = Stub(m, f"{library}!{entry}", marshals, flags & _CHARSET_MASK == _CHARSET_UNICODE, Registers())
    if not definition.impl_flags & _PRESERVES_SIGNATURE:
        raise Unsupported("AOTD2004", f"{method!r}: PreserveSig=false in P/Invoke '{stub.text}' is for COM, which is not supported")
    result = Result(stub, m.signature.return_type, native_type(definition, 0))
    header = convert_arguments(stub, method)
    symbol = method_declaration(universe, method, "m")[0]
    code, globals_text = _entry_point(m, symbol, library, entry)
    value = _call(stub, result, code, sets_last_error=bool(flags & _SETS_LAST_ERROR))
    for restore in reversed(stub.after):
        restore()
    _give(m, value)
    text = f"{globals_text}\n{m.stub_text(symbol, header)}"
    return CodeItem(symbol, text, m.declares, m.globals, tuple(m.dependencies), 0)


def _entry_point(m: MethodEmitter, symbol: str, library: str, entry: str) -> tuple[str, str]:
    """(the code to call, text of the globals that it needs): looked up once, at the first call."""
    texts = [f"@{_global('cell', symbol)} = internal global ptr null"]
    for hint, value in (("lib", library), ("entry", entry)):
        raw = value.encode() + b"\0"
        body = "".join(f"\\{b:02X}" for b in raw)
        texts.append(f'@{_global(hint, symbol)} = internal constant [{len(raw)} x i8] c"{body}"')
    cell, slow, go = f"@{_global('cell', symbol)}", m.label("slow"), m.label("go")
    known = m.value(f"load atomic ptr, ptr {cell} acquire, align 8")
    before = m.blocks[-1].label
    m.emit(f"br i1 {m.value(f'icmp eq ptr {known}, null')}, label %{slow}, label %{go}")
    m.start_block(slow)
    m.need("native", "rt_resolve_pinvoke")
    resolve = m.runtime("rt_resolve_pinvoke", "ptr", "ptr, ptr, ptr")
    found = m.value(f"call ptr {resolve}(ptr {cell}, ptr @{_global('lib', symbol)}, ptr @{_global('entry', symbol)})")
    m.branch(go)
    m.start_block(go)
    return m.value(f"phi ptr [ {known}, %{before} ], [ {found}, %{slow} ]"), "\n".join(texts)


def _global(hint: str, symbol: str) -> str:
    return f'"pinvoke.{hint}.{symbol}"'


def _call(stub: Stub, result: Result, code: str, *, sets_last_error: bool) -> V | None:
    m = stub.m
    if sets_last_error:
        m.emit(f"call void {m.runtime('rt_clear_errno', 'void', '')}()")
    operand = m.call(result.type, code, stub.operands)
    if sets_last_error:
        m.emit(f"call void {m.runtime('rt_keep_errno', 'void', '')}()")
    return result.take(operand)


def _give(m: MethodEmitter, value: V | None) -> None:
    """Returns `value` by the managed convention."""
    assert m.shape is not None
    desc = m.signature.return_type
    if value is None:
        m.emit("ret void")
        return
    if m.shape.returns_in_memory:
        m.copy_bytes("%ret", value.ir, desc)
        m.emit("ret void")
        return
    parts = leaves(m.universe, desc)
    if value.kind != "s" or parts is None or len(parts) == 1:
        m.emit(f"ret {m.shape.result} {m.to_memory(desc, value) if value.kind != 's' else m.pass_value(desc, value)[0].partition(' ')[2]}")
        return
    whole = "poison"
    for index, passed in enumerate(m.pass_value(desc, value)):
        whole = m.value(f"insertvalue {m.shape.result} {whole}, {passed}, {index}")
    m.emit(f"ret {m.shape.result} {whole}")
