"""IL2050 and IL3055: calls of P/Invoke methods whose marshalling needs COM, or code for an abstract delegate."""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.context import ModuleContext
from analyzers.finding import RawFinding
from analyzers.rule import RULES
from compiler.flow.facts import MethodUse
from compiler.flow.native_types import native_type
from compiler.flow.reader_kind import ReaderKind
from compiler.types.definitions import LAYOUT_MASK
from compiler.types.type_desc import ArrayType, NamedType, PointerType, TypeDesc
from compiler.types.universe import TypeUniverse

_COM_NATIVE_TYPES = frozenset((0x19, 0x1A, 0x1C))
_DELEGATES = ("System.Delegate", "System.MulticastDelegate")
_NEVER_COM = ("System.String", "System.Text.StringBuilder", *_DELEGATES)
_HANDLES = ("System.Runtime.InteropServices.CriticalHandle", "System.Runtime.InteropServices.SafeHandle")


def check_platform_call(context: ModuleContext, use: MethodUse) -> Iterator[RawFinding]:
    """The findings for a call of a P/Invoke method; none for other methods."""
    method = use.method.definition
    if method.pinvoke is None:
        return
    universe = context.lookups.universe
    signature = universe.signature(use.method)
    is_build = context.lookups.reader is ReaderKind.BUILD
    com = abstract = False
    for sequence, desc in enumerate((signature.return_type, *signature.parameters)):
        native = native_type(method, sequence)
        com = com or (_is_interface(native, desc) if is_build else _is_com(universe, native, desc))
        if is_build:
            continue
        abstract = abstract or (isinstance(desc, NamedType) and desc.full_name in _DELEGATES)
    for found, rule in ((abstract, RULES["IL3055"]), (com, RULES["IL2050"])):
        if found and not context.is_silenced(rule, use.origin.member):
            name = context.names.called(use.method, use.origin.member)
            yield RawFinding(rule, rule.message(name), use.origin.member, context.positions.at(use.origin))


def _is_interface(native_type: int, desc: TypeDesc) -> bool:
    """What the build's analyzers take for COM: interfaces, by type or by attribute."""
    if isinstance(desc, PointerType):
        desc = desc.item
    return (
        native_type in _COM_NATIVE_TYPES
        if native_type
        else isinstance(desc, NamedType) and (desc.is_interface or desc.full_name == "System.Array")
    )


def _is_com(universe: TypeUniverse, native_type: int, desc: TypeDesc) -> bool:
    """Whether a parameter is marshalled as a COM interface, by attribute or by the default for its type."""
    if native_type:
        return native_type in _COM_NATIVE_TYPES
    if isinstance(desc, PointerType) and desc.element.name == "PTR":
        return False
    while isinstance(desc, ArrayType | PointerType):
        desc = desc.item
    if not isinstance(desc, NamedType) or desc.is_value_type:
        return False
    if desc.full_name == "System.Array":
        return True
    if desc.full_name in _NEVER_COM or desc.is_delegate:
        return False
    if desc.is_interface:
        return True
    base: NamedType | None = desc
    while base is not None:
        if base.full_name in _HANDLES:
            return False
        base = universe.base_type(base)
    return not desc.definition.flags & LAYOUT_MASK
