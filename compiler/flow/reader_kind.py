"""Which of .NET's two readers of trimming attributes is followed where they differ, and what differs between versions of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class ReaderKind(Enum):
    """BUILD: the build's analyzers, which see source. PUBLISH: the native compiler, which sees IL.

    Differences that are facts of the two, not of the language:
    - a property of a generic type annotates its backing field for BUILD alone;
    - the return value of another type than Type stays annotated for PUBLISH;
    - RequiresUnreferencedCode without a message counts for PUBLISH alone;
    - a lambda inside an annotated lambda is in its scope for BUILD alone;
    - Activator.CreateInstance by constant names is followed by BUILD alone.
    """

    BUILD = "build"
    PUBLISH = "publish"


@dataclass(frozen=True, slots=True)
class FlowRules:
    """What newer versions of the readers follow. The default is what the first version does."""

    resolves_names: bool = False
    """BUILD: names of types in strings are looked up."""
    follows_patterns: bool = False
    """BUILD: variables that a pattern declares have the value that was tested."""
    follows_property_stores: bool = False
    """BUILD: a store to an automatic property, where it has no setter or is initialized, is a store to its field."""
    checks_enclosing_types: bool = False
    """BUILD: type arguments of the types around a nested type are checked with its own."""
    annotates_captured_parameters: bool = False
    """PUBLISH: the field of a captured parameter of a primary constructor has the parameter's annotation."""
    checks_boxes_and_arrays: bool = False
    """PUBLISH: type arguments are checked where values are boxed and arrays made."""
    checks_parameter_types: bool = False
    """BUILD: an annotation on a parameter counts only where the parameter can name a type."""
    follows_interfaces: bool = False
    """Type.GetInterfaces gives types with what it asks for: their interfaces, or all of a type of which all is kept."""
    passes_equal_fields: bool = False
    """An annotation on a property's field is no conflict when it is the property's own."""


FIRST_RULES = FlowRules()
