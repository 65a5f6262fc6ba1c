"""An application's assembly and its references -> findings, sorted; the entry point of the analyzers.

`AnalysisSession` keeps the types of the references, so that a changed application is analysed alone. `analyze` is one such
session used once. Nothing here reads files, clock or environment: bytes and options come in as values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain

from analyzers.context import Lookups, ModuleContext, ReaderlessLookups
from analyzers.declarations import check_entry_point, check_scopes
from analyzers.feature_guards import Guards, with_guards
from analyzers.finding import Finding
from analyzers.incremental import advance, read_pending, show, show_findings
from analyzers.link_xml import check_link_xml, check_root_files
from analyzers.options import AnalysisOptions
from analyzers.positions import Positions
from analyzers.reader_state import ReaderState
from analyzers.redundant import check_suppressions
from analyzers.rule_versions import rules_of
from analyzers.severity import Severities
from analyzers.sorted_findings import sort_key
from analyzers.source_index import SourceIndex
from analyzers.text_edits import TextEdits
from analyzers.units import raise_finding
from analyzers.versions import DigestMemory, Version, read_digests
from compiler.csharp.places import PlaceFinder
from compiler.diagnostics import Diagnostic
from compiler.flow.body_reader import Constants
from compiler.flow.reader_kind import FlowRules, ReaderKind
from compiler.flow.root_files import EmbeddedFile, RootFile
from compiler.metadata.bad_image import BadImage
from compiler.metadata.image import open_image
from compiler.metadata.portable_pdb import Documents
from compiler.reach.features import FeatureConstants
from compiler.types.interned import AssemblyFinder
from compiler.types.universe import TypeUniverse


@dataclass(frozen=True, slots=True)
class AnalysisRequest:
    """One application assembly. `pdb` is empty when there is none; `sources` (path as in the PDB -> text) serve `#pragma`.

    `places` gives findings the place of their operation; without it they have that of the statement. `with_suppressed` asks for
    the findings too that attributes and pragmas suppress, which say so. With `heeds_source` a publish heeds pragmas and the source's
    configuration as a build does: for what is not published itself. `root_files` are those of the publish, `embedded_files` where the XML
    files that the assembly embeds came from.
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
    root_files: tuple[RootFile, ...] = ()
    embedded_files: tuple[EmbeddedFile, ...] = ()


def proceed_always() -> None:
    """Ends no analysis."""


