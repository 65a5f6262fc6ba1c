"""All built-in tasks by name."""

from __future__ import annotations

from server.build.tasks import (
    assembly_references,
    assign_culture,
    assign_link_metadata,
    call_target,
    combine_xml,
    copy,
    create_item,
    create_property,
    csc,
    delete,
    download_file,
    error,
    exec,
    format_texts,
    framework_packs,
    generate_resource,
    hashes,
    lists_and_paths,
    make_dir,
    manifest_names,
    message,
    move,
    msbuild,
    native,
    package_assets,
    package_reference_checks,
    platform_conflicts,
    read_lines_from_file,
    reference_assemblies,
    remove_dir,
    restore,
    restore_inputs,
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
    download_file.TASK,
    error.TASK,
    exec.TASK,
    generate_resource.TASK,
    make_dir.TASK,
    message.TASK,
    move.TASK,
    msbuild.TASK,
    platform_conflicts.TASK,
    read_lines_from_file.TASK,
    reference_assemblies.TASK,
    remove_dir.TASK,
    telemetry.TASK,
    touch.TASK,
    warning.TASK,
    write_code_fragment.TASK,
    write_lines_to_file.TASK,
    xsl_transformation.TASK,
    *combine_xml.TASKS,
    *format_texts.TASKS,
    *framework_packs.TASKS,
    *hashes.TASKS,
    *lists_and_paths.TASKS,
    *manifest_names.TASKS,
    *package_assets.TASKS,
    *assembly_references.TASKS,
    *restore.TASKS,
    *restore_inputs.TASKS,
    *native.TASKS,
    *sdk_tasks.TASKS,
    *xml_queries.TASKS,
    *zip_files.TASKS,
)
_TASKS = {task.name.lower(): task for task in _ALL}
_NAMESPACE = "microsoft.build.tasks."


_SDK_TASKS = (*restore.TASKS, *restore_inputs.TASKS, *framework_packs.TASKS, *package_reference_checks.TASKS)
# Tasks of an SDK's assemblies that are built in as well: they stand for the originals where a folder with an SDK's targets has none.
_STAND_INS = {task.name.lower(): task for task in _SDK_TASKS}
_STAND_IN_NAMESPACES = ("nuget.build.tasks.", "microsoft.net.build.tasks.")


def find_stand_in(name: str) -> TaskDefinition | None:
    """The built-in task that stands for a task of an SDK's own assemblies, with or without namespace, without case."""
    plain = name.lower()
    for namespace in _STAND_IN_NAMESPACES:
        plain = plain.removeprefix(namespace)
    return _STAND_INS.get(plain)


def find_task(name: str) -> TaskDefinition | None:
    """The built-in task of that name, with or without its namespace, without case."""
    return _TASKS.get(name.lower().removeprefix(_NAMESPACE))
