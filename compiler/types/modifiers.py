"""Custom modifiers in method signatures (ECMA-335 II.23.2.7), as reflection lists them: types do not carry them."""

from __future__ import annotations

from dataclasses import dataclass

from compiler.diagnostics import InputError
from compiler.metadata.signatures import ElementType, SigType
from compiler.types.definitions import MethodDefinition
from compiler.types.type_desc import NamedType
from compiler.types.universe import EMPTY_CONTEXT, TypeUniverse


@dataclass(frozen=True, slots=True)
class Modifier:
    """A modifier of the return value (`position` 0) or of a parameter (from 1)."""

    position: int
    is_required: bool
    type: NamedType


def modifiers_of(universe: TypeUniverse, method: MethodDefinition) -> list[Modifier]:
    """The modifiers of a method's signature whose types can be resolved; those inside of pointers and arguments are no part of it."""
    found: list[Modifier] = []
    for position, sig in enumerate((method.sig.return_type, *method.sig.parameters)):
        current: SigType = sig
        while current.element in (ElementType.CMOD_REQD, ElementType.CMOD_OPT):
            try:
                desc = universe.resolve_type(method.module, current.token, EMPTY_CONTEXT)
            except InputError:
                break
            if isinstance(desc, NamedType):
                found.append(Modifier(position, current.element is ElementType.CMOD_REQD, desc))
            current = current.args[0]
    return found
