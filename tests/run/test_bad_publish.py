"""Publishes that cannot be done: one clear line, exit code 1, no traceback, nothing half-written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from compiler.csharp.toolchain import Toolchain
from tests.conftest import ROOT, CommandResult, RunAotd
from tests.run.projects import files_below, write_project
from tests.run.test_bad_projects import ENVIRONMENT, assert_one_error


@pytest.mark.parametrize(("rid", "code"), [("linux-x65", "NETSDK1083"), ("win-s390x", "AOTD0307")])
def test_runtime_identifier(aotd: RunAotd, tmp_path: Path, rid: str, code: str) -> None:
    project = write_project(tmp_path)
    assert_one_error(aotd("publish", project, "-r", rid, env=ENVIRONMENT), code, rid, "linux-x64")


def test_library(aotd: RunAotd, tmp_path: Path) -> None:
    project = write_project(tmp_path, source="public class C { }\n")
    assert_one_error(aotd("publish", project, "-p:OutputType=Library", env=ENVIRONMENT), "AOTD0306", "Library")


def in_mount(script: str, timeout: float = 300) -> CommandResult:
    """Runs a shell script that may mount file systems nobody else sees; needs root, as in CI's containers."""
    environment = {**os.environ, **ENVIRONMENT, "PYTHONPATH": str(ROOT), "AOTD": f"{sys.executable} -m server.cli.main"}
    line = ["unshare", "--mount", "sh", "-c", script]
    done = subprocess.run(line, env=environment, capture_output=True, text=True, timeout=timeout, check=False)
    return CommandResult(done.returncode, done.stdout, done.stderr)


@pytest.mark.run
def test_read_only_output_folder(tmp_path: Path) -> None:
    project = write_project(tmp_path / "p")
    output = tmp_path / "out"
    output.mkdir()
    result = in_mount(f"mount -t tmpfs -o ro none '{output}' && $AOTD publish '{project}' -o '{output}/deep'")
    assert_one_error(result, "MSB3191", "out/deep/", "Read-only file system")
    assert files_below(output) == {}


@pytest.mark.run
@pytest.mark.parametrize(
    ("full", "code", "words"),
    [
        ("", "AOTD2104", "no space left in the cache folder"),
        ("objects", "AOTD2101", "cannot be written: No space left on device"),
    ],
)
def test_full_disk_under_the_cache(tmp_path: Path, cache_dir: Path, toolchain: Toolchain, full: str, code: str, words: str) -> None:
    """The whole cache on a disk that is full, and only the objects with the tool chain and the C runtime already there."""
    project = write_project(tmp_path / "p")
    cache = tmp_path / "cache"
    (cache / full).mkdir(parents=True)
    links = [part for part in cache_dir.iterdir() if part.name != "objects" and (full or part.name in ("toolchain", "csharp-worker"))]
    script = f"mount -t tmpfs -o size=300k none '{cache / full}' && AOTD_CACHE_DIR='{cache}' && export AOTD_CACHE_DIR"
    for link in links:
        script += f" && ln -s '{link}' '{cache}/'"
    script += f" && $AOTD publish '{project}' -c Debug; code=$?; find '{cache}' -name '.*' -type f >&2; exit $code"
    result = in_mount(script)
    assert_one_error(result, code, words, str(cache))
    assert result.stderr == "", "temporary files were left"
    assert [name for name in files_below(tmp_path / "p" / "bin") if "publish" in name] == []
