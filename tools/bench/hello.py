"""`dev.py bench hello [RUNS]`: size, start and memory of the native hello, with CoreCLR and a C program beside it in the same run."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tools.bench.coreclr import bench_toolchain, coreclr_contestant
from tools.bench.measuring import Contestant, Summary, build_c, measure, plain_environment
from tools.bench.publishing import publish_sample
from tools.bench.table import table

RUNS = 100
SIZE_LIMIT_BYTES = 4 * 1024 * 1024
START_LIMIT_MS = 5.0
MEMORY_LIMIT_MB = 12.0


def run(root: Path, arguments: list[str]) -> int:
    """Prints the table; 1 when the native program is over a limit."""
    repeat = int(arguments[0]) if arguments else RUNS
    sample = publish_sample(root, "hello", "Release")
    sys.stdout.write(sample.summary + "\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        c_program = build_c("hello.c", folder)
        contestants = [
            Contestant("native", (str(sample.program),), {}),
            coreclr_contestant(bench_toolchain(root), sample.assembly, (), folder),
            Contestant("C", (str(c_program),), plain_environment()),
        ]
        native, coreclr, c = measure(build_c("measure.c", folder), contestants, repeat)
        rows = [
            row(native, f"{sample.program.stat().st_size:,}"),
            row(coreclr, f"{sample.assembly.stat().st_size:,} (IL)"),
            row(c, f"{c_program.stat().st_size:,}"),
        ]
    sys.stdout.write(table(("program", "bytes", "start ms", "fastest ms", "cpu ms", "peak MB"), rows))
    libraries = subprocess.run(["ldd", str(sample.program)], stdout=subprocess.PIPE, text=True, check=False).stdout.split()
    needed = ", ".join(sonames(libraries)) or "no library"
    sys.stdout.write(f"median of {repeat}; the native one with an empty environment; it needs {needed}\n")
    within = (
        sample.program.stat().st_size <= SIZE_LIMIT_BYTES and native.elapsed_ms <= START_LIMIT_MS and native.max_rss_mb <= MEMORY_LIMIT_MB
    )
    sys.stdout.write(f"limits (4 MB, {START_LIMIT_MS:.0f} ms, {MEMORY_LIMIT_MB:.0f} MB): {'kept' if within else 'EXCEEDED'}\n")
    return 0 if within and all(run.status == 0 for run in native.runs) else 1


def row(summary: Summary, size: str) -> tuple[str, ...]:
    """One line of the table."""
    times = (summary.elapsed_ms, summary.fastest_ms, summary.processor_ms)
    return (summary.name, size, *(f"{value:.2f}" for value in times), f"{summary.max_rss_mb:.1f}")


def sonames(words: list[str]) -> list[str]:
    """The names of shared libraries among the words that ldd printed."""
    return sorted({word for word in words if ".so" in word and "/" not in word})
