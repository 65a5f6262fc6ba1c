"""The target framework of a project and those that a referenced project offers -> the one that the reference gets, by NuGet's rules."""

from __future__ import annotations

from collections.abc import Sequence

from server.restore.framework_compatibility import nearest
from server.restore.frameworks import parse_framework


def offered_frameworks(target_frameworks: str) -> tuple[str, ...]:
    """The names in the property TargetFrameworks."""
    return tuple(word for part in target_frameworks.split(";") if (word := part.strip()))


def fitting_framework(target_framework: str, offered: Sequence[str]) -> str | None:
    """The name among `offered`; None when the project cannot use any of them."""
    parsed = {parse_framework(word): word for word in reversed(offered)}
    exact = [word for word in offered if word.lower() == target_framework.lower()]
    found = nearest(parse_framework(target_framework), parsed)
    return exact[0] if exact else parsed[found] if found is not None else None


def unfitting_text(project: str, target_frameworks: str, target_framework: str) -> str:
    """The text of NU1201."""
    text = f"Project '{project}' targets '{target_frameworks}'."
    return f"{text} It cannot be referenced by a project that targets '{target_framework}'."
