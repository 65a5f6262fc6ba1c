"""The module that is the program's own: type data, dispatch table, statics, entry point, and what the C runtime asks by name.

Everything whole-program stands here, so that all other units depend on nothing but what they refer to.
"""

from __future__ import annotations

from collections.abc import Mapping

from compiler.codegen.callbacks import emit_callbacks
from compiler.codegen.data_text import DataText, method_table
from compiler.codegen.dispatch import VTABLE_OFFSET
from compiler.codegen.dispatch_table import emit_dispatch_table, number_types
from compiler.codegen.emitter import method_declaration
from compiler.codegen.member_records import emit_members
from compiler.codegen.module_records import emit_modules
from compiler.codegen.stream_overrides import emit_stream_overrides
from compiler.codegen.typedata import emit_statics, emit_types
from compiler.codegen.well_known import (
    EXCEPTIONS,
    FIELDS,
    OBJECT_VIRTUALS,
    exception_type,
    known_types,
    message_constructor,
    module_initializer,
    nested_type,
    object_virtual,
    optional_types,
    type_initialization_constructor,
)
from compiler.metadata.signatures import ElementType
from compiler.reach.world import World
from compiler.types.layout import type_layout
from compiler.types.naming import module_display_name, stack_trace_name, type_key
from compiler.types.type_desc import MethodDesc, NamedType
from compiler.types.universe import MissingMember, TypeUniverse
from compiler.types.vtable import slot_index

# Runtime calls that look through all types of the program.
_CALLS_FOR_NAMES = (
    "qc_AssemblyNative_GetTypeCore", "qc_AssemblyNative_GetTypeCoreIgnoreCase", "qc_AssemblyNative_GetExportedTypes",
    "qc_AssemblyNative_InternalLoad", "qc_RuntimeModule_GetTypes",
)
_CALLS_FOR_ELEMENTS = tuple(f"qc_RuntimeTypeHandle_Make{kind}" for kind in ("SZArray", "Array", "ByRef", "Pointer"))


def emit_program(universe: TypeUniverse, world: World, entry: MethodDesc, knobs: Mapping[str, str]) -> str:
    """The whole program module as LLVM text."""
    out = DataText()
    type_ids = number_types(universe, world)
    emit_types(universe, world, type_ids, emit_members(universe, world, out), out)
    emit_modules(universe, world, out)
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
    emit_stream_overrides(universe, world, out)
    _emit_knobs(knobs, out)
    _emit_type_list(world, out)
    name = module_display_name(entry.definition.module).encode() + b"\0"
    body = "".join(f"\\{b:02X}" for b in name)
    out.lines.append(f'@"rt_entry_assembly" = constant [{len(name)} x i8] c"{body}", align 1')
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
        constructor = message_constructor(universe, desc)
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
        owner = nested_type(universe, namespace, name)
        layout = type_layout(universe, owner)
        found = next((o for f, o in layout.offsets.items() if f.name == field_name), None)
        if found is None:
            reason = f"has no field '{field_name}'; this version is not supported"
            raise MissingMember("AOTD1006", f"the class library's '{namespace}.{name}' {reason}")
        offsets.append(f"i32 {found}")
    out.lines.append(f'@"rt_field_offsets" = constant [{len(offsets)} x i32] [{", ".join(offsets)}], align 4')


def _emit_object_virtuals(universe: TypeUniverse, out: DataText) -> None:
    """Functions by which C calls Object's virtual methods."""
    for symbol_name, method_name, result, parameters in OBJECT_VIRTUALS:
        offset = VTABLE_OFFSET + 8 * slot_index(universe, object_virtual(universe, method_name))
        header = ", ".join(["ptr %o", *(f"{t} %p{i}" for i, t in enumerate(parameters))])
        out.lines.append(
            f'define {result} @"{symbol_name}"({header}) uwtable {{\n%t = load ptr, ptr %o, align 8\n'
            f"%a = getelementptr i8, ptr %t, i64 {offset}\n%c = load ptr, ptr %a, align 8\n"
            f"%s = call {result} %c({header})\nret {result} %s\n}}"
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
            rows.append(f"{{ ptr, ptr }} {{ ptr {out.method(universe, method, prefix)}, ptr {out.octets(raw)} }}")
    out.lines.append(f'@"rt_method_table" = constant [{len(rows)} x {{ ptr, ptr }}] [{", ".join(rows)}], align 8')
    out.lines.append(f'@"rt_method_count" = constant i64 {len(rows)}, align 8')


def _emit_type_list(world: World, out: DataText) -> None:
    """`rt_all_types`, for types that are looked up by what is known at run time only: a name, type arguments, an element type."""
    asks_for_names = any(call in world.natives for call in _CALLS_FOR_NAMES)
    asks_for_instances = "qc_RuntimeTypeHandle_Instantiate" in world.natives
    asks_for_elements = any(call in world.natives for call in _CALLS_FOR_ELEMENTS)
    shown = [
        desc
        for desc in sorted(world.types, key=type_key)
        if not desc.is_open
        and ((asks_for_instances if desc.args else asks_for_names) if isinstance(desc, NamedType) else asks_for_elements)
    ]
    items = ", ".join(f"ptr {method_table(desc)}" for desc in shown)
    out.lines.append(f'@"rt_all_types" = constant [{len(shown)} x ptr] [{items}], align 8')
    out.lines.append(f'@"rt_all_type_count" = constant i64 {len(shown)}, align 8')


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
    constructor = type_initialization_constructor(universe)
    out.lines.append(
        'define ptr @"rt_make_type_initialization"(ptr %name, ptr %inner) uwtable {\n'
        f'%o = call ptr @"rt_new"(ptr {method_table(desc)})\n'
        f"call void {out.method(universe, constructor, 'm')}(ptr %o, ptr %name, ptr %inner)\nret ptr %o\n}}"
    )
