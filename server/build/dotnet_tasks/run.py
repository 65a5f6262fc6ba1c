"""A described task and a call -> the task run in its process: arguments and environment out, events, questions and outputs back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from compiler.csharp.wire import Json
from compiler.diagnostics import Diagnostic, InputError, Location, Severity
from server.build.dotnet_tasks.descriptions import Description, TaskDescriptions, TaskSource, engine_body
from server.build.dotnet_tasks.host_process import Body
from server.build.events import CommandLine, Importance, Message
from server.build.tasks.task import Argument, OutputFailure, OutputItem, OutputValue, ProjectBuildRequest, TaskCall
from server.msbuild import paths
from server.msbuild.errors import invalid
from server.msbuild.items import Item
from server.whole_numbers import is_number, magnitude

_IMPORTANCE = {"high": Importance.HIGH, "normal": Importance.NORMAL, "low": Importance.LOW}
_CONVERTED = "The previous error was converted to a warning because the task was called with ContinueOnError=true."


def run_in_host(call: TaskCall, tasks: TaskDescriptions, source: TaskSource) -> bool:
    """Did the task succeed? Raises InvalidProjectFile."""
    events = _Events(call)
    engine = engine_body(call.location, call.instance.global_properties, call.log, continues=call.continues)
    timeout = _timeout(call)
    try:
        description = tasks.describe(source, engine, call.location, events.take)
        assert description is not None, "a task that is run has been described before"
        body = _run_body(call, description, engine)
        answer = description.process.request("run", body, events.take, call.services.is_cancelled, timeout)
    except InputError as error:
        if error.code.startswith("MSB"):
            raise
        call.error(error.code, f'The "{call.definition.name}" task failed: {error.message}')
        call.is_abandoned = True
        return False
    return _outcome(call, answer)


def _timeout(call: TaskCall) -> float | None:
    """Seconds that a task may take; there is no limit unless the property AotdTaskTimeout sets one, in milliseconds."""
    text = call.instance.property("AotdTaskTimeout").strip()
    return magnitude(text) / 1000 if is_number(text) and magnitude(text) > 0 else None


def _run_body(call: TaskCall, description: Description, engine: Body) -> dict[str, Json]:
    given: list[Json] = []
    for parameter in description.parameters:
        value = call.arguments.get(parameter.name.lower())
        if value is not None:
            given.append([parameter.name, _argument(value)])
    return {
        "index": description.index,
        "engine": dict(engine),
        "directory": call.instance.directory,
        "environment": dict(call.variables()),
        "arguments": given,
        "question": call.question,
        "outputs": list(_wanted_outputs(call, description)),
    }


def _argument(value: Argument) -> Json:
    if isinstance(value, Item):
        return item_json(value)
    if isinstance(value, (str, bool, int)):
        return str(value)
    return [item_json(one) if isinstance(one, Item) else one for one in value]


def item_json(item: Item) -> Json:
    """An item as the task host takes it: escaped include, names and escaped values of metadata in turn, RecursiveDir, defining project."""
    pairs: list[Json] = []
    for name, value in item.all_metadata().values():
        pairs += [name, value]
    return [item.include, pairs, item.recursive_dir, item.defining_project]


def _wanted_outputs(call: TaskCall, description: Description) -> list[str]:
    """Names of the outputs that the task element takes; all of them when a name is only known after expansion."""
    written = [output.value("TaskParameter") for output in call.element.elements()]
    if any(mark in name for name in written for mark in ("$(", "@(", "%(")):
        return list(description.outputs)
    asked = {name.lower() for name in written}
    return [name for name in description.outputs if name.lower() in asked]


def _outcome(call: TaskCall, answer: Body) -> bool:
    assert "fault" not in answer, f"the task host failed: {answer.get('fault')}"
    name = call.definition.name
    if not answer["made"]:
        _not_made(call, answer)
    if "parameter" in answer:
        _not_set(call, answer)
    for variable, value in _mapping(answer["environment"]).items():
        call.instance.variables[variable] = None if value is None else str(value)
    call.child_failed = bool(answer["child_failed"]) or bool(answer["may_fail_silently"])
    if "exception" in answer:
        _report_exception(call, str(answer["exception"]))
        call.is_abandoned = True
        return False
    for output, value in _mapping(answer["outputs"]).items():
        _take_output(call, output, _mapping(value))
    if bool(answer["may_fail_silently"]) and not answer["succeeded"] and not call.logged_error:
        call.message(f'The "{name}" task returned false but did not log an error.')
    return bool(answer["succeeded"])


def _not_made(call: TaskCall, answer: Body) -> None:
    name = call.definition.name
    code, message, made_by = str(answer.get("code", "")), str(answer.get("message", "")), str(answer.get("created_by", ""))
    if code == "MSB4061":
        call.fatal_error(code, f'The "{name}" task could not be instantiated from "{made_by}". {message}')
    elif code:
        call.fatal_error(
            code,
            f'The "{name}" task could not be instantiated from the assembly "{made_by}". Please verify the task assembly has been built '
            "using the same version of the Microsoft.Build.Framework assembly as the one installed on your computer and that your host "
            f"application is not missing a binding redirect for Microsoft.Build.Framework. {message}",
        )
    raise invalid(
        "MSB4060",
        call.location,
        f'The "{name}" task has been declared or used incorrectly, or failed during construction. Check the spelling of the task name and '
        "the assembly name.",
    )


def _not_set(call: TaskCall, answer: Body) -> None:
    name, parameter = call.definition.name, str(answer["parameter"])
    attribute = next(one for one in call.element.attributes if one.name.lower() == parameter.lower())
    location = call.element.at(attribute.name)
    if "value" in answer:
        raise invalid(
            "MSB4030",
            location,
            f'"{answer["value"]}" is an invalid value for the "{parameter}" parameter of the "{name}" task. '
            f'The "{parameter}" parameter is of type "{answer["type"]}".',
        )
    call.fatal_error("MSB4018", f'The "{name}" task failed unexpectedly.\n{answer["exception"]}')
    call.fatal_error("MSB4026", f'The "{attribute.name}={attribute.value}" parameter for the "{name}" task is invalid.', location=location)
    raise invalid("MSB4063", call.location, f'The "{name}" task could not be initialized with its input parameters. ')


def _report_exception(call: TaskCall, text: str) -> None:
    message = f'The "{call.definition.name}" task failed unexpectedly.\n{text}'
    if call.errors_are_warnings:
        call.warning("MSB4018", message)
        call.message(_CONVERTED)
    else:
        call.fatal_error("MSB4018", message)


def _take_output(call: TaskCall, name: str, value: Mapping[str, Json]) -> None:
    task = call.definition.name
    if "unsupported" in value:
        text = f'The "{value["unsupported"]}" type of the "{name}" parameter of the "{task}" task is not supported by MSBuild.'
        call.output_failures[name.lower()] = OutputFailure((), ("MSB4069", text))
    elif "invalid" in value:
        text = f'The "{task}" task generated invalid items from the "{name}" output parameter. {value["invalid"]}'
        call.output_failures[name.lower()] = OutputFailure((("MSB4027", text),), None)
    elif "exception" in value:
        shown = (("MSB4018", f'The "{task}" task failed unexpectedly.\n{value["exception"]}'),) if value["is_thrown_by_task"] else ()
        text = f'The "{task}" task\'s outputs could not be retrieved from the "{name}" parameter. {value["message"]}'
        call.output_failures[name.lower()] = OutputFailure(shown, ("MSB4028", text))
    elif "items" in value:
        call.outputs[name.lower()] = [_output_item(row) for row in _rows(value["items"])]
    elif not value.get("is_null"):
        texts: OutputValue = [str(text) for text in _rows(value["texts"])]
        call.outputs[name.lower()] = texts


def _output_item(row: Json) -> OutputItem:
    parts = _rows(row)
    pairs = [str(one) for one in _rows(parts[1])]
    return OutputItem(str(parts[0]), dict(zip(pairs[::2], pairs[1::2], strict=True)), is_escaped=True)


def _mapping(value: Json) -> Mapping[str, Json]:
    assert isinstance(value, Mapping)
    return value


def _rows(value: Json) -> Sequence[Json]:
    assert isinstance(value, list)
    return value


class _Events:
    """Takes what happens while a task of `call` runs."""

    def __init__(self, call: TaskCall) -> None:
        self.call = call

    def take(self, kind: str, body: Body) -> Body | None:
        """The reply to a question, None for an event."""
        match kind:
            case "log":
                self._log(body)
            case "print":
                self.call.services.print_text(str(body["text"]), to_errors=body["stream"] == "err")
            case "is_error":
                return {"value": self.call.log.turns_into_error(str(body["code"] or ""))}
            case "build":
                return self._build(body)
        return None

    def _log(self, body: Body) -> None:
        level, text, code = str(body["level"]), str(body["message"]), str(body["code"])
        line, column, end_line, end_column = (int(str(number)) for number in _rows(body["place"]))
        place = Location(str(body["file"]), line, column, end_line, end_column)
        if level == "error":
            self.call.error(code, text, location=place, subcategory=str(body["subcategory"]))
        elif level == "warning":
            self.call.warning(code, text, location=place, subcategory=str(body["subcategory"]))
        else:
            importance = Importance.HIGH if body["is_critical"] else _IMPORTANCE[str(body["importance"])]
            if body["is_command_line"]:
                self.call.log.send(CommandLine(text, self.call.definition.name, importance))
                return
            placed = Diagnostic(code, Severity.INFO, text, place, str(body["subcategory"])) if code and place.file else None
            self.call.log.send(Message(text, importance, placed))

    def _build(self, body: Body) -> Body:
        """Builds projects for the task: the same targets of each."""
        targets = tuple(str(name) for name in _rows(body["targets"]))
        requests = [self._request(_mapping(row), targets) for row in _rows(body["projects"])]
        answers = self.call.build_projects(requests, False)
        outputs: list[Json] = [[[target, [item_json(item) for item in items]] for target, items in answer.outputs] for answer in answers]
        return {"succeeded": all(answer.succeeded for answer in answers), "outputs": outputs}

    def _request(self, row: Mapping[str, Json], targets: tuple[str, ...]) -> ProjectBuildRequest:
        given = str(row["path"])
        path = paths.full_path(given.replace("\\", "/"), self.call.instance.directory) if given else self.call.instance.path
        properties = {name: str(value) for name, value in _mapping(row["properties"]).items()}
        removed = tuple(str(name) for name in _rows(row["removed"]))
        return ProjectBuildRequest(path, targets, properties, removed, skip_nonexistent_targets=False)


def taking_events(call: TaskCall) -> Callable[[str, Body], Body | None]:
    """What takes the events of a factory that makes the task of `call`."""
    return _Events(replace(call)).take
