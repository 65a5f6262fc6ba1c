"""Compiled assemblies of one evaluated project -> findings, with the types of its references kept from one to the next.

An edit then costs the analysis of the project's own assembly alone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from analyzers.finding import Finding
from analyzers.merge import MergedFindings
from analyzers.run import AnalysisRequest, AnalysisSession
from analyzers.why import ProgramPart, ProgramReasons
from compiler.csharp.client import CSharpRequest
from compiler.csharp.errors import ToolchainError
from compiler.csharp.frameworks import Framework
from compiler.csharp.places import PlaceFinder, SourcePlaces
from compiler.diagnostics import Diagnostic
from compiler.flow.reader_kind import ReaderKind
from compiler.types.interned import AssemblyFinder
from server.build.analysis_inputs import analysis_options, feature_switches, is_program, is_published, publish_options
from server.build.dependency_findings import PublishedAnalysis, reached_findings, whole_findings
from server.build.findings import assembly_finder, assembly_part, kept_by, with_kept
from server.build.kept_findings import KeptFindings
from server.build.project_values import EvaluatedProject
from server.build.root_files import embedded_files, root_files
from server.ide.reference_places import at_reference, reference_place
from server.workspace.files import FileView
from server.workspace.queries import FindingsQuestion

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class ProjectAnalysis:
    """The analyzers over one evaluated project. `references` are what it runs with, outside the framework and projects.

    Invariant: `_session` knows the assemblies of `_referenced` and no others of projects.
    """

    project: EvaluatedProject
    framework: Framework
    compiled_with: tuple[Path, ...]
    references: tuple[Path, ...]
    ask_places: Callable[[CSharpRequest, Sequence[str] | None], Callable[[], SourcePlaces]]
    kept: KeptFindings
    _referenced: Mapping[str, bytes] = field(default_factory=dict)
    _session: AnalysisSession | None = None
    _merged: MergedFindings = field(default_factory=MergedFindings)
    _diagnostics: dict[str, tuple[tuple[Finding, ...], tuple[Diagnostic, ...]]] = field(default_factory=dict)
    # All findings in assemblies, which stay as long as the project's evaluation does.
    _in_assemblies: dict[Path, tuple[Finding, ...]] = field(default_factory=dict)

    def findings(self, question: FindingsQuestion) -> tuple[Diagnostic, ...]:
        """The findings in the compiled assembly, as `aotd check` lists them: those of the build and, where the project is to be a native
        program, those of publishing it. Raises InputError, and what `proceed` of the question raises."""
        request, result = question.request, question.result
        assert result.pe is not None
        asked = AnalysisRequest(
            assembly_name=self.project.property("AssemblyName"),
            image=result.pe,
            pdb=result.pdb or b"",
            options=analysis_options(self.project, request.analyzer_configs),
            sources={source.path: source.text for source in request.sources},
            places=PlaceFinder(lambda files: self.ask_places(request, files)),
            feature_switches=feature_switches(self.project),
        )
        try:
            found = self._found(question, asked)
        except ToolchainError as error:
            # A compiler that was replaced just now: statements stand in the symbols, too.
            logger.warning("event=no_places project=%s error=%s", request.project, error)
            found = self._found(question, replace(asked, places=None))
        # An edit changes the findings of few files: the diagnostics of the others stay the same objects, all the way to the editor.
        known, self._diagnostics = self._diagnostics, {}
        for file, findings in found.items():
            before = known.get(file)
            is_known = before is not None and before[0] is findings
            diagnostics = before[1] if before is not None and is_known else tuple(each.to_diagnostic() for each in findings)
            self._diagnostics[file] = (findings, diagnostics)
        return tuple(diagnostic for _, several in self._diagnostics.values() for diagnostic in several)

    def _found(self, question: FindingsQuestion, asked: AnalysisRequest) -> dict[str, tuple[Finding, ...]]:
        """The findings by file, in order."""
        session = self._session_for(question.referenced)
        of_build = session.findings(asked, question.proceed)
        of_publish: tuple[Finding, ...] = ()
        if is_published(self.project):
            heeds = not is_program(self.project)
            options = publish_options(self.project, question.request.analyzer_configs)
            publish = replace(
                asked,
                options=options,
                reader=ReaderKind.PUBLISH,
                heeds_source=heeds,
                root_files=root_files(self.project, question.view.read_content),
                embedded_files=embedded_files(self.project, question.view.read_content),
            )
            of_publish = session.findings(publish, question.proceed)
        return self._merged.merge(of_build, of_publish)

    def reasons(self, view: FileView, parts: Sequence[ProgramPart], proceed: Callable[[], None]) -> ProgramReasons:
        """Why members are in the program of `parts` and of what else this project refers to. Raises InputError."""
        given = {part.name: part.image for part in parts}
        others = [path for path in self.references if path.stem not in given and path.is_file()]
        finder = self._finder(given)
        whole = with_kept(self.project, [*(assembly_part(path) for path in others), *parts], finder)
        return ProgramReasons(whole, finder, kept_by(self.project, view.read_content), proceed)

    @property
    def has_dependencies(self) -> bool:
        """Whether there are assemblies outside the framework that publishing would report on."""
        return bool(self.references) and is_published(self.project)

    def dependency_diagnostics(self, view: FileView, reasons: ProgramReasons, proceed: Callable[[], None]) -> tuple[Diagnostic, ...]:
        """The findings in referenced assemblies that the program reaches, where the project file refers to them. Raises InputError."""
        file = Path(self.project.property("MSBuildProjectFullPath"))
        wanted = PublishedAnalysis(publish_options(self.project), feature_switches(self.project), with_suppressed=False, kept=self.kept)
        finder = self._finder({})
        found: list[Diagnostic] = []
        for path in sorted(path for path in self.references if path.is_file()):
            if path not in self._in_assemblies:
                self._in_assemblies[path] = whole_findings(path, finder, wanted, proceed)
            place = reference_place(view.read_text(file), str(file), path)
            for finding in reached_findings(self.project, path, self._in_assemblies[path], wanted, reasons):
                found.append(at_reference(finding, place))
        return tuple(found)

    def _session_for(self, referenced: Mapping[str, bytes]) -> AnalysisSession:
        """The session over these references; a new one when an assembly of a project is another than before."""
        if self._session is None or self._referenced != referenced:
            self._session, self._referenced = AnalysisSession(self._finder(referenced)), referenced
        return self._session

    def _finder(self, given: Mapping[str, bytes]) -> AssemblyFinder:
        """Finds assemblies among those that are given, else on disk."""
        on_disk = assembly_finder(self.framework, self.references)
        return lambda name: (name, given[name]) if name in given else on_disk(name)
