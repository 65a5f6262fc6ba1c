"""`textDocument/hover`: why a finding is there, what asks for it, and what can be done."""

from __future__ import annotations

from lsprotocol import types

from server.ide.hover import hover_text
from server.lsp.convert import to_path, to_range
from server.lsp.session import EditorSession

METHOD = types.TEXT_DOCUMENT_HOVER


async def handle(session: EditorSession, params: types.HoverParams) -> types.Hover | None:
    """The explanations of the findings at a position; None where there are none."""
    path = to_path(params.text_document.uri)
    if path is None:
        return None
    await session.up_to_date()
    position = (params.position.line, params.position.character)
    texts: list[str] = []
    shown_at: types.Range | None = None
    for diagnostic in session.shown(path):
        assert diagnostic.location is not None
        place = to_range(diagnostic.location, session.line_of)
        why = diagnostic.explanation
        if why is not None and (place.start.line, place.start.character) <= position <= (place.end.line, place.end.character):
            steps = await session.chain(why.assembly, why.member)
            texts.append(hover_text(diagnostic, steps, path.parent))
            shown_at = shown_at or place
    if not texts:
        return None
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, "\n\n---\n\n".join(texts)), shown_at)
