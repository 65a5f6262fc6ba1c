"""What the runtime calls in managed code: C symbols that hold its address, or null in a program that cannot need it.

A callback is kept once the program reaches what asks for it: nothing is there for events that nobody hears and threads
that nobody starts.
"""

from __future__ import annotations

from dataclasses import dataclass

from compiler.codegen.data_text import DataText, method_table
from compiler.codegen.lltypes import quote
from compiler.codegen.statics import static_layout
from compiler.codegen.wrappers import DELEGATE_POINTER, DELEGATE_TARGET
from compiler.metadata.signatures import ElementType
from compiler.reach.world import Node, World, WorldBuilder
from compiler.types.naming import symbol, type_key
from compiler.types.type_desc import MethodDesc, NamedType
from compiler.types.universe import TypeUniverse

MethodName = tuple[str, str, str]
_METHOD_HANDLE = "System.RuntimeMethodHandleInternal"


@dataclass(frozen=True, slots=True)
class Callback:
    """A C symbol, what makes it needed (a runtime call's C name or a method), and the methods that it calls, the first one directly."""

    symbol: str
    trigger: str | MethodName
    methods: tuple[MethodName, ...]


CALLBACKS = (
    Callback("rt_process_exit_handler", ("System", "AppDomain", "add_ProcessExit"), (("System", "AppContext", "OnProcessExit"),)),
    Callback("rt_app_context_setup", ("System", "AppContext", "GetData"), (("System", "AppContext", "Setup"),)),
    Callback("rt_thread_start_callback", "qc_ThreadNative_Start", (("System.Threading", "Thread", "StartCallback"),)),
)
_INTERRUPTED = Callback(
    "rt_make_thread_interrupted", "qc_ThreadNative_Interrupt", (("System.Threading", "ThreadInterruptedException", ".ctor"),)
)
_FILE_NOT_FOUND = Callback(
    "rt_make_file_not_found", "qc_AssemblyNative_InternalLoad", (("System.IO", "FileNotFoundException", ".ctor(string, string)"),)
)
_UNHANDLED = Callback(
    "rt_unhandled_exception_event",
    ("System", "AppContext", "add_UnhandledException"),
    (("System", "UnhandledExceptionEventArgs", ".ctor"),),
)


def _trigger(universe: TypeUniverse, callback: Callback) -> Node:
    if isinstance(callback.trigger, str):
        return "native", callback.trigger
    return "method", _method(universe, callback.trigger)


def _method(universe: TypeUniverse, name: MethodName) -> MethodDesc:
    owner = universe.corlib_type(name[0], name[1])
    if name[2] == ".ctor(string, string)":
        texts = [d for d in owner.definition.methods_named(".ctor") if [p.element for p in d.sig.parameters] == [ElementType.STRING] * 2]
        return universe.method(texts[0], owner, ())
    if name[2] != ".ctor":
        return universe.find_method(owner, name[2])
    # Of several constructors the one that the runtime uses has no parameters; else there is just one.
    without = [d for d in owner.definition.methods_named(".ctor") if not d.sig.parameters]
    return universe.method(without[0], owner, ()) if without else universe.find_method(owner, ".ctor")


def add_callback_roots(universe: TypeUniverse, builder: WorldBuilder) -> None:
    """Marks the callbacks that the program has come to need."""
    for callback in (*CALLBACKS, _INTERRUPTED, _FILE_NOT_FOUND, _UNHANDLED):
        trigger = _trigger(universe, callback)
        if trigger not in builder.world.reasons:
            continue
        for name in callback.methods:
            method = _method(universe, name)
            if method.name == ".ctor":
                builder.add("constructed", method.owner, trigger)
            builder.add("method", method, trigger)


def emit_callbacks(universe: TypeUniverse, world: World, out: DataText) -> None:
    """Emits the C symbols of all callbacks."""
    for callback in CALLBACKS:
        code = out.method(universe, _method(universe, callback.methods[0]), "m") if _is_kept(universe, world, callback) else "null"
        out.lines.append(f"{quote(callback.symbol)} = constant ptr {code}, align 8")
    _emit_method_base(universe, world, out)
    _emit_maker(universe, world, _INTERRUPTED, 0, out)
    _emit_maker(universe, world, _FILE_NOT_FOUND, 2, out)
    _emit_unhandled(universe, world, out)


