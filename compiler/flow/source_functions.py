"""Lambdas, local functions and members without metadata, as methods: they have names, parameters and attributes, but no row.

Analyses of source need them where analyses of IL have the methods that a compiler made from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from compiler.metadata.signatures import ElementType, MethodSig, SigType
from compiler.metadata.tokens import Token
from compiler.types.definitions import METHOD_STATIC, MethodDefinition, TypeDefinition


@dataclass(slots=True)
class MethodAnnotations:
    """What a method asks of its arguments and promises of its result."""

    parameters: dict[int, int] = field(default_factory=dict)
    result: int = 0
    generics: dict[int, int] = field(default_factory=dict)

    @property
    def has_flow(self) -> bool:
        """Whether arguments or the result are annotated."""
        return bool(self.parameters) or bool(self.result)


_HAS_THIS = 0x20
_OBJECT = SigType(ElementType.OBJECT)


class SourceFunction(MethodDefinition):
    """A method that only the source has; its signature has the right number of parameters, not their types.

    `requires` maps an attribute's name to its message and Url; `suppressed` has ids of rules; `outer` is the
    function around it; `generic_names` are those of its own type parameters, which count after the ones around it.
    """

    __slots__ = ("display", "parameter_names", "generic_names", "new_constraints", "annotations", "requires", "suppressed", "outer")

    def __init__(  # noqa: PLR0913 (a row's columns)
        self,
        owner: TypeDefinition,
        name: str,
        display: str,
        parameter_names: tuple[str, ...],
        generic_names: tuple[str, ...],
        new_constraints: frozenset[int],
        annotations: MethodAnnotations,
        requires: Mapping[str, tuple[str, str]],
        suppressed: frozenset[str],
        outer: SourceFunction | None,
        *,
        is_static: bool,
    ) -> None:
        # The row's own initialization is left out: there is no row.
        self.module = owner.module
        self.rid = 0
        self.name = name
        self.flags = METHOD_STATIC if is_static else 0
        self.impl_flags = 0
        self.rva = 0
        self.owner = owner
        self._sig = MethodSig(0 if is_static else _HAS_THIS, len(generic_names), _OBJECT, (_OBJECT,) * len(parameter_names))
        self._body = None
        self.generic_count = len(generic_names)
        self.is_virtual = False
        self.is_static = is_static
        self.display = display
        self.parameter_names = parameter_names
        self.generic_names = generic_names
        self.new_constraints = new_constraints
        self.annotations = annotations
        self.requires = requires
        self.suppressed = suppressed
        self.outer = outer

    @property
    def token(self) -> Token:
        """No token."""
        return Token(0)
