"""The Output elements of a task -> items and properties of the project: from what the task gave out, or inferred when it is not run."""

from __future__ import annotations

from server.build.batching import Bucket
from server.build.events import LoggedItem, ParameterKind, TaskParameter
from server.build.logged_values import logged_outputs
from server.build.task_arguments import task_items
from server.build.tasks.task import OutputFailure, OutputItem, OutputValue, TaskCall, as_item
from server.msbuild.conditions import Allowed
from server.msbuild.errors import invalid
from server.msbuild.escaping import escape, unescape
from server.msbuild.evaluate import condition_holds
from server.msbuild.expand import expand_text
from server.msbuild.items import Item
from server.msbuild.model import ProjectInstance
from server.msbuild.names import is_reserved_property
from server.msbuild.xml import XmlElement


def _report_failure(call: TaskCall, failure: OutputFailure, output: XmlElement) -> None:
    for code, text in failure.reported:
        call.fatal_error(code, text, location=output.location)
    if failure.raised is not None:
        raise invalid(failure.raised[0], output.location, failure.raised[1])


def gather_outputs(call: TaskCall, element: XmlElement, bucket: Bucket) -> bool:
    for output in element.elements():
        if not condition_holds(bucket.expander, output, Allowed.ALL, call.instance.directory):
            continue
        name = expand_text(bucket.expander, output.value("TaskParameter"), output.at("TaskParameter"))
        known = {given.lower() for given in call.definition.outputs}
        if name.lower() not in known:
            is_input = call.definition.parameter(name) is not None
            if is_input:
                text = f'The "{name}" parameter is not marked for output by the "{element.name}" task.'
                raise invalid("MSB4065", output.location, text)
            raise invalid(
                "MSB4131",
                output.location,
                f'The "{name}" parameter is not supported by the "{element.name}" task. Verify the parameter exists on the task, '
                "and it is a gettable public instance property.",
            )
        failure = call.output_failures.get(name.lower())
        if failure is not None:
            _report_failure(call, failure, output)
            return False
        value = call.outputs.get(name.lower())
        if output.value("ItemName"):
            item_type = expand_text(bucket.expander, output.value("ItemName"), output.at("ItemName"))
            items = [as_item(call, one, item_type) for one in _output_items(value) if one.include]
            if items and call.log.logs_task_inputs:
                logged = logged_outputs([one for one in _output_items(value) if one.include])
                call.log.send(TaskParameter(ParameterKind.TASK_OUTPUT, item_type, logged))
            bucket.lookup.add(items, keep_duplicates=True)
        else:
            property_name = expand_text(bucket.expander, output.value("PropertyName"), output.at("PropertyName"))
            if is_reserved_property(property_name):
                raise invalid("MSB4004", output.location, f'The "{property_name}" property is reserved, and cannot be modified.')
            if value is not None:
                if call.log.logs_task_inputs:
                    joined = (LoggedItem(";".join(one.include for one in _output_items(value))),)
                    call.log.send(TaskParameter(ParameterKind.TASK_OUTPUT, property_name, joined, property_name=property_name))
                bucket.lookup.set_property(property_name, ";".join(one.escaped_include for one in _output_items(value)))
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


def infer_outputs(instance: ProjectInstance, element: XmlElement, bucket: Bucket) -> None:
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
