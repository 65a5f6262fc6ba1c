"""Arithmetic, comparison and conversion opcodes (ECMA-335 III.1.5, III.3): stack values in, stack values out."""

from __future__ import annotations

import struct
from collections.abc import Callable

from compiler.codegen.emitter import MethodEmitter, V
from compiler.codegen.lltypes import LL_OF_KIND
from compiler.il.decode import Instruction, InvalidProgram

Op = Callable[[MethodEmitter, Instruction], None]

_INT_OPS = {
    "add": "add", "sub": "sub", "mul": "mul", "div": "sdiv", "div.un": "udiv", "rem": "srem", "rem.un": "urem", "and": "and", "or": "or",
    "xor": "xor",
}
_FLOAT_OPS = {"add": "fadd", "sub": "fsub", "mul": "fmul", "div": "fdiv", "rem": "frem"}


def _wrap(value: int, kind: str) -> str:
    bits = 32 if kind == "i" else 64
    value &= (1 << bits) - 1
    return str(value - (1 << bits) if value >> (bits - 1) else value)


def common_kind(a: V, b: V) -> str:
    """The kind in which a binary operation on `a` and `b` works; pointers count as native integers."""
    kinds = {a.kind, b.kind}
    if "s" in kinds:
        raise InvalidProgram("AOTD1011", "a struct stands where a number is due")
    if kinds <= {"i"}:
        return "i"
    if kinds <= {"i", "l", "p"}:
        return "l"
    return "d" if "d" in kinds else "f"


def _binary(m: MethodEmitter, ins: Instruction) -> None:
    b, a = m.pop(), m.pop()
    name = ins.name
    if "p" in (a.kind, b.kind) and name in ("add", "sub") and _pointer_arithmetic(m, name, a, b):
        return
    kind = common_kind(a, b)
    x, y = m.coerce(a, kind), m.coerce(b, kind)
    if kind in ("f", "d"):
        m.push(V(kind, m.value(f"{_FLOAT_OPS[name]} {LL_OF_KIND[kind]} {x}, {y}")))
        return
    ca, cb = a.constant, b.constant
    if ca is not None and cb is not None and name in ("add", "sub", "mul", "and", "or", "xor"):
        folded = {"add": ca + cb, "sub": ca - cb, "mul": ca * cb, "and": ca & cb, "or": ca | cb, "xor": ca ^ cb}[name]
        m.push(V(kind, _wrap(folded, kind)))
        return
    if (name == "and" and 0 in (ca, cb)) or (name == "mul" and 0 in (ca, cb)):
        m.push(V(kind, "0"))
        return
    if name in ("div", "div.un", "rem", "rem.un"):
        _division_checks(m, name, kind, x, y, cb)
        if name == "rem" and cb == -1:
            m.push(V(kind, "0"))
            return
    m.push(V(kind, m.value(f"{_INT_OPS[name]} {LL_OF_KIND[kind]} {x}, {y}")))


def _pointer_arithmetic(m: MethodEmitter, name: str, a: V, b: V) -> bool:
    """Pointer plus or minus integer as address arithmetic; False when the plain integer form is due."""
    if a.kind == "p" and b.kind != "p":
        index = m.coerce(b, "l")
        if name == "sub":
            index = _wrap(-int(index), "l") if b.constant is not None else m.value(f"sub i64 0, {index}")
        m.push(V("p", m.value(f"getelementptr i8, ptr {a.ir}, i64 {index}"), a.type))
        return True
    if b.kind == "p" and a.kind != "p" and name == "add":
        m.push(V("p", m.value(f"getelementptr i8, ptr {b.ir}, i64 {m.coerce(a, 'l')}"), b.type))
        return True
    return False


def _division_checks(m: MethodEmitter, name: str, kind: str, x: str, y: str, divisor: int | None) -> None:
    ll_type = LL_OF_KIND[kind]
    if divisor is None or divisor == 0:
        m.throw_if(m.value(f"icmp eq {ll_type} {y}, 0"), "rt_throw_divide_by_zero")
    if name in ("div", "rem") and (divisor is None or divisor == -1):
        lowest = "-2147483648" if kind == "i" else "-9223372036854775808"
        is_lowest = m.value(f"icmp eq {ll_type} {x}, {lowest}")
        is_minus_one = m.value(f"icmp eq {ll_type} {y}, -1")
        m.throw_if(m.value(f"and i1 {is_lowest}, {is_minus_one}"), "rt_throw_overflow")


