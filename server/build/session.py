"""A build: projects with their global properties, what was built of them, and the requests from outside and from MSBuild tasks.

A project with one set of global properties is evaluated once and its targets are built once, whoever asks for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from compiler.diagnostics import Diagnostic, InputError, Location, Severity
from server.build.content_records import ContentRecords
from server.build.events import (
    BuildLog,
    EvaluationFinished,
    EvaluationStarted,
    ProjectFinished,
    ProjectImported,
    ProjectStarted,
    WarningPolicy,
)
from server.build.logged_values import logged_globals, logged_item_table, logged_properties
from server.build.services import BuildServices, NoServices
from server.build.targets import Entry, Outcome, ProjectState, TargetResult, TargetRun
from server.build.tasks.task import ProjectBuildAnswer, ProjectBuildRequest
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
    ) -> None:
        self.evaluator = evaluator
        self.records = records
        self.question = question
        self.log = log
        self.services = services or NoServices()
        self.states: dict[Key, ProjectState] = {}
        self.n_requests = 0

    def build(self, path: str, properties: Mapping[str, str], targets: Sequence[str], *, skip_nonexistent: bool = False) -> BuildAnswer:
        """Builds targets (the default ones when none are named) of a project; `properties` are escaped global properties."""
        parent = self.log.context
        if parent.submission < 0:
            with self.log.inside(self.log.next_submission()):
                return self.build(path, properties, targets, skip_nonexistent=skip_nonexistent)
        state = self._state(path, properties, targets)
        if state is None:
            return BuildAnswer(succeeded=False, results=(), instance=None)
        with self.log.inside(self.log.next_project(state.number, state.evaluation)):
            self.log.send(ProjectStarted(path, ";".join(targets), logged_globals(properties), parent, state.number))
            answer = self._build(state, properties, targets, skip_nonexistent=skip_nonexistent)
            self.log.send(ProjectFinished(path, answer.succeeded))
        return answer

    def _build(self, state: ProjectState, properties: Mapping[str, str], targets: Sequence[str], *, skip_nonexistent: bool) -> BuildAnswer:
        instance = state.instance
        path = instance.path
        asked = list(targets) or list(instance.default_targets)
        names = [*instance.initial_targets, *asked]
        if not names:
            self.log.send(Diagnostic("MSB4040", Severity.ERROR, "There is no target in the project.", Location(path)))
            return BuildAnswer(succeeded=False, results=(), instance=instance)
        self.n_requests += 1
        host = _Host(self, state, self.log, properties)
        run = TargetRun(state, host, self.n_requests)
        host.run = run
        try:
            with self.log.building(_policy(instance)):
                run.build(names, skip_nonexistent=skip_nonexistent)
        except InvalidProjectFile as error:
            self.log.send(diagnostic_of(error, path))
            return BuildAnswer(succeeded=False, results=(), instance=instance)
        found = [(name, state.results.get(name.lower())) for name in names]
        failed = any(result is not None and _fails(result) for _, result in found)
        missing = any(result is None for name, result in found if not (skip_nonexistent and name.lower() not in instance.targets))
        results = tuple((name, result) for name in asked if (result := state.results.get(name.lower())) is not None)
        return BuildAnswer(succeeded=not failed and not missing, results=results, instance=instance)

    def _state(self, path: str, properties: Mapping[str, str], targets: Sequence[str]) -> ProjectState | None:
        key = (path, tuple(sorted((name.lower(), value) for name, value in properties.items())))
        state = self.states.get(key)
        if state is not None:
            return state
        context = self.log.next_evaluation()
        instance = None
        with self.log.inside(context):
            self.log.send(EvaluationStarted(path))
            try:
                instance = self.evaluator.evaluate(path, properties, targets)
            except InputError as error:
                for diagnostic in error.earlier if isinstance(error, InvalidProjectFile) else ():
                    self.log.send(diagnostic)
                self.log.send(diagnostic_of(error, path))
            self._end_evaluation(path, properties, instance)
        if instance is None:
            return None
        self.log.n_instances += 1
        state = self.states[key] = ProjectState(instance, number=self.log.n_instances, evaluation=context.evaluation)
        return state

    def _end_evaluation(self, path: str, properties: Mapping[str, str], instance: ProjectInstance | None) -> None:
        """Reports what an evaluation came to; `instance` is None when it failed."""
        if instance is None:
            self.log.send(EvaluationFinished(path, logged_globals(properties), (), ()))
            return
        for trace in instance.import_traces or ():
            place = trace.location
            self.log.send(ProjectImported(trace.text, place.file, place.line, place.column, trace.imported, trace.unexpanded))
        for diagnostic in instance.diagnostics:
            self.log.send(diagnostic)
        if not self.log.logs_evaluations:
            self.log.send(EvaluationFinished(path, logged_globals(properties), (), ()))
            return
        values = logged_properties(instance), logged_item_table(instance)
        self.log.send(EvaluationFinished(path, logged_globals(properties), *values))


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


class _Host:
    """The build as tasks of one project see it."""

    def __init__(self, session: BuildSession, state: ProjectState, log: BuildLog, properties: Mapping[str, str]) -> None:
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
        answers: list[ProjectBuildAnswer] = []
        for request in requests:
            removed = {name.lower() for name in request.remove_properties}
            given = {name.lower() for name in request.properties}
            properties = {name: value for name, value in self.properties.items() if name.lower() not in removed | given}
            properties.update({name: value for name, value in request.properties.items() if name.lower() not in removed})
            answer = self.session.build(request.path, properties, request.targets, skip_nonexistent=request.skip_nonexistent_targets)
            outputs = tuple((name, tuple(result.items)) for name, result in answer.results)
            answers.append(ProjectBuildAnswer(answer.succeeded, outputs))
            if stop_on_failure and not answer.succeeded:
                break
        return answers

    def projects(self) -> Sequence[ProjectInstance]:
        """See TargetHost."""
        return [state.instance for state in self.session.states.values()]

    def call_targets(self, names: Sequence[str], entry: object) -> list[ProjectBuildAnswer]:
        """See TargetHost."""
        assert self.run is not None and isinstance(entry, Entry)
        answers: list[ProjectBuildAnswer] = []
        for name, result in self.run.call_targets(names, entry):
            succeeded = result is not None and not _fails(result)
            answers.append(ProjectBuildAnswer(succeeded, ((name, tuple(result.items) if result is not None else ()),)))
        return answers
