"""Arguments of a P/Invoke -> the operands that C gets, and what to do when the call is done: .NET's runtime marshalling on Unix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from compiler.codegen.emitter import MethodEmitter, Unsupported, V
from compiler.codegen.lltypes import scalar
from compiler.codegen.native_abi import Registers, extension, is_blittable, is_blittable_layout, register_parts
from compiler.codegen.ops_call import call_method
from compiler.codegen.synthesized import incoming
from compiler.flow.native_types import element_native_type, native_type
from compiler.flow.parameters import PARAM_OUT, parameter_rows
from compiler.metadata.signatures import ElementType
from compiler.types.definitions import LAYOUT_MASK
from compiler.types.layout import value_size
from compiler.types.type_desc import ArrayType, MethodDesc, NamedType, PointerType, TypeDesc
from compiler.types.universe import TypeUniverse

# Native types (ECMA-335 II.23.4 and its extensions).
_I1, _U1, _I2, _U2 = 0x03, 0x04, 0x05, 0x06
_BOOL, _LPSTR, _LPWSTR, _LPTSTR, _VARIANT_BOOL, _LPUTF8STR = 0x02, 0x14, 0x15, 0x16, 0x25, 0x30
_OBJECT_HEADER, _STRING_CHARS, _VECTOR_DATA = 8, 12, 16
_SAFE_HANDLE = "System.Runtime.InteropServices.SafeHandle"
# MarshalAs -> the LLVM type of a boolean.
_BOOLEANS = {0: "i32", _BOOL: "i32", _I1: "i8", _U1: "i8", _VARIANT_BOOL: "i16"}


class TextForm(Enum):
    """How C sees characters. CharSet.Auto and Ansi are UTF-8 on Unix."""

    UTF8 = "utf8"
    UTF16 = "utf16"


_STRINGS = {_LPSTR: TextForm.UTF8, _LPTSTR: TextForm.UTF8, _LPUTF8STR: TextForm.UTF8, _LPWSTR: TextForm.UTF16}
_CHARACTERS = {_I1: TextForm.UTF8, _U1: TextForm.UTF8, _I2: TextForm.UTF16, _U2: TextForm.UTF16}


@dataclass(slots=True)
class PlatformCall:
    """One P/Invoke in the making. `operands` go to C in order; `after` runs when the call is done, last first."""

    m: MethodEmitter
    text: str
    marshals: bool
    char_set: TextForm
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

    def boolean_type(self, desc: TypeDesc, native: int) -> str:
        """The LLVM type of a boolean: BOOL of four bytes unless MarshalAs says otherwise. Raises Unsupported."""
        if native not in _BOOLEANS:
            raise self.refuse(desc)
        return _BOOLEANS[native]

    def string_form(self, desc: TypeDesc, native: int) -> TextForm:
        """How a string is given to C. Raises Unsupported for forms of COM."""
        return self._form(_STRINGS, desc, native)

    def character_form(self, desc: TypeDesc, native: int) -> TextForm:
        """How a single character is given to C. Raises Unsupported."""
        return self._form(_CHARACTERS, desc, native)

    def _form(self, forms: dict[int, TextForm], desc: TypeDesc, native: int) -> TextForm:
        found = forms.get(native) if native else self.char_set
        if found is None:
            raise self.refuse(desc)
        return found


@dataclass(frozen=True, slots=True)
class _Argument:
    """One argument: its type and value, what MarshalAs says of it and of its elements, and whether it is [Out]."""

    desc: TypeDesc
    value: V
    native: int
    element: int
    is_out: bool


def convert_arguments(call: PlatformCall, method: MethodDesc) -> str:
    """Converts every argument; gives the parameter list of the managed function. Raises Unsupported."""
    m, definition = call.m, method.definition
    header, values = incoming(m, "")
    rows = parameter_rows(definition)
    for sequence, (desc, value) in enumerate(zip(m.signature.parameters, values, strict=True), 1):
        is_out = sequence in rows and bool(rows[sequence].flags & PARAM_OUT)
        argument = _Argument(desc, value, native_type(definition, sequence), element_native_type(definition, sequence), is_out)
        _conversion(call, desc)(call, argument)
    return header


_Conversion = Callable[[PlatformCall, _Argument], None]


def _conversion(call: PlatformCall, desc: TypeDesc) -> _Conversion:
    """What converts an argument of that type. Raises Unsupported."""
    if call.marshals and desc.element in _MARSHALLED:
        return _MARSHALLED[desc.element]
    if is_blittable(call.m.universe, desc, marshals=call.marshals):
        return _pass_blittable
    if call.marshals and isinstance(desc, NamedType) and desc.is_reference:
        for applies, conversion in _OBJECTS:
            if applies(call.m.universe, desc):
                return conversion
    raise call.refuse(desc)


def native_boolean(m: MethodEmitter, memory: str, operand: str) -> str:
    """The operand of a boolean as the LLVM type that C gets: 0, and 1 or, for VARIANT_BOOL, -1."""
    is_set = m.value(f"icmp ne i32 {operand}, 0")
    return m.value(f"{'sext' if memory == 'i16' else 'zext'} i1 {is_set} to {memory}")


def managed_boolean(m: MethodEmitter, memory: str, operand: str) -> str:
    """The stack value of a boolean that C gave: whatever is not 0 is true."""
    return m.value(f"zext i1 {m.value(f'icmp ne {memory} {operand}, 0')} to i32")


def _pass_boolean(call: PlatformCall, argument: _Argument) -> None:
    memory = call.boolean_type(argument.desc, argument.native)
    attribute = {"i8": " zeroext", "i16": " signext"}.get(memory, "")
    call.pass_scalar(memory, native_boolean(call.m, memory, argument.value.ir), attribute)


def _pass_character(call: PlatformCall, argument: _Argument) -> None:
    if call.character_form(argument.desc, argument.native) is TextForm.UTF16:
        _pass_blittable(call, argument)
        return
    convert = call.m.universe.find_method(character_marshaler(call.m.universe), "ConvertToNative", 3)
    call_method(call.m, convert, None, [argument.value, V("i", "1"), V("i", "0")])
    call.pass_scalar("i8", call.m.value(f"trunc i32 {call.m.pop().ir} to i8"), " zeroext")


def character_marshaler(universe: TypeUniverse) -> NamedType:
    """The class library's conversion of single characters to and from bytes."""
    return universe.corlib_type("System.StubHelpers", "AnsiCharMarshaler")