def _shift(m: MethodEmitter, ins: Instruction) -> None:
    amount, value = m.pop(), m.pop()
    kind = "l" if value.kind == "p" else value.kind
    operand = m.coerce(value, kind)
    mask = 31 if kind == "i" else 63
    ll_type = LL_OF_KIND[kind]
    if amount.constant is not None:
        by = str(amount.constant & mask)
    else:
        by = m.value(f"and {ll_type} {m.coerce(amount, kind)}, {mask}")
    op = {"shl": "shl", "shr": "ashr", "shr.un": "lshr"}[ins.name]
    m.push(V(kind, m.value(f"{op} {ll_type} {operand}, {by}")))


def _overflow(m: MethodEmitter, ins: Instruction) -> None:
    b, a = m.pop(), m.pop()
    kind = common_kind(a, b)
    base, _, unsigned = ins.name.partition(".ovf")
    ll_type = LL_OF_KIND[kind]
    intrinsic = f"llvm.{'u' if unsigned else 's'}{base}.with.overflow.{ll_type}"
    callee = m.declare(intrinsic, f'declare {{{ll_type}, i1}} @"{intrinsic}"({ll_type}, {ll_type})')
    x, y = m.coerce(a, kind), m.coerce(b, kind)
    if unsigned and kind == "l":
        x, y = _zero_extended(m, a, x), _zero_extended(m, b, y)
    pair = m.value(f"call {{{ll_type}, i1}} {callee}({ll_type} {x}, {ll_type} {y})")
    m.throw_if(m.value(f"extractvalue {{{ll_type}, i1}} {pair}, 1"), "rt_throw_overflow")
    result = m.value(f"extractvalue {{{ll_type}, i1}} {pair}, 0")
    if "p" in (a.kind, b.kind):
        m.push(V("p", m.value(f"inttoptr i64 {result} to ptr")))
    else:
        m.push(V(kind, result))


def _zero_extended(m: MethodEmitter, value: V, coerced: str) -> str:
    return m.value(f"zext i32 {value.ir} to i64") if value.kind == "i" and value.constant is None else coerced


def _negate(m: MethodEmitter, ins: Instruction) -> None:
    value = m.pop()
    kind = "l" if value.kind == "p" else value.kind
    operand = m.coerce(value, kind)
    if kind in ("f", "d"):
        m.push(V(kind, m.value(f"fneg {LL_OF_KIND[kind]} {operand}")))
    elif value.constant is not None:
        m.push(V(kind, _wrap(-value.constant if ins.name == "neg" else ~value.constant, kind)))
    elif ins.name == "neg":
        m.push(V(kind, m.value(f"sub {LL_OF_KIND[kind]} 0, {operand}")))
    else:
        m.push(V(kind, m.value(f"xor {LL_OF_KIND[kind]} {operand}, -1")))


# predicate name -> (signed integer, unsigned integer or pointer, floating point). Floating point .un forms are unordered.
_PREDICATES = {
    "eq": ("eq", "eq", "oeq"), "ne.un": ("ne", "ne", "une"), "gt": ("sgt", "ugt", "ogt"), "lt": ("slt", "ult", "olt"),
    "ge": ("sge", "uge", "oge"), "le": ("sle", "ule", "ole"), "gt.un": ("ugt", "ugt", "ugt"), "lt.un": ("ult", "ult", "ult"),
    "ge.un": ("uge", "uge", "uge"), "le.un": ("ule", "ule", "ule"),
}


def compare(m: MethodEmitter, predicate: str, a: V, b: V) -> str:
    """An i1 operand ("true" and "false" when it is known) for `a predicate b`."""
    known = _known_comparison(predicate, a, b)
    if known is not None:
        return "true" if known else "false"
    signed, unsigned, floating = _PREDICATES[predicate]
    if a.kind == "p" and b.kind == "p":
        return m.value(f"icmp {unsigned} ptr {a.ir}, {b.ir}")
    if "p" in (a.kind, b.kind):
        return m.value(f"icmp {unsigned} ptr {m.coerce(a, 'p')}, {m.coerce(b, 'p')}")
    kind = common_kind(a, b)
    x, y = m.coerce(a, kind), m.coerce(b, kind)
    if kind in ("f", "d"):
        return m.value(f"fcmp {floating} {LL_OF_KIND[kind]} {x}, {y}")
    return m.value(f"icmp {signed} {LL_OF_KIND[kind]} {x}, {y}")


