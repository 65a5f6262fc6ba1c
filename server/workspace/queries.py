"""A view of the files to a report about every project in it, redoing only what a change can affect.

Three queries per project, each remembered with what it was asked: evaluation (by the content of every project file it read and
the names of the files that it could find), compilation (by the compiler's request, texts included) and findings (by what was
compiled). A query whose question is the one it answered last is not asked again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from analyzers.why import ProgramPart, ProgramReasons, Step
from compiler.csharp.client import CSharpRequest, CSharpResult
from compiler.csharp.errors import ToolchainCode
from compiler.diagnostics import Diagnostic, InputError, Location, Severity
from compiler.request import Progress
from server.workspace.files import FileView
from server.workspace.moved import Moves
from server.workspace.report import ProjectReport, WorkspaceReport
from server.workspace.tree import FolderTree, read_tree

logger = logging.getLogger(__name__)

# What the compiler's failures are told as, unlike those of what it compiles.
FAILURES = frozenset(
    code.value
    for code in (ToolchainCode.WORKER_NOT_BUILT, ToolchainCode.WORKER_DIED, ToolchainCode.WORKER_TIMED_OUT, ToolchainCode.WORKER_FAILED)
)

# How often a compilation is begun anew because the compiler was replaced meanwhile.
COMPILER_TRIES = 3

Question = TypeVar("Question")
Answer = TypeVar("Answer")


class Outdated(Exception):
    """The analysis is of no use any more: something has changed since it began."""


@dataclass(frozen=True, slots=True)
class FindingsQuestion:
    """What was compiled, the assemblies of the projects that it refers to by name, and what is called to go on."""

    request: CSharpRequest
    result: CSharpResult
    referenced: Mapping[str, bytes]
    view: FileView
    proceed: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Compilation:
    """What is to be compiled for one evaluated project, and what was wrong before it came so far.

    `find` gives the analyzers' findings in what was compiled; it raises InputError, and what its question's `proceed` raises.
    `reasons` say why members are in the program of the assemblies that it is given, this project's last. With them `depend` gives the
    findings in other assemblies that the project refers to; `has_dependencies` says that there are such assemblies. `also_read` are the
    files beside the compiler's that findings come from.
    """

    name: str
    is_program: bool
    request: CSharpRequest
    diagnostics: tuple[Diagnostic, ...]
    find: Callable[[FindingsQuestion], tuple[Diagnostic, ...]]
    reasons: Callable[[Sequence[ProgramPart], Callable[[], None]], ProgramReasons]
    has_dependencies: bool
    depend: Callable[[ProgramReasons, Callable[[], None]], tuple[Diagnostic, ...]]
    also_read: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One evaluated project. `inputs` are the project files that were read or looked for; `projects` those that it refers to.

    `compilation` makes the compiler's request from a view and the projects that this one refers to in any number of steps.
    """

    inputs: tuple[Path, ...]
    diagnostics: tuple[Diagnostic, ...]
    projects: tuple[Path, ...]
    compilation: Callable[[FileView, Sequence[Path]], Compilation]


class Listener(Progress, Protocol):
    """Who asked for an analysis."""

    def early(self, report: ProjectReport) -> None:
        """What is known of a project before its findings are: those of before stand in for them, moved with the text."""

    def proceed(self) -> None:
        """Raises Outdated when the analysis is of no use any more."""


class Engine(Protocol):
    """The stages behind the queries."""

    def evaluate(self, project: Path, view: FileView, progress: Progress) -> Evaluation:
        """The evaluated project. Raises InputError."""

    def compile(self, request: CSharpRequest, progress: Progress) -> CSharpResult:
        """The compiled assembly. Raises InputError when there is no compiler."""

    def compiler_id(self, request: CSharpRequest) -> int | None:
        """Identifies the process that would compile `request`; None while it does not run."""

    def close(self) -> None:
        """Ends the tools that are kept warm."""


