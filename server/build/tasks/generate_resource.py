"""The GenerateResource task: .resx and text files to .resources files, those that are older than what they are made from."""

from __future__ import annotations

from pathlib import Path

from server.build.atomic_files import replace_file
from server.build.events import Importance
from server.build.resources_file import needs_extensions, write_resources
from server.build.resx import ResxError, read_resource_text, read_resx
from server.build.tasks.io_errors import exception_text
from server.build.tasks.task import Kind, OutputItem, Parameter, TaskCall, TaskDefinition


def _run(call: TaskCall) -> bool:
    sources = call.items("Sources")
    outputs = [item.identity for item in call.items("OutputResources")]
    if not sources:
        call.message('No resources specified in "Sources". Skipping resource generation.')
        return True
    if not outputs:
        outputs = [str(Path(item.identity).with_suffix(".resources")) for item in sources]
    if len(outputs) != len(sources):
        call.error(
            "MSB3094",
            f'"Sources" refers to {len(sources)} item(s), and "OutputResources" refers to {len(outputs)} item(s). '
            "They must have the same number of items.",
        )
        return False
    made: list[OutputItem] = []
    written: list[OutputItem] = []
    for item, output in zip(sources, outputs, strict=True):
        source, target = Path(call.path(item.identity)), Path(call.path(output))
        if not _is_current(source, target):
            if not _compile(call, item.identity, source, target):
                continue
            call.message(f'Processing resource file "{item.identity}" into "{output}".', Importance.NORMAL)
        written.append(OutputItem(output))
        made.append(OutputItem(output, {}, item))
    call.set_items("OutputResources", made)
    call.set_items("FilesWritten", written)
    return not call.logged_error


def _is_current(source: Path, target: Path) -> bool:
    """Only sources that name no other files can be told from their own time."""
    try:
        return source.stat().st_mtime_ns < target.stat().st_mtime_ns and b"ResXFileRef" not in source.read_bytes()
    except OSError:
        return False


def _compile(call: TaskCall, shown: str, source: Path, target: Path) -> bool:
    kind = source.suffix.lower()
    if kind not in (".resx", ".txt", ".restext"):
        call.error("MSB3824", "In order to build with .NET Core, resource inputs must be in .txt or .resx format.")
        return False
    base = source.parent
    try:
        content = source.read_bytes()
        resources = read_resx(content, lambda path: (base / path).read_bytes()) if kind == ".resx" else read_resource_text(content)
    except FileNotFoundError:
        call.error("MSB3552", f'Resource file "{shown}" cannot be found.')
        return False
    except ResxError as error:
        call.error(error.code, error.message, location=error.location(str(source)))
        return False
    except OSError as error:
        call.error("MSB3103", f"Invalid Resx file. {exception_text(error, str(source))}")
        return False
    if needs_extensions(resources) and not _may_use_extensions(call):
        return False
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        replace_file(target, write_resources(resources))
    except OSError as error:
        call.error("MSB3554", f'Cannot write to the output file "{target}". {exception_text(error, str(target))}')
        return False
    return True


def _may_use_extensions(call: TaskCall) -> bool:
    """Can values that are not text be written? Says what is to be said when not."""
    is_referenced = any(Path(item.identity).stem.lower() == _EXTENSIONS for item in call.items("References"))
    if not call.flag("UsePreserializedResources"):
        call.error("MSB3823", "Non-string resources require the property GenerateResourceUsePreserializedResources to be set to true.")
    if not is_referenced:
        text = "Non-string resources require the System.Resources.Extensions assembly at runtime, but it was not found in this project's "
        call.error("MSB3822", text + "references.")
    return is_referenced and call.flag("UsePreserializedResources")


_EXTENSIONS = "system.resources.extensions"
_TEXTS = ("SdkToolsPath", "StronglyTypedClassName", "StronglyTypedFileName", "StronglyTypedLanguage", "StronglyTypedManifestPrefix")
_FLAGS = (
    "ExecuteAsTool",
    "ExtractResWFiles",
    "GenerateResourceUsePreserializedResources",
    "MinimalRebuildFromTracking",
    "NeverLockTypeAssemblies",
    "PublicClass",
    "TrackFileAccess",
    "UsePreserializedResources",
    "UseSourcePath",
    "WarnOnBinaryFormatterUse",
)
TASK = TaskDefinition(
    "GenerateResource",
    (
        Parameter("Sources", Kind.ITEMS),
        Parameter("OutputResources", Kind.ITEMS),
        Parameter("References", Kind.ITEMS),
        Parameter("AdditionalInputs", Kind.ITEMS),
        Parameter("EnvironmentVariables", Kind.TEXTS),
        Parameter("StateFile", Kind.ITEM),
        *(Parameter(name, Kind.TEXT) for name in (*_TEXTS, "StronglyTypedNamespace", "TrackerFrameworkPath", "TrackerLogDirectory")),
        *(Parameter(name, Kind.BOOL) for name in _FLAGS),
    ),
    ("OutputResources", "FilesWritten", "StronglyTypedClassName", "StronglyTypedFileName"),
    _run,
)
