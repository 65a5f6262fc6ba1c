"""Built projects -> their findings, and the native program and its symbols in the publish folder.

Nothing appears in the publish folder before it is complete.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from compiler.diagnostics import Diagnostic, Severity
from compiler.request import CompileRequest, CompileResult, Progress
from server.build.csharp_build import CSharpCompiler
from server.build.findings import Reporters, findings_as_diagnostics, graph_findings
from server.build.graph import BuildFailed, BuildProgress, BuiltProject, in_project
from server.build.kept_findings import KeptFindings
from server.publish.publish_records import PublishRecord
from server.publish.published import Published

# The compiler's entry point: request and progress -> result.
CompileProgram = Callable[[CompileRequest, Progress], CompileResult]


class PublishProgress(BuildProgress, Protocol):
    """Where a publish tells how far it is."""

    def count(self, done: int, total: int) -> None:
        """`done` of `total` parts of the present step are ready."""


def publish_built(record: PublishRecord, compiler: CSharpCompiler, compile_program: CompileProgram, progress: PublishProgress) -> Published:
    """The program of a record, made anew; the record is told.

    Raises BuildFailed after diagnostics that are errors, OSError when a folder cannot be written.
    """
    projects, request = record.projects, record.request
    reported = report_findings(projects, compiler, KeptFindings(record.place.cache_dir / "findings"), progress)
    project = Path(projects[-1].project.property("MSBuildProjectFullPath"))
    progress.step(f"generating native code for {request.output.name}")
    result = compile_program(request, progress)
    for diagnostic in result.diagnostics:
        if diagnostic.severity in (Severity.ERROR, Severity.WARNING):
            reported.append(in_project(diagnostic, project))
            progress.diagnostic(reported[-1])
    if result.output is None:
        raise BuildFailed(str(project))
    published = Published(
        name=project.stem,
        program=result.output,
        symbols=result.symbols,
        size_bytes=result.size_bytes,
        n_methods=result.n_methods,
        n_generated=result.n_generated,
        n_reused=result.n_reused,
        unsupported=tuple(d.message for d in result.diagnostics if d.severity is Severity.HIDDEN),
    )
    record.note(published, reported)
    return published


def report_findings(
    projects: Sequence[BuiltProject], compiler: CSharpCompiler, kept: KeptFindings, progress: BuildProgress
) -> list[Diagnostic]:
    """The analyzers' findings, given to the progress. Raises BuildFailed when one is an error."""
    progress.step("looking for trim and AOT findings")
    found = findings_as_diagnostics(graph_findings(projects, compiler, Reporters.ALL, kept))
    for diagnostic in found:
        progress.diagnostic(diagnostic)
    if any(diagnostic.severity is Severity.ERROR for diagnostic in found):
        raise BuildFailed("findings are errors")
    return found


def publish_properties(properties: Mapping[str, str]) -> dict[str, str]:
    """The global properties of a publish, as `dotnet publish` sets them: Release unless the caller says otherwise."""
    given = {name.lower() for name in properties}
    defaults = {"Configuration": "Release", "_IsPublishing": "true"}
    return {**{name: value for name, value in defaults.items() if name.lower() not in given}, **properties}
