"""A published program, told to the caller's listener and handed to the build; the last publish of a program again.

Loaded without the native compiler: when nothing has changed there is no need of it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping

from compiler.csharp.frameworks import Toolchain
from compiler.csharp.toolchain import find_npm
from compiler.diagnostics import Diagnostic
from compiler.user_cache import cache_directory
from server.build.services import NativeProgram
from server.cli import console
from server.publish.publish_records import PublishRecord
from server.publish.published import Published, summary
from server.publish.request import CompilerPlace


def compiler_place(environment: Mapping[str, str], toolchain: Toolchain) -> CompilerPlace:
    """All processors that this process may use, and the user's cache."""
    n_workers = len(os.sched_getaffinity(0))
    return CompilerPlace(cache_directory(environment), n_workers, find_npm(environment), (toolchain.roslyn_dir,))


def native_program(published: Published, seconds: float) -> NativeProgram:
    """What the build gets; the listener is told the same."""
    line = summary(published, seconds)
    console.result(program=str(published.program), symbols=str(published.symbols or ""), summary=line)
    return NativeProgram(published.files, line, published.unsupported)


def unchanged_program(record: PublishRecord, report: Callable[[Diagnostic], None], start: float) -> NativeProgram | None:
    """The program of the last publish with its warnings again; None when it has to be made. `start` is in seconds of the steady clock."""
    kept = record.unchanged()
    if kept is None:
        return None
    for diagnostic in kept.diagnostics:
        report(diagnostic)
    return native_program(kept.published, time.monotonic() - start)
