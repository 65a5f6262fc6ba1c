"""Explanations of findings and chains of uses -> indented lines for a terminal."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from analyzers.why import Chains, Step
from compiler.diagnostics import Diagnostic, Location


def explanation_lines(diagnostic: Diagnostic, reasons: Chains, folder: Path) -> list[str]:
    """Why a finding's member is in the program, what asks for it, the ways out, and the page that explains it.

    Files are named relative to `folder`.
    """
    why = diagnostic.explanation
    if why is None:
        return []
    chain = reasons.chain(why.assembly, why.member)
    lines: list[str] = []
    if chain:
        lines = ["in the program because", *(f"  {line}" for line in chain_lines(chain, folder))]
    elif why.member:
        lines = ["nothing that is known uses its member; the whole assembly is read"]
    if why.asked:
        lines.append(f"asked for: {why.asked}" + (f"  {_place(why.asked_at, folder)}" if why.asked_at is not None else ""))
    if why.fixes:
        lines += ["ways out", *(f"  {fix.kind.value}: {fix.title}" for fix in why.fixes)]
    return [*lines, f"see {diagnostic.hint}"] if diagnostic.hint else lines


def chain_lines(steps: Sequence[Step], folder: Path) -> list[str]:
    """A chain, one step a line, from its root on."""
    lines: list[str] = []
    for number, step in enumerate(steps):
        place = f"  {_place(step.place, folder)}" if step.place is not None else ""
        lines.append(f"{step.member} {step.text}{place}" if number == 0 else f"-> {step.text} {step.member}{place}")
    return lines


def _place(place: Location, folder: Path) -> str:
    file = os.path.relpath(place.file, folder) if os.path.isabs(place.file) and Path(place.file).is_relative_to(folder) else place.file
    return f"{file}({place.line},{place.column})" if place.line else file