def _pass_blittable(call: PlatformCall, argument: _Argument) -> None:
    m, desc, value = call.m, argument.desc, argument.value
    one = scalar(m.universe, desc)
    if one is not None:
        call.pass_scalar(one[0], m.to_memory(desc, value), extension(desc, one[0]))
        return
    parts = register_parts(m.universe, desc)
    size, align = value_size(m.universe, desc)
    if parts is None or not call.registers.take(parts):
        call.operands.append(f"ptr byval([{size} x i8]) align {max(align, 8)} {value.ir}")
        return
    # Whole eightbytes are read: the copy has room for them.
    copy = m.alloca(f"[{len(parts) * 8} x i8]", 8)
    m.copy_bytes(copy, value.ir, desc)
    call.operands += [f"{part} {m.value(f'load {part}, ptr {m.gep(copy, offset)}, align 8')}" for offset, part in parts]


def _keep(call: PlatformCall, operand: str) -> None:
    """The object lives until the call is done."""
    call.after.append(lambda: call.m.emit(f'call void asm sideeffect "", "r"(ptr {operand})'))


def _pass_inside(call: PlatformCall, value: V, offset: int) -> None:
    """Passes the address of an object's content; null for null."""
    m = call.m
    inside = m.value(f"getelementptr i8, ptr {value.ir}, i64 {offset}")
    call.pass_scalar("ptr", m.value(f"select i1 {m.value(f'icmp eq ptr {value.ir}, null')}, ptr null, ptr {inside}"))
    _keep(call, value.ir)


