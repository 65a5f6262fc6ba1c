"""`dev.py bench build [RUNS [FRAMEWORK]]`: builds of which nothing or one file has changed, in processes of their own and by the daemon.

A console program with our own SDK and, when DOTNET_ROOT names an SDK, with that one; and `samples/hello`, published again. Beside the
times stands the processor time of all processes that worked for the command, the daemon and what it started included. With a `dotnet` in
the folder that AOTD_BENCH_DOTNET names (DOTNET_ROOT otherwise) the same builds are made by it, and the ratio to them is told: wall time to
wall time, since what its servers use is not seen here.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.bench.table import table

RUNS = 5
FRAMEWORK = "net9.0"
PROJECT = (
    '<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><OutputType>Exe</OutputType><TargetFramework>{}</TargetFramework>'
    "</PropertyGroup></Project>"
)
SOURCE = "class Program {{ static void Main() {{ System.Console.WriteLine({}); }} }}"
AOTD = (sys.executable, "-m", "server.cli.main")
DOTNET = "dotnet build"
QUIET = ("build", "-nologo", "-v:q")
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Measured:
    """One line of the table; times in milliseconds. `compared` is the name of the build by `dotnet` that it is compared with."""

    name: str
    wall_ms: float
    processor_ms: float
    compared: str = ""


@dataclass(frozen=True, slots=True)
class Builder:
    """Something that builds a folder: a command, its environment, and the daemon that carries it out (0 without one)."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    daemon: int = 0


def run(root: Path, arguments: list[str]) -> int:
    """Prints the table."""
    runs = int(arguments[0]) if arguments else RUNS
    framework = arguments[1] if len(arguments) > 1 else FRAMEWORK
    sdk = os.environ.get("DOTNET_ROOT", "")
    dotnet = Path(os.environ.get("AOTD_BENCH_DOTNET", sdk or "none")) / "dotnet"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines = dotnet_builds(folder / "dotnet", dotnet, framework, runs) if dotnet.is_file() else []
        lines += aotd_builds(root, folder / "own", "own SDK", "", FRAMEWORK, runs)
        if sdk:
            lines += aotd_builds(root, folder / "sdk", "installed SDK", sdk, framework, runs)
        lines += publishes(root, folder / "hello", runs)
    by_name = {line.name: line for line in lines}
    rows = [(line.name, f"{line.wall_ms:.0f}", f"{line.processor_ms:.0f}", ratio(line, by_name)) for line in lines]
    sys.stdout.write(table(("build", "ms", "processor ms", "of dotnet build"), rows))
    sys.stdout.write(f"median of {runs}\n")
    return 0


def ratio(line: Measured, by_name: Mapping[str, Measured]) -> str:
    """The part of the time of the same build by `dotnet`; empty without one."""
    other = by_name.get(line.compared)
    return f"{line.wall_ms / other.wall_ms:.2f}" if other is not None else ""


def dotnet_builds(folder: Path, dotnet: Path, framework: str, runs: int) -> list[Measured]:
    """The builds by `dotnet`."""
    write_project(folder, framework)
    environment = {**os.environ, "DOTNET_ROOT": str(dotnet.parent), "DOTNET_CLI_TELEMETRY_OPTOUT": "1", "DOTNET_NOLOGO": "1"}
    return builds(Builder(DOTNET, (str(dotnet), *QUIET), environment), folder, runs)


def aotd_builds(root: Path, folder: Path, name: str, sdk: str, framework: str, runs: int) -> list[Measured]:
    """The builds by `aotd`, without a daemon and with one."""
    write_project(folder, framework)
    environment = aotd_environment(root, sdk)
    alone = Builder(f"{name}, process of its own", (*AOTD, *QUIET), {**environment, "AOTD_NO_DAEMON": "1"})
    lines = builds(alone, folder, runs)
    with_daemon(
        environment, lambda daemon: lines.extend(builds(Builder(f"{name}, daemon", (*AOTD, *QUIET), environment, daemon), folder, runs))
    )
    return lines


def publishes(root: Path, folder: Path, runs: int) -> list[Measured]:
    """`samples/hello` published when nothing has changed."""
    shutil.copytree(root / "samples/hello", folder, ignore=shutil.ignore_patterns("bin", "obj"))
    environment = aotd_environment(root, "")
    command = (*AOTD, "publish", "-v:q")
    lines = [unchanged(Builder("hello published again, process of its own", command, {**environment, "AOTD_NO_DAEMON": "1"}), folder, runs)]
    again = "hello published again, daemon"
    with_daemon(environment, lambda daemon: lines.append(unchanged(Builder(again, command, environment, daemon), folder, runs)))
    return lines


