"""Build events -> the text that MSBuild gives them. An event's text is a function of its values alone, so logs need not keep it."""

from __future__ import annotations

from collections.abc import Sequence

from server.build.events import (
    BuildFinished,
    BuildStarted,
    CommandLine,
    EnvironmentVariableRead,
    EvaluationFinished,
    EvaluationStarted,
    Event,
    LoggedItem,
    Message,
    ParameterKind,
    ProjectFinished,
    ProjectImported,
    ProjectStarted,
    PropertyInitialValue,
    PropertyReassignment,
    ResponseFileUsed,
    SkipReason,
    TargetFinished,
    TargetSkipped,
    TargetStarted,
    TaskFinished,
    TaskParameter,
    TaskStarted,
    UninitializedPropertyRead,
)
from server.msbuild import paths

_PREFIXES = {
    ParameterKind.TASK_INPUT: "Task Parameter:",
    ParameterKind.TASK_OUTPUT: "Output Item(s): ",
    ParameterKind.ADD_ITEM: "Added Item(s): ",
    ParameterKind.REMOVE_ITEM: "Removed Item(s): ",
    ParameterKind.SKIPPED_TARGET_INPUTS: "Input files: ",
    ParameterKind.SKIPPED_TARGET_OUTPUTS: "Output files: ",
}
_METADATA_INDENT = " " * 16


def event_text(event: Event) -> str:
    """The message of an event, without place and severity."""
    match event:
        case Message() | CommandLine() | BuildStarted() | BuildFinished() | ProjectImported() | ResponseFileUsed():
            return event.text
        case EnvironmentVariableRead():
            return event.text
        case EvaluationStarted():
            return f'Evaluation started ("{event.project}")'
        case EvaluationFinished():
            return f'Evaluation finished ("{event.project}")'
        case TargetSkipped():
            return skipped_text(event)
        case TaskParameter():
            return parameter_text(event)
        case PropertyReassignment():
            return f'Property reassignment: $({event.name})="{event.new}" (previous value: "{event.previous}") at {event.location}'
        case PropertyInitialValue():
            return f'Property initial value: $({event.name})="{event.value}" Source: {event.source}'
        case UninitializedPropertyRead():
            return f'Read uninitialized property "{event.name}"'
        case ProjectStarted() | ProjectFinished() | TargetStarted() | TargetFinished() | TaskStarted() | TaskFinished():
            return _boundary_text(event)
        case _:
            return event.message


def _boundary_text(event: ProjectStarted | ProjectFinished | TargetStarted | TargetFinished | TaskStarted | TaskFinished) -> str:
    match event:
        case ProjectStarted():
            targets = f"{event.targets} target(s)" if event.targets else "default targets"
            return f'Project "{paths.file_name(event.project)}" ({targets}):'
        case ProjectFinished():
            return f'Done building project "{paths.file_name(event.project)}"{_ending(event.succeeded)}'
        case TargetStarted():
            return target_started_text(event, event.target)
        case TargetFinished():
            return f'Done building target "{event.target}" in project "{paths.file_name(event.project)}"{_ending(event.succeeded)}'
        case TaskStarted():
            return f'Task "{event.task}"'
        case TaskFinished():
            return f'Done executing task "{event.task}"{_ending(event.succeeded)}'


def _ending(succeeded: bool) -> str:  # noqa: FBT001
    return "." if succeeded else " -- FAILED."


def target_started_text(event: TargetStarted, shown: str) -> str:
    """The line that begins a target, which is called `shown` in it."""
    file = f' in file "{event.file}" from project "{event.project}"' if event.file.lower() != event.project.lower() else ""
    place = file or f' in project "{event.project}"'
    why = f'target "{event.parent}" depends on it' if event.parent else "entry point"
    return f'Target "{shown}"{place} ({why}):'


def skipped_text(event: TargetSkipped) -> str:
    """Why a target was skipped."""
    match event.skip_reason:
        case SkipReason.PREVIOUSLY_BUILT_SUCCESSFULLY | SkipReason.PREVIOUSLY_BUILT_UNSUCCESSFULLY:
            return f'Target "{event.target}" skipped. Previously built {"" if event.originally_succeeded else "un"}successfully.'
        case SkipReason.CONDITION_WAS_FALSE:
            condition = f"({event.condition}) was evaluated as ({event.evaluated_condition})"
            return f'Target "{event.target}" skipped, due to false condition; {condition}.'
        case SkipReason.OUTPUTS_UP_TO_DATE:
            return f'Skipping target "{event.target}" because all output files are up-to-date with respect to the input files.'
        case SkipReason.NONE:
            return "None"


def parameter_text(event: TaskParameter) -> str:
    """Name and items: on one line when there is one item without metadata, else one line each."""
    if not event.items:
        return event.name
    prefix = "Output Property: " if event.property_name else _PREFIXES[event.kind]
    name = event.property_name or event.name
    if len(event.items) == 1 and not event.items[0].metadata:
        return f"{prefix}{f'{name}=' if name else ''}{event.items[0].include}"
    head = f"{prefix}\n    {name}=\n" if name else f"{prefix}\n"
    return head + "\n".join(_item_lines(event.items, "        " if name else "    "))


def _item_lines(items: Sequence[LoggedItem], indent: str) -> list[str]:
    lines: list[str] = []
    for item in items:
        lines.append(indent + item.include)
        lines += [f"{_METADATA_INDENT}{name}={value}" for name, value in sorted(item.metadata, key=lambda pair: pair[0].lower())]
    return lines
