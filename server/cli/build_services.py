"""The caller of a verb -> class libraries, compiler and tasks for its build, had when the first task asks."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, cast

from compiler.csharp.client import CSharpRequest, CSharpResult
from compiler.csharp.frameworks import Framework, Toolchain
from compiler.diagnostics import Diagnostic
from compiler.link.triples import Target
from compiler.user_cache import cache_directory
from server.build.apphost import apphost
from server.build.compilers import WarmCompilers
from server.build.dotnet_tasks.descriptions import TaskDescriptions
from server.build.dotnet_tasks.hosts import BuildTaskHosts
from server.build.dotnet_tasks.task_library import TaskLibrary, task_library
from server.build.graph import BuiltProject
from server.build.restricted import is_restricted
from server.build.services import NativeProgram
from server.cli.caller import Caller
from server.cli.progress import ByteProgress


class _NativeResults(Protocol):
    """The module that publishes, loaded when it is needed."""

    def publish_native(
        self, whom: Caller, toolchain: Toolchain, projects: Sequence[BuiltProject], report: Callable[[Diagnostic], None], *, quiet: bool
    ) -> NativeProgram | None:
        """See server/cli/native_results.py."""


class CallerServices:
    """Services for a build in `folder`, for any thread. `end` gives back what the build has borrowed.

    Invariant: the tool chain is looked for once, under `_lock`.
    """

    def __init__(self, whom: Caller, folder: Path, *, is_quiet: bool) -> None:
        self._caller = whom
        self._is_quiet = is_quiet
        self._folder = folder
        self._found: Toolchain | None = None
        self._tasks: TaskDescriptions | None = None
        self._lock = threading.RLock()

    @property
    def is_restricted(self) -> bool:
        """See BuildServices."""
        return is_restricted(self._caller.environment)

    def frameworks(self) -> Sequence[Framework]:
        """The class libraries of the tool chain. Raises ToolchainError."""
        return self._toolchain().frameworks

    def compile(self, request: CSharpRequest) -> CSharpResult:
        """Compiles with the warm compiler of the tool chain. Raises ToolchainError."""
        return self._caller.tools.kept(WarmCompilers).compiler(self._toolchain(), self._caller.environment).compile(request)

    def dotnet_tasks(self) -> TaskDescriptions:
        """See BuildServices. Raises InputError."""
        with self._lock:
            if self._tasks is None:
                hosts = self._caller.tools.kept(WarmCompilers).task_hosts(self._toolchain(), self._caller.environment)
                self._tasks = TaskDescriptions(BuildTaskHosts(hosts), self._caller.is_cancelled)
            return self._tasks

    def task_library(self) -> TaskLibrary:
        """See BuildServices. Raises InputError."""
        hosts = self.dotnet_tasks().hosts.hosts
        return task_library(self._toolchain(), hosts.program.folders, hosts.cache_dir)

    def app_host(self, target: Target) -> Path:
        """See BuildServices. Raises InputError, OSError."""
        return apphost(target, cache_directory(self._caller.environment))

    def publish_native(self, projects: Sequence[BuiltProject], report: Callable[[Diagnostic], None]) -> NativeProgram | None:
        """See BuildServices. Raises InputError."""
        publisher = cast(_NativeResults, importlib.import_module("server.cli.native_results"))
        return publisher.publish_native(self._caller, self._toolchain(), projects, report, quiet=self._is_quiet)

    def is_cancelled(self) -> bool:
        """See BuildServices."""
        return self._caller.is_cancelled()

    def print_text(self, text: str, *, to_errors: bool) -> None:
        """See BuildServices."""
        channel = self._caller.err if to_errors else self._caller.out
        channel.output.write(text)
        channel.output.flush()

    def end(self) -> None:
        """The build is over."""
        if self._tasks is not None:
            self._tasks.hosts.end()
            self._tasks = None

    def _toolchain(self) -> Toolchain:
        with self._lock:
            if self._found is None:
                with ByteProgress("fetching the .NET tool chain", self._caller.err) as fetching:
                    self._found = self._caller.tools.kept(WarmCompilers).toolchain(self._caller.environment, self._folder, fetching.update)
            return self._found
