"""Arguments of a P/Invoke -> the operands that C gets, and what to do when the call is done: .NET's runtime marshalling on Unix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from compiler.codegen.emitter import MethodEmitter, Unsupported, V
from compiler.codegen.lltypes import leaves, scalar
from compiler.codegen.native_abi import Registers, extension, is_blittable, is_blittable_layout, register_parts
from compiler.codegen.ops_call import call_method
from compiler.flow.native_types import native_type
from compiler.metadata.signatures import ElementType
from compiler.types.definitions import LAYOUT_MASK
from compiler.types.layout import value_size
from compiler.types.type_desc import ArrayType, MethodDesc, NamedType, PointerType, TypeDesc
from compiler.types.universe import TypeUniverse

# Native types (ECMA-335 II.23.4 and its extensions).
I1, U1, I2, U2 = 0x03, 0x04, 0x05, 0x06
LPSTR, LPWSTR, LPTSTR, VARIANT_BOOL, LPUTF8STR = 0x14, 0x15, 0x16, 0x25, 0x30
UTF8_TYPES = (LPSTR, LPTSTR, LPUTF8STR)
_OBJECT_HEADER, _STRING_CHARS, _VECTOR_DATA = 8, 12, 16
_SAFE_HANDLE = "System.Runtime.InteropServices.SafeHandle"


@dataclass(slots=True)
class Stub:
    """A stub in the making. `operands` go to C in order; `after` runs when the call is done, last first."""

    m: MethodEmitter
    text: str
    marshals: bool
    is_unicode: bool
    registers: Registers
    operands: list[str] = field(default_factory=list)
    after: list[Callable[[], None]] = field(default_factory=list)

    def refuse(self, desc: TypeDesc) -> Unsupported:
        """The error for what has no conversion."""
        return Unsupported("AOTD2004", f"{self.m.method!r}: marshalling of '{desc!r}' in P/Invoke '{self.text}' is not supported yet")

    def pass_scalar(self, memory: str, operand: str, attribute: str = "") -> None:
        """Passes one scalar."""
        self.registers.take([(0, memory)])
        self.operands.append(f"{memory}{attribute} {operand}")


def convert_arguments(stub: Stub, method: MethodDesc) -> str:
    """Converts every argument; gives the parameter list of the stub."""
    m = stub.m
    assert m.shape is not None
    header = ["ptr %ret"] if m.shape.returns_in_memory else []
    for index, desc in enumerate(m.signature.parameters):
        parts = leaves(m.universe, desc)
        if parts is None:
            header.append(f"ptr %p{index}")
            value = V("s", f"%p{index}", desc)
        else:
            home = m.struct_temp(desc)
            for leaf, (offset, memory) in enumerate(parts):
                header.append(f"{memory} %p{index}.{leaf}")
                m.emit(f"store {memory} %p{index}.{leaf}, ptr {m.gep(home, offset)}, align 1")
            value = V("s", home, desc) if m.kind_of(desc) == "s" else m.load(desc, home)
        _convert(stub, desc, value, native_type(method.definition, index + 1))
    return ", ".join(header)


def _convert(stub: Stub, desc: TypeDesc, value: V, native: int) -> None:
    m = stub.m
    if stub.marshals and desc.element is ElementType.BOOLEAN:
        memory, operand = _native_bool(m, value.ir, native)
        stub.pass_scalar(memory, operand, _bool_attribute(memory))
    elif stub.marshals and desc.element is ElementType.CHAR and not is_wide_text(stub, native):
        stub.pass_scalar("i8", m.value(f"trunc i32 {value.ir} to i8"), " zeroext")
    elif is_blittable(m.universe, desc, marshals=stub.marshals) or desc.element is ElementType.CHAR:
        _pass_blittable(stub, desc, value)
    elif desc.element is ElementType.BYREF and isinstance(desc, PointerType):
        _pass_reference(stub, desc.item, value, native)
    elif desc.element is ElementType.STRING:
        _pass_string(stub, value, native)
    elif isinstance(desc, ArrayType):
        _pass_array(stub, desc, value)
    elif isinstance(desc, NamedType) and desc.full_name == "System.Text.StringBuilder":
        _pass_builder(stub, desc, value, native)
    elif isinstance(desc, NamedType) and is_safe_handle(m.universe, desc):
        _pass_safe_handle(stub, value)
    elif isinstance(desc, NamedType) and desc.is_reference and desc.definition.flags & LAYOUT_MASK:
        if not is_blittable_layout(m.universe, desc, marshals=stub.marshals):
            raise stub.refuse(desc)
        _pass_inside(stub, value, _OBJECT_HEADER)
    else:
        raise stub.refuse(desc)


def _native_bool(m: MethodEmitter, operand: str, native: int) -> tuple[str, str]:
    """(LLVM type, operand) of a boolean: BOOL of four bytes unless MarshalAs says otherwise."""
    is_set = m.value(f"icmp ne i32 {operand}, 0")
    if native in (I1, U1):
        return "i8", m.value(f"zext i1 {is_set} to i8")
    if native == VARIANT_BOOL:
        return "i16", m.value(f"sext i1 {is_set} to i16")
    return "i32", m.value(f"zext i1 {is_set} to i32")


def _bool_attribute(memory: str) -> str:
    return {"i8": " zeroext", "i16": " signext"}.get(memory, "")


def is_wide_text(stub: Stub, native: int) -> bool:
    return native in (I2, U2, LPWSTR) or (native not in (I1, U1, *UTF8_TYPES) and stub.is_unicode)


def _pass_blittable(stub: Stub, desc: TypeDesc, value: V) -> None:
    m = stub.m
    one = scalar(m.universe, desc)
    if one is not None:
        stub.pass_scalar(one[0], m.to_memory(desc, value), extension(desc, one[0]))
        return
    parts = register_parts(m.universe, desc)
    size, align = value_size(m.universe, desc)
    if parts is None or not stub.registers.take(parts):
        stub.operands.append(f"ptr byval([{size} x i8]) align {max(align, 8)} {value.ir}")
        return
    # Whole eightbytes are read: the copy has room for them.
    copy = m.alloca(f"[{len(parts) * 8} x i8]", 8)
    m.copy_bytes(copy, value.ir, desc)
    stub.operands += [f"{part} {m.value(f'load {part}, ptr {m.gep(copy, offset)}, align 8')}" for offset, part in parts]


def _pass_pointer(stub: Stub, pointer: str) -> None:
    stub.pass_scalar("ptr", pointer)


def _keep(stub: Stub, operand: str) -> None:
    """The object lives until the call is done."""
    stub.after.append(lambda: stub.m.emit(f'call void asm sideeffect "", "r"(ptr {operand})'))


def _pass_inside(stub: Stub, value: V, offset: int) -> None:
    """Passes the address of an object's content; null for null."""
    m = stub.m
    inside = m.value(f"getelementptr i8, ptr {value.ir}, i64 {offset}")
    _pass_pointer(stub, m.value(f"select i1 {m.value(f'icmp eq ptr {value.ir}, null')}, ptr null, ptr {inside}"))
    _keep(stub, value.ir)