def builds(builder: Builder, folder: Path, runs: int) -> list[Measured]:
    """A build of which nothing has changed, and one of which a source has."""

    def edit(number: int) -> None:
        (folder / "Program.cs").write_text(SOURCE.format(number))

    first, second = unchanged(builder, folder, runs), median(builder, folder, runs, edit)
    times = {"nothing changed": (first.wall_ms, first.processor_ms), "a source changed": second}
    # What is compared with itself has no ratio.
    others = "" if builder.name == DOTNET else DOTNET
    return [Measured(f"{builder.name}: {what}", *each, f"{others}: {what}") for what, each in times.items()]


def unchanged(builder: Builder, folder: Path, runs: int) -> Measured:
    """The command when it has been carried out before, twice."""
    for _ in range(2):
        once(builder, folder)
    return Measured(builder.name, *median(builder, folder, runs, lambda _number: None))


def median(builder: Builder, folder: Path, runs: int, prepare: Callable[[int], None]) -> tuple[float, float]:
    """Medians of wall and processor time."""
    times: list[tuple[float, float]] = []
    for number in range(runs):
        prepare(number)
        times.append(once(builder, folder))
    return statistics.median(wall for wall, _ in times), statistics.median(processor for _, processor in times)


def once(builder: Builder, folder: Path) -> tuple[float, float]:
    """Wall and processor time of the command, in milliseconds. Raises CalledProcessError when it fails."""
    before, start = processor_seconds(builder.daemon), time.perf_counter()
    subprocess.run(builder.command, cwd=folder, env=dict(builder.environment), stdout=subprocess.DEVNULL, check=True)
    wall = time.perf_counter() - start
    return wall * 1000, (processor_seconds(builder.daemon) - before) * 1000


def processor_seconds(daemon: int) -> float:
    """What children of this process that have ended, and the daemon with its children, have used until now."""
    times = os.times()
    ended = times.children_user + times.children_system
    return ended + (sum(process_seconds(process) for process in (daemon, *children_of(daemon))) if daemon else 0.0)


def process_seconds(process: int) -> float:
    """Processor time of a process and of its children that have ended; 0 for one that has ended itself."""
    return sum(int(field) for field in status_of(process)[11:15]) / _TICKS_PER_SECOND


def children_of(process: int) -> list[int]:
    """The children of a process that run."""
    running = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [other for other in running if status_of(other)[1:2] == [str(process)]]


def status_of(process: int) -> list[str]:
    """The fields of /proc/PID/stat behind the name of the program; empty for a process that has ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def with_daemon(environment: Mapping[str, str], work: Callable[[int], None]) -> None:
    """Does `work` while a daemon runs, whose process id it is told."""
    with subprocess.Popen([*AOTD, "daemon", "run"], env=dict(environment), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as daemon:
        try:
            wait_for_daemon(environment, daemon)
            work(daemon.pid)
        finally:
            subprocess.run([*AOTD, "daemon", "stop"], env=dict(environment), stdout=subprocess.DEVNULL, check=False)


def wait_for_daemon(environment: Mapping[str, str], daemon: subprocess.Popen[bytes]) -> None:
    """Returns when the daemon answers. Raises CalledProcessError for one that has ended instead."""
    status: Sequence[str] = (*AOTD, "daemon", "status")
    while subprocess.run(status, env=dict(environment), stdout=subprocess.DEVNULL, check=False).returncode:
        if daemon.poll() is not None:
            raise subprocess.CalledProcessError(daemon.returncode, daemon.args)
        time.sleep(0.1)


def aotd_environment(root: Path, sdk: str) -> dict[str, str]:
    """What `aotd` gets: a daemon of its own, and the SDK or none."""
    own = {"PYTHONPATH": str(root), "AOTD_RUNTIME_DIR": str(Path(tempfile.gettempdir()) / f"aotd-bench-{os.getpid()}")}
    rest = {name: value for name, value in os.environ.items() if name not in ("DOTNET_ROOT", "AOTD_NO_DAEMON", "PYTHONDONTWRITEBYTECODE")}
    return {**rest, **own, **({"DOTNET_ROOT": sdk} if sdk else {})}


def write_project(folder: Path, framework: str) -> None:
    """A console program."""
    folder.mkdir()
    (folder / "console.csproj").write_text(PROJECT.format(framework))
    (folder / "Program.cs").write_text(SOURCE.format('"hello"'))
