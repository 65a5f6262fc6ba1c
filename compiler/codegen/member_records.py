"""What reflection finds of members: records of methods and fields, signatures, and the code by which methods are called.

Input is the closed world's `reflected_methods` and `reflected_fields`; output is LLVM text in the layouts of `runtime/reflect.h`.
A method is called through code that is shared by all methods of one shape: it takes the arguments by address and leaves the result
in memory.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from compiler.codegen.data_text import DataText, method_table, signed
from compiler.codegen.dispatch_table import dispatch_entry
from compiler.codegen.lltypes import call_shape, leaves, quote, result_type
from compiler.codegen.object_array_thunk import thunk_symbol
from compiler.codegen.reflection_code import storage_symbol
from compiler.metadata.signatures import ElementType
from compiler.reach.world import World, is_bare, is_invocable, type_arguments
from compiler.types.definitions import MethodDefinition
from compiler.types.layout import type_layout
from compiler.types.modifiers import modifiers_of
from compiler.types.naming import field_key, method_key, symbol, type_key
from compiler.types.type_desc import FieldDesc, MethodDesc, MethodSignature, NamedType, PointerType, TypeDesc
from compiler.types.universe import TypeUniverse
from compiler.types.vtable import slot_index, vtable

_METHOD = "{ ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, i32, i32, i32, i32, i32, i32 }"
_FIELD = "{ ptr, ptr, ptr, ptr, i32, i32, i32, i32 }"
_MEMBERS = "{ ptr, ptr, i32, i32, i32, i32, ptr, ptr }"


@dataclass(slots=True)
class MemberIndex:
    """Type -> its number in `rt_members`, from 1; for `reflection_record`."""

    numbers: dict[TypeDesc, int] = field(default_factory=dict)


def method_record(universe: TypeUniverse, method: MethodDesc) -> str:
    """The symbol of a method's record."""
    return symbol("rm", method_key(universe, method))


def field_record(found: FieldDesc) -> str:
    """The symbol of a field's record."""
    return symbol("rf", field_key(found))


def emit_members(universe: TypeUniverse, world: World, out: DataText) -> MemberIndex:
    """Emits all records and `rt_members`; returns the numbers of the types that have some."""
    methods: dict[NamedType, list[MethodDesc]] = defaultdict(list)
    for method in world.reflected_methods:
        methods[method.owner].append(method)
    fields: dict[NamedType, list[FieldDesc]] = defaultdict(list)
    for found in world.reflected_fields:
        fields[found.owner].append(found)
    index = MemberIndex()
    rows = [f"{_MEMBERS} zeroinitializer"]
    shapes: dict[str, None] = {}
    for owner in sorted({**methods, **fields}, key=type_key):
        index.numbers[owner] = len(rows)
        introduced = sorted((m for m in methods[owner] if not m.args), key=lambda m: m.definition.rid)
        for place, method in enumerate(introduced):
            _emit_method(universe, world, method, place, shapes, out)
        for method in sorted((m for m in methods[owner] if m.args), key=lambda m: method_key(universe, m)):
            _emit_method(universe, world, method, -1, shapes, out)
        stored = sorted((f for f in fields[owner] if not f.definition.is_literal), key=_field_order)
        for found in stored:
            _emit_field(universe, found, out)
        n_slots = len(vtable(universe, owner)) if not owner.is_interface and not is_bare(owner) else 0
        listed = f"{_list([method_record(universe, m) for m in introduced], out)}, {_list([field_record(f) for f in stored], out)}"
        rows.append(
            f"{_MEMBERS} {{ {listed}, "
            f"i32 {len(introduced)}, i32 {len(stored)}, i32 {n_slots}, i32 0, {_thunks(world, owner, out)} }}"
        )
    out.lines.append(f'@"rt_members" = constant [{len(rows)} x {_MEMBERS}] [{", ".join(rows)}], align 8')
    return index


def _field_order(found: FieldDesc) -> tuple[bool, bool, int]:
    """Instance fields, static ones, those of threads, each as declared: the order in which CoreCLR lists them."""
    is_thread = found.is_static and found.definition.has_attribute("System.ThreadStaticAttribute")
    return found.is_static, is_thread, found.definition.rid


