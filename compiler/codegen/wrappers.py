"""Code without IL: internal calls, P/Invokes, delegate methods, unboxing entries, and bodies that throw.

Each function returns a `CodeItem` whose text is complete. C functions are called by the C convention, which the managed
convention equals for the signatures that occur (see `lltypes`); small integers are extended by the caller.
"""

from __future__ import annotations

from compiler.codegen.emitter import Dependency, method_declaration
from compiler.codegen.lltypes import CallShape, call_shape, leaves, quote
from compiler.codegen.method import CodeItem
from compiler.metadata.signatures import ElementType
from compiler.types.naming import symbol, type_key
from compiler.types.type_desc import MethodDesc, NamedType
from compiler.types.universe import TypeUniverse

DELEGATE_TARGET, DELEGATE_POINTER, DELEGATE_AUXILIARY, DELEGATE_LIST, DELEGATE_COUNT = 8, 24, 32, 40, 48
_ZERO_EXTENDED = {ElementType.BOOLEAN, ElementType.U1, ElementType.CHAR, ElementType.U2}
_SIGN_EXTENDED = {ElementType.I1, ElementType.I2}


def _item(name: str, text: str, declares: dict[str, str], *dependencies: Dependency) -> CodeItem:
    return CodeItem(name, text, declares, {}, dependencies, 0)


def _parameters(shape: CallShape) -> tuple[str, list[str]]:
    names = [f"{t} %p{i}" for i, t in enumerate(shape.parameters)]
    return ", ".join(names), names


def _return(shape: CallShape, call: str) -> str:
    if shape.result == "void":
        return f"call void {call}\nret void"
    return f"%r = call {shape.result} {call}\nret {shape.result} %r"


def native_call(universe: TypeUniverse, method: MethodDesc, target: str) -> CodeItem:
    """The method as a call of the C function `target` with the same arguments."""
    signature = universe.signature(method)
    shape = call_shape(universe, signature, has_this=signature.has_this)
    name = method_declaration(universe, method, "m")[0]
    header, operands = _parameters(shape)
    index = (1 if shape.returns_in_memory else 0) + (1 if signature.has_this else 0)
    types = list(shape.parameters)
    for desc in signature.parameters:
        parts = leaves(universe, desc)
        attribute = "zeroext" if desc.element in _ZERO_EXTENDED else "signext" if desc.element in _SIGN_EXTENDED else ""
        if attribute and parts is not None and len(parts) == 1 and parts[0][1] in ("i8", "i16"):
            types[index] = f"{types[index]} {attribute}"
            operands[index] = operands[index].replace(" %", f" {attribute} %")
        index += 1 if parts is None else len(parts)
    declares = {target: f"declare {shape.result} {quote(target)}({', '.join(types)})"}
    body = _return(shape, f"{quote(target)}({', '.join(operands)})")
    text = f"define {shape.result} {quote(name)}({header}) uwtable {{\n{body}\n}}"
    return _item(name, text, declares, Dependency("native", target))


def delegate_invoke(universe: TypeUniverse, method: MethodDesc) -> CodeItem:
    """Delegate.Invoke as a function: calls the delegate's code with its target."""
    shape = call_shape(universe, universe.signature(method), has_this=True)
    name = method_declaration(universe, method, "m")[0]
    header, operands = _parameters(shape)
    this = 1 if shape.returns_in_memory else 0
    text = f"define {shape.result} {quote(name)}({header}) uwtable {{\n{_invoke_text(shape, operands, this, f'%p{this}', 'x')}\n}}"
    return _item(name, text, {})


def _invoke_text(shape: CallShape, operands: list[str], this: int, delegate: str, hint: str) -> str:
    passed = list(operands)
    passed[this] = f"ptr %{hint}t"
    return (
        f"%{hint}ca = getelementptr i8, ptr {delegate}, i64 {DELEGATE_POINTER}\n%{hint}c = load ptr, ptr %{hint}ca, align 8\n"
        f"%{hint}ta = getelementptr i8, ptr {delegate}, i64 {DELEGATE_TARGET}\n%{hint}t = load ptr, ptr %{hint}ta, align 8\n"
        + _return(shape, f"%{hint}c({', '.join(passed)})")
    )


def static_thunk(universe: TypeUniverse, owner: NamedType) -> CodeItem:
    """The code of a delegate over a static method: drops the target and calls the method."""
    shape = call_shape(universe, universe.signature(universe.find_method(owner, "Invoke")), has_this=True)
    name = symbol("dstatic", type_key(owner))
    header, operands = _parameters(shape)
    this = 1 if shape.returns_in_memory else 0
    passed = operands[:this] + operands[this + 1 :]
    text = (
        f"define {shape.result} {quote(name)}({header}) uwtable {{\n%a = getelementptr i8, ptr %p{this}, i64 {DELEGATE_AUXILIARY}\n"
        f"%f = load ptr, ptr %a, align 8\n{_return(shape, '%f(' + ', '.join(passed) + ')')}\n}}"
    )
    return _item(name, text, {})


