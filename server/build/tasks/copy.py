"""The Copy task."""

from __future__ import annotations

import errno
import os
import shutil
import time
from dataclasses import dataclass

from server.build.events import Importance
from server.build.tasks.io_errors import exception_text, is_read_only, make_writable
from server.build.tasks.task import Kind, OutputItem, Parameter, TaskCall, TaskDefinition, copied_item
from server.msbuild import globs, paths
from server.msbuild.escaping import escape, unescape
from server.msbuild.items import Item

_RETRIES = 10
_RETRY_DELAY_MS = 1000


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
        return [copied_item(source, file.identity, _own_metadata(file)) for file, source in zip(files, sources, strict=True)]
    if not isinstance(folder, Item):
        name = call.definition.name
        # Move calls its parameter by another name here, in MSBuild as well.
        other = "DestinationFolder" if name == "Copy" else "DestinationDirectory"
        call.error(codes[1], f'No destination specified for {name}. Please supply either "DestinationFiles" or "{other}".')
        return None
    return [copied_item(source, paths.combine(folder.identity, paths.file_name(source.identity))) for source in sources]


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
    return _copy_with_retries(call, _Pair(source.identity, target.include, from_path, to_path))


@dataclass(frozen=True, slots=True)
class _Pair:
    """A file and its copy: as the project names them, and their absolute paths."""

    source: str
    target: str
    from_path: str
    to_path: str


def _copy_with_retries(call: TaskCall, pair: _Pair) -> tuple[bool, bool]:
    """(went well, wrote). What fails is tried again, as often as the call says: somebody else may be using the file."""
    most, tried = call.number("Retries", _RETRIES), 0
    while True:
        try:
            return _write(call, pair), True
        except OSError as error:
            why = exception_text(error, error.filename if isinstance(error.filename, str) else pair.to_path)
            folder = call.text("DestinationFolder")
            is_hopeless = error.errno == errno.ENAMETOOLONG or bool(folder and os.path.isfile(call.path(folder)))
            if not is_hopeless and tried < most:
                tried += 1
                delay = call.number("RetryDelayMilliseconds", _RETRY_DELAY_MS)
                text = f'Could not copy "{pair.source}" to "{pair.target}". Beginning retry {tried} in {delay}ms.'
                call.warning("MSB3026", f"{text} {why} ")
                if not _waited(call, delay / 1000):
                    return False, False
                continue
            if most and not is_hopeless:
                call.error("MSB3027", f'Could not copy "{pair.source}" to "{pair.target}". Exceeded retry count of {most}. Failed. ')
            call.error("MSB3021", f'Unable to copy file "{pair.source}" to "{pair.target}". {why}')
            return False, False


def _waited(call: TaskCall, seconds: float) -> bool:
    """Waits; false as soon as the build is given up."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if call.services.is_cancelled():
            return False
        time.sleep(min(left, 0.1))
    return True


def _write(call: TaskCall, pair: _Pair) -> bool:
    """Whether the copy is there now. Raises OSError."""
    if not os.path.isdir(os.path.dirname(pair.to_path)):
        call.message(f'Creating directory "{os.path.dirname(pair.target)}".')
        os.makedirs(os.path.dirname(pair.to_path), exist_ok=True)
    hard, symbolic = call.flag("UseHardlinksIfPossible"), call.flag("UseSymboliclinksIfPossible")
    if os.path.lexists(pair.to_path):
        if call.flag("OverwriteReadOnlyFiles") and is_read_only(pair.to_path):
            call.message(f'Removing read-only attribute from "{pair.target}".', Importance.LOW)
            make_writable(pair.to_path)
        if os.path.islink(pair.to_path) or hard or symbolic:
            os.unlink(pair.to_path)
    if hard and _linked(call, pair, "hard"):
        return True
    if symbolic and _linked(call, pair, "symbolic"):
        return True
    if call.flag("ErrorIfLinkFails"):
        call.error("MSB3893", f'Could not use a link to copy "{pair.source}" to "{pair.target}".')
        return False
    call.message(f'Copying file from "{pair.from_path}" to "{pair.to_path}".')
    shutil.copy2(pair.from_path, pair.to_path)
    # A copy of a file that must not be written can be: a build writes it again.
    make_writable(pair.to_path)
    return True


def _linked(call: TaskCall, pair: _Pair, kind: str) -> bool:
    """Whether a link of that kind could be made."""
    call.message(f'Creating {kind} link to copy "{pair.source}" to "{pair.target}".')
    try:
        if kind == "hard":
            os.link(pair.from_path, pair.to_path)
        else:
            os.symlink(pair.from_path, pair.to_path)
    except OSError as error:
        name, number = ("link", error.errno) if kind == "hard" else ("symlink", error.errno)
        why = f"The {name} library call failed with the following error code: {number}."
        if kind == "hard" and call.flag("UseSymboliclinksIfPossible"):
            link, instead = "hard link", "with symbolic link instead"
        else:
            link, instead = "link", "instead"
        call.message(f'Could not use a {link} to copy "{pair.source}" to "{pair.target}". Copying the file {instead}. {why}')
        return False
    return True


def _own_metadata(item: Item) -> dict[str, str]:
    """What a destination says itself, which the source's metadata do not replace."""
    return {name: unescape(value) for name, value in item.all_metadata().values()}


def _of_folders(call: TaskCall) -> list[tuple[Item, OutputItem]]:
    """The files below SourceFolders and where they go: below the destination into a folder of the same name."""
    found: list[tuple[Item, OutputItem]] = []
    for folder in call.items("SourceFolders"):
        path = call.path(folder.identity).rstrip("/")
        for name in globs.expand_glob("**", path, (), call.instance.surroundings.files):
            source = folder.clone()
            source.include = f"{escape(path)}/{name}"
            target = paths.combine(call.text("DestinationFolder"), paths.file_name(path), unescape(name))
            found.append((source, copied_item(source, target)))
    return found


def _is_valid(call: TaskCall) -> bool:
    """Reports the parameters that make no sense."""
    checks = (("Retries", _RETRIES, "MSB3028", "count"), ("RetryDelayMilliseconds", _RETRY_DELAY_MS, "MSB3029", "delay"))
    for name, default, code, what in checks:
        if call.number(name, default) < 0:
            call.error(code, f"{call.number(name, default)} is an invalid retry {what}. Value must not be negative.")
            return False
    if call.items("SourceFolders") and call.items("DestinationFiles"):
        text = 'Both "SourceFolders" and "DestinationFiles" were specified as parameters in the project file but cannot be used together.'
        call.error("MSB3896", f"{text} Please choose one or the other.")
        return False
    return True


def _run(call: TaskCall) -> bool:
    sources = list(call.items("SourceFiles"))
    call.set_value("WroteAtLeastOneFile", value=False)
    if not sources and not call.items("SourceFolders"):
        call.set_items("DestinationFiles", [])
        call.set_items("CopiedFiles", [])
        return True
    targets = destinations(call, sources, ("MSB3022", "MSB3023")) if _is_valid(call) else None
    if targets is None:
        return False
    if call.flag("ErrorIfLinkFails") and not call.flag("UseHardlinksIfPossible") and not call.flag("UseSymboliclinksIfPossible"):
        call.error("MSB3892", "ErrorIfLinkFails requires UseHardlinksIfPossible or UseSymbolicLinksIfPossible to be set.")
        return False
    for source, target in _of_folders(call):
        sources.append(source)
        targets.append(target)
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
        Parameter("SourceFiles", Kind.ITEMS),
        Parameter("SourceFolders", Kind.ITEMS),
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
