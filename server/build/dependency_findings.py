"""The assemblies that a program refers to, but did not compile -> what publishing reports on them: the findings that the program reaches.

As a publish does, those of one assembly are one (IL2104, IL3053) unless TrimmerSingleWarn is false, for the project or as metadata of
the item that refers to the assembly. The framework's own assemblies are not read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from analyzers.finding import Finding
from analyzers.options import AnalysisOptions
from analyzers.roll_up import roll_up
from analyzers.run import AnalysisRequest, proceed_always
from analyzers.severity import Severities
from analyzers.why import ProgramReasons
from compiler.diagnostics import Location
from compiler.flow.reader_kind import ReaderKind
from compiler.types.interned import AssemblyFinder
from server.build.analysis_inputs import is_single
from server.build.kept_findings import KeptFindings
from server.build.project_values import EvaluatedProject

# Generic recursion: whether a program instantiates so deeply cannot be told from one assembly.
_OF_THE_WHOLE_PROGRAM = "IL3054"


@dataclass(frozen=True, slots=True)
class PublishedAnalysis:
    """How a program is analysed as it is published, and where the findings in its dependencies are kept."""

    options: AnalysisOptions
    feature_switches: Mapping[str, str]
    with_suppressed: bool
    kept: KeptFindings


def dependency_findings(
    project: EvaluatedProject, assemblies: Sequence[Path], finder: AssemblyFinder, wanted: PublishedAnalysis, reasons: ProgramReasons
) -> tuple[Finding, ...]:
    """The findings in `assemblies` that the program of `reasons` reaches, sorted by assembly and place.

    Raises BadImage for a file that is no assembly.
    """
    found: list[Finding] = []
    first: dict[str, Path] = {}
    for path in assemblies:
        # Of several assemblies of one name a program has the first.
        first.setdefault(path.stem.lower(), path)
    for path in sorted(first.values()):
        found += reached_findings(project, path, whole_findings(path, finder, wanted), wanted, reasons)
    return tuple(found)


def whole_findings(
    path: Path, finder: AssemblyFinder, wanted: PublishedAnalysis, proceed: Callable[[], None] = proceed_always
) -> tuple[Finding, ...]:
    """All findings in the assembly at `path`, reached or not. Raises BadImage, and what `proceed` raises."""
    symbols = path.with_suffix(".pdb")
    request = AnalysisRequest(
        assembly_name=path.stem,
        image=path.read_bytes(),
        pdb=symbols.read_bytes() if symbols.is_file() else b"",
        options=wanted.options,
        reader=ReaderKind.PUBLISH,
        feature_switches=wanted.feature_switches,
        with_suppressed=wanted.with_suppressed,
    )
    return wanted.kept.findings(request, finder, proceed)


def reached_findings(
    project: EvaluatedProject, path: Path, whole: Sequence[Finding], wanted: PublishedAnalysis, reasons: ProgramReasons
) -> list[Finding]:
    """What of the findings in the assembly at `path` a publish shows: those that the program reaches, as one where that is asked for."""
    reached = [each for each in whole if is_reached(each, reasons)]
    severities = Severities(wanted.options.severities, {})
    if is_single(project, path.stem):
        reached = list(roll_up(path.stem, Location(str(path)), reached, lambda id_: severities.of(id_, "")))
    return [placed(each, path) for each in reached]


def is_reached(finding: Finding, reasons: ProgramReasons) -> bool:
    """Whether the program can run the code of a finding. What is not about code of a member counts."""
    if finding.id == _OF_THE_WHOLE_PROGRAM:
        return False
    why = finding.explanation
    return why is None or not why.member or reasons.is_reached(why.assembly, why.member)


def placed(finding: Finding, path: Path) -> Finding:
    """A finding without a place stands at the assembly."""
    return finding if finding.location is not None else replace(finding, location=Location(str(path)))
