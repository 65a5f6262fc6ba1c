"""All built-in tasks by name."""

from __future__ import annotations

from server.build.tasks import (
    assign_culture,
    assign_link_metadata,
    call_target,
    combine_xml,
    copy,
    create_item,
    create_property,
    csc,
    delete,
    error,
    exec,
    format_texts,
    generate_resource,
    hashes,
    lists_and_paths,
    make_dir,
    manifest_names,
    message,
    move,
    msbuild,
    read_lines_from_file,
    remove_dir,
    sdk_tasks,
    telemetry,
    touch,
    warning,
    write_code_fragment,
    write_lines_to_file,
    xml_queries,
    xsl_transformation,
    zip_files,
)
from server.build.tasks.task import TaskDefinition

_ALL: tuple[TaskDefinition, ...] = (
    assign_culture.TASK,
    assign_link_metadata.TASK,
    call_target.TASK,
    copy.TASK,
    create_item.TASK,
    create_property.TASK,
    csc.TASK,
    delete.TASK,
    error.TASK,
    exec.TASK,
    generate_resource.TASK,
    make_dir.TASK,
    message.TASK,
    move.TASK,
    msbuild.TASK,
    read_lines_from_file.TASK,
    remove_dir.TASK,
    telemetry.TASK,
    touch.TASK,
    warning.TASK,
    write_code_fragment.TASK,
    write_lines_to_file.TASK,
    xsl_transformation.TASK,
    *combine_xml.TASKS,
    *format_texts.TASKS,
    *hashes.TASKS,
    *lists_and_paths.TASKS,
    *manifest_names.TASKS,
    *sdk_tasks.TASKS,
    *xml_queries.TASKS,
    *zip_files.TASKS,
)
_TASKS = {task.name.lower(): task for task in _ALL}
_NAMESPACE = "microsoft.build.tasks."


def find_task(name: str) -> TaskDefinition | None:
    """The built-in task of that name, with or without its namespace, without case."""
    return _TASKS.get(name.lower().removeprefix(_NAMESPACE))
