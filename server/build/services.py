"""What a build asks of the machine around it, beside files: class libraries and the C# compiler. The edges provide it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from compiler.csharp.client import CSharpRequest, CSharpResult
from compiler.csharp.frameworks import Framework
from compiler.diagnostics import InputError


class BuildServices(Protocol):
    """Both may raise InputError: the tool chain cannot be had, or it ended."""

    def frameworks(self) -> Sequence[Framework]:
        """The class libraries of the tool chain, newest first."""

    def compile(self, request: CSharpRequest) -> CSharpResult:
        """The compiled assembly, or the diagnostics that say why there is none."""


class NoServices:
    """For builds that only run targets: whoever asks learns that there is no tool chain."""

    def frameworks(self) -> Sequence[Framework]:
        """Raises InputError."""
        raise InputError("AOTD0302", "this build has no tool chain")

    def compile(self, request: CSharpRequest) -> CSharpResult:
        """Raises InputError."""
        raise InputError("AOTD0302", f"this build has no tool chain to compile '{request.project}' with")
