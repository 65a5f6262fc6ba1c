"""Handlers of the intrinsics: the reflection API by the values passed to it.

A known type, name and binding flags narrow what is reached: `typeof(X).GetMethod("M")` reaches M alone. A handler returns the
values that come back, or None for what the method's declaration says. Empty sets stay empty: they are code that is not reached.
"""

from __future__ import annotations

from collections.abc import Callable

from compiler.flow import binder
from compiler.flow.associations import association
from compiler.flow.call_reader import Call, CallReader
from compiler.flow.facts import AnnotatedTypeUse, Unanalyzable
from compiler.flow.generic_calls import make_generic_method, make_generic_type, validate_method_arguments
from compiler.flow.intrinsics import Intrinsic
from compiler.flow.member_types import (
    ALL,
    DEFAULT_FLAGS,
    FLATTEN,
    INSTANCE,
    NESTED_TYPE_ACCESS,
    NON_PUBLIC,
    PUBLIC,
    STATIC,
    MemberTypes,
    are_unsupported,
    inherited,
    members_by_flags,
)
from compiler.flow.reader_kind import ReaderKind
from compiler.flow.requirements import Requires
from compiler.flow.type_names import resolve_in_assembly
from compiler.flow.values import (
    ANNOTATED,
    NOTHING,
    NULL,
    ArrayValue,
    ConstInt,
    GenericParameterValue,
    KnownMethod,
    KnownString,
    KnownType,
    MethodHandle,
    Null,
    NullableOf,
    ParameterValue,
    ReturnValue,
    TypeHandle,
    Value,
    ValueSet,
    array_size,
    const_int,
    only,
    single,
)
from compiler.metadata.signatures import ElementType
from compiler.types.definitions import TYPE_SEALED
from compiler.types.type_desc import ArrayType, GenericParameter, NamedType, TypeDesc

Handler = Callable[[CallReader, Call], ValueSet | None]
_FLAGS = "System.Reflection.BindingFlags"
M = MemberTypes


# ---- identities and handles ----


def _first_argument(_reader: CallReader, call: Call) -> ValueSet | None:
    return call.arguments[0]


def _instance(_reader: CallReader, call: Call) -> ValueSet | None:
    return call.instance


def _declared(_reader: CallReader, _call: Call) -> ValueSet | None:
    return None


def _used(reader: CallReader, call: Call) -> ValueSet | None:
    reader.use(call, None)
    return None


def _array_create(reader: CallReader, call: Call) -> ValueSet | None:
    # The native compiler always has the code for arrays of references.
    if reader.annotations.reader is ReaderKind.BUILD:
        reader.use(call, Requires.DYNAMIC_CODE)
    return None


def _type_from_handle(reader: CallReader, call: Call) -> ValueSet | None:
    result: set[Value] = set()
    for value in call.arguments[0]:
        result |= single(value.of) if isinstance(value, TypeHandle) else reader.declared(call)
    return frozenset(result)


def _type_handle(reader: CallReader, call: Call) -> ValueSet | None:
    result: set[Value] = set()
    for value in call.instance:
        if isinstance(value, KnownType | NullableOf) or isinstance(value, ANNOTATED):
            result.add(TypeHandle(value))
        elif not isinstance(value, Null):
            result |= reader.declared(call)
    return frozenset(result)


def _method_from_handle(reader: CallReader, call: Call) -> ValueSet | None:
    result: set[Value] = set()
    for value in call.arguments[0]:
        result |= single(KnownMethod(value.method)) if isinstance(value, MethodHandle) else reader.declared(call)
    return frozenset(result)


def _method_handle(reader: CallReader, call: Call) -> ValueSet | None:
    result: set[Value] = set()
    for value in call.instance:
        result |= single(MethodHandle(value.method)) if isinstance(value, KnownMethod) else reader.declared(call)
    return frozenset(result)


def _type_delegator(_reader: CallReader, call: Call) -> ValueSet | None:
    return call.arguments[0] if call.creates else None