def _emit_method_base(universe: TypeUniverse, world: World, out: DataText) -> None:
    """`ptr GetMethodBase(ptr type, ptr method)`, which gives Delegate.Method the object that reflection has; null without reflection."""
    owner = universe.corlib_type("System", "RuntimeType")
    code = "null"
    for definition in owner.definition.methods_named("GetMethodBase"):
        method = universe.method(definition, owner, ())
        parameters = universe.signature(method).parameters
        is_wanted = len(parameters) == 2 and isinstance(parameters[1], NamedType) and parameters[1].full_name == _METHOD_HANDLE
        if is_wanted and ("method", method) in world.code:
            code = out.method(universe, method, "m")
    out.lines.append(f'@"rt_method_base_callback" = constant ptr {code}, align 8')


def _is_kept(universe: TypeUniverse, world: World, callback: Callback) -> bool:
    return _trigger(universe, callback) in world.reasons


def _emit_maker(universe: TypeUniverse, world: World, callback: Callback, count: int, out: DataText) -> None:
    """`ptr make(ptr...)`: a new exception, by its constructor with `count` references."""
    code = "null"
    if _is_kept(universe, world, callback):
        constructor = _method(universe, callback.methods[0])
        code = quote(f"make.{callback.symbol}")
        given = [f"ptr %p{index}" for index in range(count)]
        out.declares["rt_new"] = 'declare noalias nonnull ptr @"rt_new"(ptr)'
        out.lines.append(
            f"define internal ptr {code}({', '.join(given)}) uwtable {{\n%o = call ptr @\"rt_new\"(ptr {method_table(constructor.owner)})\n"
            f"call void {out.method(universe, constructor, 'm')}({', '.join(['ptr %o', *given])})\nret ptr %o\n}}"
        )
    out.lines.append(f"{quote(callback.symbol)} = constant ptr {code}, align 8")


def _emit_unhandled(universe: TypeUniverse, world: World, out: DataText) -> None:
    """`void raise(ptr exception)`: invokes AppContext.UnhandledException with a null sender, as CoreCLR 9 does."""
    code = "null"
    if _is_kept(universe, world, _UNHANDLED):
        constructor = _method(universe, _UNHANDLED.methods[0])
        code = '@"raise.unhandled"'
        out.declares["rt_new"] = 'declare noalias nonnull ptr @"rt_new"(ptr)'
        out.lines.append(
            f"define internal void {code}(ptr %e) uwtable {{\n%d = load ptr, ptr {_event_field(universe)}, align 8\n"
            "%z = icmp eq ptr %d, null\nbr i1 %z, label %done, label %raise\nraise:\n"
            f"%a = call ptr @\"rt_new\"(ptr {method_table(constructor.owner)})\n"
            f"call void {out.method(universe, constructor, 'm')}(ptr %a, ptr %e, i8 1)\n"
            f"%ca = getelementptr i8, ptr %d, i64 {DELEGATE_POINTER}\n%c = load ptr, ptr %ca, align 8\n"
            f"%ta = getelementptr i8, ptr %d, i64 {DELEGATE_TARGET}\n%t = load ptr, ptr %ta, align 8\n"
            "call void %c(ptr %t, ptr null, ptr %a)\nbr label %done\ndone:\nret void\n}"
        )
    out.lines.append(f"{quote(_UNHANDLED.symbol)} = constant ptr {code}, align 8")


def _event_field(universe: TypeUniverse) -> str:
    owner = universe.corlib_type("System", "AppContext")
    assert isinstance(owner, NamedType)
    offset = next(o for f, o in static_layout(universe, owner).offsets.items() if f.name == "UnhandledException")
    return f"getelementptr (i8, ptr {quote(symbol('statics', type_key(owner)))}, i64 {offset})"