def _pass_reference(call: PlatformCall, argument: _Argument) -> None:
    """ref, out and in: the address itself, or of a converted copy that is converted back."""
    m, value = call.m, argument.value
    assert isinstance(argument.desc, PointerType)
    item = argument.desc.item
    is_wide = item.element is ElementType.CHAR and call.character_form(item, argument.native) is TextForm.UTF16
    if is_wide or is_blittable(m.universe, item, marshals=call.marshals):
        call.pass_scalar("ptr", value.ir)
        _keep(call, value.ir)
        return
    if item.element is not ElementType.BOOLEAN:
        raise call.refuse(argument.desc)
    memory = call.boolean_type(item, argument.native)
    copy = m.alloca(memory, 8)
    m.emit(f"store {memory} {native_boolean(m, memory, m.load(item, value.ir).ir)}, ptr {copy}, align 8")
    call.pass_scalar("ptr", copy)

    def restore() -> None:
        found = managed_boolean(m, memory, m.value(f"load {memory}, ptr {copy}, align 8"))
        m.store(item, value.ir, V("i", found, item))

    call.after.append(restore)


def _pass_string(call: PlatformCall, argument: _Argument) -> None:
    m, value = call.m, argument.value
    if call.string_form(argument.desc, argument.native) is TextForm.UTF16:
        _pass_inside(call, value, _STRING_CHARS)
        return
    text = m.call("ptr", m.runtime("rt_marshal_utf8", "ptr", "ptr"), [f"ptr {value.ir}"])
    call.pass_scalar("ptr", text)
    free = m.declare("free", "declare void @free(ptr)")
    call.after.append(lambda: m.emit(f"call void {free}(ptr {text})"))


def _pass_array(call: PlatformCall, argument: _Argument) -> None:
    """Arrays of blittable elements are passed where they stand; strings become a copy that C may read."""
    m, desc, value = call.m, argument.desc, argument.value
    assert isinstance(desc, ArrayType)
    is_wide = desc.item.element is ElementType.CHAR and call.character_form(desc, argument.element) is TextForm.UTF16
    if is_wide or is_blittable(m.universe, desc.item, marshals=call.marshals):
        _pass_inside(call, value, _VECTOR_DATA + 8 * desc.rank)
        return
    if desc.rank or desc.item.element is not ElementType.STRING or argument.is_out:
        raise call.refuse(desc)
    form = f"i32 {int(call.string_form(desc, argument.element) is TextForm.UTF16)}"
    texts = m.call("ptr", m.runtime("rt_marshal_strings", "ptr", "ptr, i32"), [f"ptr {value.ir}", form])
    call.pass_scalar("ptr", texts)
    _keep(call, value.ir)
    release = m.runtime("rt_release_strings", "void", "ptr, ptr, i32")
    call.after.append(lambda: m.emit(f"call void {release}(ptr {texts}, ptr {value.ir}, {form})"))


def _unless_null(m: MethodEmitter, operand: str, emit: Callable[[], None]) -> None:
    """What `emit` appends runs only when the reference is not null."""
    inside, behind = m.label("some"), m.label("none")
    m.emit(f"br i1 {m.value(f'icmp eq ptr {operand}, null')}, label %{behind}, label %{inside}")
    m.start_block(inside)
    emit()
    m.branch(behind)
    m.start_block(behind)