def _pass_reference(stub: Stub, item: TypeDesc, value: V, native: int) -> None:
    """ref, out and in: the address itself, or of a converted copy that is converted back."""
    m = stub.m
    if is_blittable(m.universe, item, marshals=stub.marshals) or (item.element is ElementType.CHAR and is_wide_text(stub, native)):
        _pass_pointer(stub, value.ir)
        _keep(stub, value.ir)
        return
    if item.element is not ElementType.BOOLEAN:
        raise stub.refuse(m.universe.byref(item))
    memory, operand = _native_bool(m, m.load(item, value.ir).ir, native)
    copy = m.alloca(memory, 8)
    m.emit(f"store {memory} {operand}, ptr {copy}, align 8")
    _pass_pointer(stub, copy)

    def restore() -> None:
        is_set = m.value(f"icmp ne {memory} {m.value(f'load {memory}, ptr {copy}, align 8')}, 0")
        m.store(item, value.ir, V("i", m.value(f"zext i1 {is_set} to i32"), item))

    stub.after.append(restore)


def _pass_string(stub: Stub, value: V, native: int) -> None:
    m = stub.m
    if is_wide_text(stub, native):
        _pass_inside(stub, value, _STRING_CHARS)
        return
    if native not in (0, *UTF8_TYPES):
        raise stub.refuse(m.universe.primitive(ElementType.STRING))
    text = m.call("ptr", m.runtime("rt_marshal_utf8", "ptr", "ptr"), [f"ptr {value.ir}"])
    _pass_pointer(stub, text)
    _free_after(stub, text)


