"""Runs one child of a target: a PropertyGroup, an ItemGroup, or a task in all its batches.

For a task: condition, parameters from attributes, ContinueOnError, the run itself, and its Output elements.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from compiler.diagnostics import Diagnostic, Location, Severity
from server.build.batching import Bucket, prepare_buckets
from server.build.content_records import ContentRecords
from server.build.dynamic_groups import run_item_group, run_property_group
from server.build.events import BuildLog, Importance, ParameterKind, TaskFinished, TaskParameter, TaskStarted
from server.build.logged_values import logged_argument
from server.build.lookup import Lookup
from server.build.services import BuildServices
from server.build.task_arguments import CORE_TASKS, read_arguments
from server.build.task_definitions import find_definition
from server.build.task_outputs import gather_outputs, infer_outputs
from server.build.tasks.io_errors import exception_text
from server.build.tasks.task import (
    Argument,
    ProjectBuildAnswer,
    ProjectBuildRequest,
    RequestRefused,
    TargetIsActive,
    TaskCall,
    TaskDefinition,
)
from server.msbuild.conditions import Allowed, to_boolean
from server.msbuild.errors import InvalidProjectFile, invalid
from server.msbuild.evaluate import condition_holds, diagnostic_of
from server.msbuild.expand import ConditionWarnings, Expander, expand_text
from server.msbuild.model import ProjectInstance
from server.msbuild.xml import XmlElement


class TargetHost(Protocol):
    """What running tasks need of the build around them."""

    log: BuildLog
    services: BuildServices
    call_location: Location
    condition_warnings: ConditionWarnings
    content_records: ContentRecords | None
    question: bool

    def build_projects(self, requests: Sequence[ProjectBuildRequest], stop_on_failure: bool) -> list[ProjectBuildAnswer]:  # noqa: FBT001
        """Builds projects, one answer each, in order."""

    def target_name(self, entry: object) -> str:
        """The name of the target that a stack entry stands for."""

    def projects(self) -> Sequence[ProjectInstance]:
        """All projects of the build, as they are now."""

    def call_targets(self, names: Sequence[str], entry: object, *, goes_on: bool) -> list[ProjectBuildAnswer]:
        """Runs targets of the project that is running, for the entry that calls; when it goes on after a failure, the build does too."""


@dataclass(frozen=True, slots=True)
class StepResult:
    """How a child of a target went. `stops` ends the target; a task that failed may count as a success for its target."""

    succeeded: bool
    stops: bool
    task_failed: bool = False

    @property
    def task_succeeded(self) -> bool:
        """Did the task itself succeed?"""
        return self.succeeded and not self.task_failed


@dataclass(frozen=True, slots=True)
class _ContinueOnError:
    """continues: go on after a failure; as_warnings: errors are reported as warnings."""

    continues: bool
    as_warnings: bool


def run_child(
    instance: ProjectInstance, host: TargetHost, element: XmlElement, lookup: Lookup, entry: object, *, infers: bool
) -> StepResult:
    """Runs (or, with `infers`, only infers the outputs of) a child of a target in all its batches. Raises InvalidProjectFile."""
    is_task = element.name not in ("PropertyGroup", "ItemGroup")
    expander = Expander(lookup, lookup, None, instance.surroundings, host.condition_warnings)
    buckets = prepare_buckets(_texts(element) if is_task else [], lookup, expander, element.location)
    result = StepResult(succeeded=True, stops=False)
    try:
        for bucket in buckets:
            step = _run_bucket(instance, host, element, bucket, entry, infers=infers)
            result = StepResult(result.succeeded and step.succeeded, step.stops)
            if step.stops:
                break
    finally:
        for bucket in buckets:
            bucket.leave()
    return result


def _texts(element: XmlElement) -> list[str]:
    texts = [attribute.value for attribute in element.attributes]
    for output in element.elements():
        texts += [output.value(name) for name in ("TaskParameter", "ItemName", "PropertyName", "Condition")]
    return texts


def _run_bucket(
    instance: ProjectInstance, host: TargetHost, element: XmlElement, bucket: Bucket, entry: object, *, infers: bool
) -> StepResult:
    is_group = element.name in ("PropertyGroup", "ItemGroup")
    allowed = Allowed.PROPERTIES | Allowed.ITEM_LISTS if is_group else Allowed.ALL
    if not condition_holds(bucket.expander, element, allowed, instance.directory):
        if not is_group and not infers:
            _report_false_condition(host.log, element, bucket.expander)
        return StepResult(succeeded=True, stops=False)
    if is_group:
        run = run_property_group if element.name == "PropertyGroup" else run_item_group
        try:
            run(instance, element, bucket.lookup, bucket.expander, host.log)
        except InvalidProjectFile as error:
            host.log.send(diagnostic_of(error, instance.path))
            return StepResult(succeeded=False, stops=True)
        return StepResult(succeeded=True, stops=False)
    if infers:
        infer_outputs(instance, element, bucket)
        return StepResult(succeeded=True, stops=False)
    log = host.log
    place = element.location
    result = StepResult(succeeded=False, stops=True)
    try:
        definition = _definition(instance, host, element, bucket.expander)
    except InvalidProjectFile as error:
        log.send(diagnostic_of(error, instance.path))
        return result
    with log.inside(replace(log.context, task=next(log.numbers.tasks))):
        log.send(TaskStarted(element.name, instance.path, place.file, place.line, place.column))
        try:
            result = _run_task(instance, host, definition, element, bucket, entry)
        except InvalidProjectFile as error:
            log.send(diagnostic_of(error, instance.path))
        log.send(TaskFinished(element.name, instance.path, place.file, result.task_succeeded))
    return result


def _report_false_condition(log: BuildLog, element: XmlElement, expander: Expander) -> None:
    if log.wants_detail:
        condition = element.value("Condition")
        evaluated = expand_text(expander, condition, element.at("Condition"))
        log.comment(Importance.LOW, f'Task "{element.name}" skipped, due to false condition; ({condition}) was evaluated as ({evaluated}).')


def _definition(instance: ProjectInstance, host: TargetHost, element: XmlElement, expander: Expander) -> TaskDefinition:
    """The task that an element names. Raises InvalidProjectFile."""
    host.call_location = element.location
    definition = find_definition(instance, host.log, host.services, element, expander)
    if definition is None:
        raise invalid(
            "MSB4036",
            element.location,
            f'The "{element.name}" task was not found. Check the following: 1.) The name of the task in the project file is the same as '
            "the name of "
            'the task class. 2.) The task class is "public" and implements the Microsoft.Build.Framework.ITask interface. 3.) The task '
            "is correctly "
            "declared with <UsingTask> in the project file, or in the *.tasks files located in the "
            f'"{instance.surroundings.tools_directory}" directory.',
        )
    if host.log.wants_detail:
        _report_found(host.log, definition, element.name)
    return definition


def _run_task(
    instance: ProjectInstance, host: TargetHost, definition: TaskDefinition, element: XmlElement, bucket: Bucket, entry: object
) -> StepResult:
    policy = _continue_on_error(element, bucket.expander)
    arguments = read_arguments(instance, host.log, definition, element, bucket)
    if arguments is None:
        raise invalid("MSB4063", element.location, f'The "{element.name}" task could not be initialized with its input parameters. ')

    def call_targets(names: Sequence[str]) -> list[ProjectBuildAnswer]:
        return host.call_targets(names, entry, goes_on=policy.continues)

    call = TaskCall(
        definition,
        instance,
        host.log,
        element,
        arguments,
        host.services,
        continues=policy.continues,
        errors_are_warnings=policy.as_warnings,
        build_projects=_builder(host),
        call_targets=call_targets,
        projects=host.projects,
        question=host.question,
    )
    if host.log.logs_task_inputs:
        _report_arguments(host.log, definition, element, arguments)
    try:
        succeeded = definition.run(call)
    except BrokenPipeError:
        # Nobody reads what the build says: that is the caller's affair, not the task's.
        raise
    except OSError as error:
        call.error("MSB4018", f'The "{element.name}" task failed unexpectedly.\n{exception_text(error, str(error.filename or ""))}')
        succeeded = False
    except TargetIsActive:
        raise invalid(
            "MSB4006",
            element.location,
            f'There is a circular dependency in the target dependency graph involving target "{host.target_name(entry)}".',
        ) from None
    except RequestRefused as refusal:
        raise invalid("", element.location, str(refusal)) from None
    if call.is_abandoned:
        return StepResult(succeeded=policy.as_warnings, stops=not policy.continues, task_failed=True)
    bucket.lookup.set_property("MSBuildLastTaskResult", "true" if succeeded else "false")
    if not succeeded and not call.logged_error and not call.child_failed:
        _report_silent_failure(host, instance, element, policy)
    if not gather_outputs(call, element, bucket):
        succeeded = False
    if succeeded:
        return StepResult(succeeded=True, stops=False)
    if policy.continues:
        word = expand_text(bucket.expander, element.value("ContinueOnError"), element.at("ContinueOnError"))
        text = f'Build continuing because "ContinueOnError" on the task "{element.name}" is set to "{word}".'
        host.log.comment(Importance.NORMAL, text)
    return StepResult(succeeded=policy.as_warnings, stops=not policy.continues, task_failed=True)


def _report_found(log: BuildLog, definition: TaskDefinition, name: str) -> None:
    """Says once in a project where a task is from."""
    key = log.context.instance, name.lower()
    if key not in log.found_tasks:
        log.found_tasks.add(key)
        assembly = definition.assembly.name if definition.assembly is not None else CORE_TASKS
        log.comment(Importance.LOW, f'Using "{name}" task from assembly "{assembly}".')


def _report_arguments(log: BuildLog, definition: TaskDefinition, element: XmlElement, arguments: Mapping[str, Argument]) -> None:
    for attribute in element.attributes:
        parameter = definition.parameter(attribute.name)
        value = arguments.get(attribute.name.lower())
        if parameter is not None and value is not None and value != []:
            log.send(TaskParameter(ParameterKind.TASK_INPUT, parameter.name, logged_argument(value)))


def _builder(host: TargetHost) -> Callable[[Sequence[ProjectBuildRequest], bool], list[ProjectBuildAnswer]]:
    return host.build_projects


def _report_silent_failure(host: TargetHost, instance: ProjectInstance, element: XmlElement, policy: _ContinueOnError) -> None:
    """A task that failed without saying why."""
    severity = Severity.WARNING if policy.as_warnings else Severity.ERROR
    place = element.location
    project = "" if place.file == instance.path else instance.path
    text = f'The "{element.name}" task returned false but did not log an error.'
    host.log.send(Diagnostic("MSB4181", severity, text, place, project=project))


def _continue_on_error(element: XmlElement, expander: Expander) -> _ContinueOnError:
    if element.attribute("ContinueOnError") is None:
        return _ContinueOnError(continues=False, as_warnings=False)
    text = expand_text(expander, element.value("ContinueOnError"), element.at("ContinueOnError"))
    match text.lower():
        case "errorandcontinue":
            return _ContinueOnError(continues=True, as_warnings=False)
        case "warnandcontinue":
            return _ContinueOnError(continues=True, as_warnings=True)
        case "errorandstop":
            return _ContinueOnError(continues=False, as_warnings=False)
    value = to_boolean(text)
    if value is None:
        raise invalid(
            "MSB4021",
            element.at("ContinueOnError"),
            f'The "ContinueOnError" attribute of the "{element.name}" task is not valid. The string "{text}" cannot be converted to a '
            "boolean (true/false) value.",
        )
    return _ContinueOnError(continues=value, as_warnings=value)
