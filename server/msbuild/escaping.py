"""MSBuild's %XX escaping: which characters are special, and text with and without it."""

from __future__ import annotations

import re

_ESCAPED = re.compile(r"%([0-9a-fA-F]{2})")
_SPECIAL = re.compile(r"[%*?@$();']")


def unescape(text: str) -> str:
    """`text` with every %XX replaced by its character; a % without two hexadecimal digits stays."""
    if "%" not in text:
        return text
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)


def escape(text: str) -> str:
    """`text` with MSBuild's special characters written as %xx (hexadecimal digits in lower case)."""
    if _SPECIAL.search(text) is None:
        return text
    return _SPECIAL.sub(lambda match: f"%{ord(match[0]):02x}", text)


def has_escaped_wildcards(text: str) -> bool:
    """Is there an escaped `*` or `?` in `text`?"""
    lowered = text.lower()
    return "%2a" in lowered or "%3f" in lowered
