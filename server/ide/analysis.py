"""Compiled assemblies of one evaluated project -> findings, with the types of its references kept from one to the next.

An edit then costs the analysis of the project's own assembly alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from analyzers.merge import merge_findings
from analyzers.run import AnalysisRequest, AnalysisSession
from compiler.csharp.client import CSharpRequest
from compiler.csharp.frameworks import Framework
from compiler.csharp.places import PlaceFinder, SourcePlaces
from compiler.diagnostics import Diagnostic
from compiler.flow.reader_kind import ReaderKind
from server.build.findings import analysis_options, assembly_finder, feature_switches, publish_options
from server.build.project_values import EvaluatedProject, is_true
from server.workspace.queries import FindingsQuestion


@dataclass(slots=True)
class ProjectAnalysis:
    """The analyzers over one evaluated project. Invariant: `_session` knows the assemblies of `_referenced` and no others of projects."""

    project: EvaluatedProject
    framework: Framework
    references: tuple[Path, ...]
    find_places: Callable[[CSharpRequest], SourcePlaces | None]
    _referenced: Mapping[str, bytes] = field(default_factory=dict)
    _session: AnalysisSession | None = None

    def findings(self, question: FindingsQuestion) -> tuple[Diagnostic, ...]:
        """The findings in the compiled assembly, as `aotd check` lists them: those of the build and, where the project is to be a native
        program, those of publishing it. Raises InputError, and what `proceed` of the question raises."""
        request, result = question.request, question.result
        assert result.pe is not None
        places = self.find_places(request)
        asked = AnalysisRequest(
            assembly_name=self.project.property("AssemblyName"),
            image=result.pe,
            pdb=result.pdb or b"",
            options=analysis_options(self.project, request.analyzer_configs),
            sources={source.path: source.text for source in request.sources},
            places=PlaceFinder(lambda _paths: places) if places is not None else None,
            feature_switches=feature_switches(self.project),
        )
        session = self._session_for(question.referenced)
        found = session.findings(asked, question.proceed)
        if is_true(self.project, "PublishAot"):
            publish = replace(asked, options=publish_options(self.project), reader=ReaderKind.PUBLISH)
            found = merge_findings(found, session.findings(publish, question.proceed))
        return tuple(finding.to_diagnostic() for finding in found)

    def _session_for(self, referenced: Mapping[str, bytes]) -> AnalysisSession:
        """The session over these references; a new one when an assembly of a project is another than before."""
        if self._session is None or self._referenced != referenced:
            on_disk = assembly_finder(self.framework, self.references)

            def find(name: str) -> tuple[str, bytes] | None:
                return (name, referenced[name]) if name in referenced else on_disk(name)

            self._session, self._referenced = AnalysisSession(find), referenced
        return self._session
