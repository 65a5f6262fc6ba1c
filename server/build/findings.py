"""Built project -> the findings of the analyzers, as a build of that project reports them.

Which families run and how severe a finding is come from the project: EnableTrimAnalyzer, EnableSingleFileAnalyzer,
EnableAotAnalyzer, NoWarn, WarningsAsErrors, TreatWarningsAsErrors and .editorconfig.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from analyzers.run import AnalysisOptions, AnalysisRequest, analyze
from analyzers.severity import SeverityOptions
from compiler.csharp.client import CSharpSource
from compiler.csharp.frameworks import Framework
from compiler.diagnostics import Diagnostic
from compiler.types.universe import AssemblyFinder
from server.build.csharp_build import configuration_files, read_source_file
from server.build.csharp_options import codes
from server.build.feature_switches import runtime_options
from server.build.graph import BuiltProject, in_project
from server.build.project_values import EvaluatedProject, is_true


def project_findings(built: BuiltProject) -> tuple[Diagnostic, ...]:
    """The findings in the project's own assembly, sorted by place, each with the project named."""
    project, symbols = built.project, built.assembly.symbols
    request = AnalysisRequest(
        assembly_name=project.property("AssemblyName"),
        image=built.assembly.path.read_bytes(),
        pdb=symbols.read_bytes() if symbols is not None else b"",
        options=analysis_options(project, configuration_files(project, read_source_file)),
        sources=sources(project),
        feature_switches=feature_switches(project),
    )
    found = analyze(request, assembly_finder(built.framework, built.references))
    path = Path(project.property("MSBuildProjectFullPath"))
    return tuple(in_project(diagnostic, path) for diagnostic in found)


def analysis_options(project: EvaluatedProject, configurations: Sequence[CSharpSource]) -> AnalysisOptions:
    """The families that the project turns on and its severities, with its .editorconfig and .globalconfig files."""
    return AnalysisOptions(
        trim=is_true(project, "EnableTrimAnalyzer"),
        single_file=is_true(project, "EnableSingleFileAnalyzer"),
        aot=is_true(project, "EnableAotAnalyzer"),
        severities=SeverityOptions(
            no_warn=finding_ids(project, "NoWarn"),
            warnings_as_errors=finding_ids(project, "WarningsAsErrors"),
            warnings_not_as_errors=finding_ids(project, "WarningsNotAsErrors"),
            treat_warnings_as_errors=is_true(project, "TreatWarningsAsErrors"),
            editor_configs=tuple((file.path, file.text) for file in configurations),
        ),
    )


def feature_switches(project: EvaluatedProject) -> Mapping[str, str]:
    """The switches that a native program folds, with their values as AppContext has them."""
    return {name: "true" if value else "false" for name, value in runtime_options(project)[0].items()}


def finding_ids(project: EvaluatedProject, name: str) -> frozenset[str]:
    """The codes of a list property, in capitals."""
    return frozenset(code.upper() for code in codes(project.property(name)))


def sources(project: EvaluatedProject) -> Mapping[str, str]:
    """Path -> text of the project's source files, where `#pragma` may switch findings off."""
    paths = [Path(item.full_path()) for item in project.items_of("Compile")]
    return {str(path): read_source_file(path) for path in paths if path.is_file()}


def assembly_finder(framework: Framework, references: Sequence[Path]) -> AssemblyFinder:
    """Finds assemblies by simple name: among the references first, then in the class library."""
    by_name = {path.stem.lower(): path for path in references}
    folder = framework.framework_dir or framework.reference_dir

    def find(name: str) -> tuple[str, bytes] | None:
        path = by_name.get(name.lower(), folder / f"{name}.dll")
        return (str(path), path.read_bytes()) if path.is_file() else None

    return find
