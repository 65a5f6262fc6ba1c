"""What every program keeps whatever its code reaches, and what the runtime calls once the program reaches what asks for it."""

from __future__ import annotations

from compiler.codegen.callbacks import add_callback_roots
from compiler.codegen.statics import class_constructor
from compiler.codegen.well_known import (
    EXCEPTIONS,
    OBJECT_VIRTUALS,
    exception_type,
    known_types,
    message_constructor,
    module_initializer,
    object_virtual,
    type_initialization_constructor,
)
from compiler.contract.substitutions import MADE_BY
from compiler.metadata.signatures import ElementType
from compiler.reach.world import WorldBuilder, default_constructor, is_bare, is_by_ref_like
from compiler.types.type_desc import ArrayType, MethodDesc, NamedType
from compiler.types.universe import TypeUniverse

# Runtime calls that make objects of types known at run time only.
_CALLS_THAT_CREATE = ("rt_create_instance", "qc_ReflectionSerialization_GetCreateUninitializedObjectInfo")
# Runtime calls and the arrays that they return, by element.
_CALLS_WITH_ARRAYS = {
    "qc_MetadataImport_Enum": ("System", "Int32"),
    "ic_Signature_GetCustomModifiersAtOffset": ("System", "Type"),
    "qc_AssemblyNative_GetExportedTypes": ("System", "Type"),
    "qc_RuntimeModule_GetTypes": ("System", "RuntimeType"),
    "qc_AssemblyNative_GetModules": ("System.Reflection", "RuntimeModule"),
}


def add_roots(universe: TypeUniverse, builder: WorldBuilder, entry: MethodDesc, extra: list[MethodDesc]) -> None:
    """Marks what every program needs: the entry point, the runtime's types, the exceptions it throws."""
    builder.add("method", entry, None)
    initializer = module_initializer(universe, entry)
    if initializer is not None:
        builder.add("method", initializer, None)
    for method in extra:
        builder.add("method", method, None)
    for desc in known_types(universe):
        builder.add("constructed" if desc.element is not ElementType.OBJECT else "type", desc, None)
    builder.add("constructed", universe.primitive(ElementType.OBJECT), None)
    for name in EXCEPTIONS:
        desc = exception_type(universe, name)
        builder.add("constructed", desc, None)
        if name != "TypeInitializationException":
            builder.add("method", universe.find_method(desc, ".ctor", 0), None)
        builder.add("method", message_constructor(universe, desc), None)
    builder.add("method", type_initialization_constructor(universe), None)
    wrapper = universe.corlib_type("System.Reflection", "TargetInvocationException")
    builder.add("constructed", wrapper, None)
    builder.add("method", universe.find_method(wrapper, ".ctor", 1), None)
    for _, name, _, _ in OBJECT_VIRTUALS:
        builder.add("virtual", object_virtual(universe, name), None)


def add_conditional_roots(universe: TypeUniverse, builder: WorldBuilder) -> None:
    """Marks what the runtime calls only because of what the program reached so far."""
    add_callback_roots(universe, builder)
    for native, names in MADE_BY.items():
        if ("native", native) in builder.world.reasons:
            for name in names:
                builder.add("constructed", universe.corlib_type(*name), ("native", native))
    for call, element in _CALLS_WITH_ARRAYS.items():
        if ("native", call) in builder.world.reasons:
            builder.add("constructed", universe.array(universe.corlib_type(*element), 0), ("native", call))
    invokes = universe.find_method(universe.corlib_type("System", "Delegate"), "DynamicInvokeImpl")
    if ("method", invokes) in builder.world.reasons:
        for desc in list(builder.world.constructed):
            if isinstance(desc, NamedType) and desc.is_delegate:
                builder.add("dynamic_thunk", desc, ("method", invokes))
    _keep_what_typeof_names(universe, builder)
    _keep_delegates_to_bind(universe, builder)
    boxes = universe.find_method(universe.corlib_type("System", "Array"), "InternalGetValue")
    if ("method", boxes) in builder.world.reasons:
        # Array.GetValue boxes elements of whatever array it meets.
        for desc in list(builder.world.constructed):
            if isinstance(desc, ArrayType) and isinstance(desc.item, NamedType) and desc.item.is_value_type:
                item = desc.item.args[0] if desc.item.is_nullable else desc.item
                if not is_by_ref_like(item):
                    builder.add("constructed", item, ("method", boxes))


def _keep_delegates_to_bind(universe: TypeUniverse, builder: WorldBuilder) -> None:
    """Delegate types that the program names or makes can be made by Delegate.CreateDelegate once it calls that."""
    calls = {
        need: ("native", call)
        for need, call in (("delegate", "qc_Delegate_BindToMethodInfo"), ("array_thunk", "rt_object_array_delegate"))
        if ("native", call) in builder.world.reasons
    }
    if not calls:
        return
    for kind, desc in list(builder.world.reasons):
        if kind not in ("type_object", "constructed") or not isinstance(desc, NamedType):
            continue
        if desc.is_delegate and not is_bare(desc):
            for need, call in calls.items() if desc.definition.methods_named("Invoke") else ():
                builder.add("constructed", desc, call)
                builder.add(need, desc, call)
                builder.add("reflected_method", universe.find_method(desc, "Invoke"), call)


def _keep_what_typeof_names(universe: TypeUniverse, builder: WorldBuilder) -> None:
    """Types that the program names by typeof can be made by Array.CreateInstance and Activator.CreateInstance once it calls them."""
    makes_arrays = ("native", "qc_Array_CreateInstance") in builder.world.reasons
    makes_objects = any(("native", call) in builder.world.reasons for call in _CALLS_THAT_CREATE)
    initializes = ("native", "qc_ReflectionInvocation_RunClassConstructor") in builder.world.reasons
    if not makes_arrays and not makes_objects and not initializes:
        return
    for kind, desc in list(builder.world.reasons):
        if kind != "type_object" or not isinstance(desc, (NamedType, ArrayType)) or is_bare(desc) or is_by_ref_like(desc):
            continue
        if desc.element is ElementType.VOID:
            continue
        if initializes and isinstance(desc, NamedType) and class_constructor(desc) is not None:
            builder.add("cctor", desc, (kind, desc))
        if makes_arrays:
            builder.add("constructed", universe.array(desc, 0), (kind, desc))
        constructor = default_constructor(universe, desc) if makes_objects else None
        if makes_objects and (constructor is not None or desc.is_value_type):
            builder.add("constructed", desc, (kind, desc))
            if constructor is not None:
                builder.add("method", constructor, (kind, desc))
