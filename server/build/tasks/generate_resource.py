"""The GenerateResource task: .resx and text files to .resources files, those that are older than what they are made from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from server.build.atomic_files import replace_file
from server.build.events import Importance
from server.build.resource_values import Value
from server.build.resources_file import needs_extensions, write_resources
from server.build.resx import ResxError, read_resource_text, read_resx
from server.build.tasks.io_errors import exception_text
from server.build.tasks.task import Kind, OutputItem, Parameter, TaskCall, TaskDefinition, copied_item
from server.build.typed_resources import ResourceClass, typed_resources
from server.msbuild import paths


def _run(call: TaskCall) -> bool:
    sources = call.items("Sources")
    outputs = [item.identity for item in call.items("OutputResources")]
    if not sources:
        call.message('No resources specified in "Sources". Skipping resource generation.', Importance.LOW)
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
    if not _is_valid_class(call, len(sources)):
        return False
    made: list[OutputItem] = []
    written: list[OutputItem] = []
    n_current = 0
    for item, output in zip(sources, outputs, strict=True):
        source, target = Path(call.path(item.identity)), Path(call.path(output))
        typed = _class_file(call, output)
        if not _is_current(source, target) or (typed and not _is_current(source, Path(call.path(typed)))):
            resources = _compile(call, item.identity, source, target)
            if resources is None:
                continue
            call.message(f'Processing resource file "{item.identity}" into "{output}".', Importance.NORMAL)
            if typed and not _write_class(call, typed, output, resources):
                continue
        else:
            n_current += 1
        written.append(OutputItem(output))
        made.append(copied_item(item, output))
        if typed:
            written.append(OutputItem(typed))
            call.set_value("StronglyTypedClassName", _class_name(call, output))
            call.set_value("StronglyTypedFileName", typed)
    if n_current == len(sources):
        call.message("No resources are out of date with respect to their source files. Skipping resource generation.")
    call.set_items("OutputResources", made)
    call.set_items("FilesWritten", written)
    return not call.logged_error


def _is_valid_class(call: TaskCall, n_sources: int) -> bool:
    """Reports what cannot be asked of a class for resources."""
    language = call.text("StronglyTypedLanguage")
    if not language:
        if any(call.text(name) for name in ("StronglyTypedClassName", "StronglyTypedNamespace", "StronglyTypedFileName")):
            text = "StronglyTypedClassName, StronglyTypedNamespace, and/or StronglyTypedFileName parameters were passed in, but no "
            text += "StronglyTypedLanguage. If you want to create a strongly typed resource class, please specify a language. "
            call.error("MSB3572", text + "Otherwise remove all class, file name, and namespace parameters.")
            return False
        return True
    if n_sources > 1:
        text = "The language for a strongly typed resource class was specified, but more than one source file was passed in. "
        text += "Please pass in only one source file at a time if you want to generate strongly typed resource classes."
        call.error("MSB3573", text)
        return False
    if language.lower() not in _LANGUAGES:
        why = "There is no CodeDom provider defined for the language."
        call.error("MSB3559", f'The code DOM provider for the "{language}" language failed. {why}')
        return False
    return True


def _class_name(call: TaskCall, output: str) -> str:
    return call.text("StronglyTypedClassName") or paths.file_name_without_extension(output)


def _class_file(call: TaskCall, output: str) -> str:
    """The file of the class, "" when none is wanted."""
    language = call.text("StronglyTypedLanguage").lower()
    if not language:
        return ""
    return call.text("StronglyTypedFileName") or str(Path(output).with_suffix(".cs" if _LANGUAGES[language] == "c#" else ".vb"))


def _write_class(call: TaskCall, shown: str, output: str, resources: Mapping[str, Value]) -> bool:
    name, namespace = _class_name(call, output), call.text("StronglyTypedNamespace")
    prefix = call.text("StronglyTypedManifestPrefix") or namespace
    wanted = ResourceClass(
        _LANGUAGES[call.text("StronglyTypedLanguage").lower()],
        namespace,
        name,
        f"{prefix}.{name}" if prefix else name,
        is_public=call.flag("PublicClass"),
    )
    call.message(f'Creating strongly typed resources class "{shown}".', Importance.NORMAL)
    text, problems = typed_resources(wanted, resources)
    for code, problem in problems:
        call.warning(code, problem)
    path = Path(call.path(shown))
    try:
        replace_file(path, text.encode())
    except OSError as error:
        call.error("MSB3570", f'Cannot write to the Strongly Typed Resource class file "{shown}". {exception_text(error, str(path))}')
        return False
    return True


def _is_current(source: Path, target: Path) -> bool:
    """Only sources that name no other files can be told from their own time."""
    try:
        return source.stat().st_mtime_ns < target.stat().st_mtime_ns and b"ResXFileRef" not in source.read_bytes()
    except OSError:
        return False


def _compile(call: TaskCall, shown: str, source: Path, target: Path) -> Mapping[str, Value] | None:
    """The resources, written to `target`; None after an error."""
    kind = source.suffix.lower()
    if kind not in (".resx", ".txt", ".restext"):
        call.error("MSB3824", "In order to build with .NET Core, resource inputs must be in .txt or .resx format.")
        return None
    base = source.parent
    try:
        content = source.read_bytes()
        resources = read_resx(content, lambda path: (base / path).read_bytes()) if kind == ".resx" else read_resource_text(content)
    except FileNotFoundError:
        call.error("MSB3552", f'Resource file "{shown}" cannot be found.')
        return None
    except ResxError as error:
        call.error(error.code, error.message, location=error.location(str(source)))
        return None
    except OSError as error:
        call.error("MSB3103", f"Invalid Resx file. {exception_text(error, str(source))}")
        return None
    if needs_extensions(resources) and not _may_use_extensions(call):
        return None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        replace_file(target, write_resources(resources))
    except OSError as error:
        call.error("MSB3554", f'Cannot write to the output file "{target}". {exception_text(error, str(target))}')
        return None
    return resources


def _may_use_extensions(call: TaskCall) -> bool:
    """Can values that are not text be written? Says what is to be said when not."""
    is_referenced = any(Path(item.identity).stem.lower() == _EXTENSIONS for item in call.items("References"))
    if not call.flag("UsePreserializedResources"):
        call.error("MSB3823", "Non-string resources require the property GenerateResourceUsePreserializedResources to be set to true.")
    if not is_referenced:
        text = "Non-string resources require the System.Resources.Extensions assembly at runtime, but it was not found in this project's "
        call.error("MSB3822", text + "references.")
    return is_referenced and call.flag("UsePreserializedResources")


# Names of languages, as CodeDom knows them, and that of their texts.
_LANGUAGES = {
    **dict.fromkeys(("c#", "cs", "csharp"), "c#"),
    **dict.fromkeys(("vb", "vbs", "visualbasic", "vbscript"), "vb"),
}
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
