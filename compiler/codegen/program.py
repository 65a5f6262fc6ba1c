"""The module that is the program's own: type data, dispatch table, statics, entry point, and what the C runtime asks by name.

Everything whole-program stands here, so that all other units depend on nothing but what they refer to.
"""

from __future__ import annotations

from collections.abc import Mapping

from compiler.codegen.callbacks import add_callback_roots, emit_callbacks
from compiler.codegen.dispatch import VTABLE_OFFSET
from compiler.codegen.dispatch_table import emit_dispatch_table, number_types
from compiler.codegen.emitter import method_declaration
from compiler.codegen.statics import class_constructor
from compiler.codegen.typedata import DataText, emit_statics, emit_types, method_table
from compiler.metadata.signatures import ElementType
from compiler.reach.world import World, WorldBuilder, default_constructor, is_bare
from compiler.types.layout import type_layout
from compiler.types.naming import stack_trace_name
from compiler.types.type_desc import ArrayType, MethodDesc, NamedType, TypeDesc
from compiler.types.universe import MissingMember, TypeUniverse
from compiler.types.vtable import slot_index

# In the order of RtThrowKind in rt.h.
EXCEPTIONS = (
    "NullReferenceException", "IndexOutOfRangeException", "OverflowException", "DivideByZeroException", "InvalidCastException",
    "ArrayTypeMismatchException", "OutOfMemoryException", "ArgumentNullException", "PlatformNotSupportedException",
    "Threading.SynchronizationLockException", "ArgumentOutOfRangeException", "InvalidProgramException", "InsufficientExecutionStackException",
    "Threading.ThreadStateException", "ArithmeticException", "TypeInitializationException", "DllNotFoundException", "EntryPointNotFoundException",
    "MissingMethodException", "ArgumentException", "RankException", "NotSupportedException", "Reflection.TargetParameterCountException",
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
    return [universe.corlib_type("System.Reflection", "RuntimeMethodInfo")]


def exception_type(universe: TypeUniverse, name: str) -> NamedType:
    """One of `EXCEPTIONS` as a type."""
    namespace, _, simple = name.rpartition(".")
    return universe.corlib_type(f"System.{namespace}" if namespace else "System", simple)


def _message_constructor(universe: TypeUniverse, desc: NamedType) -> MethodDesc:
    for definition in desc.definition.methods_named(".ctor"):
        parameters = definition.sig.parameters
        if len(parameters) == 1 and parameters[0].element is ElementType.STRING:
            return universe.method(definition, desc, ())
    return universe.find_method(desc, ".ctor", 2)


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
        builder.add("method", _message_constructor(universe, desc), None)
    builder.add("method", _type_initialization_constructor(universe), None)
    wrapper = universe.corlib_type("System.Reflection", "TargetInvocationException")
    builder.add("constructed", wrapper, None)
    builder.add("method", universe.find_method(wrapper, ".ctor", 1), None)
    for _, name, _, _ in _OBJECT_VIRTUALS:
        builder.add("virtual", _object_virtual(universe, name), None)


def add_conditional_roots(universe: TypeUniverse, builder: WorldBuilder) -> None:
    """Marks what the runtime calls only because of what the program reached so far."""
    add_callback_roots(universe, builder)
    invokes = universe.find_method(universe.corlib_type("System", "Delegate"), "DynamicInvokeImpl")
    if ("method", invokes) in builder.world.reasons:
        for desc in list(builder.world.constructed):
            if isinstance(desc, NamedType) and desc.is_delegate:
                builder.add("dynamic_thunk", desc, ("method", invokes))
    _keep_what_typeof_names(universe, builder)
    boxes = universe.find_method(universe.corlib_type("System", "Array"), "InternalGetValue")
    if ("method", boxes) in builder.world.reasons:
        # Array.GetValue boxes elements of whatever array it meets.
        for desc in list(builder.world.constructed):
            if isinstance(desc, ArrayType) and isinstance(desc.item, NamedType) and desc.item.is_value_type:
                item = desc.item.args[0] if desc.item.is_nullable else desc.item
                if not _is_by_ref_like(item):
                    builder.add("constructed", item, ("method", boxes))


def _keep_what_typeof_names(universe: TypeUniverse, builder: WorldBuilder) -> None:
    """Types that the program names by typeof can be made by Array.CreateInstance and Activator.CreateInstance once it calls them."""
    makes_arrays = ("native", "qc_Array_CreateInstance") in builder.world.reasons
    makes_objects = ("native", "rt_create_instance") in builder.world.reasons
    initializes = ("native", "qc_ReflectionInvocation_RunClassConstructor") in builder.world.reasons
    if not makes_arrays and not makes_objects and not initializes:
        return
    for kind, desc in list(builder.world.reasons):
        if kind != "type_object" or not isinstance(desc, (NamedType, ArrayType)) or is_bare(desc) or _is_by_ref_like(desc):
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


def _is_by_ref_like(desc: TypeDesc) -> bool:
    return isinstance(desc, NamedType) and desc.definition.has_attribute("System.Runtime.CompilerServices.IsByRefLikeAttribute")


def emit_program(universe: TypeUniverse, world: World, entry: MethodDesc, knobs: Mapping[str, str]) -> str:
    """The whole program module as LLVM text."""
    out = DataText()
    type_ids = number_types(universe, world)
    emit_types(universe, world, type_ids, out)
    emit_dispatch_table(universe, world, type_ids, out)
    thread_bytes = emit_statics(universe, world, out)
    out.lines.append(f'@"rt_thread_statics_bytes" = constant i64 {thread_bytes}, align 8')
    known = [*known_types(universe), *optional_types(universe)]
    tables = ", ".join(f"ptr {method_table(d)}" if d in world.types else "ptr null" for d in known)
    out.lines.append(f'@"rt_known_types" = constant [{len(known)} x ptr] [{tables}], align 8')
    _emit_field_offsets(universe, out)
    _emit_exception_makers(universe, out)
    _emit_entry(universe, entry, out)
    _emit_object_virtuals(universe, out)
    _emit_guard(universe, out)
    _emit_method_table(universe, world, out)
    emit_callbacks(universe, world, out)
    _emit_knobs(knobs, out)
    declares = [text for _, text in sorted(out.declares.items())]
    return "\n".join([*declares, *out.lines]) + "\n"


def _emit_exception_makers(universe: TypeUniverse, out: DataText) -> None:
    """`ptr make(ptr message)`: a new exception; a null message means the default one."""
    out.declares["rt_new"] = 'declare noalias nonnull ptr @"rt_new"(ptr)'
    names = []
    for name in EXCEPTIONS:
        desc = exception_type(universe, name)
        maker = f'@"make.{name}"'
        names.append(f"ptr {maker}")
        constructor = _message_constructor(universe, desc)
        n_parameters = len(universe.signature(constructor).parameters)
        with_message = out.method(universe, constructor, "m")
        message_call = f"call void {with_message}(ptr %o, ptr %message{', ptr null' if n_parameters == 2 else ''})"
        default_call = message_call
        if name != "TypeInitializationException":
            default_call = f"call void {out.method(universe, universe.find_method(desc, '.ctor', 0), 'm')}(ptr %o)"
        out.lines.append(
            f"define internal ptr {maker}(ptr %message) uwtable {{\n%o = call ptr @\"rt_new\"(ptr {method_table(desc)})\n"
            f"%z = icmp eq ptr %message, null\nbr i1 %z, label %default, label %given\ndefault:\n{default_call}\nbr label %done\n"
            f"given:\n{message_call}\nbr label %done\ndone:\nret ptr %o\n}}"
        )
    out.lines.append(f'@"rt_exception_makers" = constant [{len(names)} x ptr] [{", ".join(names)}], align 8')


def _type_initialization_constructor(universe: TypeUniverse) -> MethodDesc:
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


def _emit_entry(universe: TypeUniverse, entry: MethodDesc, out: DataText) -> None:
    """`i32 rt_program_main(ptr arguments)` calls Main in whatever form it has (ECMA-335 II.15.4.1.2)."""
    signature = universe.signature(entry)
    code = out.method(universe, entry, "m")
    arguments = "ptr %arguments" if signature.parameters else ""
    initializer = module_initializer(universe, entry)
    before = f"call void {out.method(universe, initializer, 'm')}()\n" if initializer is not None else ""
    if signature.return_type.element is ElementType.VOID:
        body = f"{before}call void {code}({arguments})\nret i32 0"
    else:
        body = f"{before}%r = call i32 {code}({arguments})\nret i32 %r"
    returns_void = int(signature.return_type.element is ElementType.VOID)
    out.lines.append(f'@"rt_main_returns_void" = constant i32 {returns_void}, align 4')
    out.lines.append(f'define i32 @"rt_program_main"(ptr %arguments) uwtable {{\n{body}\n}}')


def _emit_field_offsets(universe: TypeUniverse, out: DataText) -> None:
    offsets = []
    for namespace, name, field_name in FIELDS:
        owner = _nested_type(universe, namespace, name)
        layout = type_layout(universe, owner)
        found = next((o for f, o in layout.offsets.items() if f.name == field_name), None)
        if found is None:
            raise MissingMember("AOTD1006", f"the class library's '{namespace}.{name}' has no field '{field_name}'; this version is not supported")
        offsets.append(f"i32 {found}")
    out.lines.append(f'@"rt_field_offsets" = constant [{len(offsets)} x i32] [{", ".join(offsets)}], align 4')


def _nested_type(universe: TypeUniverse, namespace: str, name: str) -> NamedType:
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
_OBJECT_VIRTUALS = (
    ("rt_object_to_string", "ToString", "ptr", ()),
    ("rt_object_equals", "Equals", "i8", ("ptr",)),
    ("rt_object_hash_code", "GetHashCode", "i32", ()),
)


def _object_virtual(universe: TypeUniverse, name: str) -> MethodDesc:
    root = universe.primitive(ElementType.OBJECT)
    for definition in root.definition.methods_named(name):
        if definition.is_virtual:
            return universe.method(definition, root, ())
    raise MissingMember("AOTD1006", f"System.Object has no virtual method '{name}'")


def _emit_object_virtuals(universe: TypeUniverse, out: DataText) -> None:
    """Functions by which C calls Object's virtual methods."""
    for symbol_name, method_name, result, parameters in _OBJECT_VIRTUALS:
        offset = VTABLE_OFFSET + 8 * slot_index(universe, _object_virtual(universe, method_name))
        header = ", ".join(["ptr %o", *(f"{t} %p{i}" for i, t in enumerate(parameters))])
        out.lines.append(
            f'define {result} @"{symbol_name}"({header}) uwtable {{\n%t = load ptr, ptr %o, align 8\n'
            f"%a = getelementptr i8, ptr %t, i64 {offset}\n%c = load ptr, ptr %a, align 8\n%s = call {result} %c({header})\nret {result} %s\n}}"
        )


def _emit_method_table(universe: TypeUniverse, world: World, out: DataText) -> None:
    """Code address -> record, for stack traces and Delegate.Method; unsorted, the runtime sorts it at the first use.

    A record is two bytes of MethodAttributes, then `Type \\1 Method \\2 [arguments](parameters)`, zero-terminated.
    """
    rows = []
    for kind in ("method", "unboxing_stub"):
        prefix = "m" if kind == "method" else "unbox"
        methods = [target for node_kind, target in world.code if node_kind == kind and isinstance(target, MethodDesc)]
        for method in sorted(methods, key=lambda m: method_declaration(universe, m, "m")[0]):
            raw = method.definition.flags.to_bytes(2, "little") + stack_trace_name(universe, method).encode("utf-8", "replace") + b"\0"
            body = "".join(chr(b) if 32 <= b < 127 and b not in (34, 92) else f"\\{b:02X}" for b in raw)
            record = out.constant(f"[{len(raw)} x i8]", f'c"{body}"', 1)
            rows.append(f"{{ ptr, ptr }} {{ ptr {out.method(universe, method, prefix)}, ptr {record} }}")
    out.lines.append(f'@"rt_method_table" = constant [{len(rows)} x {{ ptr, ptr }}] [{", ".join(rows)}], align 8')
    out.lines.append(f'@"rt_method_count" = constant i64 {len(rows)}, align 8')


def _emit_knobs(knobs: Mapping[str, str], out: DataText) -> None:
    """The settings that AppContext gets at the start: pairs of zero-terminated UTF-16 texts."""
    texts = [text for name in sorted(knobs) for text in (name, knobs[name])]
    pointers = []
    for text in texts:
        raw = text.encode("utf-16-le") + b"\0\0"
        body = "".join(f"\\{b:02X}" for b in raw)
        pointers.append(f"ptr {out.constant(f'[{len(raw)} x i8]', f'c{chr(34)}{body}{chr(34)}', 2)}")
    out.lines.append(f'@"rt_knobs" = constant [{len(pointers)} x ptr] [{", ".join(pointers)}], align 8')
    out.lines.append(f'@"rt_knob_count" = constant i32 {len(pointers) // 2}, align 4')


def _emit_guard(universe: TypeUniverse, out: DataText) -> None:
    """`ptr rt_run_guarded(ptr code)` and `ptr rt_make_type_initialization(ptr name, ptr inner)`, see exception.c."""
    out.declares["rt_personality"] = 'declare i32 @"rt_personality"(...)'
    out.declares["rt_begin_catch"] = 'declare ptr @"rt_begin_catch"(ptr)'
    out.lines.append(
        'define ptr @"rt_run_guarded"(ptr %code) uwtable personality ptr @"rt_personality" {\n'
        "invoke void %code() to label %ok unwind label %pad\nok:\nret ptr null\npad:\n"
        "%p = landingpad {ptr, i32} catch ptr null\n%e = extractvalue {ptr, i32} %p, 0\n"
        '%o = call ptr @"rt_begin_catch"(ptr %e)\nret ptr %o\n}'
    )
    out.lines.append(
        'define ptr @"rt_call_guarded"(ptr %code, ptr %a, ptr %b, ptr %exception) uwtable personality ptr @"rt_personality" {\n'
        "%r = invoke ptr %code(ptr %a, ptr %b) to label %ok unwind label %pad\nok:\nret ptr %r\npad:\n"
        "%p = landingpad {ptr, i32} catch ptr null\n%e = extractvalue {ptr, i32} %p, 0\n"
        '%o = call ptr @"rt_begin_catch"(ptr %e)\nstore ptr %o, ptr %exception, align 8\nret ptr null\n}'
    )
    wrapper = universe.corlib_type("System.Reflection", "TargetInvocationException")
    wrap = out.method(universe, universe.find_method(wrapper, ".ctor", 1), "m")
    out.lines.append(
        'define ptr @"rt_make_target_invocation"(ptr %inner) uwtable {\n'
        f'%o = call ptr @"rt_new"(ptr {method_table(wrapper)})\ncall void {wrap}(ptr %o, ptr %inner)\nret ptr %o\n}}'
    )
    desc = exception_type(universe, "TypeInitializationException")
    constructor = _type_initialization_constructor(universe)
    out.lines.append(
        'define ptr @"rt_make_type_initialization"(ptr %name, ptr %inner) uwtable {\n'
        f'%o = call ptr @"rt_new"(ptr {method_table(desc)})\n'
        f"call void {out.method(universe, constructor, 'm')}(ptr %o, ptr %name, ptr %inner)\nret ptr %o\n}}"
    )
