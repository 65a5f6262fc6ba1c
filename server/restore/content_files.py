"""Files below contentFiles/ and the manifest's rules for them -> what each becomes in a project: build action, copying, place.

Later rules of the manifest win, attribute by attribute. A file that ends in `.pp` is a template: its result has a place too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from server.restore.content_model import EMPTY_FOLDER, ContentGroup
from server.restore.errors import INVALID_PACKAGE, PackageError
from server.restore.library import Library
from server.restore.nuspec import ContentFilesEntry, Nuspec

_ROOT = "contentFiles/"
_ACTIONS = {
    name.lower(): name
    for name in (
        "None Compile Content EmbeddedResource ApplicationDefinition Page Resource SplashScreen DesignData "
        "DesignDataWithDesignTimeCreatableTypes CodeAnalysisDictionary AndroidAsset AndroidResource BundleResource PRIResource"
    ).split()
}


@dataclass(frozen=True, slots=True)
class ContentFile:
    """A content file in a target. `output` is where it is copied to; `template_output` where a template's result goes."""

    path: str
    language: str
    action: str = "None"
    copies: bool = False
    output: str = ""
    template_output: str = ""

    @property
    def is_placeholder(self) -> bool:
        """Whether it only says that a folder is meant to be empty."""
        return self.path.endswith("/" + EMPTY_FOLDER)


def content_files(nuspec: Nuspec, library: Library, groups: Sequence[ContentGroup]) -> list[ContentFile]:
    """The content files of the groups. Raises PackageError for a build action that is none."""
    languages: dict[str, str] = {}
    for group in groups:
        for item in group.items:
            languages.setdefault(item.path, group.text("codeLanguage").lower())
    rules = [(entry, _glob(entry.include), _glob(entry.exclude) if entry.exclude else None) for entry in nuspec.content_files]
    found = []
    for path, language in languages.items():
        below = path[len(_ROOT) :]
        entries = [entry for entry, include, exclude in rules if include.fullmatch(below) and not (exclude and exclude.fullmatch(below))]
        found.append(_content_file(path, language, entries, library))
    return found


def _content_file(path: str, language: str, entries: Sequence[ContentFilesEntry], library: Library) -> ContentFile:
    if path.endswith("/" + EMPTY_FOLDER):
        return ContentFile(path, language)
    action, copies, flatten = "Compile", False, False
    for entry in entries:
        action = entry.build_action or action
        copies = copies if entry.copy_to_output is None else entry.copy_to_output
        flatten = flatten if entry.flatten is None else entry.flatten
    known = _ACTIONS.get(action.lower())
    if known is None:
        raise PackageError(
            INVALID_PACKAGE, f"Package '{library.name}.{library.version}' specifies an invalid build action '{action}' for file '{path}'."
        )
    file_name = path.rpartition("/")[2]
    place = "/".join(path.split("/")[3:])
    is_template = file_name.lower().endswith(".pp") and len(file_name) > len(".pp")
    output = (file_name if flatten else place) if copies else ""
    return ContentFile(
        path,
        language,
        known,
        copies,
        output[: -len(".pp")] if is_template and output else output,
        place[: -len(".pp")] if is_template else "",
    )


def _glob(pattern: str) -> re.Pattern[str]:
    """A pattern of a manifest as an expression: `**` any folders, `*` within a name, a slash at the end all below; no case."""
    text = pattern.replace("\\", "/").removeprefix("./")
    if text.endswith("/"):
        text += "**"
    parts = ["[^/]*" if part == "*.*" else part for part in text.split("/")]
    expression = ""
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        if part == "**":
            expression += ".*" if last else "(?:[^/]+/)*"
        else:
            expression += part if part == "[^/]*" else re.escape(part).replace(r"\*", "[^/]*")
            expression += "" if last else "/"
    return re.compile(expression, re.IGNORECASE | re.DOTALL)
