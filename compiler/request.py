"""What the compiler is asked and what it answers: the typed seam between a publish and `compiler.driver`.

Nothing here knows MSBuild properties; a publish turns them into these values. Every path is absolute.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Protocol

from compiler.diagnostics import Diagnostic
from compiler.flow.root_files import RootFile


class Optimization(Enum):
    """How much work code generation does: `DEBUG` is the quick tier, the others run the full pipeline."""

    DEBUG = "debug"
    BLENDED = "blended"
    SPEED = "speed"
    SIZE = "size"


@dataclass(frozen=True, slots=True)
class CompileRequest:
    """One program to compile.

    `app` is the IL assembly with the entry point, its portable PDB beside it. `references` are the other assemblies outside the
    framework that it may load. `feature_switches` are folded into the code (AppContext name -> value, as ILLink substitutions
    name them); `runtime_knobs` are what AppContext answers at run time and include the former. `output` and `symbols` are
    written with a temporary name and renamed; `symbols` is None when no separate symbols file is wanted. `npm` fetches the
    source of zlib for the first program that compresses; None when it is not installed. `root_files` and `whole_assemblies`
    (lower-case names) say what is kept for reflection whatever the code shows.
    """

    app: Path
    references: tuple[Path, ...]
    framework_dir: Path
    rid: str
    optimization: Optimization
    feature_switches: Mapping[str, bool]
    runtime_knobs: Mapping[str, str]
    output: Path
    symbols: Path | None
    strip: bool
    cache_dir: Path
    n_workers: int
    npm: Path | None
    root_files: tuple[RootFile, ...] = ()
    whole_assemblies: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class CompileResult:
    """What became of a request. `output` is None when `diagnostics` hold an error, and then nothing was written.

    `n_methods` bodies are in the program: `n_generated` of them had code generated for this request, `n_reused` came from
    the cache.
    """

    output: Path | None
    symbols: Path | None
    diagnostics: tuple[Diagnostic, ...]
    n_methods: int
    n_generated: int
    n_reused: int
    size_bytes: int


class Progress(Protocol):
    """Where the compiler tells how far it is; calls may come often and must return quickly."""

    def step(self, text: str) -> None:
        """A new step begins."""

    def count(self, done: int, total: int) -> None:
        """`done` of `total` parts of the present step are ready; `total` is 0 when it is not known yet."""
