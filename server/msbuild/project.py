"""The way in: evaluates projects for one environment and folder, keeping parsed project files between evaluations."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence

from server.msbuild import paths
from server.msbuild.evaluate import EvaluationMemory, EvaluationRequest, evaluate
from server.msbuild.evaluation_profile import TOTAL, EvaluationProfile
from server.msbuild.files import DiskFiles, FileSystem
from server.msbuild.machine import machine_surroundings
from server.msbuild.model import ProjectInstance
from server.msbuild.project_files import ProjectFileCache
from server.msbuild.sdks import Toolset
from server.msbuild.solution import is_solution
from server.msbuild.solution_filter import solution_of
from server.msbuild.solution_project import solution_project
from server.msbuild.toolsets import find_toolset
from server.msbuild.xml import XmlElement

MemoryKey = tuple[str, Toolset, tuple[tuple[str, str], ...]]

# A global property whose value no two restores share. What asks for it is evaluated again, all else is as it was.
NEW_EACH_TIME = "MSBuildRestoreSessionId"

# Projects that an evaluator remembers; those that were not asked for longest are forgotten.
MOST_MEMORIES = 256


class Memories:
    """What evaluators remember of projects, whatever their environments and folders; one evaluation at a time, whose `turn` it is.

    All of them read the same files with the same cache.
    """

    def __init__(self) -> None:
        self.by_project: OrderedDict[MemoryKey, EvaluationMemory] = OrderedDict()
        self.turn = threading.Lock()


class ProjectEvaluator:
    """Evaluates any number of projects. Safe to keep: files that changed are read anew.

    One that `remembers` evaluates a project again by what changed since; it takes turns among threads.
    """

    def __init__(
        self,
        variables: Mapping[str, str],
        directory: str,
        files: FileSystem | None = None,
        toolset: Toolset | None = None,
        *,
        cache: ProjectFileCache | None = None,
        remembers: bool = False,
        memories: Memories | None = None,
    ) -> None:
        self.variables = dict(variables)
        self.directory = directory
        self.files: FileSystem = files if files is not None else DiskFiles()
        self.toolset = toolset if toolset is not None else find_toolset(variables, directory, self.files)
        self.cache = cache if cache is not None else ProjectFileCache(self.files)
        self.memories = memories if memories is not None else Memories() if remembers else None
        self.traces_imports = False
        self.profile: EvaluationProfile | None = None
        self.surroundings = machine_surroundings(self.variables, directory, self.files, self.toolset)

    def tracing_imports(self) -> ProjectEvaluator:
        """An evaluator over the same parsed files that tells of every import, and so evaluates all of every project."""
        tracing = ProjectEvaluator(self.variables, self.directory, self.files, self.toolset, cache=self.cache)
        tracing.traces_imports = True
        tracing.profile = self.profile
        return tracing

    def evaluate(self, path: str | os.PathLike[str], properties: Mapping[str, str], targets: Sequence[str] = ()) -> ProjectInstance:
        """The evaluated project at the absolute `path` with global `properties` (escaped, as on a command line).

        For a solution it is the project that builds it, with the named `targets` besides the usual ones.

        Raises InputError with MSBuild's code and a position for a project that cannot be evaluated.
        """
        file = os.fspath(path)
        generated = self._generated(file, properties, targets) if is_solution(file) else None
        if self.memories is None or generated is not None:
            return self._evaluated(self._request(file, properties, generated, None))
        with self.memories.turn:
            memory = self._memory(self.memories.by_project, file, properties)
            return self._evaluated(self._request(file, properties, None, memory))

    def _evaluated(self, request: EvaluationRequest) -> ProjectInstance:
        with request.timing(TOTAL):
            return evaluate(request)

    def _request(
        self, file: str, properties: Mapping[str, str], generated: XmlElement | None, memory: EvaluationMemory | None
    ) -> EvaluationRequest:
        return EvaluationRequest(
            path=file,
            global_properties=properties,
            variables=self.variables,
            toolset=self.toolset,
            surroundings=self.surroundings,
            startup_directory=self.directory,
            files=self.files,
            cache=self.cache,
            traces_imports=self.traces_imports,
            generated_root=generated,
            memory=memory,
            profile=self.profile,
        )

    def _memory(self, memories: OrderedDict[MemoryKey, EvaluationMemory], file: str, properties: Mapping[str, str]) -> EvaluationMemory:
        key = (file, self.toolset, tuple((name, value if name != NEW_EACH_TIME else "") for name, value in properties.items()))
        memory = memories.get(key)
        if memory is None:
            memory = memories[key] = EvaluationMemory(self.files, self.cache, paths.directory_name(file) or "/")
            if len(memories) > MOST_MEMORIES:
                memories.popitem(last=False)
        memories.move_to_end(key)
        return memory

    def _generated(self, file: str, properties: Mapping[str, str], targets: Sequence[str]) -> XmlElement:
        return solution_project(solution_of(file, self.files), targets, properties, self.files)
