"""`dev.py test`: pytest over all tests, with `--bless` for the expectations of tests/cases."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def run(root: Path, arguments: list[str]) -> int:
    """The exit code of pytest; `arguments` are passed on."""
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=root, check=False).returncode