class AnalysisSession:
    """Analyses versions of an application over one set of references: each time only what the version changed.

    Invariant: the universe never holds more than one version of an application assembly.
    """

    def __init__(self, find_assembly: AssemblyFinder) -> None:
        self._find_assembly = find_assembly
        self._shared: ReaderlessLookups | None = None
        self._version: Version | None = None
        self._lookups: dict[tuple[ReaderKind, FlowRules], Lookups] = {}
        self._constants: dict[tuple[tuple[str, str], ...], Constants] = {}
        self._memory = DigestMemory()
        self._documents = Documents()
        self._edits: tuple[Mapping[str, str], Mapping[str, str], TextEdits] | None = None
        self._readers: dict[ReaderKind, tuple[_Question, ReaderState]] = {}

    def findings(self, request: AnalysisRequest, proceed: Callable[[], None] = proceed_always) -> tuple[Finding, ...]:
        """The findings of the request's assembly, sorted by place.

        `proceed` is called often; what it raises ends the analysis, and the next request goes on where this one ended.
        Raises BadImage and, without a core library, TypeLoadError.
        """
        try:
            return self._findings(request, proceed)
        except (IndexError, RecursionError) as error:
            # Tables that point to rows which do not exist, or at each other in circles; such a file has no findings.
            self._readers.pop(request.reader, None)
            raise BadImage(request.assembly_name, f"its tables do not fit together ({error})") from error

    def n_read(self, reader: ReaderKind) -> int:
        """How many units (methods and types) were read so far."""
        return self._readers[reader][1].n_read if reader in self._readers else 0

    def _findings(self, request: AnalysisRequest, proceed: Callable[[], None]) -> tuple[Finding, ...]:
        state, edits = self._state(request)
        if state.index is not None:
            # The compiler answers while the versions are compared.
            state.index.expect(edits.files)
        version = self._version_of(request)
        universe = version.universe
        version.take_symbols(request.pdb, self._documents)
        self._documents = version.documents
        positions = Positions(universe, version.module, version.symbols, state.index)
        context, guards = self._context(request, version, positions, state.index, proceed)
        state.sources = request.sources
        advance(state, version, edits, context)
        read_pending(state, version, context, guards)
        severities = _severities(request)
        show_findings(state, request.options, severities, request.reader)
        found = state.sorted.findings(with_suppressed=request.with_suppressed)
        if request.reader is ReaderKind.PUBLISH:
            switches = _switches(request)
            embedded = check_link_xml(context, switches, request.embedded_files)
            named = check_root_files(context, request.root_files, switches)
            program = chain(check_scopes(context), check_entry_point(context), embedded, named)
            if request.options.shows_redundant_suppressions:
                program = chain(program, check_suppressions(context, [state for _, state in self._readers.values()]))
            more = [show(request.options, severities, request.reader, raise_finding(context, raw)) for raw in program]
            if any(each is not None for each in more):
                every = sorted({sort_key(each): each for each in (*found, *more) if each is not None}.values(), key=sort_key)
                found = tuple(each for each in every if request.with_suppressed or each.suppression is None)
        if version.digests is None:
            self._readers.pop(request.reader)
        return found

    def _version_of(self, request: AnalysisRequest) -> Version:
        """The version in the request: that of before, when it is the same."""
        version = self._version
        if version is not None and version.data == request.image and version.module.name == request.assembly_name:
            return version
        image = open_image(request.assembly_name, request.image)
        if self._shared is None:
            self._shared = ReaderlessLookups(TypeUniverse(self._find_assembly))
        universe = self._shared.universe
        before = version.digests if version is not None else None
        module = universe.replace_volatile(image, request.assembly_name)
        self._version = Version(request.image, universe, module, read_digests(image, self._memory, before))
        return self._version

    def _state(self, request: AnalysisRequest) -> tuple[ReaderState, TextEdits]:
        """What is known from before under the same question, and how the texts changed since."""
        switches = tuple(sorted(request.feature_switches.items()))
        question = _Question(
            request.assembly_name, request.places is not None, request.heeds_source, switches, request.options.major_version
        )
        known = self._readers.get(request.reader)
        if known is None or known[0] != question or not known[1].is_consistent:
            index = SourceIndex(request.places) if request.places is not None else None
            known = self._readers[request.reader] = (question, ReaderState(index))
        state = known[1]
        if state.index is not None and request.places is not None:
            state.index.use(request.places, request.sources)
        return state, self._edits_between(state.sources, request.sources)

    def _edits_between(self, old: Mapping[str, str], new: Mapping[str, str]) -> TextEdits:
        """How the texts changed; both readers mostly ask about the same."""
        known = self._edits
        if known is None or known[0] is not old or known[1] is not new:
            known = self._edits = (old, new, TextEdits(old, new))
        return known[2].copy()

    def _context(
        self, request: AnalysisRequest, version: Version, positions: Positions, index: SourceIndex | None, proceed: Callable[[], None]
    ) -> tuple[ModuleContext, Guards]:
        rules = rules_of(request.options.major_version)
        lookups = self._lookups.get((request.reader, rules.flow))
        if lookups is None:
            assert self._shared is not None, "there is a version"
            lookups = self._lookups[request.reader, rules.flow] = Lookups(self._shared, request.reader, rules.flow)
        key = (("", request.reader.value), *sorted(request.feature_switches.items()))
        constants = self._constants.get(key)
        if constants is None:
            constants = self._constants[key] = _constants(lookups, request)
        guards = Guards(lookups, positions.statements)
        is_build = request.reader is ReaderKind.BUILD
        proves = guards.proves if is_build else lambda _origin, _kind: False
        names = lookups.csharp_names if is_build else lookups.il_names
        heeds_source = is_build or request.heeds_source
        reads_source = is_build and index is not None and bool(index.bodies())
        context = ModuleContext(
            lookups,
            version.module,
            positions,
            names,
            constants,
            proves,
            proceed,
            heeds_source,
            reads_source,
            rules,
        )
        return context, guards


@dataclass(frozen=True, slots=True)
class _Question:
    """What decides on results beside the assembly and the sources; severities do not."""

    assembly_name: str
    has_places: bool
    heeds_source: bool
    feature_switches: tuple[tuple[str, str], ...]
    major_version: int


def analyze(request: AnalysisRequest, find_assembly: AssemblyFinder) -> tuple[Diagnostic, ...]:
    """The diagnostics of the request's assembly, sorted by place. Raises like `AnalysisSession.findings`."""
    return tuple(found.to_diagnostic() for found in AnalysisSession(find_assembly).findings(request))


def _severities(request: AnalysisRequest) -> Severities:
    """What decides on severity: a native compiler reads neither sources nor their configuration."""
    options = request.options.severities
    if request.reader is ReaderKind.BUILD or request.heeds_source:
        return Severities(options, request.sources)
    return Severities(replace(options, editor_configs=()), {})


def _constants(lookups: Lookups, request: AnalysisRequest) -> Constants:
    """Results that are known before the program runs. The build's analyzers do not fold feature switches, the publish's compiler does."""
    if request.reader is ReaderKind.BUILD:
        return lambda _method: None
    return with_guards(lookups, FeatureConstants(lookups.universe, _switches(request)).constant)


def _switches(request: AnalysisRequest) -> dict[str, bool]:
    return {name: value.lower() == "true" for name, value in request.feature_switches.items()}