@dataclass(slots=True)
class Remembered(Generic[Question, Answer]):
    """The last answer of one query. Invariant: `answer` belongs to `question`; `n_asked` counts how often it was computed."""

    question: Question | None = None
    answer: Answer | None = None
    n_asked: int = 0

    def get(self, question: Question, ask: Callable[[], Answer]) -> Answer:
        """The answer to `question`, computed by `ask` unless it was the last one."""
        if self.answer is None or self.question != question:
            self.answer = ask()
            self.question = question
            self.n_asked += 1
        return self.answer


EvaluationQuestion = tuple[bytes, tuple[tuple[Path, bytes], ...]]
# The request, and how often each project that it refers to had been compiled.
CompilationQuestion = tuple[CSharpRequest, tuple[int, ...]]
# What was compiled, and the contents of what else is read.
AnalysisQuestion = tuple[CompilationQuestion, tuple[bytes, ...]]


@dataclass(slots=True)
class _Project:
    """What is remembered of a project. `reaches` are the projects that it refers to, in any number of steps.

    `compiled_by` identifies the compiler's process that knows its last compilation. `good` are the findings of the last compilation
    without errors, with its texts.
    """

    evaluation: Remembered[EvaluationQuestion, Evaluation] = field(default_factory=Remembered)
    result: Remembered[CompilationQuestion, CSharpResult] = field(default_factory=Remembered)
    findings: Remembered[AnalysisQuestion, tuple[Diagnostic, ...]] = field(default_factory=Remembered)
    name: str = ""
    compilation: Compilation | None = None
    reaches: tuple[Path, ...] = ()
    reasons: Remembered[CompilationQuestion, ProgramReasons] = field(default_factory=Remembered)
    dependencies: Remembered[CompilationQuestion, tuple[Diagnostic, ...]] = field(default_factory=Remembered)
    compiled_by: int | None = None
    good: tuple[Diagnostic, ...] = ()
    good_request: CSharpRequest | None = None


@dataclass(slots=True)
class _Pass:
    """One analysis. `reachable` has, for each project that is done, those that it refers to in any number of steps."""

    view: FileView
    tree: FolderTree
    progress: Listener
    reports: dict[Path, ProjectReport] = field(default_factory=dict)
    reachable: dict[Path, tuple[Path, ...]] = field(default_factory=dict)
    open: list[Path] = field(default_factory=list)


