"""Findings in referenced assemblies -> the element of the project file that brings the assembly in.

An element names its assembly, its file or its package; an assembly that comes by way of another stands at the project's first line.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path, PurePosixPath

from analyzers.finding import Finding
from compiler.diagnostics import Diagnostic, Location

_REFERENCE = re.compile(r"<(?:PackageReference|Reference|ProjectReference)\b[^>]*?\bInclude\s*=\s*[\"']([^\"']+)[\"'][^>]*>", re.DOTALL)


def reference_place(text: str, file: str, assembly: Path) -> Location:
    """Where the project file `file`, whose text is `text`, refers to `assembly`."""
    folders = {part.lower() for part in assembly.parts[:-1]}
    best: re.Match[str] | None = None
    for match in _REFERENCE.finditer(text):
        name = match[1].strip().partition(",")[0].replace("\\", "/")
        if assembly.stem.lower() in (name.lower(), PurePosixPath(name).stem.lower()):
            return _location(text, file, match)
        if best is None and name.lower() in folders:
            # A package's assemblies lie in a folder of its name.
            best = match
    return _location(text, file, best) if best is not None else Location(file)


def at_reference(finding: Finding, place: Location) -> Diagnostic:
    """A finding in another assembly as the editor shows it: its member and its own place stand in the message."""
    own = finding.location
    is_known = own is not None and own.line > 0
    where = f" ({own.file}:{own.line})" if own is not None and is_known else ""
    member = f"{finding.member}: " if finding.member else ""
    diagnostic = replace(finding, location=place).to_diagnostic()
    return replace(diagnostic, message=f"{member}{finding.message}{where}")


def _location(text: str, file: str, match: re.Match[str]) -> Location:
    return Location(file, *_position(text, match.start()), *_position(text, match.end()))


def _position(text: str, offset: int) -> tuple[int, int]:
    """Line and column, from 1, in UTF-16 code units."""
    before = text[:offset]
    line = before.rpartition("\n")[2]
    return before.count("\n") + 1, len(line.encode("utf-16-le", "surrogatepass")) // 2 + 1
