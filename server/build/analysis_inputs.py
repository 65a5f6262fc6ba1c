"""Evaluated project -> what its analysis is asked: families and severities, switches, texts of sources; what is published and shown how.

Nothing here analyses: who only wants to know whether something has changed asks this module and need not load the analyzers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from analyzers.options import AnalysisOptions
from analyzers.rule_versions import DEFAULT_MAJOR
from analyzers.severity import SeverityOptions
from compiler.csharp.client import CSharpSource
from server.build.csharp_build import read_source_file
from server.build.csharp_options import codes
from server.build.feature_switches import runtime_options
from server.build.project_values import EvaluatedProject, is_true
from server.build.target_framework import wanted_version

_SINGLE_WARN = "TrimmerSingleWarn"
_REFERENCES = ("Reference", "PackageReference", "ProjectReference", "ManagedAssemblyToLink", "ResolvedFileToPublish")


def analysis_options(project: EvaluatedProject, configurations: Sequence[CSharpSource]) -> AnalysisOptions:
    """The families that the project turns on and its severities, with its .editorconfig and .globalconfig files."""
    return AnalysisOptions(
        trim=is_true(project, "EnableTrimAnalyzer"),
        single_file=is_true(project, "EnableSingleFileAnalyzer"),
        aot=is_true(project, "EnableAotAnalyzer"),
        major_version=_major_version(project),
        severities=SeverityOptions(
            no_warn=finding_ids(project, "NoWarn"),
            warnings_as_errors=finding_ids(project, "WarningsAsErrors"),
            warnings_not_as_errors=finding_ids(project, "WarningsNotAsErrors"),
            treat_warnings_as_errors=is_true(project, "TreatWarningsAsErrors"),
            editor_configs=tuple((file.path, file.text) for file in configurations),
        ),
    )


def publish_options(project: EvaluatedProject, configurations: Sequence[CSharpSource] = ()) -> AnalysisOptions:
    """The families and severities of publishing a native program; `configurations` are those that a build would heed."""
    severities = analysis_options(project, configurations).severities
    # Trimming without native compilation has a switch of its own.
    own = "IlcTreatWarningsAsErrors" if is_true(project, "PublishAot") else "ILLinkTreatWarningsAsErrors"
    if project.property(own):
        severities = replace(severities, treat_warnings_as_errors=is_true(project, own))
    return AnalysisOptions(
        trim=not is_true(project, "SuppressTrimAnalysisWarnings"),
        aot=not is_true(project, "SuppressAotAnalysisWarnings"),
        major_version=_major_version(project),
        severities=severities,
        shows_redundant_suppressions=is_true(project, "_TrimmerShowRedundantSuppressions"),
    )


def _major_version(project: EvaluatedProject) -> int:
    """The version of .NET whose analyzers a project gets: that of its target framework."""
    version = wanted_version(project)
    return int(version[0]) if version and version[0].isdecimal() else DEFAULT_MAJOR


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


def is_published(project: EvaluatedProject) -> bool:
    """Whether a project is to be a native or trimmed program, or promises to be fit for one."""
    return any(is_true(project, name) for name in ("PublishAot", "PublishTrimmed", "IsAotCompatible"))


def is_analysed(project: EvaluatedProject) -> bool:
    """Whether a build of a project runs any of the analyzers."""
    return any(is_true(project, name) for name in ("EnableTrimAnalyzer", "EnableSingleFileAnalyzer", "EnableAotAnalyzer"))


def is_csharp(project: EvaluatedProject) -> bool:
    """Whether a project is one of C#."""
    return project.property("MSBuildProjectExtension").lower() == ".csproj"


def is_program(project: EvaluatedProject) -> bool:
    """Whether a project itself is to be a native or trimmed program: a native compiler does not read its source's configuration."""
    return any(is_true(project, name) for name in ("PublishAot", "PublishTrimmed"))


def reference_checks_asked(project: EvaluatedProject) -> dict[str, str]:
    """What the properties say that ask whether references are made for trimming (IL2125) and native compilation (IL3058)."""
    return {
        "IL2125": project.property("VerifyReferenceTrimCompatibility"),
        "IL3058": project.property("VerifyReferenceAotCompatibility"),
    }


def is_single(project: EvaluatedProject, assembly: str) -> bool:
    """Whether the findings in an assembly are shown as one: the metadata of the item that names it wins over the property."""
    said = single_warning_of(project, assembly)
    return project.property(_SINGLE_WARN).strip().lower() != "false" if said is None else said


def single_warning_of(project: EvaluatedProject, *names: str) -> bool | None:
    """What the item says that names an assembly by one of `names`; None where none says anything."""
    wanted = {name.lower() for name in names}
    for kind in _REFERENCES:
        for item in project.items_of(kind):
            value = item.value(_SINGLE_WARN).strip().lower()
            if value and wanted & {item.identity.lower(), Path(item.identity.replace("\\", "/")).stem.lower()}:
                return value != "false"
    return None
