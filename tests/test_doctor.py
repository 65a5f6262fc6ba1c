"""`aotd doctor`: what it says and how it ends when things are missing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from compiler.csharp.embedded import fetch_embedded, open_embedded
from compiler.csharp.toolchain import Finding, find_toolchain, require_npm
from compiler.user_cache import cache_directory
from server.cli.doctor import render_findings
from tests.conftest import RunAotd


def test_the_table() -> None:
    rows = (
        Finding("a tool", "1.0", is_found=True, is_fatal=False, fix=""),
        Finding("b", "gone", is_found=False, is_fatal=True, fix="get it"),
        Finding("c", "not needed", is_found=False, is_fatal=False, fix=""),
    )
    assert render_findings(rows) == "ok    a tool  1.0\nFAIL  b       gone\n              fix: get it\n-     c       not needed\n"


def test_nothing_there(aotd: RunAotd, tmp_path: Path) -> None:
    result = aotd("doctor", env={"AOTD_CACHE_DIR": str(tmp_path), "PATH": str(tmp_path)})
    assert result.exit_code == 1 and result.stderr == ""
    assert "FAIL  npm " in result.stdout and "fix: install Node.js with npm" in result.stdout
    assert "FAIL  embedded tool chain" in result.stdout


def test_fetch_without_npm_is_one_line(aotd: RunAotd, tmp_path: Path) -> None:
    result = aotd("doctor", "--fetch", env={"AOTD_CACHE_DIR": str(tmp_path), "PATH": str(tmp_path)})
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("aotd: error AOTD0102: npm is not on PATH") and result.stderr.count("\n") == 1


@pytest.mark.run
def test_all_there(aotd: RunAotd) -> None:
    if find_toolchain(os.environ, Path.cwd()) is None:
        fetch_embedded(cache_directory(os.environ), require_npm(os.environ), lambda _done, _total: None)
    result = aotd("doctor")
    assert result.exit_code == 0, result.output
    assert "FAIL" not in result.stdout and "Roslyn" in result.stdout
    if open_embedded(cache_directory(os.environ)) is not None:
        assert "ok    embedded tool chain" in result.stdout


def test_an_unwritable_cache(aotd: RunAotd, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = aotd("doctor", env={"AOTD_CACHE_DIR": str(tmp_path / "file")})
    assert result.exit_code == 1
    assert "FAIL  cache folder" in result.stdout
