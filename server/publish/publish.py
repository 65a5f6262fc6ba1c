"""One publish: project file and properties -> native program and its symbols in the publish folder.

Evaluates, builds the project and what it refers to, and hands the assemblies to the native compiler. Nothing appears in the publish
folder before it is complete.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from compiler.diagnostics import Severity
from compiler.request import CompileRequest, CompileResult, Progress
from server.build.csharp_build import CSharpCompiler
from server.build.findings import Reporters, findings_as_diagnostics, graph_findings
from server.build.graph import BuildFailed, BuildProgress, BuildTools, BuiltProject, build_graph, in_project
from server.build.kept_findings import KeptFindings
from server.build.runtime_identifiers import require_rid
from server.publish.content import content_files, copy_content
from server.publish.request import CompilerPlace, compile_request

# The compiler's entry point: request and progress -> result.
CompileProgram = Callable[[CompileRequest, Progress], CompileResult]


class PublishProgress(BuildProgress, Protocol):
    """Where a publish tells how far it is."""

    def count(self, done: int, total: int) -> None:
        """`done` of `total` parts of the present step are ready."""


@dataclass(frozen=True, slots=True)
class Published:
    """A finished publish. Counts are those of `CompileResult`; `unsupported` says what throws when the program gets there."""

    name: str
    program: Path
    symbols: Path | None
    size_bytes: int
    n_methods: int
    n_generated: int
    n_reused: int
    unsupported: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PublishTools:
    """What a publish is made with. `evaluate` of `build` should remember, since it is asked twice.

    `host_rid` is taken when the project names no runtime; `rids` are those that can be made.
    """

    build: BuildTools
    compile_program: CompileProgram
    place: CompilerPlace
    host_rid: str
    rids: Sequence[str]


def publish_project(project: Path, properties: Mapping[str, str], tools: PublishTools, progress: PublishProgress) -> Published:
    """The published program.

    Raises BuildFailed after diagnostics that are errors, InputError for what cannot be evaluated, built or published, OSError when
    a folder cannot be written.
    """
    global_properties = with_runtime(project, publish_properties(properties), tools)
    projects = build_graph(project, global_properties, tools.build)
    content = content_files(projects[-1].project)
    published = publish_built(projects, tools.build.compiler, tools.compile_program, tools.place, progress)
    copy_content(content, published.program.parent)
    return published


def publish_built(
    projects: Sequence[BuiltProject],
    compiler: CSharpCompiler,
    compile_program: CompileProgram,
    place: CompilerPlace,
    progress: PublishProgress,
) -> Published:
    """The program of the last of `projects`, which are built, references first. Raises as `publish_project` does."""
    report_findings(projects, compiler, KeptFindings(place.cache_dir / "findings"), progress)
    built = projects[-1]
    project = Path(built.project.property("MSBuildProjectFullPath"))
    request = compile_request(built, built.project.property("RuntimeIdentifier"), place)
    progress.step(f"generating native code for {request.output.name}")
    result = compile_program(request, progress)
    for diagnostic in result.diagnostics:
        if diagnostic.severity in (Severity.ERROR, Severity.WARNING):
            progress.diagnostic(in_project(diagnostic, project))
    if result.output is None:
        raise BuildFailed(str(project))
    return Published(
        name=project.stem,
        program=result.output,
        symbols=result.symbols,
        size_bytes=result.size_bytes,
        n_methods=result.n_methods,
        n_generated=result.n_generated,
        n_reused=result.n_reused,
        unsupported=tuple(d.message for d in result.diagnostics if d.severity is Severity.HIDDEN),
    )


def report_findings(projects: Sequence[BuiltProject], compiler: CSharpCompiler, kept: KeptFindings, progress: BuildProgress) -> None:
    """Gives the analyzers' findings to the progress. Raises BuildFailed when one is an error."""
    progress.step("looking for trim and AOT findings")
    found = findings_as_diagnostics(graph_findings(projects, compiler, Reporters.ALL, kept))
    for diagnostic in found:
        progress.diagnostic(diagnostic)
    if any(diagnostic.severity is Severity.ERROR for diagnostic in found):
        raise BuildFailed("findings are errors")


def publish_properties(properties: Mapping[str, str]) -> dict[str, str]:
    """The global properties of a publish, as `dotnet publish` sets them: Release unless the caller says otherwise."""
    given = {name.lower() for name in properties}
    defaults = {"Configuration": "Release", "_IsPublishing": "true"}
    return {**{name: value for name, value in defaults.items() if name.lower() not in given}, **properties}


def with_runtime(project: Path, properties: dict[str, str], tools: PublishTools) -> dict[str, str]:
    """The properties, with this machine's runtime identifier added when neither they nor the project name one.

    Raises InputError when the identifier is unknown, or known and not one that can be made.
    """
    named = tools.build.evaluate(project, properties).property("RuntimeIdentifier")
    rid = named or tools.host_rid
    require_rid(rid, tools.rids)
    return properties if named else {**properties, "RuntimeIdentifier": rid}