def multicast_thunk(universe: TypeUniverse, owner: NamedType) -> CodeItem:
    """The code of a delegate with an invocation list: calls each in order, returns the last result."""
    shape = call_shape(universe, universe.signature(universe.find_method(owner, "Invoke")), has_this=True)
    name = symbol("mcast", type_key(owner))
    header, operands = _parameters(shape)
    this = 1 if shape.returns_in_memory else 0
    passed = list(operands)
    passed[this] = "ptr %t"
    call = f"call {shape.result} %c({', '.join(passed)})"
    is_void = shape.result == "void"
    text = (
        f"define {shape.result} {quote(name)}({header}) uwtable {{\nentry:\n"
        f"%la = getelementptr i8, ptr %p{this}, i64 {DELEGATE_LIST}\n%l = load ptr, ptr %la, align 8\n"
        f"%na = getelementptr i8, ptr %p{this}, i64 {DELEGATE_COUNT}\n%n = load i64, ptr %na, align 8\n"
        "%items = getelementptr i8, ptr %l, i64 16\nbr label %loop\nloop:\n%i = phi i64 [ 0, %entry ], [ %i2, %loop ]\n"
        "%da = getelementptr ptr, ptr %items, i64 %i\n%d = load ptr, ptr %da, align 8\n"
        f"%ca = getelementptr i8, ptr %d, i64 {DELEGATE_POINTER}\n%c = load ptr, ptr %ca, align 8\n"
        f"%ta = getelementptr i8, ptr %d, i64 {DELEGATE_TARGET}\n%t = load ptr, ptr %ta, align 8\n"
        f"{'' if is_void else '%r = '}{call}\n%i2 = add i64 %i, 1\n%more = icmp slt i64 %i2, %n\nbr i1 %more, label %loop, label %done\n"
        f"done:\nret {shape.result}{'' if is_void else ' %r'}\n}}"
    )
    return _item(name, text, {})


def unboxing_stub(universe: TypeUniverse, method: MethodDesc) -> CodeItem:
    """The entry that takes a boxed `this` and passes the address of the value inside."""
    signature = universe.signature(method)
    shape = call_shape(universe, signature, has_this=True)
    name = method_declaration(universe, method, "unbox")[0]
    target, declaration = method_declaration(universe, method, "m")
    header, operands = _parameters(shape)
    this = 1 if shape.returns_in_memory else 0
    operands[this] = "ptr %v"
    body = f"%v = getelementptr i8, ptr %p{this}, i64 8\n{_return(shape, quote(target) + '(' + ', '.join(operands) + ')')}"
    text = f"define {shape.result} {quote(name)}({header}) uwtable {{\n{body}\n}}"
    return _item(name, text, {target: declaration}, Dependency("method", method))


def throwing_body(universe: TypeUniverse, method: MethodDesc, message: str) -> CodeItem:
    """A body that throws PlatformNotSupportedException with `message`, for code that cannot be generated."""
    signature = universe.signature(method)
    shape = call_shape(universe, signature, has_this=signature.has_this)
    name = method_declaration(universe, method, "m")[0]
    header, _ = _parameters(shape)
    return _throwing(name, shape.result, header, message)


def throwing_code(name: str, message: str) -> CodeItem:
    """`ptr name()`, which throws as `throwing_body` does."""
    return _throwing(name, "ptr", "", message)


def _throwing(name: str, result: str, header: str, message: str) -> CodeItem:
    raw = message.encode("utf-8", "replace") + b"\0"
    body = "".join(f"\\{b:02X}" for b in raw)
    text_name = f"what.{name}"
    text = (
        f'{quote(text_name)} = internal constant [{len(raw)} x i8] c"{body}"\n'
        f"define {result} {quote(name)}({header}) cold uwtable {{\n"
        f'call void @"rt_throw_unsupported"(ptr {quote(text_name)})\nunreachable\n}}'
    )
    return _item(name, text, {"rt_throw_unsupported": 'declare void @"rt_throw_unsupported"(ptr) noreturn'})


def internal_call_symbol(method: MethodDesc) -> str:
    """The C function behind an internal call: `ic_Type_Method`, with the parameter count when the name is overloaded."""
    definition = method.definition
    owner = definition.owner
    type_name = owner.full_name.rsplit(".", 1)[-1].replace("+", "_").replace("`", "_")
    overloads = [d for d in owner.methods_named(definition.name) if d.is_internal_call]
    suffix = f"_{len(definition.sig.parameters)}" if len(overloads) > 1 else ""
    return f"ic_{type_name}_{definition.name.replace('.', '_')}{suffix}"
