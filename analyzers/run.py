"""An application's assembly and its references -> findings, sorted; the entry point of the analyzers.

`AnalysisSession` keeps the types of the references, so that a changed application is analysed alone. `analyze` is one such
session used once. Nothing here reads files, clock or environment: bytes and options come in as values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain

from analyzers.context import Lookups, ModuleContext
from analyzers.explain import explain
from analyzers.feature_guards import Guards, with_guards
from analyzers.finding import Finding, RawFinding, Reporter, Suppression
from analyzers.link_xml import check_link_xml
from analyzers.module_findings import module_findings
from analyzers.names import member_name
from analyzers.positions import Positions
from analyzers.rule import Category
from analyzers.severity import Severities, SeverityOptions
from analyzers.source_index import SourceIndex
from compiler.csharp.places import PlaceFinder
from compiler.diagnostics import Diagnostic, Related
from compiler.flow.body_reader import Constants
from compiler.flow.facts import Member
from compiler.flow.reader_kind import ReaderKind
from compiler.metadata.bad_image import BadImage
from compiler.metadata.image import open_image
from compiler.metadata.portable_pdb import PortablePdb, embedded_pdb, open_pdb
from compiler.reach.features import FeatureConstants
from compiler.types.definitions import MethodDefinition
from compiler.types.interned import AssemblyFinder
from compiler.types.universe import TypeUniverse


@dataclass(frozen=True, slots=True)
class AnalysisOptions:
    """Which families are on, and what the project says about severities."""

    trim: bool = True
    single_file: bool = True
    aot: bool = True
    severities: SeverityOptions = field(default_factory=SeverityOptions)

    def is_on(self, category: Category) -> bool:
        """Whether rules of `category` are reported."""
        return {Category.TRIMMING: self.trim, Category.SINGLE_FILE: self.single_file, Category.AOT: self.aot}[category]


@dataclass(frozen=True, slots=True)
class AnalysisRequest:
    """One application assembly. `pdb` is empty when there is none; `sources` (path as in the PDB -> text) serve `#pragma`.

    `places` gives findings the place of their operation; without it they have that of the statement. `with_suppressed` asks for
    the findings too that attributes and pragmas suppress, which say so. With `heeds_source` a publish heeds pragmas and the source's
    configuration as a build does: for what is not published itself.
    """

    assembly_name: str
    image: bytes
    pdb: bytes
    options: AnalysisOptions
    reader: ReaderKind = ReaderKind.BUILD
    sources: Mapping[str, str] = field(default_factory=dict)
    places: PlaceFinder | None = None
    feature_switches: Mapping[str, str] = field(default_factory=dict)
    with_suppressed: bool = False
    heeds_source: bool = False


def proceed_always() -> None:
    """Ends no analysis."""


class AnalysisSession:
    """Analyses applications over one set of references.

    Invariant: the universe never holds more than one version of an application assembly.
    """

    def __init__(self, find_assembly: AssemblyFinder) -> None:
        self._find_assembly = find_assembly
        self._universe: TypeUniverse | None = None

    def findings(self, request: AnalysisRequest, proceed: Callable[[], None] = proceed_always) -> tuple[Finding, ...]:
        """The findings of the request's assembly, sorted by place.

        `proceed` is called often; what it raises ends the analysis, and the next request starts anew.
        Raises BadImage and, without a core library, TypeLoadError.
        """
        try:
            return self._findings(request, proceed)
        except (IndexError, RecursionError) as error:
            # Tables that point to rows which do not exist, or at each other in circles; such a file has no findings.
            raise BadImage(request.assembly_name, f"its tables do not fit together ({error})") from error

    def _findings(self, request: AnalysisRequest, proceed: Callable[[], None]) -> tuple[Finding, ...]:
        universe = self._universe_for(request.assembly_name)
        module = universe.add_module(open_image(request.assembly_name, request.image), request.assembly_name)
        lookups = Lookups(universe, request.reader)
        names = lookups.csharp_names if request.reader is ReaderKind.BUILD else lookups.il_names
        index = SourceIndex(request.places) if request.places is not None else None
        positions = Positions(universe, module, _open_symbols(request, module.image.data), index)
        guards = Guards(lookups, positions.statements)
        proves = guards.proves if request.reader is ReaderKind.BUILD else lambda _origin, _kind: False
        files = index.files() if index is not None and request.reader is ReaderKind.BUILD else ()
        context = ModuleContext(lookups, module, positions, names, _constants(lookups, request), proves, proceed, files)
        severities = _severities(request)
        shown: dict[tuple[object, ...], Finding] = {}
        xml = check_link_xml(context, _switches(request)) if request.reader is ReaderKind.PUBLISH else ()
        for raw in chain(module_findings(context, guards), xml):
            found = _show(context, request, severities, raw)
            if found is not None and (found.suppression is None or request.with_suppressed):
                shown.setdefault((found.sort_key, found.location, found.member), found)
        return tuple(sorted(shown.values(), key=lambda f: (f.sort_key, f.member)))

    def _universe_for(self, assembly_name: str) -> TypeUniverse:
        if self._universe is None:
            self._universe = TypeUniverse(self._find_assembly)
        self._universe.forget_module(assembly_name)
        return self._universe


def analyze(request: AnalysisRequest, find_assembly: AssemblyFinder) -> tuple[Diagnostic, ...]:
    """The diagnostics of the request's assembly, sorted by place. Raises like `AnalysisSession.findings`."""
    return tuple(found.to_diagnostic() for found in AnalysisSession(find_assembly).findings(request))


