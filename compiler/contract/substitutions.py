"""Methods of the class library that have IL for CoreCLR's own data structures and are served by C functions here.

Key: `Type::Method` or `Type::Method/parameters` (parameters without `this`). Value: the C function, which takes the same
arguments. The table holds for class-library version 9; internal calls and QCalls are bound by name and need no row.
"""

from __future__ import annotations

from compiler.types.definitions import MethodDefinition

SUBSTITUTED_9: dict[str, str] = {
    "System.Environment::GetCommandLineArgs": "rt_command_line",
    "System.Exception::GetStackTrace": "rt_exception_stack_trace",
    "System.Delegate::DynamicInvokeImpl": "rt_delegate_dynamic_invoke",
    "System.Delegate::GetMethodImpl": "rt_delegate_method",
    "System.MulticastDelegate::GetMethodImpl": "rt_delegate_method",
    "System.RuntimeType+RuntimeTypeCache::.ctor": "rt_type_cache_init",
    "System.Runtime.CompilerServices.TypeHandle::CanCastTo/2": "rt_type_handle_can_cast",
    "System.Runtime.CompilerServices.TypeHandle::CanCastTo/1": "rt_type_handle_can_cast_to",
    "System.Dynamic.Utils.DelegateHelpers::CreateObjectArrayDelegate": "rt_object_array_delegate",
    "System.ValueType::Equals": "rt_value_equals",
    "System.ValueType::GetHashCode": "rt_value_hash_code",
    "System.Environment::GetCommandLineArgsNative": "rt_command_line_args",
    "System.RuntimeType::CreateInstanceDefaultCtor": "rt_create_instance",
    "System.RuntimeType::GetCachedName": "rt_type_cached_name",
    "System.RuntimeType::get_Namespace": "rt_type_namespace",
    "System.Runtime.CompilerServices.CastHelpers::ChkCastAny": "rt_cast_helper",
    "System.Runtime.CompilerServices.CastHelpers::IsInstanceOfAny": "rt_is_instance_helper",
    "System.Runtime.CompilerServices.CastHelpers::ChkCastClass": "rt_cast_helper",
    "System.Runtime.CompilerServices.CastHelpers::IsInstanceOfClass": "rt_is_instance_helper",
    "System.Runtime.CompilerServices.CastHelpers::ChkCastInterface": "rt_cast_helper",
    "System.Runtime.CompilerServices.CastHelpers::IsInstanceOfInterface": "rt_is_instance_helper",
}

_ASSEMBLY = ("System.Reflection", "RuntimeAssembly")
_MODULE = ("System.Reflection", "RuntimeModule")
_METHOD_STUB = ("System", "RuntimeMethodInfoStub")
_FIELD_STUB = ("System", "RuntimeFieldInfoStub")

_MODULES = frozenset({"System.Private.CoreLib", "System.Linq.Expressions"})

# C function -> core library types of which it makes objects.
MADE_BY: dict[str, tuple[tuple[str, str], ...]] = {
    "rt_delegate_method": (("System.Reflection", "RuntimeMethodInfo"),),
    "ic_RuntimeTypeHandle_GetAssembly": (_ASSEMBLY,),
    "qc_AssemblyNative_GetEntryAssembly": (_ASSEMBLY,),
    "rt_entry_assembly_object": (_ASSEMBLY,),
    "ic_RuntimeTypeHandle_GetModule": (_ASSEMBLY, _MODULE),
    "ic_RuntimeAssembly_GetManifestModule": (_ASSEMBLY, _MODULE),
    "qc_AssemblyNative_InternalLoad": (_ASSEMBLY,),
    "qc_AssemblyNative_GetModules": (_ASSEMBLY, _MODULE),
    "rt_method_handle": (_METHOD_STUB,),
    "ic_RuntimeTypeHandle_GetDeclaringMethod": (_METHOD_STUB,),
    "rt_field_handle": (_FIELD_STUB,),
    "qc_RuntimeMethodHandle_StripMethodInstantiation": (_METHOD_STUB,),
    "qc_RuntimeMethodHandle_GetTypicalMethodDefinition": (_METHOD_STUB,),
    "qc_ModuleHandle_ResolveField": (_FIELD_STUB,),
}


def substitute_for(definition: MethodDefinition) -> str | None:
    """The C function that stands for a method of the class library, or None."""
    if definition.module.name not in _MODULES:
        return None
    key = f"{definition.owner.full_name}::{definition.name}"
    found = SUBSTITUTED_9.get(key)
    if found is None:
        found = SUBSTITUTED_9.get(f"{key}/{len(definition.sig.parameters)}")
    return found
