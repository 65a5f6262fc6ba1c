"""A published program, told to the caller's listener and handed to the build; the last publish of a program again.

Loaded without the native compiler: when nothing has changed there is no need of it.
"""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, cast

from compiler.csharp.frameworks import Toolchain
from compiler.csharp.toolchain import find_npm
from compiler.diagnostics import Diagnostic
from compiler.user_cache import cache_directory
from server.build.compilers import WarmCompilers
from server.build.csharp_build import CSharpCompiler
from server.build.graph import BuiltProject
from server.build.services import NativeProgram
from server.cli import console
from server.cli.caller import Caller
from server.publish.publish_records import PublishRecord
from server.publish.published import Published, summary
from server.publish.request import CompilerPlace


class _NativePublishing(Protocol):
    """The module that has the native compiler, loaded when it is needed."""

    def publish_record(
        self, whom: Caller, record: PublishRecord, compiler: CSharpCompiler, report: Callable[[Diagnostic], None], *, quiet: bool
    ) -> NativeProgram | None:
        """See server/cli/native_publishing.py."""


def compiler_place(environment: Mapping[str, str], toolchain: Toolchain) -> CompilerPlace:
    """All processors that this process may use, and the user's cache."""
    n_workers = len(os.sched_getaffinity(0))
    return CompilerPlace(cache_directory(environment), n_workers, find_npm(environment), (toolchain.roslyn_dir,))


def native_program(published: Published, seconds: float) -> NativeProgram:
    """What the build gets; the listener is told the same."""
    line = summary(published, seconds)
    console.result(program=str(published.program), symbols=str(published.symbols or ""), summary=line)
    return NativeProgram(published.files, line, published.unsupported)


def publish_native(
    whom: Caller, toolchain: Toolchain, projects: Sequence[BuiltProject], report: Callable[[Diagnostic], None], *, quiet: bool
) -> NativeProgram | None:
    """The native program of the last of `projects`, of which the others come first: the last one with its warnings again, while nothing has
    changed, else a new one. None after errors that `report` was told. Raises InputError, OSError."""
    start = time.monotonic()
    record = PublishRecord(projects, compiler_place(whom.environment, toolchain))
    kept = record.unchanged()
    if kept is not None:
        for diagnostic in kept.diagnostics:
            report(diagnostic)
        return native_program(kept.published, time.monotonic() - start)
    publisher = cast(_NativePublishing, importlib.import_module("server.cli.native_publishing"))
    compiler = whom.tools.kept(WarmCompilers).compiler(toolchain, whom.environment)
    return publisher.publish_record(whom, record, compiler, report, quiet=quiet)