def _severities(request: AnalysisRequest) -> Severities:
    """What decides on severity: a native compiler reads neither sources nor their configuration."""
    options = request.options.severities
    if request.reader is ReaderKind.BUILD or request.heeds_source:
        return Severities(options, request.sources)
    return Severities(replace(options, editor_configs=()), {})


def _open_symbols(request: AnalysisRequest, image: bytes) -> PortablePdb | None:
    if request.pdb:
        return open_pdb(f"{request.assembly_name}.pdb", request.pdb)
    return embedded_pdb(open_image(request.assembly_name, image))


def _constants(lookups: Lookups, request: AnalysisRequest) -> Constants:
    """Results that are known before the program runs. The build's analyzers do not fold feature switches, the publish's compiler does."""
    if request.reader is ReaderKind.BUILD:
        return lambda _method: None
    return with_guards(lookups, FeatureConstants(lookups.universe, _switches(request)).constant)


def _switches(request: AnalysisRequest) -> dict[str, bool]:
    return {name: value.lower() == "true" for name, value in request.feature_switches.items()}


def _show(context: ModuleContext, request: AnalysisRequest, severities: Severities, raw: RawFinding) -> Finding | None:
    rule = raw.rule
    place = raw.location
    file = place.file if place is not None else ""
    severity = severities.of(rule.id, file) if request.options.is_on(rule.category) else None
    if severity is None:
        return None
    suppression = None
    if _is_suppressed(context, raw, heeds_source=request.heeds_source):
        suppression = Suppression.ATTRIBUTE
    elif place is not None and file and severities.is_disabled(rule.id, file, place.line):
        suppression = Suppression.PRAGMA
    reported_by = (Reporter.BUILD if context.lookups.reader is ReaderKind.BUILD else Reporter.PUBLISH,)
    name = _member_name(context, raw)
    why = explain(context, raw, _explained_member(context, raw))
    related = raw.related
    if not related and why.asked_at is not None:
        related = (Related(why.asked, why.asked_at),)
    return Finding(rule.id, severity, raw.message, place, name, reported_by, related, rule.help_link, suppression, why)


def _explained_member(context: ModuleContext, raw: RawFinding) -> Member:
    """The member that the user wrote: what a compiler made of it, and where a field's initializer went, are its."""
    initialized = context.positions.initialized_field(raw.member, raw.location)
    if initialized is not None:
        return initialized
    return context.lookups.generated.user_method(raw.member) if isinstance(raw.member, MethodDefinition) else raw.member


def _is_suppressed(context: ModuleContext, raw: RawFinding, *, heeds_source: bool) -> bool:
    suppressions, positions = context.lookups.suppressions, context.positions
    if suppressions.is_suppressed(raw.rule.id, raw.member):
        return True
    if context.lookups.reader is ReaderKind.PUBLISH and not heeds_source:
        return False
    function = raw.cause.origin.function if raw.cause is not None else None
    while function is not None:
        if raw.rule.id in function.suppressed:
            return True
        function = function.outer
    # For the build an initializer belongs to its field; attributes that the compiler drops count.
    field_ = positions.initialized_field(raw.member, raw.location)
    if field_ is not None and suppressions.is_suppressed(raw.rule.id, field_):
        return True
    user = context.lookups.generated.user_method(raw.member) if isinstance(raw.member, MethodDefinition) else raw.member
    return positions.is_suppressed_in_source(user, raw.location, raw.rule.id)


def _member_name(context: ModuleContext, raw: RawFinding) -> str:
    if raw.member_name:
        return raw.member_name
    member = raw.member
    if isinstance(member, MethodDefinition) and context.names is context.lookups.csharp_names:
        member = context.lookups.generated.user_method(member)
    return member_name(context.names, member)
