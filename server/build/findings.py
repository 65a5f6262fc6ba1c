"""Built projects -> the findings of the analyzers: as a build reports them, as publishing does, or both as one list.

Which families a build runs and how severe a finding is come from the project: EnableTrimAnalyzer, EnableSingleFileAnalyzer,
EnableAotAnalyzer, NoWarn, WarningsAsErrors, TreatWarningsAsErrors and .editorconfig. Publishing runs all families and knows
IlcTreatWarningsAsErrors, SuppressTrimAnalysisWarnings and SuppressAotAnalysisWarnings instead of the source's configuration.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from analyzers.finding import Finding
from analyzers.merge import merge_findings
from analyzers.reference_checks import check_references, trimmable
from analyzers.roll_up import roll_up
from analyzers.run import AnalysisRequest, AnalysisSession
from analyzers.severity import Severities
from analyzers.why import Kept, ProgramPart, ProgramReasons
from compiler.csharp.frameworks import Framework
from compiler.csharp.places import PlaceFinder, SourcePlaces
from compiler.diagnostics import Diagnostic, Location
from compiler.flow.reader_kind import ReaderKind
from compiler.types.interned import AssemblyFinder
from server.build.analysis_inputs import (
    analysis_options,
    feature_switches,
    is_csharp,
    is_program,
    is_published,
    publish_options,
    reference_checks_asked,
    single_warning_of,
    sources,
)
from server.build.csharp_build import CSharpCompiler, configuration_files, csharp_request, read_source_file
from server.build.dependency_findings import PublishedAnalysis, dependency_findings
from server.build.feature_switches import runtime_options
from server.build.graph import BuiltProject, in_project
from server.build.kept_findings import KeptFindings
from server.build.project_values import EvaluatedProject
from server.build.root_files import (
    ReadContent,
    assemblies_kept_whole,
    embedded_files,
    keeps_untrimmable,
    read_content,
    root_files,
    trimmable_assemblies,
)


class Reporters(Enum):
    """Whose findings are wanted; `value` is the word on the command line."""

    BUILD = "build"
    PUBLISH = "publish"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class PartFindings:
    """The findings of one project or of one assembly: `name` is the assembly's, `project` the project file ("" without one), `error_log`
    the project's property ErrorLog."""

    name: str
    project: str
    folder: Path
    error_log: str
    findings: tuple[Finding, ...]

    def shown(self) -> PartFindings:
        """Without what is suppressed."""
        return replace(self, findings=tuple(finding for finding in self.findings if finding.suppression is None))


# References first, the program last.
GraphFindings = tuple[PartFindings, ...]


def graph_findings(
    projects: Sequence[BuiltProject], compiler: CSharpCompiler, reporters: Reporters, kept: KeptFindings, *, with_suppressed: bool = False
) -> GraphFindings:
    """Each of `projects` with the findings in its own assembly, sorted by place. The last of them is what is published, and has what
    publishing reports on other assemblies behind its own.

    Together with the build, publishing reports only on what is to be published trimmed (`is_published`). Suppressed findings are
    among them when asked for. Raises InputError.
    """
    publishes = reporters is Reporters.PUBLISH or (reporters is Reporters.ALL and is_published(projects[-1].project))
    program = projects[-1].project if publishes else None
    found = [_project_findings(built, compiler, reporters, program, with_suppressed) for built in projects]
    if program is not None:
        found[-1] = (*found[-1], *_dependency_findings(projects, kept, with_suppressed=with_suppressed))
    return tuple(_part(built, findings) for built, findings in zip(projects, found, strict=True))


def _part(built: BuiltProject, findings: tuple[Finding, ...]) -> PartFindings:
    project = built.project
    file, folder = project.property("MSBuildProjectFullPath"), Path(project.directory)
    return PartFindings(project.property("AssemblyName"), file, folder, project.property("ErrorLog"), findings)


def _dependency_findings(projects: Sequence[BuiltProject], kept: KeptFindings, *, with_suppressed: bool) -> tuple[Finding, ...]:
    """What publishing the last of `projects` reports on the assemblies outside the framework that no project of these made."""
    program = projects[-1]
    own = {built.assembly.path for built in projects}
    others = [path for path in program.references if path not in own]
    if not others:
        return ()
    finder = assembly_finder(program.framework, program.references)
    wanted = PublishedAnalysis(publish_options(program.project), feature_switches(program.project), with_suppressed, kept)
    return dependency_findings(program.project, others, finder, wanted, program_reasons(projects))


def program_reasons(projects: Sequence[BuiltProject]) -> ProgramReasons:
    """Why members are in the program that the last of `projects` makes: its projects and what they refer to, but not the framework."""
    program = projects[-1]
    finder = assembly_finder(program.framework, program.references)
    built = {each.assembly.path: each for each in projects}
    paths = [*(path for path in program.references if path not in built), *built]
    parts = [assembly_part(path, built[path].assembly.symbols if path in built else None) for path in paths]
    return ProgramReasons(with_kept(program.project, parts, finder), finder, kept_by(program.project))


