"""The stages of a build as the editor asks for them: nothing is written, and every text comes from the view.

From a project file to what the C# compiler is asked, to its result, to findings. The tool chain is fetched when the first project
needs it and none is installed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from compiler.csharp.client import CSharpReference, CSharpRequest, CSharpResult, CSharpWorker
from compiler.csharp.errors import ToolchainError
from compiler.csharp.frameworks import Toolchain
from compiler.csharp.places import SourcePlaces
from compiler.request import Progress
from compiler.user_cache import cache_directory
from server.build.analysis_inputs import is_published
from server.build.compilers import WarmCompilers
from server.build.csharp_build import csharp_request, read_source_file
from server.build.evaluation import project_toolset
from server.build.graph import assembly_references, require_csharp
from server.build.kept_findings import KeptFindings
from server.build.package_references import assets_file, referenced_packages
from server.build.root_files import read_paths
from server.build.target_framework import choose_framework
from server.build.warm import WarmTools
from server.ide.analysis import ProjectAnalysis
from server.ide.overlay_files import OverlayFiles
from server.msbuild.project import ProjectEvaluator
from server.workspace.files import FileView
from server.workspace.queries import Compilation, Evaluation

FETCH_AGAIN_SECONDS = 30.0


class ProjectEngine:
    """The stages with the tools of this process; one thread at a time."""

    def __init__(self, environment: Mapping[str, str], tools: WarmTools) -> None:
        self._environment = dict(environment)
        self._kept = KeptFindings(cache_directory(environment) / "findings")
        self._tools = tools
        self._evaluators: dict[tuple[Path, Path], ProjectEvaluator] = {}
        self._files: OverlayFiles | None = None
        self._workers: dict[str, CSharpWorker] = {}
        self._no_toolchain: tuple[float, ToolchainError] | None = None

    def evaluate(self, project: Path, view: FileView, progress: Progress) -> Evaluation:
        """See `Engine`."""
        toolchain = self._toolchain(project.parent, progress)
        evaluated = self._evaluator(toolchain, project.parent, view).evaluate(project, {})
        inputs = tuple(Path(path) for path in (*evaluated.imports, *evaluated.probed))
        # A project for several frameworks is shown as it is for the first of them.
        several = [name.strip() for name in evaluated.property("TargetFrameworks").split(";") if name.strip()]
        if several and not evaluated.property("TargetFramework"):
            evaluated = self._evaluator(toolchain, project.parent, view).evaluate(project, {"TargetFramework": several[0]})
        require_csharp(evaluated, project)
        framework, warnings = choose_framework(evaluated, toolchain.frameworks)
        references = assembly_references(evaluated, project)
        packages = referenced_packages(evaluated, framework, view.read_text)
        projects = [Path(item.full_path()).resolve() for item in evaluated.items_of("ProjectReference")]
        compiled_with = (*references, *packages.compiled_with)
        analysis = ProjectAnalysis(evaluated, framework, compiled_with, (*references, *packages.run_with), self._ask_places, self._kept)
        return Evaluation(
            inputs=(*inputs, assets_file(evaluated)),
            diagnostics=(*evaluated.diagnostics, *warnings, *packages.diagnostics),
            projects=tuple(projects),
            compilation=lambda now, reachable: _compilation(analysis, reachable, now),
        )

    def compile(self, request: CSharpRequest, progress: Progress) -> CSharpResult:
        """See `Engine`."""
        toolchain = self._toolchain(Path(request.directory), progress)
        worker = self._workers[request.project] = self._tools.kept(WarmCompilers).compiler(toolchain, self._environment)
        return worker.compile(request)

    def _ask_places(self, request: CSharpRequest, files: Sequence[str] | None) -> Callable[[], SourcePlaces]:
        """Where operations stand in some sources of `request`, the last that was compiled of its project. Raises ToolchainError."""
        return self._workers[request.project].ask_places(request.project, files)

    def compiler_id(self, request: CSharpRequest) -> int | None:
        """See `Engine`."""
        worker = self._workers.get(request.project)
        return worker.process_id if worker is not None else None

    def close(self) -> None:
        """Ends the compilers."""
        self._tools.close()

    def _evaluator(self, toolchain: Toolchain, folder: Path, view: FileView) -> ProjectEvaluator:
        """The evaluator for projects in `folder`, which keeps parsed project files, reading from `view`."""
        if self._files is None:
            self._files = OverlayFiles(view)
        self._files.view = view
        key = (toolchain.dotnet_root, folder)
        if key not in self._evaluators:
            self._evaluators[key] = ProjectEvaluator(
                self._environment, str(folder), self._files, project_toolset(toolchain), remembers=True
            )
        return self._evaluators[key]

    def _toolchain(self, folder: Path, progress: Progress) -> Toolchain:
        """The tool chain for projects in `folder`; its fetch is a step of `progress`. Raises InputError.

        A fetch that failed is not tried again at the next keystroke.
        """
        if self._no_toolchain is not None and time.monotonic() - self._no_toolchain[0] < FETCH_AGAIN_SECONDS:
            raise self._no_toolchain[1]

        def fetching(done_bytes: int, total_bytes: int) -> None:
            percent = done_bytes * 100 // total_bytes if total_bytes else 0
            progress.step(f"fetching the .NET tool chain: {percent} %")

        try:
            return self._tools.kept(WarmCompilers).toolchain(self._environment, folder, fetching)
        except ToolchainError as error:
            self._no_toolchain = (time.monotonic(), error)
            raise


def _compilation(analysis: ProjectAnalysis, reachable: Sequence[Path], view: FileView) -> Compilation:
    """What is to be compiled, with the texts of `view`; `reachable` are the projects that it refers to, in any number of steps."""
    project = analysis.project
    request, missing = csharp_request(
        project, analysis.framework, analysis.compiled_with, lambda path: view.read_source(path, read_source_file)
    )
    others = tuple(CSharpReference(str(path.with_suffix(".dll")), project=str(path)) for path in reachable)
    return Compilation(
        name=project.property("AssemblyName"),
        is_program=project.property("OutputType").lower() in ("exe", "winexe"),
        request=replace(request, references=(*request.references, *others), emit_despite_errors=True),
        diagnostics=missing,
        find=analysis.findings,
        reasons=partial(analysis.reasons, view),
        has_dependencies=analysis.has_dependencies,
        depend=partial(analysis.dependency_diagnostics, view),
        also_read=read_paths(project) if is_published(project) else (),
    )
