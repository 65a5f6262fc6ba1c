#!/usr/bin/env python3
"""The one command for developers: `dev.py setup | check | test [--bless] [pytest arguments] | gen | bench NAME`.

check   ruff, mypy, layer contracts, house rules, generated files, and the tests without the run stage (under a minute)
test    all tests; `--bless` rewrites the expectations of tests/cases, to be read before they are committed
setup   makes .venv with everything that the tests need, from a fresh checkout
gen     writes the files that are generated from code
bench   measures: analyze, build, editor, evaluate, hello, wordcount, programs, restore;
        edits compares incremental findings with clean ones; fuzz and fuzz-projects try mutated assemblies and project files
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
COMMANDS = {
    "setup": "tools.setup",
    "check": "tools.check",
    "test": "tools.run_tests",
    "gen": "tools.generate",
    "bench": "tools.bench.main",
}


def main(arguments: list[str]) -> int:
    """The exit code of one developer command."""
    if not arguments or arguments[0] not in COMMANDS:
        sys.stderr.write((__doc__ or "").strip() + "\n")
        return 2
    sys.path.insert(0, str(ROOT))
    return int(importlib.import_module(COMMANDS[arguments[0]]).run(ROOT, arguments[1:]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
