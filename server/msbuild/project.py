"""The way in: evaluates projects for one environment and folder, keeping parsed project files between evaluations."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from compiler.diagnostics import Location
from server.msbuild.errors import invalid
from server.msbuild.evaluate import EvaluationRequest, evaluate
from server.msbuild.files import DiskFiles, FileSystem
from server.msbuild.machine import machine_surroundings
from server.msbuild.model import ProjectInstance
from server.msbuild.project_files import ProjectFileCache
from server.msbuild.sdks import Toolset
from server.msbuild.solution import is_solution, read_solution
from server.msbuild.solution_project import solution_project
from server.msbuild.toolsets import find_toolset
from server.msbuild.xml import XmlElement


class ProjectEvaluator:
    """Evaluates any number of projects. Safe to keep: files that changed are read anew. One thread at a time."""

    def __init__(
        self, variables: Mapping[str, str], directory: str, files: FileSystem | None = None, toolset: Toolset | None = None
    ) -> None:
        self.variables = dict(variables)
        self.directory = directory
        self.files: FileSystem = files if files is not None else DiskFiles()
        self.toolset = toolset if toolset is not None else find_toolset(variables, directory, self.files)
        self.cache = ProjectFileCache(self.files)
        self.traces_imports = False
        self.surroundings = machine_surroundings(self.variables, directory, self.files, self.toolset)

    def evaluate(self, path: str | os.PathLike[str], properties: Mapping[str, str], targets: Sequence[str] = ()) -> ProjectInstance:
        """The evaluated project at the absolute `path` with global `properties` (escaped, as on a command line).

        For a solution it is the project that builds it, with the named `targets` besides the usual ones.

        Raises InputError with MSBuild's code and a position for a project that cannot be evaluated.
        """
        file = os.fspath(path)
        request = EvaluationRequest(
            path=file,
            global_properties=properties,
            variables=self.variables,
            toolset=self.toolset,
            surroundings=self.surroundings,
            startup_directory=self.directory,
            files=self.files,
            cache=self.cache,
            traces_imports=self.traces_imports,
            generated_root=self._generated(file, properties, targets) if is_solution(file) else None,
        )
        return evaluate(request)

    def _generated(self, file: str, properties: Mapping[str, str], targets: Sequence[str]) -> XmlElement:
        try:
            text = self.files.read_text(file)
        except OSError as error:
            raise invalid("MSB5001", Location(file), f"The solution file could not be read. {error.strerror}.") from None
        return solution_project(read_solution(file, text), targets, properties, self.files)
