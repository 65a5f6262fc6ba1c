"""Samples to native programs, by the `aotd` command as a user runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PublishedSample:
    """A published sample: the native program and the IL assembly that it was made from."""

    program: Path
    assembly: Path
    summary: str


def publish_sample(root: Path, name: str, configuration: str) -> PublishedSample:
    """Publishes samples/<name> in place, without the daemon. Raises CalledProcessError when that fails."""
    project = root / "samples" / name
    environment = {**os.environ, "AOTD_NO_DAEMON": "1", "PYTHONPATH": str(root)}
    line = [sys.executable, "-m", "server.cli.main", "publish", str(project), "-c", configuration]
    done = subprocess.run(line, cwd=root, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    inner = Path(configuration) / "net9.0" / "linux-x64"
    return PublishedSample(
        program=project / "bin" / inner / "publish" / name,
        assembly=project / "obj" / inner / f"{name}.dll",
        summary=done.stdout.splitlines()[-1].strip(),
    )
