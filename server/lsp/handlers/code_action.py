"""`textDocument/codeAction`: fixes of the findings in a range, and of all of a document."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lsprotocol import types

from compiler.diagnostics import Diagnostic
from server.ide.code_actions import Action, actions, fix_all
from server.lsp.convert import to_lsp_diagnostic, to_path, to_range, to_workspace_edit
from server.lsp.session import EditorSession

METHOD = types.TEXT_DOCUMENT_CODE_ACTION
FIX_ALL = types.CodeActionKind.SourceFixAll
OPTIONS = types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix, FIX_ALL])


async def handle(session: EditorSession, params: types.CodeActionParams) -> list[types.CodeAction]:
    """The actions, from findings of the text as it is now."""
    path = to_path(params.text_document.uri)
    if path is None:
        return []
    await session.up_to_date()
    shown = session.shown(path)
    wanted = params.context.only
    found: list[types.CodeAction] = []
    if wants(wanted, types.CodeActionKind.QuickFix):
        chosen = [each for each in shown if _touches(session, each, params.range)]
        found += [_action(session, each, types.CodeActionKind.QuickFix) for each in actions(chosen, shown, session.text_of)]
    if wanted is not None and wants(wanted, FIX_ALL):
        whole = fix_all(shown, session.text_of)
        found += [_action(session, whole, FIX_ALL)] if whole is not None else []
    return found


def wants(wanted: Sequence[types.CodeActionKind | str] | None, kind: types.CodeActionKind) -> bool:
    """Whether actions of `kind` are asked for: kinds are dotted, and a part stands for all below it."""
    if wanted is None:
        return True
    names = [each.value if isinstance(each, types.CodeActionKind) else each for each in wanted]
    return any(name in ("", kind.value) or kind.value.startswith(name + ".") or name.startswith(kind.value + ".") for name in names)


def _touches(session: EditorSession, diagnostic: Diagnostic, wanted: types.Range) -> bool:
    assert diagnostic.location is not None
    place = to_range(diagnostic.location, session.line_of)
    starts_before = (place.start.line, place.start.character) <= (wanted.end.line, wanted.end.character)
    return starts_before and (wanted.start.line, wanted.start.character) <= (place.end.line, place.end.character)


def _action(session: EditorSession, action: Action, kind: types.CodeActionKind) -> types.CodeAction:
    return types.CodeAction(
        title=action.title,
        kind=kind,
        diagnostics=[to_lsp_diagnostic(each, session.line_of) for each in action.diagnostics],
        is_preferred=True if action.is_preferred else None,
        edit=to_workspace_edit(action.edits, lambda file: (session.uri(Path(file)), session.version(Path(file)))),
    )
