"""The caller of a verb -> class libraries and compiler for its build, had when the first task asks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from compiler.csharp.client import CSharpRequest, CSharpResult
from compiler.csharp.frameworks import Framework, Toolchain
from server.cli.caller import Caller
from server.cli.progress import ByteProgress


class CallerServices:
    """Services for a build in `folder`. Invariant: the tool chain is looked for once."""

    def __init__(self, whom: Caller, folder: Path) -> None:
        self._caller = whom
        self._folder = folder
        self._found: Toolchain | None = None

    def frameworks(self) -> Sequence[Framework]:
        """The class libraries of the tool chain. Raises ToolchainError."""
        return self._toolchain().frameworks

    def compile(self, request: CSharpRequest) -> CSharpResult:
        """Compiles with the warm compiler of the tool chain. Raises ToolchainError."""
        return self._caller.tools.compiler(self._toolchain(), self._caller.environment).compile(request)

    def _toolchain(self) -> Toolchain:
        if self._found is None:
            with ByteProgress("fetching the .NET tool chain", self._caller.err) as fetching:
                self._found = self._caller.tools.toolchain(self._caller.environment, self._folder, fetching.update)
        return self._found
