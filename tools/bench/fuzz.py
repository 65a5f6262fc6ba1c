"""`dev.py bench fuzz [MUTATIONS [SEED]]`: mutated assemblies and PDBs give findings or a typed error, in time and in memory."""

from __future__ import annotations

import os
import resource
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random

from analyzers.options import AnalysisOptions
from analyzers.run import AnalysisRequest
from compiler.csharp.client import CSharpWorker
from compiler.diagnostics import InputError
from compiler.flow.reader_kind import ReaderKind
from compiler.user_cache import cache_directory
from tools.edits.compiling import Compiler, edits_toolchain
from tools.edits.generator import make_project
from tools.edits.mutations import mutate

MUTATIONS = 100_000
# A session is replaced after so many: what one keeps of its references stays small.
EACH_SESSION = 2_000
SECONDS_LIMIT, MEMORY_LIMIT_MB = 2.0, 512


def run(root: Path, arguments: list[str]) -> int:
    """Prints the outcomes; 1 for a traceback, a mutation over the time limit, or memory over its limit."""
    n_mutations = int(arguments[0]) if arguments else MUTATIONS
    random = Random(int(arguments[1]) if len(arguments) > 1 else 1)
    toolchain = edits_toolchain(root)
    compiler = Compiler(toolchain, CSharpWorker(toolchain, cache_directory(os.environ), os.environ))
    request = compiler.compile("fuzz", make_project(Random(7), 3, 6, 5).texts())
    assert request is not None, "the made-up project compiles"
    compiler.worker.close()
    outcomes: Counter[str] = Counter()
    slowest, session = 0.0, compiler.session()
    for number in range(n_mutations):
        if number % EACH_SESSION == 0:
            session = compiler.session()
        image, symbols = mutate(random, request.image, request.pdb)
        began = time.process_time()
        try:
            reader = ReaderKind.BUILD if number % 2 else ReaderKind.PUBLISH
            session.findings(AnalysisRequest("program", image, symbols, AnalysisOptions(), reader))
            outcomes["findings"] += 1
        except InputError:
            outcomes["typed error"] += 1
        slowest = max(slowest, time.process_time() - began)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(f"{n_mutations} mutations: {dict(outcomes)}; slowest {slowest:.2f} s, most memory {memory:.0f} MB\n")
    return 0 if slowest <= SECONDS_LIMIT and memory <= MEMORY_LIMIT_MB else 1
