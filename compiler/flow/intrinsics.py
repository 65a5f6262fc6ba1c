"""Methods whose meaning the flow analysis knows: one row per intrinsic, matched by type, name and parameters.

What each does to values stands in `calls`; here is only which method is which. An intrinsic's own Requires attribute does not
hold by itself: its handler decides by the values passed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from compiler.types.definitions import MethodDefinition
from compiler.types.type_desc import ArrayType, NamedType, TypeDesc
from compiler.types.universe import EMPTY_CONTEXT, TypeUniverse


class Intrinsic(Enum):
    """The intrinsics, named by type and member."""

    GET_TYPE_INFO = auto()
    TYPE_INFO_AS_TYPE = auto()
    UNDERLYING_SYSTEM_TYPE = auto()
    TYPE_FROM_HANDLE = auto()
    TYPE_HANDLE = auto()
    METHOD_FROM_HANDLE = auto()
    METHOD_HANDLE = auto()
    MAKE_GENERIC_TYPE = auto()
    MAKE_GENERIC_METHOD = auto()
    DELEGATE_METHOD_INFO = auto()
    RUNTIME_EVENT = auto()
    RUNTIME_FIELD = auto()
    RUNTIME_METHOD = auto()
    RUNTIME_PROPERTY = auto()
    EXPRESSION_CALL = auto()
    EXPRESSION_FIELD = auto()
    EXPRESSION_PROPERTY = auto()
    EXPRESSION_NEW = auto()
    ENUM_VALUES = auto()
    MARSHAL_BY_FIRST = auto()
    MARSHAL_BY_SECOND = auto()
    MARSHAL_DELEGATE = auto()
    TYPE_BY_NAME = auto()
    GET_CONSTRUCTOR = auto()
    GET_CONSTRUCTORS = auto()
    GET_METHOD = auto()
    GET_METHODS = auto()
    GET_FIELD = auto()
    GET_FIELDS = auto()
    GET_EVENT = auto()
    GET_EVENTS = auto()
    GET_NESTED_TYPE = auto()
    GET_NESTED_TYPES = auto()
    GET_MEMBER = auto()
    GET_MEMBERS = auto()
    GET_PROPERTY = auto()
    GET_PROPERTIES = auto()
    GET_INTERFACE = auto()
    ASSEMBLY_QUALIFIED_NAME = auto()
    BASE_TYPE = auto()
    OBJECT_GET_TYPE = auto()
    TYPE_DELEGATOR = auto()
    ARRAY_EMPTY = auto()
    ARRAY_CREATE = auto()
    ACTIVATOR_BY_TYPE = auto()
    CREATE_BY_NAMES = auto()
    CREATE_FROM_FILE = auto()
    ASSEMBLY_CREATE_INSTANCE = auto()
    ASSEMBLY_LOCATION = auto()
    ASSEMBLY_FILES = auto()
    RUN_CLASS_CONSTRUCTOR = auto()
    NULLABLE_UNDERLYING = auto()


@dataclass(frozen=True, slots=True)
class _Row:
    """`parameters` are full names by position, `this` not counted; `counts` the allowed parameter counts (empty: any)."""

    intrinsic: Intrinsic
    type_name: str
    name: str
    parameters: tuple[tuple[int, str], ...] = ()
    counts: tuple[int, ...] = ()
    is_static: bool | None = None
    is_generic: bool | None = None


_TYPE, _STRING, _FLAGS = "System.Type", "System.String", "System.Reflection.BindingFlags"
_EXTENSIONS, _EXPRESSION = "System.Reflection.RuntimeReflectionExtensions", "System.Linq.Expressions.Expression"
_MARSHAL, _ASSEMBLY, _ACTIVATOR = "System.Runtime.InteropServices.Marshal", "System.Reflection.Assembly", "System.Activator"
_METHOD_BASE, _ASSEMBLY_NAME = "System.Reflection.MethodBase", "System.Reflection.AssemblyName"
_HELPERS = "System.Runtime.CompilerServices.RuntimeHelpers"
_I = Intrinsic


def _by_name(intrinsic: Intrinsic, name: str) -> _Row:
    return _Row(intrinsic, _TYPE, name, ((0, _STRING),), is_static=False)


def _by_flags(intrinsic: Intrinsic, name: str) -> _Row:
    return _Row(intrinsic, _TYPE, name, ((0, _FLAGS),), (1,), is_static=False)


def _two_names(intrinsic: Intrinsic, type_name: str, name: str) -> _Row:
    return _Row(intrinsic, type_name, name, ((0, _STRING), (1, _STRING)), is_generic=False)


_ROWS = (
    _Row(_I.GET_TYPE_INFO, "System.Reflection.IntrospectionExtensions", "GetTypeInfo"),
    _Row(_I.TYPE_INFO_AS_TYPE, "System.Reflection.TypeInfo", "AsType"),
    _Row(_I.TYPE_FROM_HANDLE, _TYPE, "GetTypeFromHandle"),
    _Row(_I.TYPE_HANDLE, _TYPE, "get_TypeHandle"),
    _Row(_I.METHOD_FROM_HANDLE, _METHOD_BASE, "GetMethodFromHandle", ((0, "System.RuntimeMethodHandle"),), (1, 2)),
    _Row(_I.METHOD_HANDLE, _METHOD_BASE, "get_MethodHandle"),
    _Row(_I.MAKE_GENERIC_TYPE, _TYPE, "MakeGenericType"),
    _Row(_I.MAKE_GENERIC_METHOD, "System.Reflection.MethodInfo", "MakeGenericMethod", counts=(1,), is_static=False),
    _Row(_I.DELEGATE_METHOD_INFO, _EXTENSIONS, "GetMethodInfo", ((0, "System.Delegate"),)),
    _Row(_I.DELEGATE_METHOD_INFO, "System.Delegate", "get_Method", counts=(0,), is_static=False),
    _Row(_I.RUNTIME_EVENT, _EXTENSIONS, "GetRuntimeEvent", ((0, _TYPE), (1, _STRING))),
    _Row(_I.RUNTIME_FIELD, _EXTENSIONS, "GetRuntimeField", ((0, _TYPE), (1, _STRING))),
    _Row(_I.RUNTIME_METHOD, _EXTENSIONS, "GetRuntimeMethod", ((0, _TYPE), (1, _STRING))),
    _Row(_I.RUNTIME_PROPERTY, _EXTENSIONS, "GetRuntimeProperty", ((0, _TYPE), (1, _STRING))),
    _Row(_I.EXPRESSION_CALL, _EXPRESSION, "Call", ((0, _TYPE),), (4,)),
    _Row(_I.EXPRESSION_FIELD, _EXPRESSION, "Field", ((1, _TYPE),), (3,)),
    _Row(_I.EXPRESSION_PROPERTY, _EXPRESSION, "Property", ((1, _TYPE),), (3,)),
    _Row(_I.EXPRESSION_PROPERTY, _EXPRESSION, "Property", ((1, "System.Reflection.MethodInfo"),), (2,)),
    _Row(_I.EXPRESSION_NEW, _EXPRESSION, "New", ((0, _TYPE),), (1,)),
    _Row(_I.ENUM_VALUES, "System.Enum", "GetValues", ((0, _TYPE),), (1,)),
    _Row(_I.MARSHAL_BY_FIRST, _MARSHAL, "SizeOf", ((0, _TYPE),), (1,)),
    _Row(_I.MARSHAL_BY_FIRST, _MARSHAL, "OffsetOf", ((0, _TYPE),), (2,)),
    _Row(_I.MARSHAL_BY_SECOND, _MARSHAL, "PtrToStructure", ((1, _TYPE),), (2,)),
    _Row(_I.MARSHAL_BY_SECOND, _MARSHAL, "DestroyStructure", ((1, _TYPE),), (2,)),
    _Row(_I.MARSHAL_DELEGATE, _MARSHAL, "GetDelegateForFunctionPointer", ((1, _TYPE),), (2,)),
    _Row(_I.TYPE_BY_NAME, _TYPE, "GetType", ((0, _STRING),)),
    _Row(_I.GET_CONSTRUCTOR, _TYPE, "GetConstructor", is_static=False),
    _by_flags(_I.GET_CONSTRUCTORS, "GetConstructors"),
    _by_name(_I.GET_METHOD, "GetMethod"),
    _by_flags(_I.GET_METHODS, "GetMethods"),
    _by_name(_I.GET_FIELD, "GetField"),
    _by_flags(_I.GET_FIELDS, "GetFields"),
    _by_name(_I.GET_EVENT, "GetEvent"),
    _by_flags(_I.GET_EVENTS, "GetEvents"),
    _by_name(_I.GET_NESTED_TYPE, "GetNestedType"),
    _by_flags(_I.GET_NESTED_TYPES, "GetNestedTypes"),
    _by_name(_I.GET_MEMBER, "GetMember"),
    _by_flags(_I.GET_MEMBERS, "GetMembers"),
    _by_name(_I.GET_PROPERTY, "GetProperty"),
    _by_flags(_I.GET_PROPERTIES, "GetProperties"),
    _by_name(_I.GET_INTERFACE, "GetInterface"),
    _Row(_I.ASSEMBLY_QUALIFIED_NAME, _TYPE, "get_AssemblyQualifiedName"),
    _Row(_I.UNDERLYING_SYSTEM_TYPE, _TYPE, "get_UnderlyingSystemType"),
    _Row(_I.BASE_TYPE, _TYPE, "get_BaseType"),
    _Row(_I.OBJECT_GET_TYPE, "System.Object", "GetType"),
    _Row(_I.TYPE_DELEGATOR, "System.Reflection.TypeDelegator", ".ctor", ((0, _TYPE),)),
    _Row(_I.ARRAY_EMPTY, "System.Array", "Empty"),
    _Row(_I.ARRAY_CREATE, "System.Array", "CreateInstance", ((1, "System.Int32"),), (2,)),
    _Row(_I.ACTIVATOR_BY_TYPE, _ACTIVATOR, "CreateInstance", ((0, _TYPE),), is_generic=False),
    _two_names(_I.CREATE_BY_NAMES, _ACTIVATOR, "CreateInstance"),
    _two_names(_I.CREATE_FROM_FILE, _ACTIVATOR, "CreateInstanceFrom"),
    _two_names(_I.CREATE_BY_NAMES, "System.AppDomain", "CreateInstance"),
    _two_names(_I.CREATE_BY_NAMES, "System.AppDomain", "CreateInstanceAndUnwrap"),
    _two_names(_I.CREATE_FROM_FILE, "System.AppDomain", "CreateInstanceFrom"),
    _two_names(_I.CREATE_FROM_FILE, "System.AppDomain", "CreateInstanceFromAndUnwrap"),
    _Row(_I.ASSEMBLY_CREATE_INSTANCE, _ASSEMBLY, "CreateInstance", ((0, _STRING),)),
    _Row(_I.ASSEMBLY_LOCATION, _ASSEMBLY, "get_Location"),
    _Row(_I.ASSEMBLY_LOCATION, _ASSEMBLY_NAME, "get_CodeBase"),
    _Row(_I.ASSEMBLY_LOCATION, _ASSEMBLY_NAME, "get_EscapedCodeBase"),
    _Row(_I.ASSEMBLY_FILES, _ASSEMBLY, "GetFile", ((0, _STRING),)),
    _Row(_I.ASSEMBLY_FILES, _ASSEMBLY, "GetFiles"),
    _Row(_I.RUN_CLASS_CONSTRUCTOR, _HELPERS, "RunClassConstructor", ((0, "System.RuntimeTypeHandle"),)),
    _Row(_I.NULLABLE_UNDERLYING, "System.Nullable", "GetUnderlyingType", ((0, _TYPE),), is_static=True),
)


def _index() -> dict[str, list[_Row]]:
    table: dict[str, list[_Row]] = {}
    for row in _ROWS:
        table.setdefault(row.name, []).append(row)
    return table


_BY_NAME = _index()


def intrinsic_of(universe: TypeUniverse, method: MethodDefinition) -> Intrinsic | None:
    """The intrinsic that `method` is, or None. Core-library types alone count, by their full names."""
    rows = _BY_NAME.get(method.name)
    if rows is None:
        return None
    type_name = method.owner.full_name
    for row in rows:
        if row.type_name == type_name and _matches(universe, row, method):
            return row.intrinsic
    return None


def _matches(universe: TypeUniverse, row: _Row, method: MethodDefinition) -> bool:
    parameters = method.sig.parameters
    if row.counts and len(parameters) not in row.counts:
        return False
    if row.is_static is not None and method.is_static != row.is_static:
        return False
    if row.is_generic is not None and bool(method.generic_count) != row.is_generic:
        return False
    return all(
        index < len(parameters) and _type_name(universe.resolve_sig(method.module, parameters[index], EMPTY_CONTEXT)) == name
        for index, name in row.parameters
    )


def _type_name(desc: TypeDesc) -> str:
    if isinstance(desc, NamedType):
        return desc.full_name
    return f"{_type_name(desc.item)}[]" if isinstance(desc, ArrayType) else ""
