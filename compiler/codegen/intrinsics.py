"""Methods whose code the compiler supplies at the call: the class library's [Intrinsic] methods that have no usable IL.

One table per declaring type: method name -> emitter. An emitter takes the popped arguments (`this` first) and returns
True after pushing the result, or False to leave the call to the ordinary path.
"""

from __future__ import annotations

from collections.abc import Callable

from compiler.codegen.emitter import MethodEmitter, Unsupported, V
from compiler.codegen.lltypes import LL_OF_KIND, scalar, storage
from compiler.codegen.ops_arith import compare
from compiler.codegen.ops_memory import copy_block, rva_data, set_block, string_literal, type_symbol, zero
from compiler.codegen.ops_object import allocate, runtime_type
from compiler.metadata.resources import embedded_resource
from compiler.metadata.resources_file import read_strings
from compiler.metadata.signatures import ElementType
from compiler.types.casting import can_cast
from compiler.types.layout import gc_offsets_of, type_layout, value_size
from compiler.types.type_desc import ArrayMethod, FieldDesc, MethodDesc, NamedType, PointerType, TypeDesc

Emit = Callable[[MethodEmitter, MethodDesc, list[V]], bool]


def try_intrinsic(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    """Emits `method` inline when it is an intrinsic or has a known constant result."""
    owner = method.owner.definition
    if owner.module.name == "System.Private.CoreLib":
        table = TABLES.get(owner.full_name)
        if table is not None:
            emit = table.get(method.name)
            if emit is not None and emit(m, method, values):
                return True
        if owner.namespace.startswith("System.Runtime.Intrinsics.") and method.name == "get_IsSupported":
            m.push(V("i", "0"))
            return True
        if owner.enclosing is not None and method.name == "get_IsSupported" and _outer_namespace(method).startswith("System.Runtime.Intrinsics."):
            m.push(V("i", "0"))
            return True
    if owner.name == "SR" and owner.namespace == "System" and method.name == "GetResourceString" and _resource_string(m, method, values):
        return True
    constant = m.constant_result(method)
    if constant is None:
        return False
    m.push(constant)
    return True


def _resource_string(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    """A message of the class library's own resources: looked up now, so that the program needs no resource reader."""
    if not isinstance(values[0].extra, str):
        return False
    module = method.definition.module
    found = module.sig_cache.get("messages")
    if found is None:
        name = "System.Private.CoreLib.Strings" if module.name == "System.Private.CoreLib" else f"FxResources.{module.name}.SR"
        raw = embedded_resource(module.image, f"{name}.resources")
        found = module.sig_cache["messages"] = {} if raw is None else read_strings(module.image.file, raw)
    assert isinstance(found, dict)
    text = found.get(values[0].extra)
    if text is None:
        return False
    m.push(string_literal(m, text))
    return True


def _outer_namespace(method: MethodDesc) -> str:
    definition = method.owner.definition
    while definition.enclosing is not None:
        definition = definition.enclosing
    return definition.namespace


# ---- System.Runtime.CompilerServices.Unsafe ----


def _pointer(m: MethodEmitter, value: V, desc: TypeDesc | None = None) -> V:
    return V("p", m.coerce(value, "p"), desc)


def _as(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    if len(method.args) == 1:
        m.push(V("p", m.coerce(values[0], "p"), method.args[0], nonnull=values[0].nonnull))
    else:
        m.push(V("p", m.coerce(values[0], "p"), m.universe.byref(method.args[1]), nonnull=values[0].nonnull))
    return True


def _same_pointer(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    return_type = m.universe.signature(method).return_type
    m.push(_pointer(m, values[0], return_type if isinstance(return_type, PointerType) else None))
    return True


def _scaled_offset(m: MethodEmitter, method: MethodDesc, value: V) -> str:
    size, _ = value_size(m.universe, method.args[0])
    if value.constant is not None:
        return str(value.constant * size)
    index = m.coerce(value, "l")
    return index if size == 1 else m.value(f"mul i64 {index}, {size}")


def _move(m: MethodEmitter, method: MethodDesc, values: list[V], offset: str, *, negative: bool) -> bool:
    if negative:
        offset = m.value(f"sub i64 0, {offset}")
    pointer = m.coerce(values[0], "p")
    m.push(V("p", m.value(f"getelementptr i8, ptr {pointer}, i64 {offset}"), m.universe.byref(method.args[0]) if method.args else None))
    return True


def _add(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    return _move(m, method, values, _scaled_offset(m, method, values[1]), negative=False)


def _subtract(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    return _move(m, method, values, _scaled_offset(m, method, values[1]), negative=True)


def _add_bytes(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    return _move(m, method, values, m.coerce(values[1], "l"), negative=False)


def _subtract_bytes(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    return _move(m, method, values, m.coerce(values[1], "l"), negative=True)


def _byte_offset(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    origin, target = m.coerce(values[0], "l"), m.coerce(values[1], "l")
    m.push(V("l", m.value(f"sub i64 {target}, {origin}")))
    return True


def _address_compare(predicate: str) -> Emit:
    def emit(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
        bit = m.value(f"icmp {predicate} ptr {m.coerce(values[0], 'p')}, {m.coerce(values[1], 'p')}")
        m.push(V("i", m.value(f"zext i1 {bit} to i32")))
        return True

    return emit


def _is_null_ref(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    bit = m.value(f"icmp eq ptr {m.coerce(values[0], 'p')}, null")
    m.push(V("i", m.value(f"zext i1 {bit} to i32")))
    return True


def _null_ref(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    m.push(V("p", "null", m.universe.byref(method.args[0])))
    return True


def _nothing(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    return True


def _size_of(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    m.push(V("i", str(value_size(m.universe, method.args[0])[0])))
    return True


def _read(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    m.push(m.load(method.args[0], m.coerce(values[0], "p"), align=1))
    return True


def _write(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    m.store(method.args[0], m.coerce(values[0], "p"), values[1], align=1)
    return True


def _copy(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    value = m.load(method.args[0], m.coerce(values[1], "p"), align=1)
    m.store(method.args[0], m.coerce(values[0], "p"), value, align=1)
    return True


def _copy_block(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    size = m.value(f"zext i32 {m.coerce(values[2], 'i')} to i64")
    copy_block(m, m.coerce(values[0], "p"), m.coerce(values[1], "p"), size)
    return True


def _init_block(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    size = m.value(f"zext i32 {m.coerce(values[2], 'i')} to i64")
    set_block(m, m.coerce(values[0], "p"), m.coerce(values[1], "i"), size)
    return True


def _unbox(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    pointer = m.coerce(values[0], "p")
    m.null_check(values[0], pointer)
    m.push(V("p", m.gep(pointer, 8), m.universe.byref(method.args[0]), nonnull=True))
    return True


def _bit_cast(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    source, target = method.args
    if value_size(m.universe, source)[0] != value_size(m.universe, target)[0]:
        return False
    size = max(storage(m.universe, source)[1], storage(m.universe, target)[1])
    temp = m.alloca(f"[{size} x i8]", 8)
    m.store(source, temp, values[0])
    m.push(m.load(target, temp) if m.kind_of(target) != "s" else V("s", temp, target))
    return True


# ---- RuntimeHelpers ----


def _has_references(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    m.push(V("i", "1" if gc_offsets_of(m.universe, method.args[0]) else "0"))
    return True


def _bitwise_equatable(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    desc = method.args[0]
    known = False
    if isinstance(desc, NamedType):
        known = desc.is_enum or (desc.is_primitive and desc.element not in (ElementType.R4, ElementType.R8))
        known = known or desc.full_name in ("System.Text.Rune", "System.Int128", "System.UInt128")
    elif isinstance(desc, PointerType):
        known = True
    m.push(V("i", "1" if known else "0"))
    return True


def _false(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    m.push(V("i", "0"))
    return True


def _method_table(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    pointer = m.coerce(values[0], "p")
    m.null_check(values[0], pointer)
    m.push(V("p", m.value(f"load ptr, ptr {pointer}, align 8"), nonnull=True))
    return True


def _initialize_array(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    field = values[1].extra
    if not isinstance(field, FieldDesc):
        raise Unsupported("AOTD2001", f"{m.method!r}: RuntimeHelpers.InitializeArray with a handle that is not constant")
    size, _ = value_size(m.universe, m.universe.field_type(field))
    array = m.coerce(values[0], "p")
    table = m.value(f"load ptr, ptr {array}, align 8")
    base_size = m.value(f"zext i32 {m.value(f'load i32, ptr {m.gep(table, 4)}, align 4')} to i64")
    start = m.value(f"getelementptr i8, ptr {array}, i64 {m.value(f'sub i64 {base_size}, 8')}")
    copy_block(m, start, rva_data(m, field), str(size))
    return True


def _create_span(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    field = values[0].extra
    if not isinstance(field, FieldDesc):
        raise Unsupported("AOTD2001", f"{m.method!r}: RuntimeHelpers.CreateSpan with a handle that is not constant")
    size, _ = value_size(m.universe, m.universe.field_type(field))
    item, _ = value_size(m.universe, method.args[0])
    span = m.universe.signature(method).return_type
    assert isinstance(span, NamedType)
    offsets = {f.name: o for f, o in type_layout(m.universe, span).offsets.items()}
    temp = m.struct_temp(span)
    m.emit(f"store ptr {rva_data(m, field)}, ptr {m.gep(temp, offsets['_reference'])}, align 8")
    m.emit(f"store i32 {size // item}, ptr {m.gep(temp, offsets['_length'])}, align 4")
    m.push(V("s", temp, span))
    return True


def _enum_equals(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    bit = compare(m, "eq", values[0], values[1])
    m.push(V("i", m.value(f"zext i1 {bit} to i32")))
    return True


# ---- Interlocked ----


def _atomic_type(m: MethodEmitter, desc: TypeDesc) -> tuple[str, str] | None:
    one = scalar(m.universe, desc)
    if one is None or one[0] in ("float", "double"):
        return None
    return one[0], one[1]


def _target_type(m: MethodEmitter, method: MethodDesc) -> TypeDesc:
    first = m.universe.signature(method).parameters[0]
    assert isinstance(first, PointerType)
    return first.item


def _compare_exchange(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    desc = _target_type(m, method)
    found = _atomic_type(m, desc)
    if found is None:
        return False
    pointer = m.coerce(values[0], "p")
    new, old = m.to_memory(desc, values[1]), m.to_memory(desc, values[2])
    pair = m.value(f"cmpxchg ptr {pointer}, {found[0]} {old}, {found[0]} {new} seq_cst seq_cst")
    m.push(m.from_memory(desc, m.value(f"extractvalue {{{found[0]}, i1}} {pair}, 0")))
    return True


def _atomic_rmw(operation: str) -> Emit:
    def emit(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
        desc = _target_type(m, method)
        found = _atomic_type(m, desc)
        if found is None:
            return False
        operand = m.to_memory(desc, values[1])
        m.push(m.from_memory(desc, m.value(f"atomicrmw {operation} ptr {m.coerce(values[0], 'p')}, {found[0]} {operand} seq_cst")))
        return True

    return emit


def _fence(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    m.emit("fence seq_cst")
    return True


# ---- Math ----

_LLVM_MATH = {"Sqrt": "sqrt", "Floor": "floor", "Ceiling": "ceil", "Abs": "fabs", "Truncate": "trunc"}
_LIBM = {
    "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atan2", "Atanh", "Cbrt", "Cos", "Cosh", "Exp", "Log", "Log10", "Log2", "Pow", "Sin", "Sinh", "Tan",
    "Tanh",
}


def _llvm_math(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    kind = values[0].kind
    return_type = m.universe.signature(method).return_type
    if len(values) != 1 or return_type.element not in (ElementType.R4, ElementType.R8):
        return False
    wanted = "f" if return_type.element is ElementType.R4 else "d"
    if kind not in ("f", "d"):
        return False
    intrinsic = f"llvm.{_LLVM_MATH[method.name]}.{'f32' if wanted == 'f' else 'f64'}"
    ll_type = LL_OF_KIND[wanted]
    callee = m.declare(intrinsic, f'declare {ll_type} @"{intrinsic}"({ll_type})')
    m.push(V(wanted, m.value(f"call {ll_type} {callee}({ll_type} {m.coerce(values[0], wanted)})")))
    return True


def _libm(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    if not method.definition.is_internal_call:
        return False
    wanted = "f" if m.universe.signature(method).return_type.element is ElementType.R4 else "d"
    ll_type = LL_OF_KIND[wanted]
    name = method.name.lower() + ("f" if wanted == "f" else "")
    operands = ", ".join(f"{ll_type} {m.coerce(v, wanted)}" for v in values)
    callee = m.runtime(name, ll_type, ", ".join([ll_type] * len(values)), "nounwind")
    m.push(V(wanted, m.value(f"call {ll_type} {callee}({operands})")))
    return True


def _fma(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    wanted = "f" if m.universe.signature(method).return_type.element is ElementType.R4 else "d"
    ll_type = LL_OF_KIND[wanted]
    callee = m.runtime("fmaf" if wanted == "f" else "fma", ll_type, f"{ll_type}, {ll_type}, {ll_type}", "nounwind")
    operands = ", ".join(f"{ll_type} {m.coerce(v, wanted)}" for v in values)
    m.push(V(wanted, m.value(f"call {ll_type} {callee}({operands})")))
    return True


# ---- Object, Type, String, Activator ----


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


def _string_chars(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    pointer = m.coerce(values[0], "p")
    m.null_check(values[0], pointer)
    index = m.coerce(values[1], "i")
    length = m.value(f"load i32, ptr {m.gep(pointer, 8)}, align 8")
    m.throw_if(m.value(f"icmp uge i32 {index}, {length}"), "rt_throw_index_out_of_range")
    wide = m.value(f"zext i32 {index} to i64") if values[1].constant is None else index
    address = m.value(f"getelementptr i16, ptr {m.gep(pointer, 12)}, i64 {wide}")
    m.push(m.load(m.universe.primitive(ElementType.CHAR), address))
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
    if constructor is None or desc.definition.flags & 0x80:
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


def _array_data(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    if not method.args:
        return False
    pointer = m.coerce(values[0], "p")
    m.null_check(values[0], pointer)
    m.push(V("p", m.gep(pointer, 16), m.universe.byref(method.args[0]), nonnull=True))
    return True


def _float_estimate(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    kind = "f" if m.universe.signature(method).return_type.element is ElementType.R4 else "d"
    ll_type = LL_OF_KIND[kind]
    operands = [m.coerce(v, kind) for v in values]
    if method.name == "MultiplyAddEstimate":
        m.push(V(kind, m.value(f"fadd {ll_type} {m.value(f'fmul {ll_type} {operands[0]}, {operands[1]}')}, {operands[2]}")))
        return True
    value = operands[0]
    if method.name == "ReciprocalSqrtEstimate":
        intrinsic = f"llvm.sqrt.{'f32' if kind == 'f' else 'f64'}"
        value = m.value(f"call {ll_type} {m.declare(intrinsic, f'declare {ll_type} @{intrinsic}({ll_type})')}({ll_type} {value})")
    m.push(V(kind, m.value(f"fdiv {ll_type} 1.0, {value}")))
    return True


def _to_integer_native(m: MethodEmitter, method: MethodDesc, values: list[V]) -> bool:
    desc = method.args[0]
    if not isinstance(desc, NamedType) or not desc.is_primitive or desc.element in (ElementType.R4, ElementType.R8):
        return False
    one = scalar(m.universe, desc)
    assert one is not None
    unsigned = desc.element in (ElementType.U1, ElementType.U2, ElementType.U4, ElementType.U8, ElementType.U, ElementType.CHAR)
    wide = "i64" if one[1] == "l" else "i32"
    source = LL_OF_KIND[values[0].kind]
    intrinsic = f"llvm.fpto{'u' if unsigned else 's'}i.sat.{wide}.{'f32' if source == 'float' else 'f64'}"
    callee = m.declare(intrinsic, f'declare {wide} @"{intrinsic}"({source})')
    m.push(V(one[1], m.value(f"call {wide} {callee}({source} {values[0].ir})")))
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


# ---- default comparers ----


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


# ---- arrays ----


def try_array_method(m: MethodEmitter, method: ArrayMethod, this: V | None, arguments: list[V]) -> None:
    """Get, Set, Address and .ctor of a general array (ECMA-335 II.14.2); pushes the result."""
    array = method.owner
    if method.name == ".ctor":
        _new_general_array(m, method, arguments)
        return
    assert this is not None
    pointer = m.coerce(this, "p")
    m.null_check(this, pointer)
    rank = array.rank
    linear = "0"
    for dimension in range(rank):
        length = m.value(f"load i32, ptr {m.gep(pointer, 16 + 4 * dimension)}, align 4")
        lower = m.value(f"load i32, ptr {m.gep(pointer, 16 + 4 * rank + 4 * dimension)}, align 4")
        index = m.value(f"sub i32 {m.coerce(arguments[dimension], 'i')}, {lower}")
        m.throw_if(m.value(f"icmp uge i32 {index}, {length}"), "rt_throw_index_out_of_range")
        wide = m.value(f"zext i32 {index} to i64")
        scaled = linear if linear == "0" else m.value(f"mul i64 {linear}, {m.value(f'zext i32 {length} to i64')}")
        linear = wide if scaled == "0" else m.value(f"add i64 {scaled}, {wide}")
    size, _ = value_size(m.universe, array.item)
    address = m.value(f"getelementptr [{size} x i8], ptr {m.gep(pointer, 16 + 8 * rank)}, i64 {linear}")
    if method.name == "Get":
        m.push(m.load(array.item, address))
    elif method.name == "Address":
        m.push(V("p", address, m.universe.byref(array.item), nonnull=True))
    else:
        value = arguments[rank]
        if array.item.is_reference and value.ir != "null":
            check = m.runtime("rt_check_array_store", "void", "ptr, ptr")
            m.call("void", check, [f"ptr {pointer}", f"ptr {m.coerce(value, 'p')}"])
        m.store(array.item, address, value)


def _new_general_array(m: MethodEmitter, method: ArrayMethod, arguments: list[V]) -> None:
    array = method.owner
    if array.rank == 0:
        raise Unsupported("AOTD2001", f"{m.method!r}: a constructor of the jagged array '{array!r}' with several lengths is not supported yet")
    count = len(arguments)
    slot = m.alloca(f"[{count} x i32]", 4)
    for index, value in enumerate(arguments):
        m.emit(f"store i32 {m.coerce(value, 'i')}, ptr {m.gep(slot, 4 * index)}, align 4")
    m.need("constructed", array)
    helper = m.runtime("rt_new_general_array", "ptr", "ptr, ptr, i32")
    result = m.call("ptr", helper, [f"ptr {type_symbol(m, array)}", f"ptr {slot}", f"i32 {count}"])
    m.push(V("p", result, array, nonnull=True))




_UNSAFE: dict[str, Emit] = {
    "As": _as, "AsPointer": _same_pointer, "AsRef": _same_pointer, "Add": _add, "Subtract": _subtract, "AddByteOffset": _add_bytes,
    "SubtractByteOffset": _subtract_bytes, "ByteOffset": _byte_offset, "AreSame": _address_compare("eq"),
    "IsAddressGreaterThan": _address_compare("ugt"), "IsAddressLessThan": _address_compare("ult"),
    "IsAddressGreaterThanOrEqualTo": _address_compare("uge"), "IsAddressLessThanOrEqualTo": _address_compare("ule"),
    "IsNullRef": _is_null_ref, "NullRef": _null_ref, "SkipInit": _nothing, "SizeOf": _size_of, "Read": _read, "ReadUnaligned": _read,
    "Write": _write, "WriteUnaligned": _write, "Copy": _copy, "CopyBlock": _copy_block, "CopyBlockUnaligned": _copy_block,
    "InitBlock": _init_block, "InitBlockUnaligned": _init_block, "Unbox": _unbox, "BitCast": _bit_cast,
}
_MATH: dict[str, Emit] = {**dict.fromkeys(_LLVM_MATH, _llvm_math), **dict.fromkeys(_LIBM, _libm), "FusedMultiplyAdd": _fma, **dict.fromkeys(("ReciprocalEstimate", "ReciprocalSqrtEstimate"), _float_estimate)}
_ESTIMATES: dict[str, Emit] = {"ConvertToIntegerNative": _to_integer_native, "MultiplyAddEstimate": _float_estimate}
_VECTOR: dict[str, Emit] = {"get_IsHardwareAccelerated": _false}

TABLES: dict[str, dict[str, Emit]] = {
    "System.Runtime.CompilerServices.Unsafe": _UNSAFE,
    "System.Runtime.CompilerServices.RuntimeHelpers": {
        "IsReferenceOrContainsReferences": _has_references, "IsBitwiseEquatable": _bitwise_equatable, "IsKnownConstant": _false,
        "GetMethodTable": _method_table, "InitializeArray": _initialize_array, "CreateSpan": _create_span, "EnumEquals": _enum_equals,
    },
    "System.Threading.Interlocked": {
        "CompareExchange": _compare_exchange, "Exchange": _atomic_rmw("xchg"), "ExchangeAdd": _atomic_rmw("add"), "And": _atomic_rmw("and"),
        "Or": _atomic_rmw("or"), "MemoryBarrier": _fence, "ReadMemoryBarrier": _fence,
    },
    "System.Threading.Thread": {"MemoryBarrier": _fence},
    "System.Runtime.InteropServices.MemoryMarshal": {"GetArrayDataReference": _array_data},
    "System.Double": _ESTIMATES,
    "System.Single": _ESTIMATES,
    "System.Math": _MATH,
    "System.MathF": _MATH,
    "System.Object": {"GetType": _get_type},
    "System.Type": {
        "GetTypeFromHandle": _type_from_handle, "op_Equality": _type_equality, "op_Inequality": _type_equality,
        "get_IsValueType": _type_is_value_type, "get_IsEnum": _type_is_enum, "IsAssignableFrom": _is_assignable_from,
    },
    "System.Reflection.MemberInfo": {"IsDefined": _enum_is_flags},
    "System.RuntimeType": {"IsDefined": _enum_is_flags},
    "System.String": {"get_Chars": _string_chars},
    "System.RuntimeTypeHandle": {"CreateInstanceForAnotherGenericParameter": _create_for_parameter},
    "System.Activator": {"CreateInstance": _create_instance},
    "System.Collections.Generic.ComparerHelpers": {
        "CreateDefaultEqualityComparer": _default_equality, "CreateDefaultComparer": _default_comparer,
    },
    "System.Runtime.Intrinsics.Vector64": _VECTOR, "System.Runtime.Intrinsics.Vector128": _VECTOR, "System.Runtime.Intrinsics.Vector256": _VECTOR,
    "System.Runtime.Intrinsics.Vector512": _VECTOR, "System.Numerics.Vector": _VECTOR,
}