def _array_empty(_reader: CallReader, call: Call) -> ValueSet | None:
    return single(ArrayValue((call.method, -1), single(ConstInt(0)), call.method.args[0])) if call.method.args else None


def _assembly_qualified_name(_reader: CallReader, call: Call) -> ValueSet | None:
    result: set[Value] = set()
    for value in call.instance:
        if isinstance(value, ANNOTATED):
            result.add(value)
        elif not isinstance(value, Null):
            return None
    return frozenset(result)


# ---- types from types ----


def _object_get_type(reader: CallReader, call: Call) -> ValueSet | None:
    result: set[Value] = set()
    if not call.instance and reader.annotations.reader is ReaderKind.BUILD:
        return None
    for value in call.instance:
        static_type = _static_type(value)
        if isinstance(static_type, GenericParameter) and _is_enum_parameter(reader, static_type, value):
            result |= reader.declared(call, M.PUBLIC_FIELDS)
            continue
        if not isinstance(static_type, NamedType | ArrayType):
            result |= reader.declared(call)
        elif _is_exact(static_type):
            result.add(KnownType(static_type))
        else:
            assert isinstance(static_type, NamedType)
            # The names of an enum's values are always kept: they are its public fields.
            is_enum = static_type.full_name == "System.Enum"
            annotation = M.PUBLIC_FIELDS if is_enum else reader.annotations.type_wide(static_type.definition)
            if annotation and not is_enum and reader.demands.emit is not None:
                reader.demands.emit(AnnotatedTypeUse(reader.demands.origin, static_type.definition))
            result |= reader.declared(call, annotation)
    return frozenset(result)


def _is_enum_parameter(reader: CallReader, desc: GenericParameter, value: Value) -> bool:
    """Whether the type of a parameter of the method is a type parameter that stands for enums: to the build's analyzers it has fields."""
    if reader.annotations.reader is ReaderKind.PUBLISH or not isinstance(value, ParameterValue):
        return False
    owner = value.method.definition if desc.element is ElementType.MVAR else value.method.owner.definition
    return reader.annotations.is_enum_parameter(owner, desc.index)


def _static_type(value: Value) -> TypeDesc | None:
    if isinstance(value, ArrayValue | KnownString | KnownType):
        return None
    return getattr(value, "static_type", None)


def _is_exact(desc: TypeDesc) -> bool:
    """Whether an object of static type `desc` has exactly that type, or (a delegate) members that are kept anyway."""
    if isinstance(desc, ArrayType):
        return True
    return isinstance(desc, NamedType) and (bool(desc.definition.flags & TYPE_SEALED) or desc.full_name == "System.Delegate")


def _base_type(reader: CallReader, call: Call) -> ValueSet | None:
    result: set[Value] = set()
    for value in call.instance:
        if isinstance(value, ANNOTATED):
            result |= reader.declared(call, inherited(value.annotation))
        elif isinstance(value, KnownType):
            base = reader.annotations.universe.base_type(value.type)
            result |= single(KnownType(base)) if base is not None else reader.declared(call)
        elif not isinstance(value, Null):
            result |= reader.declared(call)
    return frozenset(result)


def _nullable_underlying(reader: CallReader, call: Call) -> ValueSet | None:
    result: set[Value] = set()
    for value in call.arguments[0]:
        if isinstance(value, NullableOf):
            result.add(value.underlying)
        elif isinstance(value, KnownType):
            if isinstance(value.type, NamedType) and value.type.is_nullable:
                result |= reader.declared(call)
        elif isinstance(value, ANNOTATED):
            result.add(value)
        else:
            result |= reader.declared(call)
    return frozenset(result)


