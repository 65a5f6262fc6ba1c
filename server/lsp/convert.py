"""Values of the project to values of LSP and back; the only place where both are known.

LSP counts lines and UTF-16 code units from 0; `Location` counts lines and columns from 1, columns in UTF-16 code units too,
and 0 where unknown. An unknown end becomes the end of the word at the start, or of the line.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from lsprotocol import types
from pygls.uris import to_fs_path

from compiler.diagnostics import Diagnostic, Location, Severity
from server.build.documentation import documentation_link
from server.build.edits import Edit

SOURCE = "aotd"
SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFO: types.DiagnosticSeverity.Information,
    Severity.HIDDEN: types.DiagnosticSeverity.Hint,
}

# Code that changes nothing when it goes is shown faded, what is obsolete struck through.
_UNNECESSARY = ("CS0162", "CS0164", "CS0168", "CS0169", "CS0219", "CS0414", "CS0649", "CS8019", "CS8321", "IL2121")
_OBSOLETE = ("CS0612", "CS0618", "CS0619", "CS0672")
TAGS: dict[str, tuple[types.DiagnosticTag, ...]] = {
    **dict.fromkeys(_UNNECESSARY, (types.DiagnosticTag.Unnecessary,)),
    **dict.fromkeys(_OBSOLETE, (types.DiagnosticTag.Deprecated,)),
}

# (file, line counted from 1) -> the text of that line, "" when there is none.
LineOf = Callable[[Path, int], str]

_WORD = re.compile(r"\w+")


def to_path(uri: str) -> Path | None:
    """The normalised path that a `file:` URI means; None for other schemes."""
    if not uri.startswith("file:"):
        return None
    path: str | None = to_fs_path(uri)
    return Path(os.path.normpath(path)) if path else None


def to_uri(path: Path) -> str:
    """The `file:` URI of an absolute path."""
    return path.as_uri()


def to_lsp_diagnostic(diagnostic: Diagnostic, line_of: LineOf) -> types.Diagnostic:
    """The diagnostic as the editor shows it: range, code with its link, related places, hint below the message."""
    assert diagnostic.location is not None
    hint_is_link = diagnostic.hint.startswith("https://")
    link = diagnostic.hint if hint_is_link else documentation_link(diagnostic.code)
    hint = "" if hint_is_link else diagnostic.hint
    related = [
        types.DiagnosticRelatedInformation(
            location=types.Location(to_uri(Path(other.location.file)), to_range(other.location, line_of)), message=other.message
        )
        for other in diagnostic.related
    ]
    return types.Diagnostic(
        range=to_range(diagnostic.location, line_of),
        severity=SEVERITIES[diagnostic.severity],
        code=diagnostic.code,
        code_description=types.CodeDescription(link) if link else None,
        source=SOURCE,
        message=f"{diagnostic.message}\n{hint}" if hint else diagnostic.message,
        related_information=related or None,
        tags=list(TAGS.get(diagnostic.code, ())) or None,
    )


def to_workspace_edit(edits: Iterable[Edit], document_of: Callable[[str], tuple[str, int | None]]) -> types.WorkspaceEdit:
    """Edits by document; `document_of` gives a file's URI and, for an open one, its version."""
    by_file: dict[str, list[types.TextEdit | types.AnnotatedTextEdit | types.SnippetTextEdit]] = {}
    for edit in edits:
        place = edit.place
        start, end = types.Position(place.line - 1, place.column - 1), types.Position(place.end_line - 1, place.end_column - 1)
        by_file.setdefault(place.file, []).append(types.TextEdit(types.Range(start, end), edit.text))
    documents: list[types.TextDocumentEdit | types.CreateFile | types.RenameFile | types.DeleteFile] = [
        types.TextDocumentEdit(types.OptionalVersionedTextDocumentIdentifier(*document_of(file)), several)
        for file, several in by_file.items()
    ]
    return types.WorkspaceEdit(document_changes=documents)


def to_range(location: Location, line_of: LineOf) -> types.Range:
    """The range of `location`, never empty where the line has text."""
    line = max(location.line - 1, 0)
    start = types.Position(line, max(location.column - 1, 0))
    if location.end_line and location.end_column:
        end = types.Position(location.end_line - 1, location.end_column - 1)
        if (end.line, end.character) > (start.line, start.character):
            return types.Range(start, end)
    text = line_of(Path(location.file), line + 1)
    if not location.column:
        start = types.Position(line, utf16_length(text[: len(text) - len(text.lstrip())]))
        return types.Range(start, types.Position(line, max(utf16_length(text.rstrip()), start.character)))
    word = _WORD.match(text, code_points(text, start.character))
    width = utf16_length(word.group()) if word else 1
    return types.Range(start, types.Position(line, start.character + width))


def utf16_length(text: str) -> int:
    """Length of `text` in UTF-16 code units."""
    return len(text) + sum(1 for character in text if ord(character) > 0xFFFF)


def code_points(text: str, units: int) -> int:
    """Index into `text` of the character at `units` UTF-16 code units, its length when past the end."""
    for index, character in enumerate(text):
        if units <= 0:
            return index
        units -= 2 if ord(character) > 0xFFFF else 1
    return len(text)
