"""The assemblies that a program refers to, but did not compile -> what publishing reports on them: the findings that the program reaches.

As a publish does, those of one assembly are one (IL2104, IL3053) unless TrimmerSingleWarn is false, for the project or as metadata of
the item that refers to the assembly. The framework's own assemblies are not read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from analyzers.finding import Finding
from analyzers.options import AnalysisOptions
from analyzers.roll_up import roll_up
from analyzers.run import AnalysisRequest, AnalysisSession
from analyzers.severity import Severities
from analyzers.why import ProgramReasons
from compiler.diagnostics import Location
from compiler.flow.reader_kind import ReaderKind
from compiler.types.interned import AssemblyFinder
from server.build.project_values import EvaluatedProject

_SINGLE_WARN = "TrimmerSingleWarn"
_REFERENCES = ("Reference", "PackageReference", "ProjectReference", "ManagedAssemblyToLink")


@dataclass(frozen=True, slots=True)
class PublishedAnalysis:
    """How a program is analysed as it is published."""

    options: AnalysisOptions
    feature_switches: Mapping[str, str]
    with_suppressed: bool


def dependency_findings(
    project: EvaluatedProject, assemblies: Sequence[Path], finder: AssemblyFinder, wanted: PublishedAnalysis, reasons: ProgramReasons
) -> tuple[Finding, ...]:
    """The findings in `assemblies` that the program of `reasons` reaches, sorted by assembly and place.

    Raises BadImage for a file that is no assembly.
    """
    session = AnalysisSession(finder)
    found: list[Finding] = []
    for path in sorted(assemblies):
        symbols = path.with_suffix(".pdb")
        findings = session.findings(
            AnalysisRequest(
                assembly_name=path.stem,
                image=path.read_bytes(),
                pdb=symbols.read_bytes() if symbols.is_file() else b"",
                options=wanted.options,
                reader=ReaderKind.PUBLISH,
                feature_switches=wanted.feature_switches,
                with_suppressed=wanted.with_suppressed,
            )
        )
        reached = [each for each in findings if is_reached(each, reasons)]
        found += _rolled_up(path, reached, wanted.options) if is_single(project, path.stem) else [placed(each, path) for each in reached]
    return tuple(found)


def is_reached(finding: Finding, reasons: ProgramReasons) -> bool:
    """Whether the program can run the code of a finding. What is not about code of a member counts."""
    why = finding.explanation
    return why is None or not why.member or reasons.is_reached(why.assembly, why.member)


def is_single(project: EvaluatedProject, assembly: str) -> bool:
    """Whether the findings in an assembly are shown as one: the metadata of the item that names it wins over the property."""
    for kind in _REFERENCES:
        for item in project.items_of(kind):
            value = item.value(_SINGLE_WARN).strip().lower()
            if value and assembly.lower() in (item.identity.lower(), Path(item.identity.replace("\\", "/")).stem.lower()):
                return value != "false"
    return project.property(_SINGLE_WARN).strip().lower() != "false"


def _rolled_up(path: Path, findings: Sequence[Finding], options: AnalysisOptions) -> Sequence[Finding]:
    severities = Severities(options.severities, {})
    return [placed(each, path) for each in roll_up(path.stem, Location(str(path)), findings, lambda id_: severities.of(id_, ""))]


def placed(finding: Finding, path: Path) -> Finding:
    """A finding without a place stands at the assembly."""
    return finding if finding.location is not None else replace(finding, location=Location(str(path)))
