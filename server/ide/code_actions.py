"""Diagnostics with explanations -> what an editor offers to do about them: for one, and for all of a document."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from compiler.diagnostics import Diagnostic, Fix, FixKind
from server.build.edits import Edit, TextOf, edits_of

# The kinds of fixes that are as good for many findings as for one.
_FOR_ALL = (FixKind.ANNOTATE, FixKind.SUPPRESS)


@dataclass(frozen=True, slots=True)
class Action:
    """Something to offer: edits of texts, and the diagnostics that go away. `is_for_all` is about a whole document."""

    title: str
    edits: tuple[Edit, ...]
    diagnostics: tuple[Diagnostic, ...]
    is_preferred: bool
    is_for_all: bool


def actions(chosen: Sequence[Diagnostic], in_document: Sequence[Diagnostic], text_of: TextOf) -> list[Action]:
    """What to offer for the `chosen` diagnostics: their fixes, best first, then the same for all of the document that are alike."""
    offered: list[Action] = []
    for diagnostic in chosen:
        n_before = len(offered)
        for fix in fixes(diagnostic):
            edits = edits_of([fix], text_of)
            if edits:
                is_first = len(offered) == n_before and fix.kind in (FixKind.ANNOTATE, FixKind.REPLACE)
                offered.append(Action(fix.title, tuple(edits), (diagnostic,), is_first, is_for_all=False))
    for code in dict.fromkeys(diagnostic.code for diagnostic in chosen):
        alike = [diagnostic for diagnostic in in_document if diagnostic.code == code]
        offered += [action for kind in _FOR_ALL for action in _for_all(code, kind, alike, text_of)]
    return offered


def fix_all(in_document: Sequence[Diagnostic], text_of: TextOf) -> Action | None:
    """All annotations that are missing in a document, as one action; None when there is nothing to annotate."""
    pairs = list(_of_kind(in_document, FixKind.ANNOTATE))
    edits = edits_of([fix for _, fix in pairs], text_of)
    return Action("Add all missing annotations", tuple(edits), tuple(d for d, _ in pairs), False, is_for_all=True) if edits else None  # noqa: FBT003


def fixes(diagnostic: Diagnostic) -> tuple[Fix, ...]:
    """The fixes of a diagnostic."""
    return diagnostic.explanation.fixes if diagnostic.explanation is not None else ()


def _for_all(code: str, kind: FixKind, alike: Iterable[Diagnostic], text_of: TextOf) -> list[Action]:
    pairs = list(_of_kind(alike, kind))
    if len(pairs) < 2:
        return []
    edits = edits_of([fix for _, fix in pairs], text_of)
    title = f"Suppress every {code} of this document" if kind is FixKind.SUPPRESS else f"Annotate for every {code} of this document"
    return [Action(title, tuple(edits), tuple(diagnostic for diagnostic, _ in pairs), False, is_for_all=True)] if edits else []  # noqa: FBT003


def _of_kind(diagnostics: Iterable[Diagnostic], kind: FixKind) -> Iterable[tuple[Diagnostic, Fix]]:
    """The fixes of that kind whose place is known, with their diagnostics."""
    return ((each, fix) for each in diagnostics for fix in fixes(each) if fix.kind is kind and fix.place is not None)
