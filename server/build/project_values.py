"""What a build reads of an evaluated project: its properties by name and its items by type, unescaped.

The evaluator's result satisfies `EvaluatedProject`; tests supply one made of dictionaries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from compiler.diagnostics import Diagnostic


class EvaluatedItem(Protocol):
    """One item after evaluation."""

    @property
    def identity(self) -> str:
        """The include."""

    def value(self, name: str) -> str:
        """The metadata of that name, well-known ones included; "" when there is none."""

    def full_path(self) -> str:
        """The absolute path that the include names."""


class EvaluatedProject(Protocol):
    """One project after evaluation."""

    @property
    def directory(self) -> str:
        """The absolute path of the folder that the project file is in."""

    @property
    def diagnostics(self) -> Sequence[Diagnostic]:
        """What the evaluation has to say, in order."""

    def property(self, name: str) -> str:
        """The property of that name; "" when there is none."""

    def items_of(self, item_type: str) -> Sequence[EvaluatedItem]:
        """The items of that type, in order."""


# Project file and global properties -> the evaluated project. Raises InputError (MSBxxxx) for a project that cannot be evaluated.
Evaluate = Callable[[Path, Mapping[str, str]], EvaluatedProject]


def is_true(project: EvaluatedProject, name: str) -> bool:
    """True when the property says so, by MSBuild's words."""
    return project.property(name).strip().lower() in ("true", "on", "yes")


def is_false(project: EvaluatedProject, name: str) -> bool:
    """True when the property denies it; an empty property neither says nor denies."""
    return project.property(name).strip().lower() in ("false", "off", "no")


def words(text: str) -> list[str]:
    """The parts of a list property, which `;` separates; blanks and empty parts are dropped."""
    return [part.strip() for part in text.split(";") if part.strip()]
