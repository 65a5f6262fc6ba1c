"""`dev.py bench wordcount [RUNS]`: samples/wordcount on 5 MB of generated text, native and on CoreCLR, the same bytes wanted."""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path

from tools.bench.coreclr import bench_toolchain, coreclr_contestant
from tools.bench.measuring import Contestant, build_c, measure, plain_environment
from tools.bench.publishing import publish_sample
from tools.bench.table import table

RUNS = 7
TEXT_BYTES = 5_000_000
RATIO_LIMIT = 1.5
FOREIGN_WORDS = "größe naïve мир Ελλάδα été Žluťoučký ångström cœur İstanbul 日本 smörgås ñandú fjörð łódź über".split()


def run(root: Path, arguments: list[str]) -> int:
    """Prints the table; 1 when the outputs differ or the native program takes more than `RATIO_LIMIT` of CoreCLR's time."""
    repeat = int(arguments[0]) if arguments else RUNS
    sample = publish_sample(root, "wordcount", "Release")
    sys.stdout.write(sample.summary + "\n")
    text = generated_text(TEXT_BYTES, seed=9)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        contestants = [
            Contestant("native", (str(sample.program),), plain_environment()),
            coreclr_contestant(bench_toolchain(root), sample.assembly, (), folder),
        ]
        summaries = measure(build_c("measure.c", folder), contestants, repeat, text)
    native, coreclr = summaries
    rows = [
        (summary.name, f"{summary.elapsed_ms:.0f}", f"{summary.fastest_ms:.0f}", f"{summary.processor_ms:.0f}", f"{summary.max_rss_mb:.1f}")
        for summary in summaries
    ]
    sys.stdout.write(table(("program", "ms", "fastest ms", "cpu ms", "peak MB"), rows))
    outputs = {run.stdout for summary in summaries for run in summary.runs}
    same = len(outputs) == 1 and len(next(iter(outputs))) > 0 and all(run.status == 0 for summary in summaries for run in summary.runs)
    ratio = native.elapsed_ms / coreclr.elapsed_ms
    kept = "kept" if ratio <= RATIO_LIMIT else "EXCEEDED"
    sys.stdout.write(f"median of {repeat}; output {'the same' if same else 'DIFFERS'}; ratio {ratio:.2f} (limit {RATIO_LIMIT}: {kept})\n")
    return 0 if same and ratio <= RATIO_LIMIT else 1


def generated_text(size_bytes: int, seed: int) -> bytes:
    """`size_bytes` of lines of words whose frequencies fall as in a natural text, some of them not ASCII; the same for the same seed."""
    source = random.Random(seed)
    letters = "etaoinshrdlucmfwypvbgkjqxz"
    words = ["".join(source.choices(letters, weights=range(26, 0, -1), k=source.randint(1, 12))) for _ in range(20_000)]
    words[50:200:10] = FOREIGN_WORDS
    weights = [1 / rank for rank in range(1, len(words) + 1)]
    lines: list[bytes] = []
    total = 0
    while total < size_bytes:
        chosen = source.choices(words, weights, k=source.randint(3, 16))
        chosen[0] = chosen[0].capitalize()
        line = (" ".join(chosen) + source.choice([".", "!", "?", ";", ","]) + "\n").encode()
        lines.append(line)
        total += len(line)
    return b"".join(lines)[:size_bytes].decode("utf-8", "ignore").encode()
