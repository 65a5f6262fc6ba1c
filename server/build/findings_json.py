"""Findings -> rows of JSON: one object each, lines and columns counted from 1, null where nothing is known."""

from __future__ import annotations

import os
from pathlib import Path

from analyzers.finding import Finding
from analyzers.why import Chains
from compiler.diagnostics import Diagnostic, Location, Severity

LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "message", Severity.HIDDEN: "hidden"}


def finding_row(finding: Finding, folder: Path, reasons: Chains) -> dict[str, object]:
    """One finding, its file relative to `folder`; `reasons` say why its member is in the program."""
    place = finding.location
    return {
        "id": finding.id,
        "level": LEVELS[finding.severity],
        "file": relative_file(place.file, folder) if place is not None and place.file else None,
        "line": (place.line or None) if place is not None else None,
        "column": (place.column or None) if place is not None else None,
        "endLine": (place.end_line or None) if place is not None else None,
        "endColumn": (place.end_column or None) if place is not None else None,
        "member": finding.member or None,
        "message": finding.message,
        "reportedBy": [reporter.value for reporter in finding.reported_by],
        **_explanation(finding, folder, reasons),
    }


def diagnostic_row(diagnostic: Diagnostic, folder: Path) -> dict[str, object]:
    """What the compiler or the build said."""
    place = diagnostic.location
    at = place_row(place, folder) if place is not None and place.file else dict.fromkeys(("file", "line", "column", "endLine", "endColumn"))
    return {"id": diagnostic.code, "level": LEVELS[diagnostic.severity], **at, "message": diagnostic.message}


def _explanation(finding: Finding, folder: Path, reasons: Chains) -> dict[str, object]:
    """The chain from a root to the finding's member, what asked for the finding, and the ways out of it."""
    why = finding.explanation
    if why is None:
        return {"helpLink": finding.help_link, "explanation": None, "fixes": []}
    asked_at = place_row(why.asked_at, folder) if why.asked_at is not None else None
    fixes = [
        {
            "kind": fix.kind.value,
            "title": fix.title,
            "member": fix.member,
            "text": fix.text or None,
            "at": place_row(fix.place, folder) if fix.place is not None else None,
        }
        for fix in why.fixes
    ]
    chain = [
        {
            "member": step.member,
            "assembly": step.assembly,
            "how": step.text,
            "at": place_row(step.place, folder) if step.place is not None else None,
        }
        for step in reasons.chain(why.assembly, why.member)
    ]
    explanation = {"assembly": why.assembly, "member": why.member, "asked": why.asked or None, "askedAt": asked_at, "chain": chain}
    return {"helpLink": finding.help_link, "explanation": explanation, "fixes": fixes}


def place_row(place: Location, folder: Path) -> dict[str, object]:
    """A place, its file relative to `folder`."""
    numbers = {"line": place.line, "column": place.column, "endLine": place.end_line, "endColumn": place.end_column}
    return {"file": relative_file(place.file, folder), **{name: number or None for name, number in numbers.items()}}


def relative_file(file: str, folder: Path) -> str:
    """A file as it is named from `folder`; names that are no absolute paths stay."""
    return Path(os.path.relpath(file, folder)).as_posix() if os.path.isabs(file) else file
