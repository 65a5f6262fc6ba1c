"""Turns `Diagnostic` values into text: MSBuild's canonical one-line form. The only place that formats them."""

from __future__ import annotations

from compiler.diagnostics import Diagnostic


def canonical_line(diagnostic: Diagnostic) -> str:
    """`file(line,col): [subcategory ]warning CODE: message [project]`, always one line.

    Without a location the origin is `aotd`, as a tool name stands in MSBuild's form.
    """
    place = diagnostic.location
    origin = "aotd"
    if place is not None and place.file:
        origin = place.file
        if place.line and place.column:
            origin += f"({place.line},{place.column})"
        elif place.line:
            origin += f"({place.line})"
    category = f"{diagnostic.subcategory} " if diagnostic.subcategory else ""
    message = " ".join(diagnostic.message.splitlines())
    project = f" [{diagnostic.project}]" if diagnostic.project else ""
    return f"{origin}: {category}{diagnostic.severity.value} {diagnostic.code}: {message}{project}"
