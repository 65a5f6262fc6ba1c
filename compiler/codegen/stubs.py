"""Code for runtime calls without an implementation: each throws PlatformNotSupportedException that names the call."""

from __future__ import annotations

from compiler.codegen.lltypes import quote
from compiler.codegen.units import Unit, program_unit


def missing_natives_unit(names: list[str], options: str) -> Unit:
    """A unit that defines every function in `names`."""
    lines = ['declare void @"rt_throw_unsupported"(ptr)']
    for index, name in enumerate(names):
        raw = name.encode() + b"\0"
        body = "".join(f"\\{b:02X}" for b in raw)
        lines.append(f'@"n{index}" = internal constant [{len(raw)} x i8] c"{body}"')
        lines.append(f'define void {quote(name)}() cold uwtable {{\ncall void @"rt_throw_unsupported"(ptr @"n{index}")\nunreachable\n}}')
    return program_unit("\n".join(lines) + "\n", options)
