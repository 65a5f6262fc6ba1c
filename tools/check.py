"""`dev.py check`: every static check and the quick tests, side by side, as one table and an exit code."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tools import generate, house_rules

PARALLEL = 2


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one check said; `output` is shown when it failed."""

    name: str
    passed: bool
    output: str
    seconds: float


def run(root: Path, arguments: list[str]) -> int:
    """Runs all checks, or those named in `arguments`; 0 when all passed."""
    checks = all_checks(root)
    unknown = [name for name in arguments if name not in checks]
    if unknown:
        sys.stderr.write(f"unknown check '{unknown[0]}'; there are {', '.join(checks)}\n")
        return 2
    chosen = {name: check for name, check in checks.items() if not arguments or name in arguments}
    with ThreadPoolExecutor(PARALLEL) as pool:
        outcomes = list(pool.map(lambda item: timed(*item), chosen.items()))
    for outcome in outcomes:
        if not outcome.passed:
            sys.stdout.write(f"--- {outcome.name}\n{outcome.output.rstrip()}\n")
    for outcome in outcomes:
        sys.stdout.write(f"{'ok    ' if outcome.passed else 'FAILED'} {outcome.name:<12} {outcome.seconds:6.1f} s\n")
    return 0 if all(outcome.passed for outcome in outcomes) else 1


def all_checks(root: Path) -> dict[str, Callable[[], tuple[bool, str]]]:
    """Name -> check; the slow ones first, so that the quick ones fill the second place."""
    python = sys.executable
    return {
        "tests": lambda: command(root, [python, "-m", "pytest", "-q", "-x", "-m", "not run", "tests"]),
        "mypy": lambda: command(root, [python, "-m", "mypy"]),
        "ruff": lambda: command(root, [python, "-m", "ruff", "check", "."]),
        "layers": lambda: command(root, [python, "-c", "from importlinter.cli import lint_imports_command as c; c()"]),
        "rules": lambda: as_outcome(house_rules.violations(root)),
        "generated": lambda: as_outcome(generate.stale_files(root)),
    }


def as_outcome(complaints: list[str]) -> tuple[bool, str]:
    """(passed, output) of a check that lists complaints."""
    return not complaints, "\n".join(complaints)


def command(root: Path, line: list[str]) -> tuple[bool, str]:
    """(passed, output) of a command run in `root`."""
    done = subprocess.run(line, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode == 0, done.stdout


def timed(name: str, check: Callable[[], tuple[bool, str]]) -> Outcome:
    """The outcome of one check with the time it took."""
    start = time.monotonic()
    passed, output = check()
    return Outcome(name, passed, output, time.monotonic() - start)