def _type_by_name(reader: CallReader, call: Call) -> ValueSet | None:
    arguments = call.arguments
    ignores_case = (len(arguments) == 3 and reader.find_parameter(call, 2, "System.Boolean") and const_int(arguments[2]) != 0) or (
        len(arguments) == 5 and const_int(arguments[4]) != 0
    )
    if ignores_case and arguments[0]:
        reader.unanalyzable(call, Unanalyzable.TYPE_NAME_IGNORING_CASE)
        return NOTHING
    result: set[Value] = set()
    for value in arguments[0]:
        if isinstance(value, KnownString):
            found = reader.demands.resolve_name(value.text, needs_assembly=False)
            if found is not None:
                result.add(KnownType(found))
        elif isinstance(value, ANNOTATED) and value.annotation:
            result |= reader.declared(call, value.annotation)
        elif not isinstance(value, Null):
            reader.unanalyzable(call, Unanalyzable.TYPE_NAME)
    return frozenset(result)


def _interface(reader: CallReader, call: Call) -> ValueSet | None:
    result: set[Value] = set()
    for value in call.instance:
        for name in call.arguments[0]:
            if isinstance(name, Null):
                continue
            if isinstance(name, KnownString) and not name.text:
                result |= NULL
                continue
            reader.require_this(call, single(value), M.INTERFACES)
            has_all = isinstance(value, ANNOTATED) and value.annotation == ALL
            result |= reader.declared(call, ALL if has_all else int(M.INTERFACES))
    return frozenset(result)


def _nested_type(reader: CallReader, call: Call) -> ValueSet | None:
    flags = _flags(reader, call, (1,), DEFAULT_FLAGS)
    members = members_by_flags("nested types", flags)
    result: set[Value] = set()
    if not call.instance or not call.arguments[0]:
        return NOTHING
    for value in call.instance:
        if isinstance(value, Null):
            continue
        if not isinstance(value, KnownType):
            reader.require_this(call, single(value), members)
            has_all = isinstance(value, ANNOTATED) and value.annotation == ALL
            result |= reader.declared(call, ALL if has_all else NESTED_TYPE_ACCESS)
            continue
        for name in call.arguments[0]:
            if isinstance(name, KnownString) and flags is not None and not are_unsupported(flags):
                universe = reader.annotations.universe
                found = [universe.named(d, ()) for d in binder.nested_named(value.type, name.text, flags)]
                for desc in found:
                    reader.demands.keep(desc, 0)
                result |= {KnownType(desc) for desc in found}
            elif not isinstance(name, Null):
                reader.require_this(call, single(value), members)
                result |= reader.declared(call, NESTED_TYPE_ACCESS)
    return frozenset(result)


# ---- members of types ----


def _flags(reader: CallReader, call: Call, positions: tuple[int, ...], default: int) -> int | None:
    """The binding flags passed at one of `positions`, `default` when the overload takes none, None when they are not known."""
    for position in positions:
        if reader.find_parameter(call, position, _FLAGS):
            return const_int(call.arguments[position])
    return default


def _members_by_flags(kind: str) -> Handler:
    def handler(reader: CallReader, call: Call) -> ValueSet | None:
        reader.require_this(call, call.instance, members_by_flags(kind, const_int(call.arguments[0])))
        return None

    return handler


def _member_by_name(kind: str) -> Handler:
    """GetField, GetProperty and GetEvent."""

    def handler(reader: CallReader, call: Call) -> ValueSet | None:
        if not call.instance or not call.arguments[0]:
            return NOTHING
        flags = _flags(reader, call, (1,), DEFAULT_FLAGS)
        for value in call.instance:
            for name in call.arguments[0] if isinstance(value, KnownType) else (None,):
                if isinstance(value, KnownType) and isinstance(name, KnownString) and flags is not None and not are_unsupported(flags):
                    _reach_named(reader, kind, value.type, name.text, flags)
                else:
                    reader.require_this(call, single(value), members_by_flags(kind, flags))
        return None

    return handler


def _reach_named(reader: CallReader, kind: str, desc: TypeDesc, name: str, flags: int) -> None:
    universe = reader.annotations.universe
    if kind == "fields":
        reader.reach_all(binder.fields_named(universe, desc, name, flags))
    else:
        reader.reach_all(binder.accessors_named(universe, desc, name, flags, events=kind == "events"))


