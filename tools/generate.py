"""`dev.py gen`: writes the files that are made from code; `stale_files` says which of them need it.

A generator is a function from the repository's root to the text of one file. A file is never edited by hand when it stands here.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

GENERATED: dict[str, Callable[[Path], str]] = {}


def run(root: Path, arguments: list[str]) -> int:
    """Writes every generated file that is not up to date; prints the names."""
    if arguments:
        sys.stderr.write("dev.py gen takes no arguments\n")
        return 2
    for name, generate in GENERATED.items():
        path, text = root / name, generate(root)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"wrote {name}\n")
    return 0


def stale_files(root: Path) -> list[str]:
    """One line for each generated file whose text differs from what its generator gives now."""
    return [
        f"{name}: not up to date, run dev.py gen"
        for name, generate in GENERATED.items()
        if not (root / name).is_file() or (root / name).read_text(encoding="utf-8") != generate(root)
    ]
