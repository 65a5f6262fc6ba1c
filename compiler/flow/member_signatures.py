"""Signatures as DynamicDependency writes them (`Method(System.Int32)`, `#ctor`, ``Generic``1(``0)``) -> whether a method is meant."""

from __future__ import annotations

from compiler.flow.documentation_ids import method_id
from compiler.types.definitions import MethodDefinition
from compiler.types.universe import TypeUniverse


def matches_signature(universe: TypeUniverse, method: MethodDefinition, signature: str) -> bool:
    """Whether `signature` names `method`: by name and parameters, or by its name alone when it has no parentheses."""
    full = method_id(universe, method)
    head, parenthesis, parameters = full.partition("(")
    own_name = head.rpartition(".")[2]
    wanted, wanted_parenthesis, wanted_parameters = signature.partition("(")
    if not wanted_parenthesis:
        return wanted in (own_name, own_name.partition("`")[0])
    own_parameters = parameters if parenthesis else ")"
    return wanted in (own_name, own_name.partition("`")[0]) and wanted_parameters == own_parameters
