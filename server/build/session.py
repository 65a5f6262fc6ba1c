"""A build: projects with their global properties, what was built of them, and the requests from outside and from MSBuild tasks.

A project with one set of global properties is evaluated once and its targets are built once, whoever asks for them.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial

from compiler.diagnostics import Diagnostic, InputError, Location, Severity
from server.build.content_records import ContentRecords
from server.build.events import (
    BuildLog,
    EnvironmentVariableRead,
    EvaluationFinished,
    EvaluationStarted,
    Importance,
    Message,
    ProjectFinished,
    ProjectImported,
    ProjectStarted,
    WarningPolicy,
)
from server.build.logged_values import logged_globals, logged_item_table, logged_properties
from server.build.parallel import ParallelBuilds, RequestNode
from server.build.project_graph import BrokenGraph, CircularGraph, ProjectGraph
from server.build.services import BuildServices, NoServices
from server.build.targets import Entry, Outcome, ProjectState, TargetResult, TargetRun
from server.build.tasks.task import ProjectBuildAnswer, ProjectBuildRequest, RequestRefused, TargetIsActive
from server.msbuild.errors import InvalidProjectFile
from server.msbuild.evaluate import diagnostic_of
from server.msbuild.expand import ConditionWarnings
from server.msbuild.model import ProjectInstance
from server.msbuild.project import ProjectEvaluator

Key = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class BuildAnswer:
    """The result of one request. `results` are those of the asked targets that ran, in order; `instance` is None when evaluation failed."""

    succeeded: bool
    results: tuple[tuple[str, TargetResult], ...]
    instance: ProjectInstance | None


class BuildSession:
    """One build. Invariant: `states` holds a project from its first request on; a project that could not be evaluated is not in it."""

    def __init__(
        self,
        evaluator: ProjectEvaluator,
        log: BuildLog,
        services: BuildServices | None = None,
        records: ContentRecords | None = None,
        *,
        question: bool = False,
        n_nodes: int = 1,
        isolates: bool = False,
    ) -> None:
        self.evaluator = evaluator
        self.records = records
        self.question = question
        self.log = log
        self.services = services or NoServices()
        self.states: dict[Key, ProjectState] = {}
        self.request_numbers = itertools.count(1)
        self.parallel = ParallelBuilds(n_nodes) if n_nodes > 1 else None
        self.isolates = isolates
        self._evaluating = threading.Lock()

    def build(self, path: str, properties: Mapping[str, str], targets: Sequence[str], *, skip_nonexistent: bool = False) -> BuildAnswer:
        """Builds targets (the default ones when none are named) of a project; `properties` are escaped global properties."""
        request = ProjectBuildRequest(path, tuple(targets), properties, (), skip_nonexistent)
        with self.log.inside(self.log.next_submission()):
            if self.parallel is None:
                return self.build_request(request, self.log, RequestNode(None))
            try:
                with self.parallel.running():
                    return self.build_request(request, self.log, RequestNode(None))
            finally:
                self.parallel.close()

    def build_graph(self, path: str, properties: Mapping[str, str], targets: Sequence[str], *, builds: bool) -> BuildAnswer:
        """Builds a project after everything that it refers to, or only looks what that is; the answer is the project's own."""
        clock = self.evaluator.surroundings.clock
        began = clock()
        with self.log.inside(self.log.next_submission()):
            graph = ProjectGraph(self._evaluated)
            try:
                entry = graph.add(path, properties)
            except BrokenGraph:
                return BuildAnswer(succeeded=False, results=(), instance=None)
            except CircularGraph as circle:
                text = "MSB4251: There is a circular dependency involving the following projects: \n" + " ->\n".join(circle.paths)
                self.log.send(Diagnostic("", Severity.ERROR, text, Location("MSBUILD")))
                return BuildAnswer(succeeded=False, results=(), instance=None)
            n_edges = sum(len(node.references) for node in graph.nodes)
            text = f"Static graph loaded in {round(clock() - began, 3)} seconds: {len(graph.nodes)} nodes, {n_edges} edges"
            self.log.send(Message(text, Importance.HIGH))
            if not builds:
                return BuildAnswer(succeeded=True, results=(), instance=entry.instance)
            graph.ask(entry, targets)
        answer = BuildAnswer(succeeded=True, results=(), instance=entry.instance)
        succeeded = True
        for node in graph.nodes:
            if node.targets:
                answer = self.build(node.instance.path, node.properties, node.targets)
                succeeded = succeeded and answer.succeeded
        return replace(answer, succeeded=succeeded)

    def _evaluated(self, path: str, properties: Mapping[str, str]) -> ProjectInstance | None:
        state = self._state(ProjectBuildRequest(path, (), properties, (), skip_nonexistent_targets=False), self.log)
        return state.instance if state is not None else None

    def has_result(self, request: ProjectBuildRequest) -> bool:
        """Was everything that is asked for built before?"""
        state = self.states.get(_key(request.path, request.properties))
        if state is None:
            return False
        return all(name.lower() in state.results for name in request.targets or state.instance.default_targets)

    def build_request(self, request: ProjectBuildRequest, log: BuildLog, node: RequestNode) -> BuildAnswer:
        """Builds what was asked for, reporting to `log`; `request.properties` are all global properties."""
        parent = log.context
        state = self._state(request, log)
        if state is None:
            return BuildAnswer(succeeded=False, results=(), instance=None)
        with log.inside(log.next_project(state.number, state.evaluation)):
            log.send(ProjectStarted(request.path, ";".join(request.targets), logged_globals(request.properties), parent, state.number))
            try:
                with self.parallel.owning(state.number, node) if self.parallel is not None else nullcontext():
                    answer = self._build(state, request, log, node)
            except TargetIsActive:
                log.send(ProjectFinished(request.path, succeeded=False))
                raise
            log.send(ProjectFinished(request.path, answer.succeeded))
        return answer

    def _build(self, state: ProjectState, request: ProjectBuildRequest, log: BuildLog, node: RequestNode) -> BuildAnswer:
        instance = state.instance
        path, targets, skip_nonexistent = instance.path, request.targets, request.skip_nonexistent_targets
        asked = list(targets) or list(instance.default_targets)
        names = [*instance.initial_targets, *asked]
        if not names:
            log.send(Diagnostic("MSB4040", Severity.ERROR, "There is no target in the project.", Location(path)))
            return BuildAnswer(succeeded=False, results=(), instance=instance)
        host = _Host(self, state, log, request.properties, node)
        run = TargetRun(state, host, next(self.request_numbers))
        host.run = run
        try:
            with log.building(_policy(instance)):
                run.build(names, skip_nonexistent=skip_nonexistent)
        except InvalidProjectFile as error:
            log.send(diagnostic_of(error, path))
            return BuildAnswer(succeeded=False, results=(), instance=instance)
        found = [(name, state.results.get(name.lower())) for name in names]
        failed = any(_fails(result) for result in (*run.built, *(result for _, result in found if result is not None)))
        missing = any(result is None for name, result in found if not (skip_nonexistent and name.lower() not in instance.targets))
        results = tuple((name, result) for name in asked if (result := state.results.get(name.lower())) is not None)
        return BuildAnswer(succeeded=not failed and not missing, results=results, instance=instance)

    def _state(self, request: ProjectBuildRequest, log: BuildLog) -> ProjectState | None:
        """The evaluated project, None when it could not be evaluated. One is evaluated at a time."""
        path, properties = request.path, request.properties
        key = _key(path, properties)
        with self._evaluating:
            state = self.states.get(key)
            if state is not None:
                return state
            context = log.next_evaluation()
            instance = None
            with log.inside(context):
                log.send(EvaluationStarted(path))
                try:
                    instance = self.evaluator.evaluate(path, properties, request.targets)
                except InputError as error:
                    for diagnostic in error.earlier if isinstance(error, InvalidProjectFile) else ():
                        log.send(diagnostic)
                    log.send(diagnostic_of(error, path))
                _end_evaluation(path, properties, instance, log)
            if instance is None:
                return None
            state = self.states[key] = ProjectState(instance, number=next(log.numbers.instances), evaluation=context.evaluation)
            return state


