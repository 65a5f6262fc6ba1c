"""A finished publish as a value, and its line for people."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Published:
    """A finished publish. Counts are those of `CompileResult`; `unsupported` says what throws when the program gets there."""

    name: str
    program: Path
    symbols: Path | None
    size_bytes: int
    n_methods: int
    n_generated: int
    n_reused: int
    unsupported: tuple[str, ...]

    @property
    def files(self) -> tuple[Path, ...]:
        """What was written."""
        return (self.program, *((self.symbols,) if self.symbols is not None else ()))


def summary(published: Published, seconds: float) -> str:
    """One line: the program, its size, its methods, the time."""
    methods = f"{published.n_methods:,} methods: {published.n_generated:,} compiled, {published.n_reused:,} reused"
    return f"{published.name} -> {published.program} ({published.size_bytes / 1e6:.2f} MB, {methods}, {seconds:.1f} s)"
