"""JSON as people write it in global.json and in manifests of workloads, comments and trailing commas included -> its object."""

from __future__ import annotations

import json
import re

_COMMENT = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")


def read_json_object(text: str) -> dict[str, object]:
    """The members of the object; empty when the text is none."""
    try:
        content = json.loads(_TRAILING_COMMA.sub(r"\1", _COMMENT.sub(lambda match: match[1] or " ", text)))
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
