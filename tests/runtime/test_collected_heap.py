"""The collected heap, threads, monitors, wait objects and handles, driven by C programs that stand in for compiled code.

Each program is built once, with the runtime's assertions and the undefined-behaviour sanitizer (which traps), and run in
several settings: RT_GC_STRESS collects at every Nth slow allocation, RT_VERIFY_HEAP checks the heap after each marking.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
RUNTIME = HERE.parent.parent / "compiler" / "runtime"
SOURCES = ("space", "blocks", "alloc", "large", "mark", "gc", "roots", "finalize", "thread", "monitor", "wait")
PROGRAMS = ("fragments", "graph", "handles", "threads", "trees", "waits")
TARGET = "x86_64-linux-gnu.2.17"
FLAGS = ("-O1", "-g", "-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-fsanitize=undefined", "-fsanitize-trap=undefined")


def zig_cc(*arguments: str | Path) -> None:
    """Runs the C compiler from a directory where no package of ours hides one of Python's."""
    command = [sys.executable, "-m", "ziglang", "cc", *map(str, arguments)]
    result = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    directory = tmp_path_factory.mktemp("collected_heap")
    objects = []
    for source in (*(RUNTIME / f"{name}.c" for name in SOURCES), HERE / "support.c"):
        objects.append(directory / f"{source.stem}.o")
        zig_cc("-target", TARGET, *FLAGS, f"-I{RUNTIME}", "-c", source, "-o", objects[-1])
    built = {}
    for name in PROGRAMS:
        built[name] = directory / name
        zig_cc("-target", TARGET, *FLAGS, f"-I{RUNTIME}", HERE / f"{name}.c", *objects, "-o", built[name], "-lpthread")
    return built


def run(program: Path, *arguments: str, **settings: str) -> str:
    result = subprocess.run(
        [program, *arguments], env={**os.environ, **settings}, capture_output=True, text=True, timeout=240, check=False
    )
    assert result.returncode == 0, f"exit code {result.returncode}\n{result.stdout}{result.stderr}"
    return result.stdout


@pytest.mark.parametrize("seed", range(6))
def test_random_graph_agrees_with_its_shadow(programs: Mapping[str, Path], seed: int) -> None:
    assert run(programs["graph"], str(seed), "60000") == "ok\n"


def test_random_graph_under_stress(programs: Mapping[str, Path]) -> None:
    assert run(programs["graph"], "7", "12000", RT_GC_STRESS="5", RT_VERIFY_HEAP="1") == "ok\n"


def test_handles_finalizers_and_conservative_roots(programs: Mapping[str, Path]) -> None:
    assert run(programs["handles"]) == "ok\n"
    assert run(programs["handles"], RT_VERIFY_HEAP="1") == "ok\n"


def test_exhausted_memory_is_an_exception(programs: Mapping[str, Path]) -> None:
    assert run(programs["handles"], "exhaustion") == "ok\n"


@pytest.mark.parametrize("settings", [{}, {"RT_VERIFY_HEAP": "1"}, {"RT_GC_STRESS": "60", "RT_VERIFY_HEAP": "1"}])
def test_threads_and_monitors(programs: Mapping[str, Path], settings: dict[str, str]) -> None:
    assert run(programs["threads"], **settings) == "ok\n"


@pytest.mark.parametrize("settings", [{}, {"RT_GC_STRESS": "1"}])
def test_wait_objects(programs: Mapping[str, Path], settings: dict[str, str]) -> None:
    assert run(programs["waits"], **settings) == "ok\n"


def test_trees_stay_within_three_times_their_live_size(programs: Mapping[str, Path]) -> None:
    result = subprocess.run([programs["trees"], "16"], capture_output=True, text=True, timeout=240, check=True)
    assert result.stdout == "304697096558\n"
    figures = dict(part.split("=") for part in result.stderr.split())
    two_largest_trees_kb = 3 * (1 << 16) * 2 * 32 // 1024
    assert int(figures["peak_kb"]) < 3 * two_largest_trees_kb, result.stderr


@pytest.mark.parametrize(("length", "every"), [(200, 50), (300, 50), (300, 200), (1000, 50), (3000, 20), (5000, 20), (30000, 10)])
def test_scattered_survivors_do_not_make_the_heap_grow(programs: Mapping[str, Path], length: int, every: int) -> None:
    assert run(programs["fragments"], str(length), str(every)) == "ok\n"


@pytest.mark.parametrize("target", ["aarch64-linux-gnu.2.17", "x86_64-linux-musl", "aarch64-linux-musl"])
def test_compiles_for(target: str, tmp_path: Path) -> None:
    for name in SOURCES:
        arguments = ("-O2", "-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-c", RUNTIME / f"{name}.c")
        zig_cc("-target", target, *arguments, "-o", tmp_path / f"{name}.o")
