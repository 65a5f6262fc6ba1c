"""`dev.py bench programs [NAME...]`: the corpus's benchmarks, native (Release) and on CoreCLR in the same run.

The arguments and the wanted output come from the corpus's reference.json; a program whose output differs is marked.
"""

from __future__ import annotations

import json
import math
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from compiler.csharp.client import CSharpWorker
from compiler.library_memory import LibraryMemory
from compiler.request import Optimization
from compiler.user_cache import cache_directory
from tests.run.compiling import NativeCompiler, compile_native
from tests.run.corpus import CONFIG, CorpusProgram, Expectation
from tests.run.executing import compile_il
from tools.bench.coreclr import bench_toolchain, coreclr_contestant
from tools.bench.measuring import Contestant, Summary, build_c, measure, plain_environment
from tools.bench.table import table

RUNS = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """One benchmark, measured."""

    name: str
    native: Summary
    coreclr: Summary
    is_right: bool

    @property
    def ratio(self) -> float:
        """Time of the native program in units of CoreCLR's."""
        return self.native.elapsed_ms / self.coreclr.elapsed_ms


def run(root: Path, arguments: list[str]) -> int:
    """Prints the table; 1 when an output is wrong or a program cannot be compiled."""
    corpus = Path(os.environ.get("AOTD_SHARED", root.parent / "shared")) / "corpus"
    reference = json.loads((corpus / "bench" / "reference.json").read_text())["programs"]
    unknown = [name for name in arguments if name not in reference]
    if unknown:
        sys.stderr.write(f"no benchmark '{unknown[0]}'; there are {', '.join(reference)}\n")
        return 2
    toolchain = bench_toolchain(root)
    worker = CSharpWorker(toolchain, cache_directory(os.environ), os.environ)
    compiler = NativeCompiler(toolchain, cache_directory(os.environ), LibraryMemory())
    outcomes: list[Outcome] = []
    failed: list[str] = []
    for name in arguments or list(reference):
        program = bench_program(corpus, name, reference[name])
        with tempfile.TemporaryDirectory() as folder:
            try:
                outcomes.append(measure_program(program, worker, compiler, Path(folder)))
            except AssertionError as error:
                failed.append(name)
                sys.stdout.write(f"{name}: {str(error).splitlines()[0]}\n")
                continue
        sys.stdout.write(f"{name}: {outcomes[-1].ratio:.2f}\n")
        sys.stdout.flush()
    worker.close()
    report(outcomes)
    return 0 if not failed and all(outcome.is_right for outcome in outcomes) else 1


def bench_program(corpus: Path, name: str, reference: dict[str, object]) -> CorpusProgram:
    """The benchmark with its recorded arguments and output."""
    arguments, stdout = reference["args"], reference["stdout"]
    assert isinstance(arguments, list) and isinstance(stdout, str), "as the corpus writes it"
    source = corpus / "bench" / f"{name}.cs"
    return CorpusProgram("bench", name, source, tuple(arguments), "", {}, CONFIG, (), (), Expectation(0, stdout))


def measure_program(program: CorpusProgram, worker: CSharpWorker, compiler: NativeCompiler, folder: Path) -> Outcome:
    """Compiles and runs both. Raises AssertionError with the compiler's words when it does not compile."""
    assembly = compile_il(program, worker, compiler.toolchain, folder)
    native = compile_native(compiler, program, assembly, Optimization.BLENDED, folder / "native" / program.name)
    contestants = [
        Contestant("native", (str(native), *program.args), plain_environment()),
        coreclr_contestant(compiler.toolchain, assembly, program.args, folder),
    ]
    native_runs, coreclr_runs = measure(build_c("measure.c", folder), contestants, RUNS)
    wanted = program.expected.stdout.encode()
    is_right = all(run.status == 0 and run.stdout == wanted for run in native_runs.runs)
    return Outcome(program.name, native_runs, coreclr_runs, is_right)


def report(outcomes: list[Outcome]) -> None:
    """The table and the geometric mean of the ratios."""
    rows = [
        (
            outcome.name,
            f"{outcome.native.elapsed_ms:.0f}",
            f"{outcome.coreclr.elapsed_ms:.0f}",
            f"{outcome.ratio:.2f}",
            f"{outcome.native.max_rss_mb:.0f}",
            f"{outcome.coreclr.max_rss_mb:.0f}",
            "" if outcome.is_right else "WRONG OUTPUT",
        )
        for outcome in outcomes
    ]
    sys.stdout.write(table(("benchmark", "native ms", "CoreCLR ms", "ratio", "native MB", "CoreCLR MB", ""), rows))
    right = [outcome.ratio for outcome in outcomes if outcome.is_right]
    if right:
        sys.stdout.write(f"geometric mean of {len(right)}: {math.exp(sum(map(math.log, right)) / len(right)):.2f}, median of {RUNS} runs\n")