class WorkspaceQueries:
    """The queries of one workspace; used by one thread at a time.

    Invariant: `_tree` is what was on disk at the last change that the caller told of.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._projects: dict[Path, _Project] = {}
        self._tree: FolderTree | None = None
        self._folders: tuple[Path, ...] = ()

    def close(self) -> None:
        """Ends the tools that are kept warm."""
        self._engine.close()

    def n_asked(self) -> tuple[int, int, int]:
        """How many evaluations, compilations and analyses were done in all."""
        known = self._projects.values()
        return (
            sum(project.evaluation.n_asked for project in known),
            sum(project.result.n_asked for project in known),
            sum(project.findings.n_asked for project in known),
        )

    def analyze(self, view: FileView, folders: tuple[Path, ...], disk_changed: bool, progress: Listener) -> WorkspaceReport:
        """The report about every project below `folders`. `disk_changed` says that files may have come or gone since last time."""
        began = time.perf_counter()
        if self._tree is None or disk_changed or folders != self._folders:
            self._tree = read_tree(folders)
            self._folders = folders
        now = _Pass(view, self._tree.with_files(view.unsaved), progress)
        paths = now.tree.projects()
        for path in paths:
            self._report(now, path)
        for gone in self._projects.keys() - now.reports.keys():
            del self._projects[gone]
        logger.info("event=analyzed projects=%d ms=%.1f asked=%s", len(paths), (time.perf_counter() - began) * 1000, self.n_asked())
        return WorkspaceReport(tuple(now.reports[path] for path in paths))

    def chain(self, assembly: str, member: str) -> tuple[Step, ...]:
        """Why a member (by its documentation id) is in a program: of a project that uses its assembly, else of its own."""
        path = next((path for path, project in self._projects.items() if project.name == assembly), None)
        users = [project for project in self._projects.values() if path in project.reaches and _is_program(project)]
        for project in (*users, *([self._projects[path]] if path is not None else [])):
            reasons = self._reasons(project, lambda: None)
            steps = reasons.chain(assembly, member) if reasons is not None else ()
            if steps:
                return steps
        return ()

    def read_dependencies(self, proceed: Callable[[], None]) -> bool:
        """Looks for findings in the assemblies that projects refer to, which takes longer than an edit may; whether there are others now.

        The next reports have them. Ends when `proceed` raises Outdated.
        """
        changed = False
        try:
            for project in self._projects.values():
                compilation, question = project.compilation, project.result.question
                if compilation is None or question is None or not compilation.has_dependencies:
                    continue
                reasons, before = self._reasons(project, proceed), project.dependencies.answer or ()
                if reasons is not None:
                    now = project.dependencies.get(question, partial(compilation.depend, reasons, proceed))
                    changed = changed or now != before
        except Outdated:
            logger.debug("event=dependencies_interrupted")
        except InputError as error:
            logger.warning("event=no_dependencies error=%s", error)
        return changed

    def _reasons(self, project: _Project, proceed: Callable[[], None]) -> ProgramReasons | None:
        """The uses in what was compiled last; None when nothing was. Raises what `proceed` raises."""
        compilation, question = project.compilation, project.result.question
        if compilation is None or question is None:
            return None
        built = [(each.name, each.result.answer) for each in (*(self._projects[path] for path in project.reaches), project)]
        parts = [ProgramPart(name, result.pe, result.pdb or b"") for name, result in built if result is not None and result.pe is not None]
        if not parts or parts[-1].name != project.name:
            return None
        return project.reasons.get(question, lambda: compilation.reasons(parts, proceed))

    def _report(self, now: _Pass, path: Path) -> None:
        """One project after those that it refers to; an error of its input ends its analysis there, not that of the others."""
        if path in now.reports or path in now.open:
            return
        now.open.append(path)
        project = self._projects.setdefault(path, _Project(name=path.stem))
        found: list[Diagnostic] = []
        is_program = False
        try:
            evaluation = self._evaluation(now, project, path)
            found += evaluation.diagnostics
            for other in evaluation.projects:
                self._report(now, other)
            reached = [part for other in evaluation.projects for part in (*now.reachable.get(other, ()), other)]
            now.reachable[path] = tuple(dict.fromkeys(part for part in reached if part != path))
            compilation = evaluation.compilation(now.view, now.reachable[path])
            project.name, is_program = compilation.name, compilation.is_program
            project.compilation, project.reaches = compilation, now.reachable[path]
            found += compilation.diagnostics
            found += self._compiled(now, path, compilation, found)
            found += project.dependencies.answer or () if compilation.has_dependencies else ()
        except InputError as error:
            found.append(error.to_diagnostic())
        now.open.pop()
        now.reports[path] = ProjectReport(path, project.name, is_program, tuple(found))

    def _evaluation(self, now: _Pass, project: _Project, path: Path) -> Evaluation:
        """The evaluation, asked again when a file that it read changed, or one that it could find came or went."""
        known = project.evaluation.answer
        names = now.tree.digest(path)

        def question(inputs: Sequence[Path]) -> EvaluationQuestion:
            return names, tuple((file, now.view.digest(file)) for file in inputs)

        answer = project.evaluation.get(
            question(known.inputs if known is not None else (path,)), lambda: self._engine.evaluate(path, now.view, now.progress)
        )
        project.evaluation.question = question(answer.inputs)
        return answer

    def _compiled(self, now: _Pass, path: Path, compilation: Compilation, before: Sequence[Diagnostic]) -> list[Diagnostic]:
        """C# diagnostics and findings, to follow those of `before`.

        While there are errors, findings of the code that was replaced are the last good ones.
        """
        request, project = compilation.request, self._projects[path]
        others = [self._projects[other] for other in now.reachable[path]]
        question = (request, tuple(other.result.n_asked for other in others))
        result = project.result.get(question, lambda: self._compile(now, project, request, others))
        if failed(result):
            # The compiler died or hung, which is no answer to keep; a second failure is told, and tried again at the next change.
            project.result.question = None
            result = project.result.get(question, lambda: self._compile(now, project, request, others))
            project.result.question = None if failed(result) else question
        kept = _kept(project, request, None)
        if result.pe is None:
            return [*result.diagnostics, *kept]
        analysis = (question, tuple(now.view.digest(path) for path in compilation.also_read))
        if project.findings.question != analysis:
            early = (*before, *result.diagnostics, *kept)
            now.progress.early(ProjectReport(path, project.name, compilation.is_program, early))
        images = {other.name: other.result.answer.pe for other in others if other.result.answer is not None}
        referenced = {name: image for name, image in images.items() if image is not None}
        asked = FindingsQuestion(request, result, referenced, now.view, now.progress.proceed)
        try:
            findings = project.findings.get(analysis, lambda: compilation.find(asked))
        except Outdated:
            return [*result.diagnostics, *kept]
        if not any(diagnostic.severity is Severity.ERROR for diagnostic in result.diagnostics):
            project.good, project.good_request = findings, request
            return [*result.diagnostics, *findings]
        return [*result.diagnostics, *findings, *_kept(project, request, result.replaced)]

    def _compile(self, now: _Pass, project: _Project, request: CSharpRequest, others: Sequence[_Project]) -> CSharpResult:
        """The compiler's answer. A compiler that was replaced is first told of the projects that this one refers to."""
        for _ in range(COMPILER_TRIES):
            for other in others:
                known = other.result.question
                if known is not None and other.compiled_by != self._engine.compiler_id(known[0]):
                    self._engine.compile(known[0], now.progress)
                    other.compiled_by = self._engine.compiler_id(known[0])
            result = self._engine.compile(request, now.progress)
            project.compiled_by = self._engine.compiler_id(request)
            # A compiler that was replaced just now knows this project alone.
            if failed(result) or all(other.compiled_by in (None, project.compiled_by) for other in others):
                break
        return result


