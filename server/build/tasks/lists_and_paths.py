"""Small tasks over lists and paths: RemoveDuplicates, FindInList, FindUnderPath, ConvertToAbsolutePath, CombinePath, AssignTargetPath."""

from __future__ import annotations

from server.build.tasks.task import Kind, OutputItem, Parameter, TaskCall, TaskDefinition, copied_item, output_item
from server.msbuild import paths


def _remove_duplicates(call: TaskCall) -> bool:
    seen: set[str] = set()
    kept: list[OutputItem] = []
    for item in call.items("Inputs"):
        if item.identity.lower() not in seen:
            seen.add(item.identity.lower())
            kept.append(output_item(item))
    call.set_items("Filtered", kept)
    call.set_value("HadAnyDuplicates", value=len(kept) != len(call.items("Inputs")))
    return True


def _find_in_list(call: TaskCall) -> bool:
    wanted = call.text("ItemSpecToFind")
    sensitive = call.flag("CaseSensitive")
    for item in reversed(call.items("List")) if call.flag("FindLastMatch") else call.items("List"):
        text = paths.file_name(item.identity) if call.flag("MatchFileNameOnly") else item.identity
        if text == wanted or (not sensitive and text.lower() == wanted.lower()):
            call.outputs["itemfound"] = output_item(item)
            return True
    return True


def _find_under_path(call: TaskCall) -> bool:
    folder = paths.ensure_trailing_slash(call.path(call.text("Path")))
    inside: list[OutputItem] = []
    outside: list[OutputItem] = []
    for item in call.items("Files"):
        full = call.path(item.identity)
        if full.startswith(folder):
            inside.append(output_item(item, full if call.flag("UpdateToAbsolutePaths") else None))
        else:
            outside.append(output_item(item))
    call.set_items("InPath", inside)
    call.set_items("OutOfPath", outside)
    return True


def _convert_to_absolute_path(call: TaskCall) -> bool:
    # A path from the root on stays as it is written.
    made = [output_item(item, None if item.identity.startswith("/") else call.path(item.identity)) for item in call.items("Paths")]
    call.set_items("AbsolutePaths", made)
    return True


def _combine_path(call: TaskCall) -> bool:
    base = call.text("BasePath")
    combined = [output_item(item, paths.combine(base, item.identity) if base else item.identity) for item in call.items("Paths")]
    call.set_items("CombinedPaths", combined)
    return True


def _assign_target_path(call: TaskCall) -> bool:
    root = paths.ensure_trailing_slash(call.path(call.text("RootFolder")))
    assigned: list[OutputItem] = []
    for item in call.items("Files"):
        target = item.value("TargetPath") or item.value("Link")
        if not target:
            full = call.path(item.identity)
            target = full[len(root) :] if full.startswith(root) else paths.file_name(item.identity)
        assigned.append(copied_item(item, metadata={"TargetPath": target}))
    call.set_items("AssignedFiles", assigned)
    return True


TASKS = (
    TaskDefinition("RemoveDuplicates", (Parameter("Inputs", Kind.ITEMS),), ("Filtered", "HadAnyDuplicates"), _remove_duplicates),
    TaskDefinition(
        "FindInList",
        (
            Parameter("List", Kind.ITEMS, required=True),
            Parameter("ItemSpecToFind", Kind.TEXT, required=True),
            Parameter("CaseSensitive", Kind.BOOL),
            Parameter("FindLastMatch", Kind.BOOL),
            Parameter("MatchFileNameOnly", Kind.BOOL),
        ),
        ("ItemFound",),
        _find_in_list,
    ),
    TaskDefinition(
        "FindUnderPath",
        (Parameter("Path", Kind.ITEM, required=True), Parameter("Files", Kind.ITEMS), Parameter("UpdateToAbsolutePaths", Kind.BOOL)),
        ("InPath", "OutOfPath"),
        _find_under_path,
    ),
    TaskDefinition(
        "ConvertToAbsolutePath", (Parameter("Paths", Kind.ITEMS, required=True),), ("AbsolutePaths",), _convert_to_absolute_path
    ),
    TaskDefinition(
        "CombinePath", (Parameter("BasePath", Kind.TEXT), Parameter("Paths", Kind.ITEMS, required=True)), ("CombinedPaths",), _combine_path
    ),
    TaskDefinition(
        "AssignTargetPath",
        (Parameter("RootFolder", Kind.TEXT, required=True), Parameter("Files", Kind.ITEMS)),
        ("AssignedFiles",),
        _assign_target_path,
    ),
)
