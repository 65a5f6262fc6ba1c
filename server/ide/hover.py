"""A diagnostic and the chain that brings its member into the program -> Markdown for the editor's hover."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from analyzers.why import Step
from compiler.diagnostics import Diagnostic, Location
from server.build.documentation import documentation_link


def hover_text(diagnostic: Diagnostic, steps: Sequence[Step], folder: Path) -> str:
    """The explanation: what asks, why the member is in the program, the ways out, the page. Files relative to `folder`."""
    why = diagnostic.explanation
    assert why is not None
    link = diagnostic.hint or documentation_link(diagnostic.code)
    title = f"**[{diagnostic.code}]({link})**" if link else f"**{diagnostic.code}**"
    blocks = [f"{title} {_escaped(why.asked[:1].upper() + why.asked[1:])}" if why.asked else f"{title} {_escaped(diagnostic.message)}"]
    if why.asked_at is not None:
        blocks[0] += f" ({_place(why.asked_at, folder)})"
    if steps:
        lines = [f"{number}. `{step.member}` {_how(step, number)}{_used_at(step, folder)}" for number, step in enumerate(steps, 1)]
        blocks.append("In the program because\n" + "\n".join(lines))
    elif why.member:
        blocks.append("Nothing that is known uses this member; the whole assembly is read.")
    if why.fixes:
        blocks.append("Ways out\n" + "\n".join(f"- {_escaped(fix.title)}" for fix in why.fixes))
    return "\n\n".join(blocks)


def _how(step: Step, number: int) -> str:
    return _escaped(step.text) if number == 1 else f"← {_escaped(step.text)} it"


def _used_at(step: Step, folder: Path) -> str:
    return f" ({_place(step.place, folder)})" if step.place is not None else ""


def _place(place: Location, folder: Path) -> str:
    """A link that the editor opens at the line."""
    path = Path(place.file)
    if not path.is_absolute():
        return _escaped(place.file)
    name = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name
    return f"[{_escaped(name)}:{place.line}]({path.as_uri()}#L{place.line})"


def _escaped(text: str) -> str:
    """Text that Markdown shows as it is."""
    return "".join(f"\\{character}" if character in "\\`*_{}[]<>()#+|!" else character for character in text)