def _known_comparison(predicate: str, a: V, b: V) -> bool | None:
    ca, cb = a.constant, b.constant
    if ca is not None and cb is not None and a.kind == b.kind:
        bits = 32 if a.kind == "i" else 64
        ua, ub = ca & ((1 << bits) - 1), cb & ((1 << bits) - 1)
        return {
            "eq": ca == cb, "ne.un": ca != cb, "gt": ca > cb, "lt": ca < cb, "ge": ca >= cb, "le": ca <= cb,
            "gt.un": ua > ub, "lt.un": ua < ub, "ge.un": ua >= ub, "le.un": ua <= ub,
        }[predicate]
    if a.kind == "p" and b.kind == "p" and predicate in ("eq", "ne.un", "gt.un"):
        if a.ir == "null" and b.ir == "null":
            return predicate == "eq"
        if (a.nonnull and b.ir == "null") or (b.nonnull and a.ir == "null"):
            return predicate != "eq"
    return None


def _compare_op(m: MethodEmitter, ins: Instruction) -> None:
    b, a = m.pop(), m.pop()
    result = compare(m, ins.name[1:], a, b)
    if result in ("true", "false"):
        m.push(V("i", "1" if result == "true" else "0"))
    else:
        m.push(V("i", m.value(f"zext i1 {result} to i32")))


# conv target -> (bits, signed); 64-bit native integers
_INT_TARGETS = {
    "i1": (8, True), "u1": (8, False), "i2": (16, True), "u2": (16, False), "i4": (32, True), "u4": (32, False), "i8": (64, True),
    "u8": (64, False), "i": (64, True), "u": (64, False),
}


def _convert(m: MethodEmitter, ins: Instruction) -> None:
    value = m.pop()
    target = ins.name[5:]
    if target in ("r4", "r8", "r.un"):
        m.push(_to_float(m, value, target))
        return
    bits, signed = _INT_TARGETS[target]
    if value.kind in ("f", "d"):
        m.push(_float_to_int(m, value, bits, signed=signed))
        return
    if value.kind == "p" and bits == 64:
        # A pointer stays a pointer, so that address arithmetic keeps its provenance.
        m.push(V("p", value.ir, value.type if target in ("i", "u") else None))
        return
    m.push(_int_to_int(m, value, bits, signed=signed))


def _int_to_int(m: MethodEmitter, value: V, bits: int, *, signed: bool) -> V:
    constant = value.constant
    if constant is not None:
        source_bits = 32 if value.kind == "i" else 64
        if bits == 64:
            number = constant if signed else constant & ((1 << source_bits) - 1)
            return V("l", _wrap(number, "l"))
        number = constant & ((1 << bits) - 1)
        if signed and number >> (bits - 1):
            number -= 1 << bits
        return V("i", _wrap(number, "i"))
    if bits == 64:
        if value.kind == "i":
            return V("l", m.value(f"{'sext' if signed else 'zext'} i32 {value.ir} to i64"))
        return V("l", m.coerce(value, "l"))
    operand = m.coerce(value, "i")
    if bits == 32:
        return V("i", operand)
    narrow = m.value(f"trunc i32 {operand} to i{bits}")
    return V("i", m.value(f"{'sext' if signed else 'zext'} i{bits} {narrow} to i32"))


def _float_to_int(m: MethodEmitter, value: V, bits: int, *, signed: bool) -> V:
    """Saturating conversion, NaN to 0, as .NET 9 does; narrow targets go through int32 (ECMA-335 III.3.27)."""
    wide = 64 if bits == 64 else 32
    op = "fptosi" if signed or bits < 32 else "fptoui"
    source = LL_OF_KIND[value.kind]
    intrinsic = f"llvm.{op}.sat.i{wide}.{'f32' if value.kind == 'f' else 'f64'}"
    callee = m.declare(intrinsic, f'declare i{wide} @"{intrinsic}"({source})')
    result = m.value(f"call i{wide} {callee}({source} {value.ir})")
    if bits == 64:
        return V("l", result)
    return _int_to_int(m, V("i", result), bits, signed=signed)


