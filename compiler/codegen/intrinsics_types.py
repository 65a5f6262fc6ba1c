"""Questions about types that are known at compile time, and objects of types chosen so: default comparers, Activator.CreateInstance."""

from __future__ import annotations

from compiler.codegen.emitter import Emit, MethodEmitter, V
from compiler.codegen.ops_memory import zero
from compiler.codegen.ops_object import allocate, runtime_type
from compiler.codegen.ops_stack import type_symbol
from compiler.flow.type_names import resolve_type_name
from compiler.metadata.signatures import ElementType
from compiler.types.casting import can_cast
from compiler.types.definitions import TYPE_ABSTRACT
from compiler.types.type_desc import MethodDesc, NamedType, TypeDesc


def _get_type(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    pointer = m.coerce(values[0], "p")
    m.null_check(values[0], pointer)
    table = m.value(f"load ptr, ptr {pointer}, align 8")
    auxiliary = m.value(f"load ptr, ptr {m.gep(table, 0x20)}, align 8")
    found = m.value(f"load ptr, ptr {m.gep(auxiliary, 8)}, align 8")
    m.push(V("p", found, m.universe.corlib_type("System", "RuntimeType"), nonnull=True))
    return True


def _type_from_handle(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    if not isinstance(values[0].extra, TypeDesc):
        return False
    m.push(runtime_type(m, values[0].extra))
    return True


def _type_by_name(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    """Type.GetType of a literal that names a type: the type itself, as for typeof."""
    if not isinstance(values[0].extra, str) or len(values) > 3 or (len(values) == 3 and values[2].constant != 0):
        return False
    if not all(value.kind == "i" for value in values[1:]):
        return False
    found = resolve_type_name(m.universe, values[0].extra, m.module)
    if found is None or found.is_open:
        return False
    m.push(runtime_type(m, found))
    return True


def _type_equality(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    a, b = values[0].extra, values[1].extra
    if not isinstance(a, TypeDesc) or not isinstance(b, TypeDesc):
        return False
    m.push(V("i", "1" if (a is b) == (method.name == "op_Equality") else "0"))
    return True


def _type_is_value_type(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    desc = values[0].extra
    if not isinstance(desc, TypeDesc) or desc.is_open:
        return False
    m.push(V("i", "1" if desc.is_value_type else "0"))
    return True


def _type_is_enum(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    desc = values[0].extra
    if not isinstance(desc, TypeDesc) or desc.is_open:
        return False
    m.push(V("i", "1" if isinstance(desc, NamedType) and desc.is_enum else "0"))
    return True


def _executing_assembly(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    """The assembly of the method that calls: known now. Where the class library asks for its own caller, the program's assembly stands."""
    if values:
        m.need("native", "rt_entry_assembly_object")
        found = m.call("ptr", m.runtime("rt_entry_assembly_object", "nonnull ptr", ""), [])
        m.push(V("p", found, m.universe.corlib_type("System.Reflection", "RuntimeAssembly"), nonnull=True))
        return True
    m.need("native", "ic_RuntimeTypeHandle_GetAssembly")
    helper = m.runtime("ic_RuntimeTypeHandle_GetAssembly", "nonnull ptr", "ptr")
    result = m.call("ptr", helper, [f"ptr {runtime_type(m, m.method.owner).ir}"])
    m.push(V("p", result, m.universe.corlib_type("System.Reflection", "RuntimeAssembly"), nonnull=True))
    return True


def _create_instance(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    if len(method.args) != 1 or values:
        return False
    desc = method.args[0]
    if not isinstance(desc, NamedType):
        return False
    constructor = next((d for d in desc.definition.methods_named(".ctor") if not d.sig.parameters), None)
    if desc.is_value_type:
        temp = m.struct_temp(desc)
        zero(m, temp, desc)
        if constructor is not None:
            m.call("void", m.method_symbol(m.universe.method(constructor, desc, ())), [f"ptr {temp}"])
        m.push(V("s", temp, desc) if m.kind_of(desc) == "s" else m.load(desc, temp))
        return True
    if constructor is None or desc.definition.flags & TYPE_ABSTRACT:
        return False
    m.need("constructed", desc)
    helper = m.runtime("rt_new_by_constructor", "nonnull ptr", "ptr, ptr")
    code = m.method_symbol(m.universe.method(constructor, desc, ()))
    m.push(V("p", m.call("ptr", helper, [f"ptr {type_symbol(m, desc)}", f"ptr {code}"]), desc, nonnull=True))
    return True


def new_object(m: MethodEmitter, desc: NamedType) -> V:
    """`new T()` of a class with a parameterless constructor."""
    result = V("p", allocate(m, desc), desc, nonnull=True)
    constructor = m.universe.find_method(desc, ".ctor", 0)
    m.call("void", m.method_symbol(constructor), [f"ptr {result.ir}"])
    return result


def _enum_is_flags(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    """EnumInfo.Create asks one attribute question, whose answer is in the type's data: no attribute reader is needed."""
    if m.method.name != "Create" or not m.method.owner.full_name.startswith("System.Enum+EnumInfo"):
        return False
    flag = m.value(f"call zeroext i8 {m.runtime('rt_enum_has_flags', 'zeroext i8', 'ptr', 'nounwind')}(ptr {m.coerce(values[0], 'p')})")
    m.push(V("i", m.value(f"zext i8 {flag} to i32")))
    return True


def _is_assignable_from(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    target, source = values[0].extra, values[1].extra
    if not isinstance(target, TypeDesc) or not isinstance(source, TypeDesc) or target.is_open or source.is_open:
        return False
    m.push(V("i", "1" if can_cast(m.universe, source, target) else "0"))
    return True


def _create_for_parameter(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    """`new G<T>()` from typeof(G<anything>) and typeof(T), as the library's default comparers and sorters make themselves."""
    types = [v.extra for v in values]
    if not isinstance(types[0], NamedType) or not all(isinstance(t, TypeDesc) and not t.is_open for t in types):
        return False
    args = tuple(t for t in types[1:] if isinstance(t, TypeDesc))
    if len(args) != types[0].definition.generic_count:
        return False
    m.push(new_object(m, m.universe.named(types[0].definition, args)))
    return True


def _default_equality(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    desc = values[0].extra
    if not isinstance(desc, TypeDesc) or desc.is_open:
        return False
    generic = "System.Collections.Generic"
    corlib = m.universe.corlib_type
    if desc.element is ElementType.U1:
        found = corlib(generic, "ByteEqualityComparer")
    elif can_cast(m.universe, desc, corlib("System", "IEquatable`1", desc)):
        found = corlib(generic, "GenericEqualityComparer`1", desc)
    elif isinstance(desc, NamedType) and desc.is_nullable:
        found = corlib(generic, "NullableEqualityComparer`1", desc.args[0])
    elif isinstance(desc, NamedType) and desc.is_enum:
        found = corlib(generic, "EnumEqualityComparer`1", desc)
    else:
        found = corlib(generic, "ObjectEqualityComparer`1", desc)
    m.push(new_object(m, found))
    return True


def _default_comparer(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    desc = values[0].extra
    if not isinstance(desc, TypeDesc) or desc.is_open:
        return False
    generic = "System.Collections.Generic"
    corlib = m.universe.corlib_type
    if can_cast(m.universe, desc, corlib("System", "IComparable`1", desc)):
        found = corlib(generic, "GenericComparer`1", desc)
    elif isinstance(desc, NamedType) and desc.is_nullable:
        found = corlib(generic, "NullableComparer`1", desc.args[0])
    elif isinstance(desc, NamedType) and desc.is_enum:
        found = corlib(generic, "EnumComparer`1", desc)
    else:
        found = corlib(generic, "ObjectComparer`1", desc)
    m.push(new_object(m, found))
    return True


TYPE_TABLES: dict[str, dict[str, Emit]] = {
    "System.Object": {"GetType": _get_type},
    "System.Type": {
        "GetTypeFromHandle": _type_from_handle, "GetType": _type_by_name, "op_Equality": _type_equality, "op_Inequality": _type_equality,
        "get_IsValueType": _type_is_value_type, "get_IsEnum": _type_is_enum, "IsAssignableFrom": _is_assignable_from,
    },
    "System.Reflection.MemberInfo": {"IsDefined": _enum_is_flags},
    "System.RuntimeType": {"IsDefined": _enum_is_flags},
    "System.RuntimeTypeHandle": {"CreateInstanceForAnotherGenericParameter": _create_for_parameter},
    "System.Activator": {"CreateInstance": _create_instance},
    "System.Reflection.Assembly": {"GetExecutingAssembly": _executing_assembly},
    "System.Collections.Generic.ComparerHelpers": {
        "CreateDefaultEqualityComparer": _default_equality, "CreateDefaultComparer": _default_comparer,
    },
}
