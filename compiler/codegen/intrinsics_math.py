"""The methods of Math, MathF and the floating-point types that LLVM or the C library carries out."""

from __future__ import annotations

from compiler.codegen.emitter import Emit, MethodEmitter, V
from compiler.codegen.lltypes import LL_OF_KIND, scalar
from compiler.metadata.signatures import ElementType
from compiler.types.type_desc import MethodDesc, NamedType

_LLVM_MATH = {"Sqrt": "sqrt", "Floor": "floor", "Ceiling": "ceil", "Abs": "fabs", "Truncate": "trunc"}
_LIBM = {
    "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atan2", "Atanh", "Cbrt", "Cos", "Cosh", "Exp", "Log", "Log10", "Log2", "Pow", "Sin", "Sinh",
    "Tan", "Tanh",
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


_MATH: dict[str, Emit] = {
    **dict.fromkeys(_LLVM_MATH, _llvm_math),
    **dict.fromkeys(sorted(_LIBM), _libm),
    "FusedMultiplyAdd": _fma, "ReciprocalEstimate": _float_estimate, "ReciprocalSqrtEstimate": _float_estimate,
}
_FLOAT: dict[str, Emit] = {"ConvertToIntegerNative": _to_integer_native, "MultiplyAddEstimate": _float_estimate}
MATH_TABLES: dict[str, dict[str, Emit]] = {"System.Double": _FLOAT, "System.Single": _FLOAT, "System.Math": _MATH, "System.MathF": _MATH}