def _end_evaluation(path: str, properties: Mapping[str, str], instance: ProjectInstance | None, log: BuildLog) -> None:
    """Reports what an evaluation came to; `instance` is None when it failed."""
    if instance is None:
        log.send(EvaluationFinished(path, logged_globals(properties), (), ()))
        return
    for trace in instance.import_traces or ():
        place = trace.location
        log.send(ProjectImported(trace.text, place.file, place.line, place.column, trace.imported, trace.unexpanded))
    for name, value in instance.environment_reads.values():
        log.send(EnvironmentVariableRead(name, value))
    for diagnostic in instance.diagnostics:
        log.send(diagnostic)
    if not log.logs_evaluations:
        log.send(EvaluationFinished(path, logged_globals(properties), (), ()))
        return
    log.send(EvaluationFinished(path, logged_globals(properties), logged_properties(instance), logged_item_table(instance)))


def _policy(instance: ProjectInstance) -> WarningPolicy:
    """What the project says about its own warnings."""
    listed = _codes(instance.property("MSBuildWarningsAsErrors"))
    everything = instance.property("MSBuildTreatWarningsAsErrors").strip().lower() == "true"
    return WarningPolicy(
        frozenset() if everything else listed or None,
        _codes(instance.property("MSBuildWarningsNotAsErrors")),
        _codes(instance.property("MSBuildWarningsAsMessages")),
    )


def _codes(text: str) -> frozenset[str]:
    return frozenset(code.strip().upper() for code in text.replace(",", ";").split(";") if code.strip())


def _fails(result: TargetResult) -> bool:
    return (result.outcome is Outcome.FAILURE and result.fails_build) or result.after_targets_failed


