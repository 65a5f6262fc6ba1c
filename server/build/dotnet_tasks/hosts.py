"""Processes that run tasks of .NET assemblies: warm ones are lent to a build, each to one thread of it, and taken back at its end.

A process that has loaded an assembly whose file changed since is not used again: it would run what the file no longer holds.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from compiler.csharp.client import CSharpRequest, CSharpResult
from compiler.csharp.coreclr import coreclr_environment, dotnet_command
from compiler.csharp.frameworks import Toolchain
from compiler.diagnostics import InputError
from server.build.dotnet_tasks.host_process import Body, HostProcess, TakeEvent
from server.build.dotnet_tasks.host_program import HostProgram, ensure_host

# .NET counts time in units of 100 ns from the year 1.
_TICKS_OF_1970 = 621_355_968_000_000_000


class TaskHosts:
    """The warm processes of one tool chain. Invariant: a process is in `_idle` or lent to one build; touched under `_lock` only."""

    def __init__(
        self, toolchain: Toolchain, cache_dir: Path, environment: Mapping[str, str], compile_csharp: Callable[[CSharpRequest], CSharpResult]
    ) -> None:
        self.toolchain = toolchain
        self.cache_dir = cache_dir
        self.compile_csharp = compile_csharp
        self._environment = dict(environment)
        self._lock = threading.Lock()
        self._idle: list[tuple[HostProcess, tuple[tuple[str, int], ...]]] = []
        self._program: HostProgram | None = None

    @property
    def program(self) -> HostProgram:
        """The program of the processes, built when it is first asked for. Raises InputError."""
        with self._lock:
            if self._program is None:
                self._program = ensure_host(self.toolchain, self.cache_dir, self.compile_csharp)
            return self._program

    def lend(self) -> HostProcess:
        """A process that nobody else uses. Raises InputError."""
        while True:
            with self._lock:
                found = self._idle.pop() if self._idle else None
            if found is None:
                return self._start()
            process, loaded = found
            if process.is_alive and all(_ticks(path) == ticks for path, ticks in loaded):
                return process
            process.close()

    def take_back(self, process: HostProcess, loaded: tuple[tuple[str, int], ...]) -> None:
        """A process that its build is done with; `loaded` are the files that it has loaded with the times that they had."""
        with self._lock:
            self._idle.append((process, loaded))

    def close(self) -> None:
        """Ends the idle processes."""
        with self._lock:
            idle, self._idle = self._idle, []
        for process, _ in idle:
            process.close()

    def _start(self) -> HostProcess:
        program = self.program
        command = dotnet_command(self.toolchain, program.application, [str(folder) for folder in program.folders])
        environment = coreclr_environment(self.toolchain, self._environment)
        return HostProcess(command, environment)


def _ticks(path: str) -> int:
    """Last change of a file as .NET counts it; 0 when it is not there."""
    try:
        return os.stat(path).st_mtime_ns // 100 + _TICKS_OF_1970
    except OSError:
        return 0


class BuildTaskHosts:
    """The processes of one build: one for each thread that runs tasks. Invariant: `_lent` is touched under `_lock` only."""

    def __init__(self, hosts: TaskHosts) -> None:
        self.hosts = hosts
        self._lock = threading.Lock()
        self._lent: dict[int, HostProcess] = {}

    def request(
        self, verb: str, body: Body, take_event: TakeEvent, is_cancelled: Callable[[], bool], timeout_seconds: float | None = None
    ) -> tuple[HostProcess, Body]:
        """The answer of this thread's process, and which one that was. See HostProcess.request."""
        process = self.process()
        return process, process.request(verb, body, take_event, is_cancelled, timeout_seconds)

    def process(self) -> HostProcess:
        """This thread's process; a dead one is replaced. Raises InputError."""
        thread = threading.get_ident()
        with self._lock:
            process = self._lent.get(thread)
        if process is None or not process.is_alive:
            process = self.hosts.lend()
            with self._lock:
                self._lent[thread] = process
        return process

    def end(self) -> None:
        """Ends what lives as long as the build, and gives the processes back."""
        with self._lock:
            lent, self._lent = list(self._lent.values()), {}
        for process in lent:
            if not process.is_alive:
                continue
            try:
                answer = process.request("end_build", {}, lambda _kind, _body: None, lambda: False, timeout_seconds=10.0)
            except InputError:
                continue
            rows = answer.get("loaded", [])
            assert isinstance(rows, list)
            self.hosts.take_back(process, tuple((str(path), int(str(ticks))) for path, ticks in rows))