def _any_member(reader: CallReader, call: Call) -> ValueSet | None:
    flags = _flags(reader, call, (1, 2), PUBLIC | INSTANCE)
    reader.require_this(call, call.instance, members_by_flags("members", flags))
    return None


def _method(reader: CallReader, call: Call) -> ValueSet | None:
    if not call.instance or not call.arguments[0]:
        return NOTHING
    flags = _flags(reader, call, (1, 2), DEFAULT_FLAGS)
    members = members_by_flags("methods", flags)
    result: set[Value] = set()
    for value in call.instance:
        if isinstance(value, Null):
            continue
        if not isinstance(value, KnownType):
            if not _is_handler_invoke(value, call.arguments[0]):
                reader.require_this(call, single(value), members)
                result |= reader.declared(call)
            continue
        for name in call.arguments[0]:
            if isinstance(name, KnownString) and flags is not None and not are_unsupported(flags):
                result |= _methods_named(reader, value.type, name.text, flags)
            elif not isinstance(name, Null):
                reader.require_this(call, single(value), members)
                result |= reader.declared(call)
    return frozenset(result)


def _is_handler_invoke(value: Value, name_values: ValueSet) -> bool:
    """EventInfo.EventHandlerType.GetMethod("Invoke"): the Invoke method of delegates is always kept."""
    return (
        isinstance(value, ReturnValue)
        and value.method.name == "get_EventHandlerType"
        and value.method.owner.full_name == "System.Reflection.EventInfo"
        and all(isinstance(name, KnownString) and name.text == "Invoke" for name in name_values)
    )


def _methods_named(reader: CallReader, desc: TypeDesc, name: str, flags: int) -> ValueSet:
    """MethodInfos of the methods that GetMethod finds, which are reached; null when there is none."""
    is_build = reader.annotations.reader is ReaderKind.BUILD
    if is_build and isinstance(desc, NamedType) and desc.definition.generic_count and not desc.args:
        # typeof(List<>) has no members to the build's analyzers.
        return NULL
    found = list(binder.methods_named(reader.annotations.universe, desc, name, flags))
    reader.reach_all(found)
    return frozenset(reader.method_value(method, desc) for method in found) or NULL


def _runtime_member(kind: str) -> Handler:
    """RuntimeReflectionExtensions.GetRuntimeEvent, -Field, -Method and -Property."""

    def handler(reader: CallReader, call: Call) -> ValueSet | None:
        types, name_values = call.arguments[0], call.arguments[1]
        if not types or not name_values:
            return NOTHING
        result: set[Value] = set()
        for value in types:
            if isinstance(value, Null):
                continue
            for name in name_values if isinstance(value, KnownType) else (None,):
                if isinstance(value, KnownType) and isinstance(name, KnownString):
                    if kind == "methods":
                        result |= _methods_named(reader, value.type, name.text, DEFAULT_FLAGS)
                    else:
                        _reach_named(reader, kind, value.type, name.text, DEFAULT_FLAGS)
                        result |= reader.declared(call)
                elif not isinstance(name, Null):
                    # Deviates: the parameter that .NET names is the one after the type, but for fields.
                    named = 0 if kind == "fields" else 1
                    reader.require_argument(call, named, single(value), members_by_flags(kind, PUBLIC))
                    result |= reader.declared(call)
        return frozenset(result)

    return handler


def _constructor(reader: CallReader, call: Call) -> ValueSet | None:
    flags = _flags(reader, call, (0,), PUBLIC | INSTANCE)
    position = {1: 0, 2: 1, 4: 2, 5: 3}.get(len(call.arguments))
    n_parameters = array_size(call.arguments[position]) if position is not None else None
    for value in call.instance:
        if isinstance(value, KnownType) and flags is not None and not are_unsupported(flags):
            parameterless = flags & PUBLIC and not flags & NON_PUBLIC and n_parameters == 0
            count = 0 if parameterless else None
            reader.reach_all(binder.constructors(value.type, PUBLIC | INSTANCE if parameterless else flags, count))
            continue
        members = members_by_flags("constructors", flags)
        if members == M.PUBLIC_CONSTRUCTORS and n_parameters == 0:
            members = M.PUBLIC_PARAMETERLESS_CONSTRUCTOR
        reader.require_this(call, single(value), members)
    return None


