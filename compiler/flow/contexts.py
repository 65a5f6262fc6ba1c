"""Open generic contexts: reading code of a definition with its type parameters standing for themselves."""

from __future__ import annotations

from compiler.metadata.signatures import ElementType
from compiler.types.definitions import MethodDefinition, TypeDefinition
from compiler.types.universe import GenericContext, TypeUniverse


def open_context(universe: TypeUniverse, method: MethodDefinition) -> GenericContext:
    """The context in which the parameters of `method` and of its type stand for themselves."""
    owner = open_type_context(universe, method.owner)
    return GenericContext(owner.type_args, tuple(universe.parameter(ElementType.MVAR, i) for i in range(method.generic_count)))


def open_type_context(universe: TypeUniverse, definition: TypeDefinition) -> GenericContext:
    """The context in which the parameters of a type stand for themselves."""
    return GenericContext(tuple(universe.parameter(ElementType.VAR, i) for i in range(definition.generic_count)), ())
