"""FeatureGuard properties as constants: a guard of what a native program can never do is false wherever it is asked."""

from __future__ import annotations

from analyzers.context import Lookups
from compiler.flow.associations import AccessorKind, association
from compiler.flow.body_reader import Constants
from compiler.flow.custom_attributes import TypeName
from compiler.flow.requirements import Requires
from compiler.types.definitions import MethodDefinition
from compiler.types.type_desc import MethodDesc

_GUARD = "System.Diagnostics.CodeAnalysis.FeatureGuardAttribute"
# Trimmed code is not a thing that a program asks for: a guard of unreferenced code holds only by its switch.
_NEVER_IN_NATIVE_CODE = (Requires.DYNAMIC_CODE.full_name, Requires.ASSEMBLY_FILES.full_name)


def with_guards(lookups: Lookups, constants: Constants) -> Constants:
    """`constants`, and false for the getters of properties that guard dynamic code or assembly files."""

    def constant(method: MethodDesc) -> int | None:
        return 0 if guards_native(lookups, method.definition) else constants(method)

    return constant


def guards_native(lookups: Lookups, method: MethodDefinition) -> bool:
    """Whether `method` is the getter of such a property: its body is replaced by false."""
    member = association(method)
    if member is None or member.kind is not AccessorKind.GETTER or not member.is_property:
        return False
    for attribute in lookups.attributes.named(member.module, member.token, _GUARD):
        guarded = attribute.value.fixed[0] if attribute.value.fixed else None
        if isinstance(guarded, TypeName) and guarded.name.partition(",")[0] in _NEVER_IN_NATIVE_CODE:
            return True
    return False
