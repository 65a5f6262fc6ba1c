"""The attributes of a task element -> the arguments of the call: expanded, and of the types that the task's parameters have."""

from __future__ import annotations

from compiler.diagnostics import Location
from server.build.batching import Bucket
from server.build.events import BuildLog
from server.build.tasks.task import Argument, Kind, Parameter, TaskAssembly, TaskDefinition
from server.msbuild.conditions import to_boolean
from server.msbuild.errors import InvalidProjectFile, invalid
from server.msbuild.evaluate import diagnostic_of
from server.msbuild.expand import Expander, expand_escaped, expand_item_list, expand_text, single_item_list
from server.msbuild.items import Item
from server.msbuild.model import ProjectInstance
from server.msbuild.shredder import split_list
from server.msbuild.xml import XmlAttribute, XmlElement
from server.whole_numbers import signed_number

_CORE = "Microsoft.Build.Tasks.Core"
# What errors and logs name as the origin of a built-in task.
CORE_TASKS = f"{_CORE}, Version=15.1.0.0, Culture=neutral, PublicKeyToken=b03f5f7f11d50a3a"
_SPECIAL = frozenset({"Condition", "ContinueOnError", "MSBuildRuntime", "MSBuildArchitecture", "xmlns"})


def read_arguments(
    instance: ProjectInstance, log: BuildLog, definition: TaskDefinition, element: XmlElement, bucket: Bucket
) -> dict[str, Argument] | None:
    """The values of the attributes by lower-case parameter name; None after an error that has been reported."""
    arguments: dict[str, Argument] = {}
    for attribute in element.attributes:
        if attribute.name in _SPECIAL:
            continue
        parameter = definition.parameter(attribute.name)
        location = element.at(attribute.name)
        if parameter is None:
            origin = definition.assembly or _built_in(instance)
            unknown = invalid(
                "MSB4064",
                location,
                f'The "{attribute.name}" parameter is not supported by the "{element.name}" task loaded from assembly: {origin.name} '
                f"from the path: {origin.path}. Verify that the parameter exists on the task, the <UsingTask> points to the correct "
                "assembly, and it is a settable public instance property.",
            )
            log.send(diagnostic_of(unknown, instance.path))
            return None
        if parameter.kind is Kind.UNSUPPORTED:
            for complaint in _unsupported(parameter, element.name, attribute, location):
                log.send(diagnostic_of(complaint, instance.path))
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


def _built_in(instance: ProjectInstance) -> TaskAssembly:
    return TaskAssembly(CORE_TASKS, f"{instance.surroundings.tools_directory}/{_CORE}.dll")


def _unsupported(parameter: Parameter, task: str, attribute: XmlAttribute, location: Location) -> list[InvalidProjectFile]:
    text = f'The "{parameter.type_name}" type of the "{parameter.name}" parameter of the "{task}" task is not supported by MSBuild.'
    return [
        invalid("MSB4069", location, text),
        invalid("MSB4026", location, f'The "{attribute.name}={attribute.value}" parameter for the "{task}" task is invalid.'),
    ]


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
                    f'Multiple items cannot be passed into a parameter of type "{parameter.shown_type}".',
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
    else:
        number = signed_number(value.strip())
        if number is not None and -(1 << 31) <= number < 1 << 31:
            return number
    raise invalid(
        "MSB4030",
        location,
        f'"{value}" is an invalid value for the "{parameter.name}" parameter of the "{task}" task. '
        f'The "{parameter.name}" parameter is of type "{parameter.shown_type}".',
    )


def task_items(instance: ProjectInstance, expander: Expander, text: str, location: Location) -> list[Item]:
    """`text` as a task's item list: no wildcards are expanded; lists keep their items' metadata."""
    items: list[Item] = []
    for part in split_list(expand_escaped(expander.with_items(None), text, location)):
        reference = single_item_list(part, location)
        if reference is None:
            items.append(Item("", part.replace("\\", "/"), instance.home, location.file, {}))
            continue
        for entry in expand_item_list(expander, reference, location):
            if not entry.value:
                continue
            if entry.item is not None and entry.value == entry.item.include:
                items.append(entry.item)
                continue
            item = Item("", entry.value, instance.home, location.file, {})
            if entry.item is not None:
                item.metadata = dict(entry.item.metadata)
                item.definition = entry.item.definition
                item.defining_project = entry.item.defining_project
            items.append(item)
    return items