def _thunks(world: World, owner: NamedType, out: DataText) -> str:
    """`ptr static, ptr packing`: the code of a delegate type over a static method and over a function of an object[], where they are."""
    found = []
    for kind, name in (("static_thunk", symbol("dstatic", type_key(owner))), ("array_thunk", thunk_symbol(owner))):
        if (kind, owner) in world.code:
            out.declares[name] = f"declare void {quote(name)}()"
        found.append(f"ptr {quote(name) if (kind, owner) in world.code else 'null'}")
    return ", ".join(found)


def _list(names: list[str], out: DataText) -> str:
    if not names:
        return "ptr null"
    return "ptr " + out.constant(f"[{len(names)} x ptr]", f"[{', '.join(f'ptr {quote(n)}' for n in names)}]", 8)


def _signature_record(universe: TypeUniverse, definition: MethodDefinition, signature: MethodSignature, out: DataText) -> str:
    """`{ ptr result, ptr parameters, i32 n_parameters, i32 convention, ptr modifiers, i64 n_modifiers }`."""
    parameters = ", ".join(f"ptr {method_table(p)}" for p in signature.parameters)
    count = len(signature.parameters)
    listed = out.constant(f"[{count} x ptr]", f"[{parameters}]", 8) if count else "null"
    modifiers = [
        f"{{ i32, i32, ptr }} {{ i32 {each.position}, i32 {int(each.is_required)}, ptr {method_table(each.type)} }}"
        for each in modifiers_of(universe, definition)
    ]
    table = out.constant(f"[{len(modifiers)} x {{ i32, i32, ptr }}]", f"[{', '.join(modifiers)}]", 8) if modifiers else "null"
    row = (
        f"{{ ptr {method_table(signature.return_type)}, ptr {listed}, i32 {count}, i32 {signature.convention}, ptr {table}, "
        f"i64 {len(modifiers)} }}"
    )
    return out.constant("{ ptr, ptr, i32, i32, ptr, i64 }", row, 8)


def _emit_method(
    universe: TypeUniverse, world: World, method: MethodDesc, place: int, shapes: dict[str, None], out: DataText
) -> None:
    definition = method.definition
    signature = universe.reflected_signature(method)
    invoke = code = boxed = entry = "null"
    if is_invocable(method):
        invoke = _invoker(universe, signature, shapes, out)
        if ("method", method) in world.code:
            code = out.method(universe, method, "m")
            boxed = out.method(universe, method, "unbox") if method.owner.is_value_type and not method.is_static else code
        if method in world.selectors:
            entry = dispatch_entry(universe, method)
    arguments = "null"
    listed = type_arguments(universe, method)
    if listed:
        items = ", ".join(f"ptr {method_table(a)}" for a in listed)
        arguments = out.constant(f"[{len(listed)} x ptr]", f"[{items}]", 8)
    opened = universe.method(definition, method.owner, ())
    has_definition = bool(method.args) and opened in world.reflected_methods
    base = quote(method_record(universe, opened)) if has_definition else "null"
    flags = definition.flags | definition.impl_flags << 16
    row = (
        f"ptr {method_table(method.owner)}, ptr {out.text(definition.name)}, "
        f"ptr {_signature_record(universe, definition, signature, out)}, "
        f"ptr {invoke}, "
        f"ptr {code}, ptr {boxed}, ptr {entry}, ptr {arguments}, ptr {base}, "
        f"i32 {int(definition.token)}, i32 {signed(flags)}, i32 {_slot(universe, method)}, i32 {definition.generic_count}, "
        f"i32 {place}, i32 {int(bool(listed) and not method.args)}"
    )
    out.lines.append(f"{quote(method_record(universe, method))} = constant {_METHOD} {{ {row} }}, align 8")


def _slot(universe: TypeUniverse, method: MethodDesc) -> int:
    """The slot of a class's virtual method, the place among its methods of an interface's; -1 for others."""
    if not method.is_virtual or method.is_static:
        return -1
    if method.owner.is_interface:
        return method.definition.rid - method.owner.definition.methods[0].rid
    return -1 if is_bare(method.owner) else slot_index(universe, method)


