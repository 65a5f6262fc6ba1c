"""LLVM text of constants and globals in the making, and the MethodTables that they refer to."""

from __future__ import annotations

from dataclasses import dataclass, field

from compiler.codegen.emitter import method_declaration
from compiler.codegen.lltypes import quote
from compiler.types.naming import symbol, type_key
from compiler.types.type_desc import MethodDesc, TypeDesc
from compiler.types.universe import TypeUniverse


@dataclass(slots=True)
class DataText:
    """LLVM text in the making. `pool` shares equal constants by content."""

    lines: list[str] = field(default_factory=list)
    declares: dict[str, str] = field(default_factory=dict)
    pool: dict[str, str] = field(default_factory=dict)

    def constant(self, ll_type: str, value: str, align: int) -> str:
        """A private constant, one per content; returns it in IR syntax."""
        text = f"{ll_type} {value}"
        name = self.pool.get(text)
        if name is None:
            name = self.pool[text] = f'@"c.{len(self.pool)}"'
            self.lines.append(f"{name} = internal unnamed_addr constant {text}, align {align}")
        return name

    def text(self, value: str) -> str:
        """A zero-terminated UTF-8 string constant."""
        return self.octets(value.encode("utf-8", "surrogatepass") + b"\0")

    def octets(self, raw: bytes) -> str:
        """A constant of these bytes."""
        body = "".join(chr(b) if 32 <= b < 127 and b not in (34, 92) else f"\\{b:02X}" for b in raw)
        return self.constant(f"[{len(raw)} x i8]", f'c"{body}"', 1)

    def method(self, universe: TypeUniverse, method: MethodDesc, prefix: str) -> str:
        """The address of a method's code."""
        name, declaration = method_declaration(universe, method, prefix)
        self.declares[name] = declaration
        return quote(name)


def method_table(desc: TypeDesc) -> str:
    """The MethodTable of `desc`, in IR syntax."""
    return quote(symbol("mt", type_key(desc)))


def signed(value: int) -> int:
    """The 32 bits of `value` as LLVM writes them."""
    return value - (1 << 32) if value >> 31 else value
