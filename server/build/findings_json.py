"""Findings -> rows of JSON: one object each, lines and columns counted from 1, null where nothing is known."""

from __future__ import annotations

import os
from pathlib import Path

from analyzers.finding import Finding
from compiler.diagnostics import Severity

LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "message", Severity.HIDDEN: "hidden"}


def finding_row(finding: Finding, folder: Path) -> dict[str, object]:
    """One finding, its file relative to `folder`."""
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
    }


def relative_file(file: str, folder: Path) -> str:
    """A file as it is named from `folder`; names that are no absolute paths stay."""
    return Path(os.path.relpath(file, folder)).as_posix() if os.path.isabs(file) else file
