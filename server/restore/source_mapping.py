"""Package source mapping: a package id to the sources that may serve it.

An exact pattern decides, else the longest prefix that fits; a pattern ends at its star. Case does not count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from server.restore.errors import ConfigError

_LONGEST_ID = 100


@dataclass(frozen=True, slots=True)
class SourceMapping:
    """Patterns in lower case, without their star, -> names of sources; `prefixes` are those that had one.

    A pattern with a star and one without it, otherwise equal, share their sources, as in NuGet.
    """

    sources: Mapping[str, tuple[str, ...]]
    prefixes: frozenset[str]

    def sources_for(self, package_id: str) -> tuple[str, ...]:
        """Names of the sources that may serve the package; none when no pattern fits."""
        wanted = package_id.lower().strip()
        if wanted in self.sources:
            return self.sources[wanted]
        fitting = max((prefix for prefix in self.prefixes if wanted.startswith(prefix)), key=len, default=None)
        return self.sources[fitting] if fitting is not None else ()


def source_mapping(patterns: Mapping[str, tuple[str, ...]]) -> SourceMapping | None:
    """The mapping that `patterns` (by source name) make; None when there are none. Raises ConfigError."""
    sources: dict[str, tuple[str, ...]] = {}
    prefixes = set()
    for name, source_patterns in patterns.items():
        for pattern in source_patterns:
            text, star, _ = pattern.lower().strip().partition("*")
            if not (text or star) or len(pattern) > _LONGEST_ID:
                raise ConfigError(f"Package source '{name}' has an invalid package pattern '{pattern}'.")
            sources[text] = (*sources.get(text, ()), name.strip())
            if star:
                prefixes.add(text)
    return SourceMapping(sources, frozenset(prefixes)) if patterns else None