def _free_after(stub: Stub, operand: str) -> None:
    free = stub.m.declare("free", "declare void @free(ptr)")
    stub.after.append(lambda: stub.m.emit(f"call void {free}(ptr {operand})"))


def _pass_array(stub: Stub, desc: ArrayType, value: V) -> None:
    """Arrays of blittable elements are passed where they stand; strings become a copy that C may read."""
    m = stub.m
    if is_blittable(m.universe, desc.item, marshals=stub.marshals) or (desc.item.element is ElementType.CHAR and stub.is_unicode):
        _pass_inside(stub, value, _VECTOR_DATA + 8 * desc.rank)
        return
    if desc.rank or desc.item.element is not ElementType.STRING:
        raise stub.refuse(desc)
    copier = m.runtime("rt_marshal_strings", "ptr", "ptr, i32")
    texts = m.call("ptr", copier, [f"ptr {value.ir}", f"i32 {int(stub.is_unicode)}"])
    _pass_pointer(stub, texts)
    _keep(stub, value.ir)
    release = m.runtime("rt_release_strings", "void", "ptr, ptr, i32")
    stub.after.append(lambda: m.emit(f"call void {release}(ptr {texts}, ptr {value.ir}, i32 {int(stub.is_unicode)})"))


def _pass_builder(stub: Stub, desc: NamedType, value: V, native: int) -> None:
    """A buffer of the builder's capacity with its text; what C leaves there becomes the text. Null stays null."""
    m = stub.m
    is_wide = int(is_wide_text(stub, native))
    string = m.universe.primitive(ElementType.STRING)
    m.null_check(value, value.ir)
    call_method(m, m.universe.find_method(desc, "ToString", 0), value, [])
    text = m.pop().ir
    call_method(m, m.universe.find_method(desc, "get_Capacity", 0), value, [])
    capacity = m.pop().ir
    buffer = m.call("ptr", m.runtime("rt_marshal_buffer", "ptr", "ptr, i32, i32"), [f"ptr {text}", f"i32 {capacity}", f"i32 {is_wide}"])
    _pass_pointer(stub, buffer)

    def restore() -> None:
        taken = m.call("ptr", m.runtime("rt_unmarshal_string", "ptr", "ptr, i32"), [f"ptr {buffer}", f"i32 {is_wide}"])
        call_method(m, m.universe.find_method(desc, "set_Length", 1), value, [V("i", "0")])
        append = next(
            method
            for method in (m.universe.method(d, desc, ()) for d in desc.definition.methods_named("Append"))
            if m.universe.signature(method).parameters == (string,)
        )
        call_method(m, append, value, [V("p", taken, string)])
        m.pop()

    stub.after.append(restore)


def is_safe_handle(universe: TypeUniverse, desc: NamedType) -> bool:
    current: NamedType | None = desc
    while current is not None and current.full_name != _SAFE_HANDLE:
        current = universe.base_type(current)
    return current is not None


def _pass_safe_handle(stub: Stub, value: V) -> None:
    m = stub.m
    owner = m.universe.corlib_type("System.Runtime.InteropServices", "SafeHandle")
    m.null_check(value, value.ir)
    was_added = m.alloca("i8", 1)
    m.emit(f"store i8 0, ptr {was_added}, align 1")
    call_method(m, m.universe.find_method(owner, "DangerousAddRef", 1), value, [V("p", was_added)])
    call_method(m, m.universe.find_method(owner, "DangerousGetHandle", 0), value, [])
    stub.pass_scalar("i64", m.coerce(m.pop(), "l"))
    stub.after.append(lambda: call_method(m, m.universe.find_method(owner, "DangerousRelease", 0), value, []))