def _activator(reader: CallReader, call: Call) -> ValueSet | None:
    flags, n_parameters = _activation(reader, call)
    for value in call.arguments[0]:
        if isinstance(value, KnownType):
            reader.reach_all(binder.constructors(value.type, flags, n_parameters))
            continue
        members = members_by_flags("constructors", flags)
        if n_parameters == 0 and members & M.PUBLIC_CONSTRUCTORS == M.PUBLIC_CONSTRUCTORS:
            members = members & ~M.PUBLIC_CONSTRUCTORS | M.PUBLIC_PARAMETERLESS_CONSTRUCTOR
        reader.require_argument(call, 0, single(value), members)
    return None


def _activation(reader: CallReader, call: Call) -> tuple[int, int | None]:
    """Binding flags and constructor parameter count (None: not known) of an Activator.CreateInstance(Type, ...)."""
    arguments = call.arguments
    if len(arguments) == 1:
        return INSTANCE | PUBLIC, 0
    if reader.find_parameter(call, 1, "System.Boolean"):
        return INSTANCE | PUBLIC | (NON_PUBLIC if const_int(arguments[1]) != 0 else 0), 0
    position = 1 if len(arguments) in (2, 3) else 3
    n_parameters = None
    if position < len(arguments):
        n_parameters = 0 if isinstance(only(arguments[position]), Null) else array_size(arguments[position])
    if len(arguments) <= 3:
        return INSTANCE | PUBLIC, n_parameters
    flags = const_int(arguments[1])
    return INSTANCE | (PUBLIC | NON_PUBLIC if flags is None else flags), n_parameters


def _create_by_names(reader: CallReader, call: Call) -> ValueSet | None:
    """Activator and AppDomain, by assembly name (or file) and type name."""
    flags, n_parameters = INSTANCE | PUBLIC | NON_PUBLIC, 0 if len(call.arguments) != 8 else None
    if len(call.arguments) == 8:
        known = const_int(call.arguments[3])
        flags = INSTANCE | (PUBLIC | NON_PUBLIC if known is None else known)
    for assembly in call.arguments[0]:
        if not isinstance(assembly, KnownString):
            reader.unanalyzable(call, Unanalyzable.CREATE_INSTANCE_PARAMETER, 0)
            continue
        for name in call.arguments[1] if assembly.text else ():
            if isinstance(name, KnownString):
                if reader.annotations.reader is ReaderKind.PUBLISH:
                    reader.unanalyzable(call, Unanalyzable.CREATE_INSTANCE_PARAMETER, 1)
                found = resolve_in_assembly(reader.annotations.universe, name.text, assembly.text)
                if found is not None:
                    reader.reach_all(binder.constructors(found, flags, n_parameters))
            elif not isinstance(name, Null):
                reader.unanalyzable(call, Unanalyzable.CREATE_INSTANCE_PARAMETER, 1)
    return None


def _assembly_create_instance(reader: CallReader, call: Call) -> ValueSet | None:
    reader.unanalyzable(call, Unanalyzable.ASSEMBLY_CREATE_INSTANCE)
    return None


def _run_class_constructor(reader: CallReader, call: Call) -> ValueSet | None:
    for value in call.arguments[0]:
        if isinstance(value, TypeHandle):
            if isinstance(value.of, KnownType):
                if isinstance(value.of.type, NamedType):
                    reader.reach_all(m for m in value.of.type.definition.methods if m.name == ".cctor")
                continue
            if isinstance(value.of, NullableOf) and isinstance(value.of.underlying, KnownType):
                continue
            is_parameter = isinstance(value.of, GenericParameterValue)
            if not is_parameter and isinstance(value.of, ANNOTATED) and value.of.annotation & M.NON_PUBLIC_CONSTRUCTORS:
                continue
        reader.unanalyzable(call, Unanalyzable.CLASS_CONSTRUCTOR)
    return None


