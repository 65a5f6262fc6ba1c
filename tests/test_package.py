"""The wheel has every file of the packages: what is not a module (C sources, props, targets, C# of the worker) is easily left out."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

PACKAGES = ("compiler", "analyzers", "server")


@pytest.mark.run
def test_the_wheel_is_complete(repository: Path, tmp_path: Path) -> None:
    listing = ["git", "ls-files", "README.md", "LICENSE", "pyproject.toml", *PACKAGES]
    tracked = subprocess.run(listing, cwd=repository, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    source = tmp_path / "source"
    for name in tracked:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes((repository / name).read_bytes())
    line = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(source)]
    subprocess.run(line, check=True, capture_output=True)
    wheel = zipfile.ZipFile(next(tmp_path.glob("*.whl")))
    wanted = {name for name in tracked if name.startswith(PACKAGES)}
    assert wanted <= set(wheel.namelist()), sorted(wanted - set(wheel.namelist()))
