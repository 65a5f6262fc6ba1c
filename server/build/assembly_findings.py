"""A compiled assembly, of any language and without its project -> what publishing it would report, with those beside it that it needs.

Its places come from its symbols, beside it or inside; without them findings stand at the assembly and name their member. Properties that
a project would have (NoWarn, TrimmerSingleWarn, ...) come from the command line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from analyzers.run import AnalysisRequest, proceed_always
from analyzers.why import Kept, ProgramReasons
from compiler.csharp.frameworks import NETCORE_APP, Framework
from compiler.diagnostics import Diagnostic, InputError, Location, Severity
from compiler.flow.custom_attributes import AttributeReader
from compiler.flow.reader_kind import ReaderKind
from compiler.metadata.image import Image, open_image
from compiler.metadata.tokens import TableId, make_token
from compiler.types.interned import TypeLoadError
from compiler.types.universe import TypeUniverse
from server.build.analysis_inputs import feature_switches, publish_options
from server.build.dependency_findings import PublishedAnalysis, dependency_findings, placed
from server.build.findings import PartFindings, assembly_finder, assembly_part
from server.build.kept_findings import KeptFindings
from server.build.project_values import EvaluatedItem
from server.build.target_framework import choose_framework

SUFFIXES = (".dll", ".exe")
MISSING_REFERENCE = "AOTD1105"

_TARGET_FRAMEWORK = "System.Runtime.Versioning.TargetFrameworkAttribute"


@dataclass(frozen=True, slots=True)
class BareProject:
    """The properties of a command line as an evaluated project that has no file and no items."""

    directory: str
    properties: Mapping[str, str]
    diagnostics: tuple[Diagnostic, ...] = ()

    def property(self, name: str) -> str:
        """The property of that name, whose case does not matter; "" when there is none."""
        return next((value for key, value in self.properties.items() if key.lower() == name.lower()), "")

    def items_of(self, item_type: str) -> Sequence[EvaluatedItem]:
        """No items."""
        return ()


@dataclass(frozen=True, slots=True)
class CheckedAssembly:
    """An assembly's findings, why members are in it, computed when it is asked for, and what is to be said about the class library
    that it was read with."""

    findings: PartFindings
    reasons: Callable[[], ProgramReasons]
    diagnostics: tuple[Diagnostic, ...]


def check_assembly(
    path: Path, properties: Mapping[str, str], frameworks: Sequence[Framework], kept: KeptFindings, *, with_suppressed: bool
) -> CheckedAssembly:
    """What publishing reports on the assembly at `path` and on what it needs beside it. Raises InputError, BadImage among them."""
    image = open_image(str(path), path.read_bytes())
    project = BareProject(str(path.parent), {**_target_framework(image, frameworks), "MSBuildProjectFullPath": str(path), **properties})
    framework, warnings = choose_framework(project, frameworks)
    others, missing = _needed(path, image, framework)
    finder = assembly_finder(framework, others)
    parts = [*(assembly_part(other) for other in others), assembly_part(path)]
    reasons = cache(lambda: ProgramReasons(parts, finder, Kept()))
    wanted = PublishedAnalysis(publish_options(project), feature_switches(project), with_suppressed, kept)
    request = AnalysisRequest(
        assembly_name=path.stem,
        image=parts[-1].image,
        pdb=parts[-1].pdb,
        options=wanted.options,
        reader=ReaderKind.PUBLISH,
        feature_switches=wanted.feature_switches,
        with_suppressed=with_suppressed,
    )
    try:
        own = tuple(placed(finding, path) for finding in kept.findings(request, finder, proceed_always))
        in_others = dependency_findings(project, others, finder, wanted, reasons()) if others else ()
    except TypeLoadError as error:
        if not missing:
            raise
        raise InputError(MISSING_REFERENCE, _missing_text(missing[0]), Location(str(path))) from error
    told = tuple(
        Diagnostic(MISSING_REFERENCE, Severity.WARNING, f"{_missing_text(name)}; findings about it may be missing", Location(str(path)))
        for name in missing
    )
    return CheckedAssembly(PartFindings(path.stem, "", path.parent, "", (*own, *in_others)), reasons, (*warnings, *told))


def _missing_text(name: str) -> str:
    return f"assembly '{name}', which is needed, is neither beside it nor in the class library"


def _needed(path: Path, image: Image, framework: Framework) -> tuple[list[Path], list[str]]:
    """The assemblies beside `path` that it refers to, in any number of steps, without those of the framework; and the names of those
    that are nowhere."""
    found: dict[Path, None] = {}
    missing: set[str] = set()
    waiting = [image]
    while waiting:
        current = waiting.pop()
        for name in current.column(TableId.ASSEMBLY_REF, "Name"):
            beside = path.with_name(f"{current.string(name)}.dll")
            in_framework = ((framework.framework_dir or framework.reference_dir) / beside.name).is_file()
            if beside not in found and beside != path and not in_framework and beside.is_file():
                found[beside] = None
                waiting.append(open_image(str(beside), beside.read_bytes()))
            elif not in_framework and not beside.is_file():
                missing.add(current.string(name))
    return sorted(found), sorted(missing)


def _target_framework(image: Image, frameworks: Sequence[Framework]) -> dict[str, str]:
    """The properties for what an assembly says it is made for; for .NET Standard, which any version has, when it says nothing."""
    # What the attribute's own types are is the same in every version.
    any_framework = next((each for each in frameworks if each.name == NETCORE_APP and each.framework_dir is not None), None)
    universe = TypeUniverse(assembly_finder(any_framework, ()) if any_framework is not None else lambda _name: None)
    module = universe.add_module(image, image.file)
    attribute = AttributeReader(universe).first(module, make_token(TableId.ASSEMBLY, 1), _TARGET_FRAMEWORK)
    identifier, _, version = (attribute.text(0) if attribute is not None else "").partition(",Version=")
    return {
        "TargetFrameworkIdentifier": identifier or ".NETStandard",
        "TargetFrameworkVersion": version or "v2.0",
        "TargetFramework": f"{identifier} {version}".strip(),
    }
