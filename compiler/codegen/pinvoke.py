"""P/Invokes of shared libraries -> a function that finds the entry point at its first call, converts arguments, calls, and converts back.

The conversions are those of .NET's runtime marshalling on Unix; `DisableRuntimeMarshalling` leaves only what needs none. Objects do
not move, so arrays and strings of UTF-16 are passed where they stand.
"""

from __future__ import annotations

from compiler.codegen.emitter import ConstantOf, MethodEmitter, Unsupported, V, method_declaration
from compiler.codegen.lltypes import quote
from compiler.codegen.method import CodeItem
from compiler.codegen.native_abi import Registers
from compiler.codegen.ops_control import emit_return
from compiler.codegen.pinvoke_arguments import PlatformCall, TextForm, convert_arguments
from compiler.codegen.pinvoke_result import Result
from compiler.codegen.synthesized import finished, open_function
from compiler.codegen.wrappers import native_call
from compiler.flow.native_types import native_type
from compiler.metadata.signatures import ElementType
from compiler.metadata.tokens import Token
from compiler.types.type_desc import MethodDesc, TypeDesc
from compiler.types.universe import TypeUniverse

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
            return _shared_library_call(universe, method, shared, entry, constants)
    if is_own and all(_is_plain(desc) for desc in (signature.return_type, *signature.parameters)):
        return native_call(universe, method, f"qc_{entry}" if library == "QCall" else entry)
    return _shared_library_call(universe, method, library, entry, constants)


def _is_plain(desc: TypeDesc) -> bool:
    """The class library's own calls take values and addresses as they are."""
    return desc.element is ElementType.VOID or desc.is_pointer_like or desc.is_value_type


def _shared_library_call(universe: TypeUniverse, method: MethodDesc, library: str, entry: str, constants: ConstantOf) -> CodeItem:
    """The managed function of `library!entry`. Raises Unsupported naming the parameter that cannot be converted."""
    definition = method.definition
    m = open_function(universe, method, definition.module, constants)
    assert m.shape is not None
    flags = definition.pinvoke[2] if definition.pinvoke is not None else 0
    marshals = not definition.module.has_attribute(Token(0x20000001), _DISABLED)
    char_set = TextForm.UTF16 if flags & _CHARSET_MASK == _CHARSET_UNICODE else TextForm.UTF8
    call = PlatformCall(m, f"{library}!{entry}", marshals, char_set, Registers())
    if not definition.impl_flags & _PRESERVES_SIGNATURE:
        raise Unsupported("AOTD2004", f"{method!r}: PreserveSig=false in P/Invoke '{call.text}' is for COM, which is not supported")
    symbol = method_declaration(universe, method, "m")[0]
    # Found before anything is converted: a library that is missing leaves nothing to undo.
    code, own_globals = _entry_point(m, symbol, library, entry)
    result = Result(call, m.signature.return_type, native_type(definition, 0))
    header = convert_arguments(call, method)
    value = _call(call, result, code, sets_last_error=bool(flags & _SETS_LAST_ERROR))
    for restore in reversed(call.after):
        restore()
    if value is not None:
        m.push(value)
    emit_return(m)
    return finished(m, symbol, m.shape.result, header, own_globals)


def _entry_point(m: MethodEmitter, symbol: str, library: str, entry: str) -> tuple[str, str]:
    """(the code to call, text of the globals that it needs): looked up once, at the first call."""
    cell, names = quote(f"pinvoke.cell.{symbol}"), (quote(f"pinvoke.library.{symbol}"), quote(f"pinvoke.entry.{symbol}"))
    texts = [f"{cell} = internal global ptr null\n"]
    for name, value in zip(names, (library, entry), strict=True):
        raw = value.encode() + b"\0"
        body = "".join(f"\\{b:02X}" for b in raw)
        texts.append(f'{name} = internal constant [{len(raw)} x i8] c"{body}"\n')
    slow, go = m.label("slow"), m.label("go")
    known = m.value(f"load atomic ptr, ptr {cell} acquire, align 8")
    before = m.blocks[-1].label
    m.emit(f"br i1 {m.value(f'icmp eq ptr {known}, null')}, label %{slow}, label %{go}")
    m.start_block(slow)
    m.need("native", "rt_resolve_pinvoke")
    resolve = m.runtime("rt_resolve_pinvoke", "ptr", "ptr, ptr, ptr")
    found = m.value(f"call ptr {resolve}(ptr {cell}, ptr {names[0]}, ptr {names[1]})")
    m.branch(go)
    m.start_block(go)
    return m.value(f"phi ptr [ {known}, %{before} ], [ {found}, %{slow} ]"), "".join(texts)


def _call(call: PlatformCall, result: Result, code: str, *, sets_last_error: bool) -> V | None:
    m = call.m
    if sets_last_error:
        m.emit(f"call void {m.runtime('rt_clear_errno', 'void', '')}()")
    operand = m.call(result.type, code, call.operands)
    if sets_last_error:
        m.emit(f"call void {m.runtime('rt_keep_errno', 'void', '')}()")
    return result.take(operand)