def _pass_builder(call: PlatformCall, argument: _Argument) -> None:
    """A buffer of the builder's capacity with its text; what C leaves there becomes the text. Null stays null."""
    m, value, builder = call.m, argument.value, argument.desc
    assert isinstance(builder, NamedType)
    form = f"i32 {int(call.string_form(builder, argument.native) is TextForm.UTF16)}"
    home = m.alloca("ptr", 8)
    m.emit(f"store ptr null, ptr {home}, align 8")

    def fill() -> None:
        call_method(m, m.universe.find_method(builder, "ToString", 0), value, [])
        text = m.pop().ir
        call_method(m, m.universe.find_method(builder, "get_Capacity", 0), value, [])
        made = m.call("ptr", m.runtime("rt_marshal_buffer", "ptr", "ptr, i32, i32"), [f"ptr {text}", f"i32 {m.pop().ir}", form])
        m.emit(f"store ptr {made}, ptr {home}, align 8")

    def restore() -> None:
        buffer = m.value(f"load ptr, ptr {home}, align 8")
        taken = m.call("ptr", m.runtime("rt_unmarshal_string", "ptr", "ptr, i32"), [f"ptr {buffer}", form])
        call_method(m, m.universe.find_method(builder, "set_Length", 1), value, [V("i", "0")])
        call_method(m, _append(m.universe, builder), value, [V("p", taken)])
        m.pop()

    _unless_null(m, value.ir, fill)
    call.pass_scalar("ptr", m.value(f"load ptr, ptr {home}, align 8"))
    call.after.append(lambda: _unless_null(m, value.ir, restore))


def _append(universe: TypeUniverse, builder: NamedType) -> MethodDesc:
    """StringBuilder.Append(string)."""
    overloads = (universe.method(each, builder, ()) for each in builder.definition.methods_named("Append"))
    return next(each for each in overloads if universe.signature(each).parameters == (universe.primitive(ElementType.STRING),))


def is_safe_handle(universe: TypeUniverse, desc: NamedType) -> bool:
    """Whether the class is SafeHandle or derives from it."""
    current: NamedType | None = desc
    while current is not None and current.full_name != _SAFE_HANDLE:
        current = universe.base_type(current)
    return current is not None


def _pass_safe_handle(call: PlatformCall, argument: _Argument) -> None:
    """The handle's value, counted as used until the call is done; null is refused as the class library does."""
    m, value = call.m, argument.value
    helpers = m.universe.corlib_type("System.StubHelpers", "StubHelpers")
    was_added = m.alloca("i8", 1)
    m.emit(f"store i8 0, ptr {was_added}, align 1")
    call_method(m, m.universe.find_method(helpers, "SafeHandleAddRef", 2), None, [value, V("p", was_added)])
    call.pass_scalar("i64", m.coerce(m.pop(), "l"))
    call.after.append(lambda: call_method(m, m.universe.find_method(helpers, "SafeHandleRelease", 1), None, [value]))


def _pass_layout_class(call: PlatformCall, argument: _Argument) -> None:
    """A class with layout goes by the address of its fields."""
    assert isinstance(argument.desc, NamedType)
    if not is_blittable_layout(call.m.universe, argument.desc, marshals=call.marshals):
        raise call.refuse(argument.desc)
    _pass_inside(call, argument.value, _OBJECT_HEADER)


# What marshalling converts, by element type; everything else is passed as it is or is a class below.
_MARSHALLED: dict[ElementType, _Conversion] = {
    ElementType.BOOLEAN: _pass_boolean,
    ElementType.CHAR: _pass_character,
    ElementType.BYREF: _pass_reference,
    ElementType.STRING: _pass_string,
    ElementType.SZARRAY: _pass_array,
    ElementType.ARRAY: _pass_array,
}
_OBJECTS: tuple[tuple[Callable[[TypeUniverse, NamedType], bool], _Conversion], ...] = (
    (lambda _, desc: desc.full_name == "System.Text.StringBuilder", _pass_builder),
    (is_safe_handle, _pass_safe_handle),
    (lambda _, desc: bool(desc.definition.flags & LAYOUT_MASK), _pass_layout_class),
)
