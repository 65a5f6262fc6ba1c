"""Command lines to measured runs: elapsed time, processor time and peak memory, the compared programs in turn.

Runs alternate (a b c a b c ...), so that a change in the machine's load falls on all of them alike; medians are reported.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Contestant:
    """A command to measure; `environment` is all that the process gets."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Run:
    """One measured run. `status` is the exit code, 128 + N for signal N."""

    elapsed_ms: float
    user_ms: float
    system_ms: float
    max_rss_kb: int
    status: int
    stdout: bytes


@dataclass(frozen=True, slots=True)
class Summary:
    """The runs of one contestant."""

    name: str
    runs: tuple[Run, ...]

    @property
    def elapsed_ms(self) -> float:
        """Median of the elapsed times."""
        return statistics.median(run.elapsed_ms for run in self.runs)

    @property
    def processor_ms(self) -> float:
        """Median of the processor times, user and system together."""
        return statistics.median(run.user_ms + run.system_ms for run in self.runs)

    @property
    def fastest_ms(self) -> float:
        """Shortest elapsed time."""
        return min(run.elapsed_ms for run in self.runs)

    @property
    def max_rss_mb(self) -> float:
        """Largest peak memory of all runs, in units of 1024 * 1024 bytes."""
        return max(run.max_rss_kb for run in self.runs) / 1024


def build_c(source: str, folder: Path, *options: str) -> Path:
    """The program made by the system's C compiler from a file beside this module."""
    output = folder / Path(source).stem
    subprocess.run(["gcc", "-O2", "-o", str(output), str(HERE / source), *options], check=True)
    return output


def measure(measurer: Path, contestants: Sequence[Contestant], repeat: int, stdin: bytes = b"") -> list[Summary]:
    """`repeat` runs of each contestant, in turn, each fed `stdin`; `measurer` is the program built from measure.c."""
    runs: dict[str, list[Run]] = {contestant.name: [] for contestant in contestants}
    with tempfile.TemporaryDirectory() as folder:
        given = Path(folder) / "stdin"
        given.write_bytes(stdin)
        for _ in range(repeat):
            for contestant in contestants:
                runs[contestant.name].append(measure_once(measurer, contestant, given, Path(folder)))
    return [Summary(name, tuple(measured)) for name, measured in runs.items()]


def measure_once(measurer: Path, contestant: Contestant, stdin: Path, folder: Path) -> Run:
    """One run in `folder`. Output goes to a file, so that no reader slows the program down."""
    result, stdout = folder / "result", folder / "stdout"
    with stdin.open("rb") as given, stdout.open("wb") as sink:
        line = [str(measurer), str(result), *contestant.command]
        subprocess.run(line, stdin=given, stdout=sink, stderr=subprocess.DEVNULL, env=contestant.environment, cwd=folder, check=True)
    elapsed_ns, user_us, system_us, max_rss_kb, status = map(int, result.read_text().split())
    return Run(elapsed_ns / 1e6, user_us / 1e3, system_us / 1e3, max_rss_kb, status, stdout.read_bytes())


def plain_environment() -> dict[str, str]:
    """The environment of measured programs: a path, a locale and a time zone."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
