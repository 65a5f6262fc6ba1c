"""Opcode name -> (values popped, unknown values pushed), where the flow analysis does not follow the result; calls -> values popped."""

from __future__ import annotations

from compiler.il.opcodes import BY_NAME, Flow
from compiler.metadata.signatures import read_method_sig
from compiler.metadata.tokens import TableId, Token
from compiler.types.definitions import MethodDefinition, Module

_CALLING_KIND, _VARARG = 0x0F, 0x05

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


def n_passed(module: Module, token: Token, method: MethodDefinition) -> int:
    """How many arguments a call by `token` passes beside `this`: with varargs more than `method` has parameters (ECMA-335 II.15.3)."""
    declared = method.sig
    if token >> 24 != TableId.MEMBER_REF or declared.convention & _CALLING_KIND != _VARARG:
        return len(declared.parameters)
    blob = module.image.blob(module.image.column(TableId.MEMBER_REF, "Signature")[(token & 0xFFFFFF) - 1])
    return len(read_method_sig(module.image.file, blob).parameters)
