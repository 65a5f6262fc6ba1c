"""`dev.py bench evaluate [RUNS]`: how long evaluations take, in processes of their own, through the daemon and inside it.

Three projects: `samples/hello` with our own SDK, a console program over the text of a real SDK (`dotnet-10.0.401-text` in the shared
folder), and a project that imports 200 files and globs 20,000, once with each SDK. Beside each time stand the processor time of what was
started, or of this process, the limit, and its part of what `dotnet msbuild -getProperty` takes for a console program on such a machine.
Limits are for a machine that has nothing else to do; on a busy one processor time is what to look at.
"""

from __future__ import annotations

import gc
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from server.cli.main import COLLECTION_THRESHOLDS
from server.msbuild.project import ProjectEvaluator
from server.msbuild.warm import WarmEvaluations
from tools.bench.table import table

RUNS = 5
DOTNET_MS = 390.0
N_IMPORTS, N_FOLDERS, N_FILES_IN_FOLDER = 200, 200, 100
CONSOLE = (
    '<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net9.0</TargetFramework>'
    "</PropertyGroup>{}</Project>"
)
PROPS = (
    "<Project><PropertyGroup><P{0}>v</P{0}><Sum>$(Sum);$(P{0})</Sum></PropertyGroup>"
    '<ItemGroup><Thing Include="t{0}" Value="$(P{0})" /></ItemGroup></Project>'
)


@dataclass(frozen=True, slots=True)
class Taken:
    """One run: by the clock on the wall, and by the processor, user and system."""

    ms: float
    processor_ms: float


@dataclass(frozen=True, slots=True)
class Measured:
    """One line of the table."""

    name: str
    times: tuple[Taken, ...]
    limit_ms: float

    @property
    def median_ms(self) -> float:
        """Median of the times."""
        return statistics.median(taken.ms for taken in self.times)

    @property
    def processor_ms(self) -> float:
        """Median of the processor times."""
        return statistics.median(taken.processor_ms for taken in self.times)


@dataclass(frozen=True, slots=True)
class Bench:
    """Where a benchmark works: a scratch folder with cache and daemon of its own."""

    root: Path
    folder: Path
    runs: int
    sdk_text: Path

    def environment(self, *, over_sdk: bool) -> dict[str, str]:
        """What a process gets, with the text of the SDK or without any."""
        own = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.folder / "home"),
            "PYTHONPATH": str(self.root),
            "AOTD_CACHE_DIR": str(self.folder / "cache"),
            "AOTD_RUNTIME_DIR": str(self.folder / "run"),
        }
        return own | ({"DOTNET_ROOT": str(self.sdk_text)} if over_sdk else {})

    def forget(self) -> None:
        """Removes what processes left for later ones."""
        shutil.rmtree(self.folder / "cache", ignore_errors=True)


def run(root: Path, arguments: list[str]) -> int:
    """Prints the table; 1 when a time is over its limit."""
    shared = Path(os.environ.get("AOTD_SHARED", root.parent / "shared"))
    runs = int(arguments[0]) if arguments else RUNS
    with tempfile.TemporaryDirectory() as name:
        bench = Bench(root, Path(name), runs, shared / "dotnet-10.0.401-text")
        measured = [*hello(bench), *console(bench), *wide(bench, over_sdk=False), *wide(bench, over_sdk=True)]
    rows = [
        (line.name, f"{line.median_ms:.1f}", f"{line.processor_ms:.1f}", f"{line.limit_ms:.0f}", f"{line.median_ms / DOTNET_MS:.2f}")
        for line in measured
    ]
    sys.stdout.write(table(("evaluation", "ms", "processor ms", "limit ms", f"of {DOTNET_MS:.0f} ms"), rows))
    within = all(line.median_ms <= line.limit_ms for line in measured)
    sys.stdout.write(f"median of {runs}; limits {'kept' if within else 'EXCEEDED'}\n")
    return 0 if within else 1


def hello(bench: Bench) -> list[Measured]:
    """`samples/hello` with our own SDK."""
    sample = bench.folder / "hello"
    shutil.copytree(bench.root / "samples/hello", sample, ignore=shutil.ignore_patterns("bin", "obj"))
    project = sample / "hello.csproj"
    return [
        Measured("hello, own SDK: cold", in_processes(bench, project, bench.forget, over_sdk=False), 300),
        Measured("hello, own SDK: in the daemon after one edit", in_daemon(bench, project, over_sdk=False)[1], 20),
    ]


def console(bench: Bench) -> list[Measured]:
    """A console program over the text of a real SDK."""
    project = bench.folder / "console/console.csproj"
    project.parent.mkdir()
    project.write_text(CONSOLE.format(""))
    (project.parent / "Program.cs").write_text("System.Console.WriteLine();")
    return [
        Measured("console, real SDK: cold", in_processes(bench, project, bench.forget, over_sdk=True), 1000),
        Measured("console, real SDK: second process", in_processes(bench, project, lambda: None, over_sdk=True), 250),
        Measured("console, real SDK: through the daemon", through_daemon(bench, project), 100),
        Measured("console, real SDK: in the daemon after one edit", in_daemon(bench, project, over_sdk=True)[1], 30),
    ]


