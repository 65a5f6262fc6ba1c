"""`dev.py bench edits [SEQUENCES [EDITS [SEED]]]`: after random edits the incremental findings are those of a clean analysis."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from compiler.csharp.client import CSharpWorker
from compiler.user_cache import cache_directory
from tools.edits.compiling import Compiler, edits_toolchain
from tools.edits.equality import run_to_end

SEQUENCES, EDITS = 500, 6


def run(root: Path, arguments: list[str]) -> int:
    """Prints each difference and the sums; 1 when there is a difference."""
    given = [int(argument) for argument in arguments]
    n_sequences, n_edits, first = (*given, *(SEQUENCES, EDITS, 1000)[len(given) :])
    toolchain = edits_toolchain(root)
    compiler = Compiler(toolchain, CSharpWorker(toolchain, cache_directory(os.environ), os.environ))
    n_steps = n_bad = n_findings = 0
    for seed in range(first, first + n_sequences):
        step = run_to_end(compiler, seed, n_edits)
        n_steps += step.number
        n_findings += step.n_findings
        if step.differences:
            n_bad += 1
            sys.stdout.write(f"seed {seed} {step.edit}\n" + "".join(f"    {each}\n" for each in step.differences))
    compiler.worker.close()
    sys.stdout.write(f"{n_sequences} sequences, {n_steps} edits, {n_findings} findings compared: {n_bad} sequences differ\n")
    return 1 if n_bad else 0
