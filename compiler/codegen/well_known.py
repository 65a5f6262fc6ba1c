"""The types, fields and methods that the C runtime knows by name or by place in a table; `rt.h` and `calls.h` have the same order."""

from __future__ import annotations

from compiler.metadata.signatures import ElementType
from compiler.types.type_desc import MethodDesc, NamedType, TypeDesc
from compiler.types.universe import MissingMember, TypeUniverse

# In the order of RtThrowKind in rt.h.
EXCEPTIONS = (
    "NullReferenceException", "IndexOutOfRangeException", "OverflowException", "DivideByZeroException", "InvalidCastException",
    "ArrayTypeMismatchException", "OutOfMemoryException", "ArgumentNullException", "PlatformNotSupportedException",
    "Threading.SynchronizationLockException", "ArgumentOutOfRangeException", "InvalidProgramException",
    "InsufficientExecutionStackException", "Threading.ThreadStateException", "ArithmeticException", "TypeInitializationException",
    "DllNotFoundException", "EntryPointNotFoundException", "MissingMethodException", "ArgumentException", "RankException",
    "NotSupportedException", "Reflection.TargetParameterCountException",
)

# Fields whose offsets C code needs, in the order of RtField in calls.h.
FIELDS = (
    ("System.Threading", "Thread", "_managedThreadId"),
    ("System.Threading", "Thread", "_priority"),
    ("System.Threading", "Thread", "_DONT_USE_InternalThread"),
    ("System", "Exception", "_stackTrace"),
    ("System", "Exception", "_stackTraceString"),
    ("System", "RuntimeType", "m_handle"),
    ("System.Threading", "Thread", "_startHelper"),
    ("System", "RuntimeType+RuntimeTypeCache", "m_runtimeType"),
    ("System.Reflection", "RuntimeMethodInfo", "m_handle"),
    ("System.Reflection", "RuntimeMethodInfo", "m_methodAttributes"),
    ("System.Reflection", "RuntimeMethodInfo", "m_name"),
    ("System", "GCMemoryInfoData", "_highMemoryLoadThresholdBytes"),
    ("System", "GCMemoryInfoData", "_totalAvailableMemoryBytes"),
    ("System", "GCMemoryInfoData", "_memoryLoadBytes"),
    ("System", "GCMemoryInfoData", "_heapSizeBytes"),
    ("System", "GCMemoryInfoData", "_totalCommittedBytes"),
    ("System", "GCMemoryInfoData", "_index"),
    ("System", "GCMemoryInfoData", "_generation"),
    ("System.Reflection", "RuntimeAssembly", "m_assembly"),
    ("System.Reflection", "RuntimeAssembly", "m_syncRoot"),
    ("System.Reflection", "RuntimeModule", "m_runtimeAssembly"),
    ("System.Reflection", "RuntimeModule", "m_pData"),
    ("System.Reflection", "RuntimeConstructorInfo", "m_handle"),
    ("System", "RuntimeMethodInfoStub", "m_value"),
    ("System.Reflection", "RtFieldInfo", "m_fieldHandle"),
    ("System", "RuntimeFieldInfoStub", "m_fieldHandle"),
    ("System", "Signature", "m_arguments"),
    ("System", "Signature", "m_declaringType"),
    ("System", "Signature", "m_returnTypeORfieldType"),
    ("System", "Signature", "m_managedCallingConventionAndArgIteratorFlags"),
    ("System", "Signature", "m_pMethod"),
)


def known_types(universe: TypeUniverse) -> list[TypeDesc]:
    """The types that the C runtime names, in the order of RtKnownType in rt.h."""
    corlib = universe.corlib_type
    primitive = universe.primitive
    return [
        primitive(ElementType.OBJECT),
        primitive(ElementType.STRING),
        universe.array(primitive(ElementType.OBJECT), 0),
        universe.array(primitive(ElementType.I8), 0),
        universe.array(primitive(ElementType.STRING), 0),
        universe.array(primitive(ElementType.U1), 0),
        corlib("System", "RuntimeType"),
        corlib("System", "Exception"),
        universe.array(primitive(ElementType.U8), 0),
        corlib("System", "Array"),
        universe.array(corlib("System", "RuntimeType"), 0),
        universe.array(primitive(ElementType.U2), 0),
        universe.array(primitive(ElementType.U4), 0),
        corlib("System.Threading", "Thread"),
    ]


