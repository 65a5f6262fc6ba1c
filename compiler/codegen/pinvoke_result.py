"""The result of a P/Invoke: how C gives it back, and the managed value that it becomes."""

from __future__ import annotations

from compiler.codegen.emitter import V
from compiler.codegen.lltypes import scalar
from compiler.codegen.native_abi import is_blittable, register_parts
from compiler.codegen.ops_call import call_method
from compiler.codegen.ops_object import allocate
from compiler.codegen.pinvoke_arguments import PlatformCall, TextForm, character_marshaler, is_safe_handle, managed_boolean
from compiler.metadata.signatures import ElementType
from compiler.types.definitions import TYPE_ABSTRACT
from compiler.types.layout import value_size
from compiler.types.type_desc import NamedType, TypeDesc


class Result:
    """How the result comes back from C. Made before the arguments, for a result in memory takes a register of theirs."""

    def __init__(self, call: PlatformCall, desc: TypeDesc, native: int) -> None:
        self.call = call
        self.desc = desc
        self.form = call.char_set
        self.parts: list[tuple[int, str]] = []
        self.memory = ""
        self.handle: V | None = None
        universe = call.m.universe
        if desc.element is ElementType.VOID:
            self.type = "void"
        elif call.marshals and desc.element is ElementType.BOOLEAN:
            self.type = call.boolean_type(desc, native)
        elif call.marshals and desc.element is ElementType.CHAR:
            self.type = "i16" if call.character_form(desc, native) is TextForm.UTF16 else "i8"
        elif is_blittable(universe, desc, marshals=call.marshals):
            self.type = self._blittable()
        elif call.marshals and desc.element is ElementType.STRING:
            self.form = call.string_form(desc, native)
            self.type = "ptr"
        elif call.marshals and isinstance(desc, NamedType) and is_safe_handle(universe, desc) and not desc.definition.flags & TYPE_ABSTRACT:
            self.type = "i64"
            self.handle = self._new_handle(desc)
        else:
            raise call.refuse(desc)

    def _blittable(self) -> str:
        m = self.call.m
        one = scalar(m.universe, self.desc)
        if one is not None:
            return one[0]
        parts = register_parts(m.universe, self.desc)
        if parts is None:
            size, align = value_size(m.universe, self.desc)
            self.memory = m.struct_temp(self.desc)
            self.call.pass_scalar("ptr", self.memory, f" sret([{size} x i8]) align {align}")
            return "void"
        self.parts = parts
        return parts[0][1] if len(parts) == 1 else "{" + ", ".join(part for _, part in parts) + "}"

    def _new_handle(self, desc: NamedType) -> V:
        """The handle exists before the call, so that nothing can fail between the call and its ownership."""
        m = self.call.m
        made = V("p", allocate(m, desc), desc, nonnull=True)
        call_method(m, m.universe.find_method(desc, ".ctor", 0), made, [])
        return made

    def take(self, operand: str) -> V | None:
        """The managed value of what C returned; None for void."""
        m, desc = self.call.m, self.desc
        if self.handle is not None:
            marshal = m.universe.corlib_type("System.Runtime.InteropServices", "Marshal")
            call_method(m, m.universe.find_method(marshal, "InitHandle", 2), None, [self.handle, V("l", operand)])
            return self.handle
        if self.memory:
            return V("s", self.memory, desc)
        if self.parts:
            return self._from_parts(operand)
        if desc.element is ElementType.VOID:
            return None
        if self.call.marshals and desc.element is ElementType.BOOLEAN:
            return V("i", managed_boolean(m, self.type, operand), desc)
        if desc.element is ElementType.CHAR and self.type == "i8":
            convert = m.universe.find_method(character_marshaler(m.universe), "ConvertToManaged", 1)
            call_method(m, convert, None, [V("i", m.value(f"zext i8 {operand} to i32"))])
            return m.pop()
        if desc.element is ElementType.STRING:
            take = m.runtime("rt_unmarshal_string", "ptr", "ptr, i32")
            return V("p", m.call("ptr", take, [f"ptr {operand}", f"i32 {int(self.form is TextForm.UTF16)}"]), desc)
        return m.from_memory(desc, operand)

    def _from_parts(self, operand: str) -> V:
        m = self.call.m
        whole = m.alloca(f"[{len(self.parts) * 8} x i8]", 8)
        for index, (offset, part) in enumerate(self.parts):
            one = operand if len(self.parts) == 1 else m.value(f"extractvalue {self.type} {operand}, {index}")
            m.emit(f"store {part} {one}, ptr {m.gep(whole, offset)}, align 8")
        return V("s", whole, self.desc)
