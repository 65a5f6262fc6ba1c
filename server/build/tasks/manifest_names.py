"""CreateCSharpManifestResourceName and CreateVisualBasicManifestResourceName: the names of embedded resources."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import PurePosixPath

from server.build.tasks.task import Kind, OutputItem, Parameter, TaskCall, TaskDefinition, copied_item

_STRIPPED = (".resx", ".restext", ".resources")
_CLASS = re.compile(r"\b(?:class|struct|interface|record)\s+(\w+)")
_NAMESPACE = re.compile(r"\bnamespace\s+([\w.]+)")
_COMMENTS = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"", re.DOTALL)


def _run_for(call: TaskCall, extension: str) -> bool:
    names: list[OutputItem] = []
    named: list[OutputItem] = []
    for item in call.items("ResourceFiles"):
        dependent = item.value("DependentUpon")
        is_resx = item.value("Type") == "Resx" or (not item.value("Type") and item.identity.lower().endswith(".resx"))
        folder = os.path.dirname(item.identity)
        if is_resx and not dependent and call.flag("UseDependentUponConvention", default=False):
            guess = PurePosixPath(item.identity).stem
            culture = item.value("Culture")
            if item.value("WithCulture") == "true" and culture:
                guess = guess.removesuffix(f".{culture}")
            if os.path.isfile(call.path(os.path.join(folder, guess + extension))):
                dependent = guess + extension
        type_name = ""
        if dependent.lower().endswith(extension):
            try:
                type_name = _first_class(call.instance.surroundings.files.read_text(call.path(os.path.join(folder, dependent))))
            except OSError as error:
                call.error("MSB3041", f'Unable to create a manifest resource name for "{item.identity}". {error.strerror}')
                continue
        shown = (item.value("TargetPath") or item.identity).replace("\\", "/")
        name = _name(call, shown, item.value("Culture"), type_name, with_culture=item.value("WithCulture").lower() != "false")
        names.append(copied_item(item, name))
        metadata = {"ManifestResourceName": name}
        if not item.value("LogicalName") and item.value("Type").lower() == "non-resx":
            metadata["LogicalName"] = name
        named.append(copied_item(item, metadata=metadata))
    call.set_items("ManifestResourceNames", names)
    call.set_items("ResourceFilesWithManifestResourceNames", named)
    return not call.logged_error


def _name(call: TaskCall, path: str, culture: str, type_name: str, *, with_culture: bool) -> str:
    neutral = path
    if culture and with_culture:
        stem, extension = os.path.splitext(path)
        neutral = f"{stem[: -len(culture) - 1]}{extension}" if stem.lower().endswith(f".{culture.lower()}") else path
    suffix = f".{culture}" if culture and with_culture else ""
    if type_name:
        return type_name + suffix
    root = f"{call.text('RootNamespace')}." if call.text("RootNamespace") else ""
    folder, file = os.path.split(neutral)
    prefix = root + (f"{_identifier(folder)}." if folder else "")
    stem, extension = os.path.splitext(file)
    if extension.lower() in _STRIPPED:
        return f"{prefix}{stem}{suffix}{extension if extension.lower() == '.resources' else ''}"
    if suffix and call.flag("PrependCultureAsDirectory", default=True):
        return f"{culture}/{prefix}{file}"
    return prefix + file


def _identifier(folder: str) -> str:
    return ".".join(_folder_identifier(part) for part in folder.split("/"))


def _folder_identifier(folder: str) -> str:
    text = ".".join(_part_identifier(part) for part in folder.split("."))
    return "__" if text == "_" else text


def _part_identifier(part: str) -> str:
    if not part:
        return ""
    first = part[0]
    starts = first.isalpha() or unicodedata.category(first) == "Pc"
    head = first if starts else f"_{first if _continues(first) else ''}"
    return head + "".join(character if _continues(character) else "_" for character in part[1:])


def _continues(character: str) -> bool:
    return character.isalpha() or unicodedata.category(character) in ("Nd", "Pc", "Mn", "Mc", "Me")


def _first_class(text: str) -> str:
    """The full name of the first type of a source file; "" when it has none."""
    plain = _COMMENTS.sub(" ", text)
    found = _CLASS.search(plain)
    if found is None:
        return ""
    namespaces = [match[1] for match in _NAMESPACE.finditer(plain, 0, found.start())]
    return ".".join([*namespaces, found[1]])


def _definition(name: str, extension: str) -> TaskDefinition:
    return TaskDefinition(
        name,
        (
            Parameter("ResourceFiles", Kind.ITEMS, required=True),
            Parameter("RootNamespace", Kind.TEXT),
            Parameter("UseDependentUponConvention", Kind.BOOL),
            Parameter("PrependCultureAsDirectory", Kind.BOOL),
            Parameter("EnableCustomCulture", Kind.BOOL),
        ),
        ("ManifestResourceNames", "ResourceFilesWithManifestResourceNames"),
        lambda call: _run_for(call, extension),
    )


TASKS = (_definition("CreateCSharpManifestResourceName", ".cs"), _definition("CreateVisualBasicManifestResourceName", ".vb"))
