"""Findings -> identities that survive edits elsewhere: what is said about which member, never at which line.

Findings that are alike in one member are told apart by their order in it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from analyzers.finding import Finding


@dataclass(frozen=True, slots=True)
class Identity:
    """A finding without its place. `member` is the file's name for what lies in no member; `ordinal` counts equal ones from 0."""

    id: str
    member: str
    message: str
    ordinal: int

    @property
    def fingerprint(self) -> str:
        """32 hexadecimal digits that depend on the identity alone."""
        text = "\0".join((self.id, self.member, self.message, str(self.ordinal)))
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def identities(findings: Sequence[Finding]) -> tuple[Identity, ...]:
    """The identity of each of `findings`, which are sorted by place, in the same order."""
    seen: Counter[tuple[str, str, str]] = Counter()
    found: list[Identity] = []
    for finding in findings:
        key = (finding.id, _member(finding), finding.message)
        found.append(Identity(*key, ordinal=seen[key]))
        seen[key] += 1
    return tuple(found)


def _member(finding: Finding) -> str:
    if finding.member or finding.location is None:
        return finding.member
    return PurePosixPath(finding.location.file).name