# ---- expressions ----


def _expression_new(reader: CallReader, call: Call) -> ValueSet | None:
    for value in call.arguments[0]:
        if isinstance(value, KnownType):
            reader.reach_all(binder.constructors(value.type, INSTANCE | PUBLIC | NON_PUBLIC, None))
        else:
            reader.require_argument(call, 0, single(value), M.PUBLIC_PARAMETERLESS_CONSTRUCTOR)
    return None


def _expression_property(reader: CallReader, call: Call) -> ValueSet | None:
    if not reader.find_parameter(call, 1, "System.Reflection.MethodInfo"):
        return _expression_member("properties")(reader, call)
    for value in call.arguments[1]:
        if isinstance(value, KnownMethod) and association(value.method.definition) is not None:
            member = association(value.method.definition)
            if member is not None and member.is_property:
                accessors = binder.accessors_named(
                    reader.annotations.universe, value.method.owner, member.name, DEFAULT_FLAGS | NON_PUBLIC, events=False
                )
                reader.reach_all(accessors)
                continue
        if not isinstance(value, Null):
            reader.unanalyzable(call, Unanalyzable.PROPERTY_ACCESSOR, 1)
    return None


def _expression_member(kind: str) -> Handler:
    """Expression.Field and Expression.Property by type and name."""

    def handler(reader: CallReader, call: Call) -> ValueSet | None:
        types, name_values = call.arguments[1], call.arguments[2]
        if not types or not name_values:
            return NOTHING
        flags = STATIC if isinstance(only(call.arguments[0]), Null) else 0
        for value in types:
            for name in name_values if isinstance(value, KnownType) else (None,):
                if isinstance(value, KnownType) and isinstance(name, KnownString):
                    _reach_named(reader, kind, value.type, name.text, flags)
                elif not isinstance(name, Null):
                    reader.require_argument(call, 1, single(value), members_by_flags(kind, PUBLIC | NON_PUBLIC))
        return None

    return handler


def _expression_call(reader: CallReader, call: Call) -> ValueSet | None:
    flags = STATIC | PUBLIC | NON_PUBLIC | FLATTEN
    if reader.annotations.reader is ReaderKind.BUILD:
        reader.use(call, Requires.DYNAMIC_CODE)
    has_type_arguments = array_size(call.arguments[2]) != 0
    for value in call.arguments[0]:
        for name in call.arguments[1] if isinstance(value, KnownType) else (None,):
            if isinstance(value, KnownType) and isinstance(name, KnownString):
                for method in binder.methods_named(reader.annotations.universe, value.type, name.text, flags):
                    validate_method_arguments(reader, call, method, call.arguments[2])
                    reader.demands.reach(method)
                continue
            if has_type_arguments:
                reader.unanalyzable(call, Unanalyzable.MAKE_GENERIC_METHOD)
            reader.require_argument(call, 0, single(value), members_by_flags("methods", flags))
    return None


# ---- calls that need code made at run time unless the type is known ----


def _needs_known_type(position: int) -> Handler:
    def handler(reader: CallReader, call: Call) -> ValueSet | None:
        if reader.annotations.reader is ReaderKind.BUILD:
            reader.use(call, Requires.DYNAMIC_CODE)
            return None
        for value in call.arguments[position]:
            if not (isinstance(value, KnownType) and not value.type.is_open and not _is_definition(value.type)):
                reader.use(call, Requires.DYNAMIC_CODE)
        return None

    return handler


def _is_definition(desc: TypeDesc) -> bool:
    return isinstance(desc, NamedType) and desc.definition.generic_count > 0 and not desc.args


