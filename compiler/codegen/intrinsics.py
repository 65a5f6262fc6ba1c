"""Methods whose code the compiler supplies at the call: the class library's [Intrinsic] methods that have no usable IL.

One table per declaring type: method name -> emitter. An emitter takes the popped arguments (`this` first) and returns
True after pushing the result, or False to leave the call to the ordinary path.
"""

from __future__ import annotations

from compiler.codegen.emitter import Emit, MethodEmitter, V
from compiler.codegen.intrinsics_atomic import ATOMIC_TABLES
from compiler.codegen.intrinsics_math import MATH_TABLES
from compiler.codegen.intrinsics_objects import OBJECT_TABLES
from compiler.codegen.intrinsics_types import TYPE_TABLES
from compiler.codegen.intrinsics_unsafe import UNSAFE_TABLES
from compiler.codegen.ops_stack import string_literal
from compiler.metadata.resources import embedded_resource
from compiler.metadata.resources_file import read_strings
from compiler.types.definitions import TypeDefinition
from compiler.types.type_desc import MethodDesc


def try_intrinsic(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    """Emits `method` inline when it is an intrinsic or has a known constant result."""
    owner = method.owner.definition
    if owner.module.name == "System.Private.CoreLib":
        table = TABLES.get(owner.full_name)
        if table is not None:
            emit = table.get(method.name)
            if emit is not None and emit(m, method, values):
                return True
        if owner.namespace.startswith("System.Runtime.Intrinsics.") and method.name == "get_IsSupported":
            m.push(V("i", "0"))
            return True
        if method.name == "get_IsSupported" and _is_nested_in_intrinsics(owner):
            m.push(V("i", "0"))
            return True
    if owner.name == "SR" and owner.namespace == "System" and method.name == "GetResourceString" and _resource_string(m, method, values):
        return True
    constant = m.constant_result(method)
    if constant is None:
        return False
    m.push(constant)
    return True


def _resource_string(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    """A message of the class library's own resources: looked up now, so that the program needs no resource reader."""
    if not isinstance(values[0].extra, str):
        return False
    module = method.definition.module
    found = module.sig_cache.get("messages")
    if found is None:
        name = "System.Private.CoreLib.Strings" if module.name == "System.Private.CoreLib" else f"FxResources.{module.name}.SR"
        raw = embedded_resource(module.image, f"{name}.resources")
        found = module.sig_cache["messages"] = {} if raw is None else read_strings(module.image.file, raw)
    assert isinstance(found, dict)
    text = found.get(values[0].extra)
    if text is None:
        return False
    m.push(string_literal(m, text))
    return True


def _is_nested_in_intrinsics(definition: TypeDefinition) -> bool:
    """Whether the type stands inside a class of hardware intrinsics, as Sse2.X64 does."""
    outer = definition
    while outer.enclosing is not None:
        outer = outer.enclosing
    return outer is not definition and outer.namespace.startswith("System.Runtime.Intrinsics.")


TABLES: dict[str, dict[str, Emit]] = {**UNSAFE_TABLES, **ATOMIC_TABLES, **MATH_TABLES, **TYPE_TABLES, **OBJECT_TABLES}
