"""IL3000 and IL3001: members of System.Reflection that have no meaning for an assembly inside a single file."""

from __future__ import annotations

from analyzers.rule import RULES, Rule
from compiler.types.definitions import MethodDefinition

_EMPTY_LOCATION = {
    ("System.Reflection.Assembly", "get_Location"),
    ("System.Reflection.AssemblyName", "get_CodeBase"),
    ("System.Reflection.AssemblyName", "get_EscapedCodeBase"),
}
_NO_FILES = {("System.Reflection.Assembly", "GetFile"), ("System.Reflection.Assembly", "GetFiles")}


def single_file_rule(method: MethodDefinition) -> Rule | None:
    """The rule that a call of `method` breaks, or None."""
    if method.owner.namespace != "System.Reflection":
        return None
    key = (method.owner.full_name, method.name)
    if key in _EMPTY_LOCATION:
        return RULES["IL3000"]
    return RULES["IL3001"] if key in _NO_FILES else None
