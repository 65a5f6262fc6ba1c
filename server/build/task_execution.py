"""Runs one child of a target: a PropertyGroup, an ItemGroup, or a task in all its batches.

For a task: condition, parameters from attributes, ContinueOnError, the run itself, and its Output elements.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from compiler.diagnostics import Diagnostic, Location, Severity
from server.build.batching import Bucket, prepare_buckets
from server.build.dynamic_groups import run_item_group, run_property_group
from server.build.events import BuildLog
from server.build.lookup import Lookup
from server.build.services import BuildServices
from server.build.tasks.registry import find_task
from server.build.tasks.task import (
    Argument,
    Kind,
    OutputItem,
    OutputValue,
    Parameter,
    ProjectBuildAnswer,
    ProjectBuildRequest,
    TaskCall,
    TaskDefinition,
    as_item,
)
from server.msbuild.conditions import Allowed, to_boolean
from server.msbuild.errors import InvalidProjectFile, invalid
from server.msbuild.escaping import escape, unescape
from server.msbuild.evaluate import condition_holds, diagnostic_of
from server.msbuild.expand import ConditionWarnings, Expander, expand_escaped, expand_item_list, expand_text, single_item_list
from server.msbuild.items import Item
from server.msbuild.model import ProjectInstance
from server.msbuild.names import is_reserved_property
from server.msbuild.shredder import split_list
from server.msbuild.xml import XmlElement

_SPECIAL = frozenset({"Condition", "ContinueOnError", "MSBuildRuntime", "MSBuildArchitecture", "xmlns"})


class TargetHost(Protocol):
    """What running tasks need of the build around them."""

    log: BuildLog
    services: BuildServices
    call_location: Location
    condition_warnings: ConditionWarnings

    def build_projects(self, requests: Sequence[ProjectBuildRequest], stop_on_failure: bool) -> list[ProjectBuildAnswer]:  # noqa: FBT001
        """Builds projects, one answer each, in order."""

    def call_targets(self, names: Sequence[str], entry: object) -> list[ProjectBuildAnswer]:
        """Runs targets of the project that is running, for the entry that calls."""


@dataclass(frozen=True, slots=True)
class StepResult:
    """How a child of a target went. `stops` ends the target."""

    succeeded: bool
    stops: bool


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
        return StepResult(succeeded=True, stops=False)
    if is_group:
        run = run_property_group if element.name == "PropertyGroup" else run_item_group
        try:
            run(instance, element, bucket.lookup, bucket.expander)
        except InvalidProjectFile as error:
            host.log.send(diagnostic_of(error, instance.path))
            return StepResult(succeeded=False, stops=True)
        return StepResult(succeeded=True, stops=False)
    if infers:
        _infer_outputs(instance, element, bucket)
        return StepResult(succeeded=True, stops=False)
    try:
        return _run_task(instance, host, element, bucket, entry)
    except InvalidProjectFile as error:
        host.log.send(diagnostic_of(error, instance.path))
        return StepResult(succeeded=False, stops=True)


def _run_task(instance: ProjectInstance, host: TargetHost, element: XmlElement, bucket: Bucket, entry: object) -> StepResult:
    definition = find_task(element.name)
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
    policy = _continue_on_error(element, bucket.expander)
    arguments = _arguments(instance, host, definition, element, bucket)
    if arguments is None:
        raise invalid("MSB4063", element.location, f'The "{element.name}" task could not be initialized with its input parameters. ')
    host.call_location = element.location

    def call_targets(names: Sequence[str]) -> list[ProjectBuildAnswer]:
        return host.call_targets(names, entry)

    call = TaskCall(
        definition,
        instance,
        host.log,
        element.location,
        arguments,
        host.services,
        errors_are_warnings=policy.as_warnings,
        build_projects=_builder(host),
        call_targets=call_targets,
    )
    succeeded = definition.run(call)
    bucket.lookup.set_property("MSBuildLastTaskResult", "true" if succeeded else "false")
    if not succeeded and not call.logged_error and not call.child_failed:
        _report_silent_failure(host, instance, element, policy)
    if not _gather_outputs(call, element, bucket):
        succeeded = False
    if succeeded:
        return StepResult(succeeded=True, stops=False)
    return StepResult(succeeded=policy.as_warnings, stops=not policy.continues)


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


def _arguments(
    instance: ProjectInstance, host: TargetHost, definition: TaskDefinition, element: XmlElement, bucket: Bucket
) -> dict[str, Argument] | None:
    """The values of the attributes by lower-case parameter name; None after an error that has been reported."""
    arguments: dict[str, Argument] = {}
    for attribute in element.attributes:
        if attribute.name in _SPECIAL:
            continue
        parameter = definition.parameter(attribute.name)
        location = element.at(attribute.name)
        if parameter is None:
            unknown = invalid(
                "MSB4064",
                location,
                f'The "{attribute.name}" parameter is not supported by the "{element.name}" task loaded from assembly: '
                "Microsoft.Build.Tasks.Core, "
                "Version=15.1.0.0, Culture=neutral, PublicKeyToken=b03f5f7f11d50a3a from the path: "
                f"{instance.surroundings.tools_directory}/Microsoft.Build.Tasks.Core.dll. Verify that the parameter exists on the task, "
                "the <UsingTask> points to the correct assembly, and it is a settable public instance property.",
            )
            host.log.send(diagnostic_of(unknown, instance.path))
            return None
        value = _argument(instance, parameter, element.name, attribute.value, location, bucket)
        if value is not None:
            arguments[parameter.name.lower()] = value
    for parameter in definition.parameters:
        if parameter.required and parameter.name.lower() not in arguments:
            raise invalid(
                "MSB4044",
                element.location,
                f'The "{element.name}" task was not given a value for the required parameter "{parameter.name}".',
            )
    return arguments


def _argument(instance: ProjectInstance, parameter: Parameter, task: str, text: str, location: Location, bucket: Bucket) -> Argument | None:
    """The value of one parameter, None when it expands to nothing."""
    expander = bucket.expander
    if parameter.kind.is_list or parameter.kind is Kind.ITEM:
        items = task_items(instance, expander, text, location)
        if parameter.kind is Kind.ITEM:
            if len(items) > 1:
                shown = ";".join(item.identity for item in items)
                raise invalid(
                    "MSB4094",
                    location,
                    f'"{shown}" is an invalid value for the "{parameter.name}" parameter of the "{task}" task. '
                    f'Multiple items cannot be passed into a parameter of type "{parameter.kind.value}".',
                )
            return items[0] if items else None
        if not items:
            return [] if parameter.required else None
        return [item.identity for item in items] if parameter.kind is Kind.TEXTS else items
    value = expand_text(expander, text, location)
    if not value:
        return None
    if parameter.kind is Kind.TEXT:
        return value
    if parameter.kind is Kind.BOOL:
        truth = to_boolean(value)
        if truth is not None:
            return truth
    elif value.strip().lstrip("+-").isdigit():
        return int(value)
    raise invalid(
        "MSB4030",
        location,
        f'"{value}" is an invalid value for the "{parameter.name}" parameter of the "{task}" task. '
        f'The "{parameter.name}" parameter is of type "{parameter.kind.value}".',
    )


def task_items(instance: ProjectInstance, expander: Expander, text: str, location: Location) -> list[Item]:
    """`text` as a task's item list: no wildcards are expanded; lists keep their items' metadata."""
    items: list[Item] = []
    for part in split_list(expand_escaped(expander.with_items(None), text, location)):
        reference = single_item_list(part, location)
        if reference is None:
            items.append(Item("", part.replace("\\", "/"), instance.home, "", {}))
            continue
        for entry in expand_item_list(expander, reference, location):
            if not entry.value:
                continue
            if entry.item is not None and entry.value == entry.item.include:
                items.append(entry.item)
                continue
            item = Item("", entry.value, instance.home, "", {})
            if entry.item is not None:
                item.metadata = dict(entry.item.metadata)
                item.definition = entry.item.definition
                item.defining_project = entry.item.defining_project
            items.append(item)
    return items


def _gather_outputs(call: TaskCall, element: XmlElement, bucket: Bucket) -> bool:
    for output in element.elements():
        if not condition_holds(bucket.expander, output, Allowed.ALL, call.instance.directory):
            continue
        name = expand_text(bucket.expander, output.value("TaskParameter"), output.at("TaskParameter"))
        known = {given.lower() for given in call.definition.outputs}
        if name.lower() not in known:
            is_input = call.definition.parameter(name) is not None
            if is_input:
                raise invalid(
                    "MSB4065", output.at("TaskParameter"), f'The "{name}" parameter is not marked for output by the "{element.name}" task.'
                )
            raise invalid(
                "MSB4131",
                output.at("TaskParameter"),
                f'The "{name}" parameter is not supported by the "{element.name}" task. Verify the parameter exists on the task, '
                "and it is a gettable public instance property.",
            )
        value = call.outputs.get(name.lower())
        if output.value("ItemName"):
            item_type = expand_text(bucket.expander, output.value("ItemName"), output.at("ItemName"))
            items = [as_item(call, one, item_type) for one in _output_items(value)]
            bucket.lookup.add(items, keep_duplicates=True)
        else:
            property_name = expand_text(bucket.expander, output.value("PropertyName"), output.at("PropertyName"))
            if is_reserved_property(property_name):
                raise invalid("MSB4004", output.location, f'The "{property_name}" property is reserved, and cannot be modified.')
            if value is not None:
                bucket.lookup.set_property(property_name, ";".join(escape(one.include) for one in _output_items(value)))
    return True


def _output_items(value: OutputValue | None) -> list[OutputItem]:
    if value is None:
        return []
    if isinstance(value, bool):
        return [OutputItem("True" if value else "False")]
    if isinstance(value, int):
        return [OutputItem(str(value))]
    if isinstance(value, str):
        return [OutputItem(value)] if value else []
    if isinstance(value, OutputItem):
        return [value]
    return [one if isinstance(one, OutputItem) else OutputItem(one) for one in value]


def _infer_outputs(instance: ProjectInstance, element: XmlElement, bucket: Bucket) -> None:
    """Outputs of a task that is not run: what its parameters of the same name were given."""
    for output in element.elements():
        if not condition_holds(bucket.expander, output, Allowed.ALL, instance.directory):
            continue
        name = expand_text(bucket.expander, output.value("TaskParameter"), output.at("TaskParameter"))
        attribute = next((a for a in element.attributes if a.name.lower() == name.lower()), None)
        if attribute is None or not attribute.value:
            continue
        location = element.at(attribute.name)
        if output.value("ItemName"):
            item_type = expand_text(bucket.expander, output.value("ItemName"), output.at("ItemName"))
            definition = instance.item_definitions.get(item_type.lower(), {})
            items: list[Item] = []
            for given in task_items(instance, bucket.expander, attribute.value, location):
                item = Item(item_type, given.include, instance.home, element.file, definition)
                item.metadata = dict(given.metadata)
                items.append(item)
            bucket.lookup.add(items, keep_duplicates=True)
        else:
            values = [unescape(item.include) for item in task_items(instance, bucket.expander, attribute.value, location)]
            property_name = expand_text(bucket.expander, output.value("PropertyName"), output.at("PropertyName"))
            bucket.lookup.set_property(property_name, ";".join(escape(value) for value in values))
