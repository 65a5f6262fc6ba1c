"""A value -> a text that is the same for equal values only: what a digest of a question is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass


def text_of(value: object) -> str:
    """A value made of data classes, collections and plain values as text; sets and mappings in order."""
    if is_dataclass(value) and not isinstance(value, type):
        return f"{type(value).__name__}({', '.join(f'{each.name}={text_of(getattr(value, each.name))}' for each in fields(value))})"
    if isinstance(value, Mapping):
        return f"{{{', '.join(sorted(f'{text_of(key)}: {text_of(item)}' for key, item in value.items()))}}}"
    if isinstance(value, frozenset | set):
        return f"{{{', '.join(sorted(text_of(each) for each in value))}}}"
    if isinstance(value, tuple | list):
        return f"({', '.join(text_of(each) for each in value)})"
    return repr(value)
