"""`dev.py bench NAME`: picks a benchmark."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

BENCHMARKS = {
    "build": "tools.bench.build",
    "evaluate": "tools.bench.evaluate",
    "hello": "tools.bench.hello",
    "fuzz-projects": "tools.bench.fuzz_projects",
    "wordcount": "tools.bench.wordcount",
    "programs": "tools.bench.programs",
    "analyze": "tools.bench.analyze",
    "editor": "tools.bench.editor",
    "edits": "tools.bench.edits",
    "fuzz": "tools.bench.fuzz",
    "restore": "tools.bench.restore",
}


def run(root: Path, arguments: list[str]) -> int:
    """Runs one benchmark; its table goes to stdout."""
    if not arguments or arguments[0] not in BENCHMARKS:
        sys.stderr.write(f"dev.py bench NAME [ARGUMENTS], with NAME one of: {', '.join(BENCHMARKS)}\n")
        return 2
    return int(importlib.import_module(BENCHMARKS[arguments[0]]).run(root, arguments[1:]))
