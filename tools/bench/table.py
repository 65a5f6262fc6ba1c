"""Rows of text to a table whose columns line up."""

from __future__ import annotations

from collections.abc import Sequence


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The rows under the header, first column left-aligned, the others right-aligned; ends with a newline."""
    lines = [header, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    return "".join("  ".join(aligned(line, widths)).rstrip() + "\n" for line in lines)


def aligned(line: Sequence[str], widths: Sequence[int]) -> list[str]:
    """The cells of a line, padded to the widths."""
    first, *others = zip(line, widths, strict=True)
    return [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