HANDLERS: dict[Intrinsic, Handler] = {
    Intrinsic.GET_TYPE_INFO: _first_argument,
    Intrinsic.TYPE_INFO_AS_TYPE: _instance,
    Intrinsic.UNDERLYING_SYSTEM_TYPE: _instance,
    Intrinsic.TYPE_FROM_HANDLE: _type_from_handle,
    Intrinsic.TYPE_HANDLE: _type_handle,
    Intrinsic.METHOD_FROM_HANDLE: _method_from_handle,
    Intrinsic.METHOD_HANDLE: _method_handle,
    Intrinsic.MAKE_GENERIC_TYPE: make_generic_type,
    Intrinsic.MAKE_GENERIC_METHOD: make_generic_method,
    Intrinsic.DELEGATE_METHOD_INFO: _declared,
    Intrinsic.RUNTIME_EVENT: _runtime_member("events"),
    Intrinsic.RUNTIME_FIELD: _runtime_member("fields"),
    Intrinsic.RUNTIME_METHOD: _runtime_member("methods"),
    Intrinsic.RUNTIME_PROPERTY: _runtime_member("properties"),
    Intrinsic.EXPRESSION_CALL: _expression_call,
    Intrinsic.EXPRESSION_FIELD: _expression_member("fields"),
    Intrinsic.EXPRESSION_PROPERTY: _expression_property,
    Intrinsic.EXPRESSION_NEW: _expression_new,
    Intrinsic.ENUM_VALUES: _needs_known_type(0),
    Intrinsic.MARSHAL_BY_FIRST: _needs_known_type(0),
    Intrinsic.MARSHAL_BY_SECOND: _needs_known_type(1),
    Intrinsic.MARSHAL_DELEGATE: _needs_known_type(1),
    Intrinsic.TYPE_BY_NAME: _type_by_name,
    Intrinsic.GET_CONSTRUCTOR: _constructor,
    Intrinsic.GET_CONSTRUCTORS: _members_by_flags("constructors"),
    Intrinsic.GET_METHOD: _method,
    Intrinsic.GET_METHODS: _members_by_flags("methods"),
    Intrinsic.GET_FIELD: _member_by_name("fields"),
    Intrinsic.GET_FIELDS: _members_by_flags("fields"),
    Intrinsic.GET_EVENT: _member_by_name("events"),
    Intrinsic.GET_EVENTS: _members_by_flags("events"),
    Intrinsic.GET_NESTED_TYPE: _nested_type,
    Intrinsic.GET_NESTED_TYPES: _members_by_flags("nested types"),
    Intrinsic.GET_MEMBER: _any_member,
    Intrinsic.GET_MEMBERS: _members_by_flags("members"),
    Intrinsic.GET_PROPERTY: _member_by_name("properties"),
    Intrinsic.GET_PROPERTIES: _members_by_flags("properties"),
    Intrinsic.GET_INTERFACE: _interface,
    Intrinsic.ASSEMBLY_QUALIFIED_NAME: _assembly_qualified_name,
    Intrinsic.BASE_TYPE: _base_type,
    Intrinsic.OBJECT_GET_TYPE: _object_get_type,
    Intrinsic.TYPE_DELEGATOR: _type_delegator,
    Intrinsic.ARRAY_EMPTY: _array_empty,
    Intrinsic.ARRAY_CREATE: _array_create,
    Intrinsic.ACTIVATOR_BY_TYPE: _activator,
    Intrinsic.CREATE_BY_NAMES: _create_by_names,
    Intrinsic.CREATE_FROM_FILE: _create_by_names,
    Intrinsic.ASSEMBLY_CREATE_INSTANCE: _assembly_create_instance,
    Intrinsic.ASSEMBLY_LOCATION: _used,
    Intrinsic.ASSEMBLY_FILES: _used,
    Intrinsic.RUN_CLASS_CONSTRUCTOR: _run_class_constructor,
    Intrinsic.NULLABLE_UNDERLYING: _nullable_underlying,
}
