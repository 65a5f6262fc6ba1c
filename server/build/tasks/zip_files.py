"""ZipDirectory and Unzip."""

from __future__ import annotations

import os
import time
import zipfile

from server.build.events import Importance
from server.build.tasks.io_errors import exception_text, make_writable
from server.build.tasks.task import Kind, Parameter, TaskCall, TaskDefinition
from server.msbuild import globs, paths
from server.msbuild.shredder import split_list

_MAX_RATIO_BYTES = 1 << 34  # an archive that unpacks to more than this is refused


def _zip_directory(call: TaskCall) -> bool:
    source, target = call.path(call.text("SourceDirectory")), call.path(call.text("DestinationFile"))
    if not os.path.isdir(source):
        call.error("MSB3941", f'Failed to zip directory "{source}" because it does not exist or is inaccessible.')
        return False
    if os.path.exists(target):
        if not call.flag("Overwrite"):
            text = f'Failed to create zip file "{target}" because it already exists.  Please delete or rename the file and try again.'
            call.error("MSB3942", text)
            return False
        os.unlink(target)
    call.message(f'Zipping directory "{source}" to "{target}".', Importance.HIGH)
    try:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for folder, names, files in os.walk(source):
                names.sort()
                for name in sorted(files):
                    full = os.path.join(folder, name)
                    archive.write(full, os.path.relpath(full, source))
                if not names and not files and folder != source:
                    archive.write(folder, os.path.relpath(folder, source) + "/")
    except OSError as error:
        call.error("MSB3943", f'Failed to zip directory "{source}" to file "{target}".  {exception_text(error, target)} ')
        return False
    return True


def _unzip(call: TaskCall) -> bool:
    folder = call.path(call.text("DestinationFolder"))
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        call.error("MSB3931", f'Failed to unzip to directory "{folder}" because it could not be created.  {exception_text(error, folder)}')
        return False
    succeeded = True
    for source in call.items("SourceFiles"):
        path = call.path(source.identity)
        if not os.path.isfile(path):
            call.error("MSB3932", f'Failed to unzip file "{source.identity}" because the file does not exist or is inaccessible.')
            succeeded = False
            continue
        try:
            with zipfile.ZipFile(path) as archive:
                succeeded = _extract(call, archive, folder) and succeeded
        except zipfile.BadZipFile:
            # .NET's words for an archive without its last record.
            call.error("MSB3933", f'Failed to open zip file "{source.identity}".  End of Central Directory record could not be found.')
            succeeded = False
        except OSError as error:
            call.error("MSB3933", f'Failed to open zip file "{source.identity}".  {exception_text(error, path)}')
            succeeded = False
    return succeeded


def _is_wanted(call: TaskCall, name: str) -> bool:
    includes, excludes = split_list(call.text("Include")), split_list(call.text("Exclude"))
    wanted = not includes or any(_matches(pattern, name) for pattern in includes)
    return wanted and not any(_matches(pattern, name) for pattern in excludes)


def _matches(pattern: str, name: str) -> bool:
    """Do the pattern and the entry match? A `*` here reaches over folders, as the task's matcher lets it."""
    if globs.matches_spec(pattern, name, "/"):
        return True
    return "**" not in pattern and "*" in pattern and globs.matches_spec(pattern.replace("*", "**/*", 1), name, "/")


def _extract(call: TaskCall, archive: zipfile.ZipFile, folder: str) -> bool:
    if sum(entry.file_size for entry in archive.infolist()) > _MAX_RATIO_BYTES:
        call.error("MSB3933", f'Failed to open zip file "{archive.filename}".  It unpacks to too much.')
        return False
    root = paths.ensure_trailing_slash(folder)
    for entry in archive.infolist():
        name = entry.filename.replace("\\", "/")
        target = paths.full_path(name, folder)
        if not (target + "/").startswith(root) or name.startswith("/"):
            call.error("MSB3934", f'Failed to open unzip file "{name}" to "{target}" because it is outside the destination directory.')
            return False
        if name.endswith("/"):
            os.makedirs(target, exist_ok=True)
            continue
        if not _is_wanted(call, name):
            why = "because it didn't match the include filter or because it matched the exclude filter."
            call.message(f'Did not unzip file "{name}" {why}', Importance.LOW)
            continue
        if call.flag("SkipUnchangedFiles", default=True) and _is_unchanged(entry, target):
            why = 'because the "SkipUnchangedFiles" parameter was set to "true" in the project and the files\' sizes and timestamps match.'
            call.message(f'Did not unzip from file "{name}" to file "{target}" {why}', Importance.LOW)
            continue
        if call.must_be_up_to_date:
            call.error("", f'Unzipping file "{name}" to "{target}".')
            continue
        _extract_file(call, archive, entry, target)
    return not call.logged_error


def _written_at(entry: zipfile.ZipInfo) -> float:
    """The time of an entry, which archives keep as local time."""
    try:
        return time.mktime((*entry.date_time, 0, 0, -1))
    except (OverflowError, ValueError):
        return 0.0


def _is_unchanged(entry: zipfile.ZipInfo, target: str) -> bool:
    try:
        status = os.stat(target)
    except OSError:
        return False
    return status.st_size == entry.file_size and status.st_mtime == _written_at(entry)


def _extract_file(call: TaskCall, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: str) -> None:
    """Writes one file, with its time and, where the archive says them, its permissions."""
    name, folder = entry.filename, os.path.dirname(target)
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        text = f'Failed to unzip to directory "{folder}" because it could not be created.  {exception_text(error, folder)}'
        call.error("MSB3931", text)
        return
    try:
        if call.flag("OverwriteReadOnlyFiles"):
            make_writable(target)
        call.message(f'Unzipping file "{name}" to "{target}".')
        mode = (entry.external_attr >> 16) & 0o777
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        with archive.open(entry) as stream, open(os.open(target, flags, mode or 0o666), "wb") as written:
            while block := stream.read(1 << 20):
                written.write(block)
        os.utime(target, (_written_at(entry),) * 2)
    except (OSError, zipfile.BadZipFile) as error:
        why = exception_text(error, target) if isinstance(error, OSError) else str(error)
        call.error("MSB3936", f'Failed to open unzip file "{name}" to "{target}".  {why}')


TASKS = (
    TaskDefinition(
        "ZipDirectory",
        (
            Parameter("SourceDirectory", Kind.ITEM, required=True),
            Parameter("DestinationFile", Kind.ITEM, required=True),
            Parameter("Overwrite", Kind.BOOL),
            Parameter("CompressionLevel", Kind.TEXT),
        ),
        (),
        _zip_directory,
    ),
    TaskDefinition(
        "Unzip",
        (
            Parameter("SourceFiles", Kind.ITEMS, required=True),
            Parameter("DestinationFolder", Kind.ITEM, required=True),
            Parameter("OverwriteReadOnlyFiles", Kind.BOOL),
            Parameter("SkipUnchangedFiles", Kind.BOOL),
            Parameter("Include", Kind.TEXT),
            Parameter("Exclude", Kind.TEXT),
            Parameter("FailIfNotIncremental", Kind.BOOL),
        ),
        (),
        _unzip,
    ),
)