def _to_float(m: MethodEmitter, value: V, target: str) -> V:
    kind = "f" if target == "r4" else "d"
    if value.kind in ("f", "d"):
        return V(kind, m.coerce(value, kind))
    source = m.coerce(value, "l") if value.kind == "p" else value.ir
    ll_source = "i32" if value.kind == "i" else "i64"
    op = "uitofp" if target == "r.un" else "sitofp"
    return V(kind, m.value(f"{op} {ll_source} {source} to {LL_OF_KIND[kind]}"))


def _convert_overflow(m: MethodEmitter, ins: Instruction) -> None:
    value = m.pop()
    rest = ins.name[9:]
    from_unsigned = rest.endswith(".un")
    bits, signed = _INT_TARGETS[rest.removesuffix(".un")]
    if value.kind in ("f", "d"):
        m.push(_float_to_int_checked(m, value, bits, signed=signed))
        return
    kind = "l" if value.kind == "p" else value.kind
    operand = m.coerce(value, kind)
    source_bits = 32 if kind == "i" else 64
    bad = _range_violation(m, operand, source_bits, bits, signed=signed, from_unsigned=from_unsigned)
    if bad:
        m.throw_if(bad, "rt_throw_overflow")
    if bits == 64 and kind == "i":
        m.push(V("l", m.value(f"{'zext' if from_unsigned else 'sext'} i32 {operand} to i64")))
    else:
        m.push(_int_to_int(m, V(kind, operand), bits, signed=signed))


def _range_violation(m: MethodEmitter, operand: str, source_bits: int, bits: int, *, signed: bool, from_unsigned: bool) -> str:
    ll_type = f"i{source_bits}"
    if from_unsigned:
        limit = (1 << (bits - 1)) - 1 if signed else (1 << bits) - 1
        if limit >= (1 << source_bits) - 1:
            return ""
        return m.value(f"icmp ugt {ll_type} {operand}, {limit}")
    if not signed and bits >= source_bits:
        return m.value(f"icmp slt {ll_type} {operand}, 0")
    if bits >= source_bits:
        return ""
    narrow = m.value(f"trunc {ll_type} {operand} to i{bits}")
    wide = m.value(f"{'sext' if signed else 'zext'} i{bits} {narrow} to {ll_type}")
    return m.value(f"icmp ne {ll_type} {wide}, {operand}")


def _float_to_int_checked(m: MethodEmitter, value: V, bits: int, *, signed: bool) -> V:
    x = m.coerce(value, "d")
    high = float(1 << (bits - 1)) if signed else float(1 << bits)
    low = -high if signed else 0.0
    below = f"fcmp oge double {x}, {_double(low)}" if bits == 64 and signed else f"fcmp ogt double {x}, {_double(low - 1.0)}"
    in_low = m.value(below)
    in_high = m.value(f"fcmp olt double {x}, {_double(high)}")
    inside = m.value(f"and i1 {in_low}, {in_high}")
    m.throw_if(m.value(f"xor i1 {inside}, true"), "rt_throw_overflow")
    return _float_to_int(m, V("d", x), bits, signed=signed)


def _double(value: float) -> str:
    return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"


def _check_finite(m: MethodEmitter, ins: Instruction) -> None:
    value = m.pop()
    x = m.coerce(value, "d")
    difference = m.value(f"fsub double {x}, {x}")
    m.throw_if(m.value(f"fcmp uno double {difference}, {difference}"), "rt_throw_arithmetic")
    m.push(value)


TABLE: dict[str, Op] = {
    **{name: _binary for name in _INT_OPS},
    **{name: _shift for name in ("shl", "shr", "shr.un")},
    **{name: _overflow for name in ("add.ovf", "add.ovf.un", "sub.ovf", "sub.ovf.un", "mul.ovf", "mul.ovf.un")},
    **{name: _negate for name in ("neg", "not")},
    **{name: _compare_op for name in ("ceq", "cgt", "cgt.un", "clt", "clt.un")},
    **{f"conv.{t}": _convert for t in (*_INT_TARGETS, "r4", "r8", "r.un")},
    **{f"conv.ovf.{t}": _convert_overflow for t in _INT_TARGETS},
    **{f"conv.ovf.{t}.un": _convert_overflow for t in _INT_TARGETS},
    "ckfinite": _check_finite,
}