def _cache_miss(path: str, properties: Mapping[str, str], request: ProjectBuildRequest) -> str:
    def shown(values: Mapping[str, str]) -> str:
        return "; ".join(f"{name}={value}" for name, value in values.items())

    return "\n".join(
        (
            f'MSB4252: Project "{path}" with global properties',
            f"    ({shown(properties)})",
            f'    is building project "{request.path}" with global properties',
            f"    ({shown(request.properties)})",
            f"    with the ({';'.join(request.targets) or 'default'}) target(s) but the build result for the built project is not in the "
            "engine cache. In isolated builds this could mean one of the following:",
            f'    - the reference was called with a target which is not specified in the ProjectReferenceTargets item in project "{path}"',
            "    - the reference was called with global properties that do not match the static graph inferred nodes",
            f'    - the reference was not explicitly specified as a ProjectReference item in project "{path}"',
            "    ",
        )
    )


def _key(path: str, properties: Mapping[str, str]) -> Key:
    return path, tuple(sorted((name.lower(), value) for name, value in properties.items()))


def _project_answer(answer: BuildAnswer) -> ProjectBuildAnswer:
    return ProjectBuildAnswer(answer.succeeded, tuple((name, tuple(result.items)) for name, result in answer.results))


class _Host:
    """The build as tasks of one project see it."""

    def __init__(self, session: BuildSession, state: ProjectState, log: BuildLog, properties: Mapping[str, str], node: RequestNode) -> None:
        self.node = node
        self.session = session
        self.services = session.services
        self.state = state
        self.log = log
        self.properties = properties
        self.call_location = Location(state.instance.path)
        self.run: TargetRun | None = None
        self.content_records = session.records
        self.question = session.question
        self.condition_warnings = ConditionWarnings(log.send)

    def build_projects(self, requests: Sequence[ProjectBuildRequest], stop_on_failure: bool) -> list[ProjectBuildAnswer]:  # noqa: FBT001
        """See TargetHost."""
        complete = [self._complete(request) for request in requests]
        if self.session.isolates:
            self._check_isolation(complete)
        parallel = self.session.parallel
        if parallel is not None and len(complete) > 1 and not stop_on_failure:
            jobs = [partial(self._run_beside, request) for request in complete]
            return [_project_answer(answer) for answer in parallel.run_all(self.node, self.log, jobs)]
        answers: list[ProjectBuildAnswer] = []
        for request in complete:
            answers.append(_project_answer(self._build_one(request)))
            if stop_on_failure and not answers[-1].succeeded:
                break
        return answers

    def _check_isolation(self, requests: Sequence[ProjectBuildRequest]) -> None:
        """In isolation a project asks only what it is declared to, of projects that were built before. Raises RequestRefused."""
        instance = self.state.instance
        declared = {instance.path, *(item.full_path() for item in instance.items_of("ProjectReference"))}
        undeclared = ";".join(f'"{request.path}"' for request in requests if request.path not in declared)
        if undeclared:
            raise RequestRefused(
                f'MSB4254: The MSBuild task is building project(s) "{undeclared}" which are not specified in the ProjectReference item. '
                "In isolated builds this probably means that the references are not explicitly specified as a ProjectReference item in "
                f'"{instance.path}"'
            )
        for request in requests:
            if request.path != instance.path and not self.session.has_result(request):
                raise RequestRefused(_cache_miss(instance.path, self.properties, request))

    def _run_beside(self, request: ProjectBuildRequest, node: RequestNode, log: BuildLog) -> BuildAnswer:
        return self.session.build_request(request, log, node)

    def _build_one(self, request: ProjectBuildRequest) -> BuildAnswer:
        child = RequestNode(self.node)
        self.node.asked.append(child)
        try:
            return self.session.build_request(request, self.log, child)
        finally:
            self.node.asked.remove(child)

    def _complete(self, request: ProjectBuildRequest) -> ProjectBuildRequest:
        """The request with all global properties: those of the project that asks under its own."""
        removed = {name.lower() for name in request.remove_properties}
        given = {name.lower() for name in request.properties}
        properties = {name: value for name, value in self.properties.items() if name.lower() not in removed | given}
        properties.update({name: value for name, value in request.properties.items() if name.lower() not in removed})
        return replace(request, properties=properties, remove_properties=())

    def target_name(self, entry: object) -> str:
        """See TargetHost."""
        assert isinstance(entry, Entry)
        return entry.target.name if entry.target is not None else entry.name

    def projects(self) -> Sequence[ProjectInstance]:
        """See TargetHost."""
        return [state.instance for state in list(self.session.states.values())]

    def call_targets(self, names: Sequence[str], entry: object, *, goes_on: bool) -> list[ProjectBuildAnswer]:
        """See TargetHost."""
        assert self.run is not None and isinstance(entry, Entry)
        answers: list[ProjectBuildAnswer] = []
        n_before = len(self.run.built)
        for name, result in self.run.call_targets(names, entry):
            succeeded = result is not None and not _fails(result)
            answers.append(ProjectBuildAnswer(succeeded, ((name, tuple(result.items) if result is not None else ()),)))
        if goes_on:
            for result in self.run.built[n_before:]:
                result.fails_build = False
        return answers
