"""What a build asks of the machine around it, beside files: class libraries and the C# compiler. The edges provide it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from compiler.csharp.client import CSharpRequest, CSharpResult
from compiler.csharp.frameworks import Framework
from compiler.diagnostics import Diagnostic, InputError
from compiler.link.triples import Target
from server.build.dotnet_tasks.task_library import TaskLibrary

if TYPE_CHECKING:
    from server.build.dotnet_tasks.descriptions import TaskDescriptions
    from server.build.graph import BuiltProject


class BuildServices(Protocol):
    """What asks for the tool chain may raise InputError: it cannot be had, or it ended.

    In restricted mode nothing of the workspace is run: no tasks of its assemblies or inline ones, no commands, no analyzers.
    """

    @property
    def is_restricted(self) -> bool:
        """Is the build one in restricted mode?"""

    def frameworks(self) -> Sequence[Framework]:
        """The class libraries of the tool chain, newest first."""

    def compile(self, request: CSharpRequest) -> CSharpResult:
        """The compiled assembly, or the diagnostics that say why there is none."""

    def dotnet_tasks(self) -> TaskDescriptions:
        """The tasks of .NET assemblies of this build, in the processes that run them."""

    def task_library(self) -> TaskLibrary:
        """What inline tasks are compiled against."""

    def publish_native(self, projects: Sequence[BuiltProject], report: Callable[[Diagnostic], None]) -> NativeProgram | None:
        """The native program of the last of `projects`, whose references come before it; None after errors, which `report` was told."""

    def app_host(self, target: Target) -> Path:
        """The program for `target` that starts a built program beside it. May raise OSError, too."""

    def is_cancelled(self) -> bool:
        """Has whoever asked for the build given it up?"""

    def print_text(self, text: str, *, to_errors: bool) -> None:
        """Shows what a task prints by itself, as it is."""


@dataclass(frozen=True, slots=True)
class NativeProgram:
    """A native program: its files, one line about it, and what throws when it gets there."""

    files: tuple[Path, ...]
    summary: str
    unsupported: tuple[str, ...]


class NoServices:
    """For builds that only run targets: whoever asks learns that there is no tool chain."""

    is_restricted = False

    def frameworks(self) -> Sequence[Framework]:
        """Raises InputError."""
        raise InputError("AOTD0302", "this build has no tool chain")

    def compile(self, request: CSharpRequest) -> CSharpResult:
        """Raises InputError."""
        raise InputError("AOTD0302", f"this build has no tool chain to compile '{request.project}' with")

    def dotnet_tasks(self) -> TaskDescriptions:
        """Raises InputError."""
        raise InputError("AOTD0302", "this build has no tool chain to run tasks of .NET assemblies with")

    def task_library(self) -> TaskLibrary:
        """Raises InputError."""
        raise InputError("AOTD0302", "this build has no tool chain to compile inline tasks with")

    def publish_native(self, projects: Sequence[BuiltProject], report: Callable[[Diagnostic], None]) -> NativeProgram | None:
        """Raises InputError."""
        raise InputError("AOTD0302", "this build has no native compiler")

    def app_host(self, target: Target) -> Path:
        """Raises InputError."""
        raise InputError("AOTD0302", "this build has no C compiler")

    def is_cancelled(self) -> bool:
        """Nobody can give such a build up."""
        return False

    def print_text(self, text: str, *, to_errors: bool) -> None:
        """Nothing runs that could print."""
        raise AssertionError(text, to_errors)
