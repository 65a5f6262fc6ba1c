"""Built projects -> a native program in the publish folder, for the caller: steps on its terminal, the result told to its listener.

Loaded when the first program is compiled, since the native compiler comes with it.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from compiler.diagnostics import Diagnostic
from server.build.csharp_build import CSharpCompiler
from server.build.graph import BuildFailed
from server.build.services import NativeProgram
from server.cli import console
from server.cli.caller import Caller
from server.cli.native_results import native_program
from server.publish.publish import publish_built
from server.publish.publish_records import PublishRecord
from server.publish.resident import ResidentCompiler


class _Progress:
    """Steps and counts go to the terminal, diagnostics to the log of the build."""

    def __init__(self, terminal: console.Progress, report: Callable[[Diagnostic], None]) -> None:
        self.step = terminal.step
        self.count = terminal.count
        self._clear = terminal.clear
        self._report = report

    def diagnostic(self, diagnostic: Diagnostic) -> None:
        """A finding."""
        self._clear()
        self._report(diagnostic)


def publish_record(
    whom: Caller, record: PublishRecord, compiler: CSharpCompiler, report: Callable[[Diagnostic], None], *, quiet: bool
) -> NativeProgram | None:
    """The program of a record, made anew; None after errors that `report` was told. Raises InputError, OSError."""
    start = time.monotonic()
    compile_program = whom.tools.kept(ResidentCompiler).compile_program
    with console.Progress(quiet=quiet) as terminal:
        try:
            published = publish_built(record, compiler, compile_program, _Progress(terminal, report))
        except BuildFailed:
            return None
    return native_program(published, time.monotonic() - start)
