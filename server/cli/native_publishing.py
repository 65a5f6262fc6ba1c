"""Built projects -> a native program in the publish folder, for the caller: steps on its terminal, the result told to its listener.

Loaded when the first program is compiled, since the native compiler comes with it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence

from compiler.csharp.toolchain import find_npm
from compiler.diagnostics import Diagnostic
from compiler.user_cache import cache_directory
from server.build.csharp_build import CSharpCompiler
from server.build.graph import BuildFailed, BuiltProject
from server.build.services import NativeProgram
from server.cli import console
from server.cli.caller import Caller
from server.publish.publish import Published, publish_built
from server.publish.request import CompilerPlace
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


def publish_native(
    whom: Caller, projects: Sequence[BuiltProject], compiler: CSharpCompiler, report: Callable[[Diagnostic], None], *, quiet: bool
) -> NativeProgram | None:
    """The program of the last of `projects`; None after errors that `report` was told. Raises InputError, OSError."""
    start = time.monotonic()
    place = CompilerPlace(cache_directory(whom.environment), n_workers=len(os.sched_getaffinity(0)), npm=find_npm(whom.environment))
    compile_program = whom.tools.kept(ResidentCompiler).compile_program
    with console.Progress(quiet=quiet) as terminal:
        try:
            published = publish_built(projects, compiler, compile_program, place, _Progress(terminal, report))
        except BuildFailed:
            return None
    line = summary(published, time.monotonic() - start)
    console.result(program=str(published.program), symbols=str(published.symbols or ""), summary=line)
    files = (published.program, *((published.symbols,) if published.symbols is not None else ()))
    return NativeProgram(files, line, published.unsupported)


def summary(published: Published, seconds: float) -> str:
    """One line: the program, its size, its methods, the time."""
    methods = f"{published.n_methods:,} methods: {published.n_generated:,} compiled, {published.n_reused:,} reused"
    return f"{published.name} -> {published.program} ({published.size_bytes / 1e6:.2f} MB, {methods}, {seconds:.1f} s)"
