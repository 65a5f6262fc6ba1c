"""The Copy task."""

from __future__ import annotations

import os
import shutil
import stat

from server.build.events import Importance
from server.build.tasks.io_errors import exception_text
from server.build.tasks.task import Kind, OutputItem, Parameter, TaskCall, TaskDefinition, output_item
from server.msbuild import paths
from server.msbuild.items import Item


def destinations(call: TaskCall, sources: list[Item], codes: tuple[str, str]) -> list[OutputItem] | None:
    """Where each source goes; None after an error. `codes` are those of "both given" and "none given"."""
    files, folder = call.items("DestinationFiles"), call.arguments.get("destinationfolder")
    if files and folder is not None:
        text = 'Both "DestinationFiles" and "DestinationFolder" were specified as input parameters in the project file.'
        call.error(codes[0], f"{text} Please choose one or the other.")
        return None
    if files:
        if len(files) != len(sources):
            call.error(
                "MSB3094",
                f'"DestinationFiles" refers to {len(files)} item(s), and "SourceFiles" refers to {len(sources)} item(s). '
                "They must have the same number of items.",
            )
            return None
        return [OutputItem(file.identity, {}, source) for file, source in zip(files, sources, strict=True)]
    if not isinstance(folder, Item):
        name = call.definition.name
        call.error(codes[1], f'No destination specified for {name}. Please supply either "DestinationFiles" or "DestinationFolder".')
        return None
    return [output_item(source, paths.combine(folder.identity, paths.file_name(source.identity))) for source in sources]


def _is_unchanged(source: str, target: str) -> bool:
    try:
        old, new = os.stat(target), os.stat(source)
    except OSError:
        return False
    return old.st_size == new.st_size and old.st_mtime == new.st_mtime


def _copy_one(call: TaskCall, source: Item, target: OutputItem) -> tuple[bool, bool]:
    """(went well, wrote)."""
    from_path, to_path = call.path(source.identity), call.path(target.include)
    if from_path == to_path:
        return True, False
    if call.must_be_up_to_date and not (call.flag("SkipUnchangedFiles") and _is_unchanged(from_path, to_path)):
        call.error("", f'Copying file from "{source.identity}" to "{target.include}".')
        return False, False
    if os.path.isdir(from_path):
        text = f'The source file "{source.identity}" is actually a directory.  The "Copy" task does not support copying directories.'
        call.error("MSB3025", text)
        return False, False
    if not os.path.isfile(from_path):
        call.error("MSB3030", f'Could not copy the file "{source.identity}" because it was not found.')
        return False, False
    if os.path.isdir(to_path):
        call.error(
            "MSB3024",
            f'Could not copy the file "{source.identity}" to the destination file "{target.include}", because the destination is a '
            "folder instead of "
            "a file. To copy the source file into a folder, consider using the DestinationFolder parameter instead of DestinationFiles.",
        )
        return False, False
    if call.flag("SkipUnchangedFiles") and _is_unchanged(from_path, to_path):
        why = 'because the "SkipUnchangedFiles" parameter was set to "true" in the project and the files\' sizes and timestamps match.'
        call.message(f'Did not copy from file "{source.identity}" to file "{target.include}" {why}', Importance.LOW)
        return True, False
    folder = os.path.dirname(target.include)
    try:
        if not os.path.isdir(os.path.dirname(to_path)):
            call.message(f'Creating directory "{folder}".')
            os.makedirs(os.path.dirname(to_path), exist_ok=True)
        call.message(f'{_way(call)} "{source.identity}" to "{target.include}".')
        _write(call, from_path, to_path)
    except OSError as error:
        call.error("MSB3021", f'Unable to copy file "{source.identity}" to "{target.include}". {exception_text(error, to_path)}')
        return False, False
    return True, True


def _way(call: TaskCall) -> str:
    """How messages say what is done."""
    if call.flag("UseHardlinksIfPossible"):
        return "Creating hard link to copy"
    return "Creating symbolic link to copy" if call.flag("UseSymboliclinksIfPossible") else "Copying file from"


def _write(call: TaskCall, from_path: str, to_path: str) -> None:
    if os.path.lexists(to_path):
        if call.flag("OverwriteReadOnlyFiles") and not os.access(to_path, os.W_OK):
            os.chmod(to_path, os.stat(to_path).st_mode | stat.S_IWUSR)
        if os.path.islink(to_path) or call.flag("UseHardlinksIfPossible") or call.flag("UseSymboliclinksIfPossible"):
            os.unlink(to_path)
    if call.flag("UseHardlinksIfPossible"):
        os.link(from_path, to_path)
    elif call.flag("UseSymboliclinksIfPossible"):
        os.symlink(from_path, to_path)
    else:
        shutil.copy2(from_path, to_path)


def _run(call: TaskCall) -> bool:
    sources = call.items("SourceFiles")
    call.set_value("WroteAtLeastOneFile", value=False)
    if not sources:
        call.set_items("DestinationFiles", [])
        call.set_items("CopiedFiles", [])
        return True
    targets = destinations(call, sources, ("MSB3022", "MSB3023"))
    if targets is None:
        return False
    copied: list[OutputItem] = []
    done: dict[str, str] = {}
    succeeded = True
    for source, target in zip(sources, targets, strict=True):
        if done.get(target.include) == source.identity:
            copied.append(target)
            continue
        went_well, wrote = _copy_one(call, source, target)
        succeeded = succeeded and went_well
        if went_well:
            copied.append(target)
            done[target.include] = source.identity
        if wrote:
            call.set_value("WroteAtLeastOneFile", value=True)
    call.set_items("DestinationFiles", targets)
    call.set_items("CopiedFiles", copied)
    return succeeded


TASK = TaskDefinition(
    "Copy",
    (
        Parameter("SourceFiles", Kind.ITEMS, required=True),
        Parameter("DestinationFiles", Kind.ITEMS),
        Parameter("DestinationFolder", Kind.ITEM),
        Parameter("SkipUnchangedFiles", Kind.BOOL),
        Parameter("OverwriteReadOnlyFiles", Kind.BOOL),
        Parameter("Retries", Kind.INT),
        Parameter("RetryDelayMilliseconds", Kind.INT),
        Parameter("UseHardlinksIfPossible", Kind.BOOL),
        Parameter("UseSymboliclinksIfPossible", Kind.BOOL),
        Parameter("ErrorIfLinkFails", Kind.BOOL),
        Parameter("FailIfNotIncremental", Kind.BOOL),
    ),
    ("CopiedFiles", "DestinationFiles", "WroteAtLeastOneFile"),
    _run,
)
