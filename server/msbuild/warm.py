"""Evaluators worth keeping in one process: parsed project files for all projects, and one evaluator for each environment and folder.

In a process that goes on to serve others evaluators share what they remember of projects, also between environments; a command of its
own parses what it needs, with the help of what earlier commands left in the user's cache.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping

from compiler.user_cache import cache_directory
from server.msbuild.files import DiskFiles
from server.msbuild.parsed_store import ParsedStore
from server.msbuild.project import Memories, ProjectEvaluator
from server.msbuild.project_files import ProjectFileCache
from server.msbuild.sdks import Toolset, publishing_toolset
from server.msbuild.toolsets import find_toolset

_Key = tuple[Toolset, str, bool, tuple[tuple[str, str], ...]]

# Those that were not asked for longest are forgotten.
MOST_EVALUATORS = 64


class WarmEvaluations:
    """Kept by `WarmTools`, for any thread. Invariant: the tables are touched under `_lock` only."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._files = DiskFiles()
        self._caches: dict[tuple[str, str, str], ProjectFileCache] = {}
        self._evaluators: OrderedDict[_Key, ProjectEvaluator] = OrderedDict()
        self._memories: dict[tuple[str, str, str], Memories] = {}

    def evaluator(
        self, variables: Mapping[str, str], directory: str, *, remembers: bool, publishes_native: bool = False
    ) -> ProjectEvaluator:
        """The evaluator for commands in `directory`. Raises InputError when global.json forbids every SDK that is installed."""
        toolset = find_toolset(variables, directory, self._files)
        if publishes_native:
            toolset = publishing_toolset(toolset)
        key = (toolset, directory, remembers, tuple(sorted(variables.items())))
        with self._lock:
            found = self._evaluators.get(key)
            if found is None:
                folder = str(cache_directory(variables))
                cache = self._cache(toolset, folder)
                key_of_cache = (folder, toolset.tools_directory, toolset.dotnet_root)
                memories = self._memories.setdefault(key_of_cache, Memories()) if remembers else None
                found = ProjectEvaluator(variables, directory, self._files, toolset, cache=cache, memories=memories)
                self._evaluators[key] = found
                if len(self._evaluators) > MOST_EVALUATORS:
                    self._evaluators.popitem(last=False)
            self._evaluators.move_to_end(key)
            return found

    def _cache(self, toolset: Toolset, folder: str) -> ProjectFileCache:
        key = (folder, toolset.tools_directory, toolset.dotnet_root)
        cache = self._caches.get(key)
        if cache is None:
            roots = (toolset.tools_directory, toolset.dotnet_root)
            cache = self._caches[key] = ProjectFileCache(self._files, ParsedStore(f"{folder}/projects"), roots)
        return cache

    def save(self) -> None:
        """Leaves what was parsed to later processes."""
        with self._lock:
            caches = list(self._caches.values())
        for cache in caches:
            cache.save_new()

    def close(self) -> None:
        """Forgets everything."""
        with self._lock:
            self._evaluators.clear()
            self._caches.clear()
            self._memories.clear()
