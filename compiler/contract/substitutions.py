"""Methods of the class library that have IL for CoreCLR's own data structures and are served by C functions here.

Key: `Type::Method` or `Type::Method/parameters` (parameters without `this`). Value: the C function, which takes the same
arguments. The table holds for class-library version 9; internal calls and QCalls are bound by name and need no row.
"""

from __future__ import annotations

from compiler.types.definitions import MethodDefinition

SUBSTITUTED_9: dict[str, str] = {
    "System.Exception::GetStackTrace": "rt_exception_stack_trace",
    "System.Exception::get_StackTrace": "rt_exception_stack_trace",
}


def substitute_for(definition: MethodDefinition) -> str | None:
    """The C function that stands for a method of the core library, or None."""
    if definition.module.name != "System.Private.CoreLib":
        return None
    key = f"{definition.owner.full_name}::{definition.name}"
    found = SUBSTITUTED_9.get(key)
    if found is None:
        found = SUBSTITUTED_9.get(f"{key}/{len(definition.sig.parameters)}")
    return found
