"""The .NET processes of one process: from an environment and a folder to a tool chain, from a tool chain to its warm compiler and to the
hosts that run tasks of .NET assemblies."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from compiler.csharp.client import CSharpWorker
from compiler.csharp.embedded import fetch_embedded
from compiler.csharp.frameworks import Toolchain
from compiler.csharp.toolchain import find_toolchain, require_npm
from compiler.user_cache import cache_directory
from server.build.dotnet_tasks.hosts import TaskHosts

# Bytes done and bytes in all of a transfer.
CountBytes = Callable[[int, int], None]


class WarmCompilers:
    """The compilers and task hosts, for any thread; kept by `WarmTools`.

    Invariant: `_workers` and `_hosts` are touched under `_lock` only.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._workers: dict[tuple[Path, Path], CSharpWorker] = {}
        self._hosts: dict[tuple[Path, Path, str], TaskHosts] = {}

    def toolchain(self, environment: Mapping[str, str], folder: Path, fetching: CountBytes) -> Toolchain:
        """The tool chain for projects in `folder`, fetched when there is none. Raises ToolchainError."""
        found = find_toolchain(environment, folder)
        if found is not None:
            return found
        return fetch_embedded(cache_directory(environment), require_npm(environment), fetching)

    def compiler(self, toolchain: Toolchain, environment: Mapping[str, str]) -> CSharpWorker:
        """The compiler of `toolchain`; it starts with its first request."""
        key = (toolchain.roslyn_dir, cache_directory(environment))
        with self._lock:
            worker = self._workers.get(key)
            if worker is None:
                worker = self._workers[key] = CSharpWorker(toolchain, key[1], environment)
            return worker

    def task_hosts(self, toolchain: Toolchain, environment: Mapping[str, str]) -> TaskHosts:
        """The processes that run tasks of .NET assemblies with `toolchain`; they start when a task is run."""
        compiler = self.compiler(toolchain, environment)
        # Libraries of tasks ask for the user's home once in a process.
        key = (toolchain.msbuild_dir, cache_directory(environment), environment.get("HOME", ""))
        with self._lock:
            hosts = self._hosts.get(key)
            if hosts is None:
                hosts = self._hosts[key] = TaskHosts(toolchain, key[1], environment, compiler.compile)
            return hosts

    def close(self) -> None:
        """Ends the compilers and the task hosts; one that is asked for later starts anew."""
        with self._lock:
            workers, self._workers = list(self._workers.values()), {}
            task_hosts, self._hosts = list(self._hosts.values()), {}
        for hosts in task_hosts:
            hosts.close()
        for worker in workers:
            worker.close()