def wide(bench: Bench, *, over_sdk: bool) -> list[Measured]:
    """A project that imports many files and globs many more; the edits are of the project and of an imported file in turn."""
    folder = bench.folder / f"wide-{over_sdk}"
    (folder / "rules").mkdir(parents=True)
    for number in range(N_IMPORTS):
        (folder / f"rules/p{number}.props").write_text(PROPS.format(number))
    for number in range(N_FOLDERS):
        below = folder / f"src/d{number // 20}/e{number % 20}"
        below.mkdir(parents=True)
        for file in range(N_FILES_IN_FOLDER):
            (below / f"F{file}.cs").touch()
    project = folder / "wide.csproj"
    project.write_text(CONSOLE.format("".join(f'<Import Project="rules/p{number}.props" />' for number in range(N_IMPORTS))))
    name = f"200 imports, 20,000 files, {'real' if over_sdk else 'own'} SDK"
    first, edited = in_daemon(bench, project, over_sdk=over_sdk)
    imported = in_daemon(bench, project, over_sdk=over_sdk, edited=folder / "rules/p100.props")[1]
    return [
        Measured(f"{name}: cold", in_processes(bench, project, bench.forget, over_sdk=over_sdk), 2000),
        Measured(f"{name}: first time in the daemon", first, 2000),
        Measured(f"{name}: after an edit of the project", edited, 50),
        Measured(f"{name}: after an edit of an import", imported, 50),
    ]


def in_processes(bench: Bench, project: Path, prepare: Callable[[], None], *, over_sdk: bool) -> tuple[Taken, ...]:
    """Times of `aotd evaluate` without a daemon; compiled Python modules are there, as after an installation."""
    environment = bench.environment(over_sdk=over_sdk) | {"AOTD_NO_DAEMON": "1"}
    evaluate_once(project, environment)
    times: list[Taken] = []
    for _ in range(bench.runs):
        prepare()
        times.append(evaluate_once(project, environment))
    return tuple(times)


def through_daemon(bench: Bench, project: Path) -> tuple[Taken, ...]:
    """Times of `aotd evaluate` while a daemon runs that knows the project."""
    environment = bench.environment(over_sdk=True)
    daemon = [sys.executable, "-m", "server.cli.main", "daemon"]
    subprocess.run([*daemon, "start"], env=environment, stdout=subprocess.DEVNULL, check=True)
    try:
        for _ in range(2):
            evaluate_once(project, environment)
        return tuple(evaluate_once(project, environment) for _ in range(bench.runs))
    finally:
        subprocess.run([*daemon, "stop"], env=environment, stdout=subprocess.DEVNULL, check=True)


def evaluate_once(project: Path, environment: Mapping[str, str]) -> Taken:
    """What one `aotd evaluate` process takes."""
    command = [sys.executable, "-m", "server.cli.main", "evaluate", str(project), "-getProperty:TargetPath"]
    return taken(lambda: subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True), of_children=True)


def in_daemon(bench: Bench, project: Path, *, over_sdk: bool, edited: Path | None = None) -> tuple[tuple[Taken, ...], tuple[Taken, ...]]:
    """Times of a first evaluation and of one after an edit that changes a property, with what a daemon keeps."""
    file = edited or project
    text = file.read_text()
    first: list[Taken] = []
    later: list[Taken] = []
    thresholds = gc.get_threshold()
    gc.set_threshold(*COLLECTION_THRESHOLDS)
    try:
        for number in range(bench.runs):
            evaluations = WarmEvaluations()
            evaluator = evaluations.evaluator(bench.environment(over_sdk=over_sdk), str(project.parent), remembers=True)
            first.append(evaluate_here(evaluator, project))
            file.write_text(text.replace("</Project>", f"<PropertyGroup><AssemblyName>n{number}</AssemblyName></PropertyGroup></Project>"))
            later.append(evaluate_here(evaluator, project))
    finally:
        file.write_text(text)
        gc.set_threshold(*thresholds)
    return tuple(first), tuple(later)


def evaluate_here(evaluator: ProjectEvaluator, project: Path) -> Taken:
    """What one evaluation takes in this process."""
    return taken(lambda: evaluator.evaluate(project, {}), of_children=False)


def taken(work: Callable[[], object], *, of_children: bool) -> Taken:
    """The time of `work`, which one of this process and its children does."""
    whose = resource.RUSAGE_CHILDREN if of_children else resource.RUSAGE_SELF
    before, start = resource.getrusage(whose), time.perf_counter()
    work()
    wall, after = time.perf_counter() - start, resource.getrusage(whose)
    return Taken(wall * 1000, (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000)