def _is_program(project: _Project) -> bool:
    return project.compilation is not None and project.compilation.is_program


def failed(result: CSharpResult) -> bool:
    """True when the compiler itself failed."""
    return any(diagnostic.code in FAILURES for diagnostic in result.diagnostics)


def _kept(project: _Project, request: CSharpRequest, replaced: Sequence[Location] | None) -> list[Diagnostic]:
    """The last good findings, moved with the text, that are in `replaced` code; all of them when `replaced` is None."""
    if project.good_request is None:
        return []
    moves = Moves(
        {source.path: source.text for source in project.good_request.sources}, {source.path: source.text for source in request.sources}
    )
    kept: list[Diagnostic] = []
    for finding in project.good:
        moved = moves.location(finding.location) if finding.location is not None else None
        if moved is not None and (replaced is None or _is_in(moved, replaced)):
            why = moves.explanation(finding.explanation) if finding.explanation is not None else None
            is_same = moved is finding.location and why is finding.explanation
            kept.append(finding if is_same else replace(finding, location=moved, explanation=why))
    return kept


def _is_in(place: Location, ranges: Sequence[Location]) -> bool:
    """True when the first character of `place` is in one of `ranges`."""
    at = (place.line, place.column)
    return any(place.file == other.file and (other.line, other.column) <= at < (other.end_line, other.end_column) for other in ranges)