def _emit_field(universe: TypeUniverse, found: FieldDesc, out: DataText) -> None:
    definition = found.definition
    storage, offset = "null", 0
    if not is_bare(found.owner) and not found.owner.is_open:
        if found.is_static:
            name = storage_symbol(found)
            out.declares[name] = f"declare ptr {quote(name)}()"
            storage = quote(name)
        else:
            offset = type_layout(universe, found.owner).offsets[found] - (0 if found.owner.is_value_type else 8)
    declared = method_table(universe.reflected_field_type(found))
    row = (
        f"ptr {method_table(found.owner)}, ptr {out.text(found.name)}, ptr {declared}, ptr {storage}, "
        f"i32 {int(definition.token)}, i32 {definition.flags}, i32 {offset}, i32 0"
    )
    out.lines.append(f"{quote(field_record(found))} = constant {_FIELD} {{ {row} }}, align 8")


# ---- code by shape of call ----


def _invoker(universe: TypeUniverse, signature: MethodSignature, shapes: dict[str, None], out: DataText) -> str:
    """The code that calls methods of this shape: `void invoke(ptr code, ptr this, ptr arguments, ptr result)`."""
    parts = [_passing(universe, desc) for desc in signature.parameters]
    result, in_memory = result_type(universe, signature.return_type)
    returned = leaves(universe, signature.return_type) if result != "void" else None
    layout = ",".join(f"{o}:{t}" for o, t in returned) if returned is not None else "memory" if in_memory else "void"
    key = f"{'this' if signature.has_this else 'static'}({'; '.join(parts)}){layout}"
    name = quote(symbol("invoke", key))
    if key not in shapes:
        shapes[key] = None
        out.lines.append(_invoker_text(universe, signature, name))
    return name


def _passing(universe: TypeUniverse, desc: TypeDesc) -> str:
    if isinstance(desc, PointerType) and desc.element is ElementType.BYREF:
        return "byref"
    parts = leaves(universe, desc)
    return "memory" if parts is None else ",".join(f"{o}:{t}" for o, t in parts)


def _invoker_text(universe: TypeUniverse, signature: MethodSignature, name: str) -> str:
    shape = call_shape(universe, signature, has_this=signature.has_this)
    lines: list[str] = []
    operands = ["ptr %result"] if shape.returns_in_memory else []
    if signature.has_this:
        operands.append("ptr %this")
    for index, desc in enumerate(signature.parameters):
        lines.append(f"%a{index} = getelementptr ptr, ptr %arguments, i64 {index}")
        lines.append(f"%p{index} = load ptr, ptr %a{index}, align 8")
        parts = leaves(universe, desc)
        if parts is None or _passing(universe, desc) == "byref":
            operands.append(f"ptr %p{index}")
            continue
        for leaf, (offset, memory) in enumerate(parts):
            lines.append(f"%g{index}.{leaf} = getelementptr i8, ptr %p{index}, i64 {offset}")
            lines.append(f"%v{index}.{leaf} = load {memory}, ptr %g{index}.{leaf}, align 1")
            operands.append(f"{memory} %v{index}.{leaf}")
    if shape.result == "void":
        lines.append(f"call void %code({', '.join(operands)})")
    else:
        lines.append(f"%r = call {shape.result} %code({', '.join(operands)})")
        parts = leaves(universe, signature.return_type)
        assert parts is not None
        for leaf, (offset, memory) in enumerate(parts):
            value = "%r"
            if len(parts) > 1:
                value = f"%x{leaf}"
                lines.append(f"{value} = extractvalue {shape.result} %r, {leaf}")
            lines.append(f"%o{leaf} = getelementptr i8, ptr %result, i64 {offset}")
            lines.append(f"store {memory} {value}, ptr %o{leaf}, align 1")
    body = "\n".join(lines)
    return f"define internal void {name}(ptr %code, ptr %this, ptr %arguments, ptr %result) uwtable {{\n{body}\nret void\n}}"