def optional_types(universe: TypeUniverse) -> list[TypeDesc]:
    """More types of RtKnownType, which only programs that reach their makers have (`contract.substitutions.MADE_BY`)."""
    named = (
        ("System.Reflection", "RuntimeMethodInfo"), ("System.Reflection", "RuntimeAssembly"), ("System.Reflection", "RuntimeModule"),
        ("System.Reflection", "RuntimeConstructorInfo"), ("System", "RuntimeMethodInfoStub"), ("System.Reflection", "RtFieldInfo"),
        ("System", "RuntimeFieldInfoStub"),
    )
    items = (("System", "Int32"), ("System", "Type"), ("System.Reflection", "RuntimeModule"))
    arrays = (universe.corlib_type(*name) for name in items)
    return [*(universe.corlib_type(*name) for name in named), *(universe.array(item, 0) for item in arrays)]


def exception_type(universe: TypeUniverse, name: str) -> NamedType:
    """One of `EXCEPTIONS` as a type."""
    namespace, _, simple = name.rpartition(".")
    return universe.corlib_type(f"System.{namespace}" if namespace else "System", simple)


def message_constructor(universe: TypeUniverse, desc: NamedType) -> MethodDesc:
    """The constructor of an exception that takes a message (and, when there is no other, an inner exception)."""
    for definition in desc.definition.methods_named(".ctor"):
        parameters = definition.sig.parameters
        if len(parameters) == 1 and parameters[0].element is ElementType.STRING:
            return universe.method(definition, desc, ())
    return universe.find_method(desc, ".ctor", 2)


def type_initialization_constructor(universe: TypeUniverse) -> MethodDesc:
    """TypeInitializationException(string fullTypeName, Exception innerException)."""
    desc = exception_type(universe, "TypeInitializationException")
    for definition in desc.definition.methods_named(".ctor"):
        parameters = definition.sig.parameters
        if len(parameters) == 2 and parameters[0].element is ElementType.STRING:
            return universe.method(definition, desc, ())
    raise MissingMember("AOTD1006", "System.TypeInitializationException has no constructor with a type name and an exception")


def module_initializer(universe: TypeUniverse, entry: MethodDesc) -> MethodDesc | None:
    """The application's module initializer (the static constructor of `<Module>`), which runs before Main, or None."""
    module_type = entry.definition.module.type_definition(1)
    found = module_type.methods_named(".cctor")
    return universe.method(found[0], universe.named(module_type, ()), ()) if found else None


def nested_type(universe: TypeUniverse, namespace: str, name: str) -> NamedType:
    """A core library type; `+` separates nested names."""
    outer, *inner = name.split("+")
    definition = universe.corlib_type(namespace, outer).definition
    for part in inner:
        nested = definition.module.find_nested(definition, part)
        if nested is None:
            raise MissingMember("AOTD1003", f"the core library has no type '{namespace}.{name}'")
        definition = nested
    return universe.named(definition, ())


# C name -> (method of Object, LLVM result, parameters after the object)
OBJECT_VIRTUALS = (
    ("rt_object_to_string", "ToString", "ptr", ()),
    ("rt_object_equals", "Equals", "i8", ("ptr",)),
    ("rt_object_hash_code", "GetHashCode", "i32", ()),
)


def object_virtual(universe: TypeUniverse, name: str) -> MethodDesc:
    """The virtual method of System.Object of that name."""
    root = universe.primitive(ElementType.OBJECT)
    for definition in root.definition.methods_named(name):
        if definition.is_virtual:
            return universe.method(definition, root, ())
    raise MissingMember("AOTD1006", f"System.Object has no virtual method '{name}'")
