"""Instructions whose result the flow analysis does not follow: opcode name -> (values popped, unknown values pushed)."""

from __future__ import annotations

from compiler.il.opcodes import BY_NAME, Flow

_BINARY = (
    "add add.ovf add.ovf.un and div div.un mul mul.ovf mul.ovf.un or rem rem.un sub sub.ovf sub.ovf.un xor shl shr shr.un "
    "ceq cgt cgt.un clt clt.un"
)
_UNARY = (
    "neg not ldlen localloc refanytype refanyval mkrefany box unbox unbox.any ckfinite ldobj ldind.i ldind.i1 ldind.i2 ldind.i4 ldind.i8 "
    "ldind.r4 ldind.r8 ldind.u1 ldind.u2 ldind.u4 ldind.u8 ldind.ref"
)

SIMPLE: dict[str, tuple[int, int]] = {
    **dict.fromkeys(_BINARY.split(), (2, 1)),
    **dict.fromkeys(_UNARY.split(), (1, 1)),
    **{name: (1, 1) for name in BY_NAME if name.startswith("conv.")},
    **dict.fromkeys(("ldc.i8", "ldc.r4", "ldc.r8", "sizeof", "arglist"), (0, 1)),
    **dict.fromkeys(("pop", "initobj"), (1, 0)),
    "cpobj": (2, 0),
    **dict.fromkeys(("cpblk", "initblk"), (3, 0)),
}

# Instructions after which a basic block begins, by the names that decoding gives.
BLOCK_ENDS: frozenset[str] = frozenset(
    name.removesuffix(".s") for name, row in BY_NAME.items() if row.flow in (Flow.BRANCH, Flow.CONDITIONAL, Flow.END)
)