def kept_by(project: EvaluatedProject, read: ReadContent = read_content) -> Kept:
    """What the files of a published project keep beside its entry point."""
    return Kept(root_files(project, read), runtime_options(project)[0])


def with_kept(project: EvaluatedProject, parts: Sequence[ProgramPart], finder: AssemblyFinder) -> list[ProgramPart]:
    """`parts` of a published project with those marked that are kept as a whole: the assemblies of TrimmerRootAssembly, and with
    TrimMode=partial all that neither say that they may be trimmed nor are named as such by the project."""
    kept = assemblies_kept_whole(project)
    if keeps_untrimmable(project):
        named = trimmable_assemblies(project)
        asked = [(part.name, part.image) for part in parts if part.name.lower() not in named]
        kept |= {name.lower() for name, _ in asked} - {name.lower() for name in trimmable(asked, finder)}
    return [replace(part, kept=part.name.lower() in kept) for part in parts]


def assembly_part(path: Path, symbols: Path | None = None) -> ProgramPart:
    """A built assembly with its symbols: those that are given, else those beside it."""
    beside = symbols or path.with_suffix(".pdb")
    return ProgramPart(path.stem, path.read_bytes(), beside.read_bytes() if beside.is_file() else b"")


def findings_as_diagnostics(found: GraphFindings) -> list[Diagnostic]:
    """The findings as lines of a build, each with its project named."""
    return [
        in_project(finding.to_diagnostic(), Path(part.project)) if part.project else finding.to_diagnostic()
        for part in found
        for finding in part.findings
    ]


def _project_findings(
    built: BuiltProject, compiler: CSharpCompiler, reporters: Reporters, program: EvaluatedProject | None, with_suppressed: bool
) -> tuple[Finding, ...]:
    """`program` is what is published, if that reports."""
    project, symbols = built.project, built.assembly.symbols
    request = AnalysisRequest(
        assembly_name=project.property("AssemblyName"),
        image=built.assembly.path.read_bytes(),
        pdb=symbols.read_bytes() if symbols is not None else b"",
        options=analysis_options(project, configuration_files(project, read_source_file)),
        sources=sources(project),
        places=PlaceFinder(lambda _paths: lambda: _places(built, compiler)) if is_csharp(project) else None,
        feature_switches=feature_switches(project),
        with_suppressed=with_suppressed,
    )
    finder = assembly_finder(built.framework, built.references)
    session = AnalysisSession(finder)
    asked = reference_checks_asked(project)
    names = [path.stem for path in built.references]
    file = project.property("MSBuildProjectFullPath")
    of_references = () if reporters is Reporters.PUBLISH else tuple(check_references(names, finder, request.options, asked, file))
    if program is None:
        return (*of_references, *(session.findings(request) if is_csharp(project) else ()))
    switches = feature_switches(program)
    publish = replace(
        request,
        options=publish_options(program, configuration_files(project, read_source_file)),
        reader=ReaderKind.PUBLISH,
        feature_switches=switches,
        heeds_source=reporters is Reporters.ALL and not is_program(program),
        root_files=root_files(program) if program is project else (),
        embedded_files=embedded_files(project) if reporters is Reporters.ALL else (),
    )
    if reporters is Reporters.PUBLISH or not is_csharp(project):
        # A native compiler knows statements, not operations; .NET's analyzers read C# alone.
        return (*of_references, *_published(built, program, session.findings(replace(publish, places=None))))
    return (*of_references, *merge_findings(session.findings(request), _published(built, program, session.findings(publish))))


def _published(built: BuiltProject, program: EvaluatedProject, found: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """What publishing `program` reports on a project that it refers to: each finding, unless the reference asks for one warning."""
    name, file = built.project.property("AssemblyName"), Path(built.project.property("MSBuildProjectFullPath"))
    if built.project is program or not single_warning_of(program, name, file.stem):
        return found
    severities = Severities(publish_options(program).severities, {})
    return roll_up(name, Location(str(file)), found, lambda id_: severities.of(id_, ""))


def _places(built: BuiltProject, compiler: CSharpCompiler) -> SourcePlaces:
    """Where things stand in the project's sources. A worker that did not compile what was built does so first: it may know another text."""
    if built.request is not None:
        compiler.compile(built.request)
    elif built.assembly.was_current:
        request, _ = csharp_request(built.project, built.framework, built.direct, read_source_file)
        compiler.compile(request)
    return compiler.places(built.project.property("MSBuildProjectFullPath"), None)


def assembly_finder(framework: Framework, references: Sequence[Path]) -> AssemblyFinder:
    """Finds assemblies by simple name: among the references first, of several of one name the first, then in the class library."""
    by_name = {path.stem.lower(): path for path in reversed(references)}
    folder = framework.framework_dir or framework.reference_dir

    def find(name: str) -> tuple[str, bytes] | None:
        path = by_name.get(name.lower(), folder / f"{name}.dll")
        return (str(path), path.read_bytes()) if path.is_file() else None

    return find
