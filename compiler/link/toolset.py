"""zig from its wheel: C compiler, linker and objcopy for every target, run as processes."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from compiler.diagnostics import InputError

# zig aborts without a word when its cache is full; with less free space than this, that was the reason.
LEAST_FREE_BYTES = 4096 * 16


def zig_path() -> Path:
    """The zig program of the installed wheel. Raises InputError when it is not installed."""
    spec = importlib.util.find_spec("ziglang")
    if spec is None or spec.origin is None:
        raise InputError("AOTD2103", "the package 'ziglang' is not installed; install aotd again with its dependencies")
    return Path(spec.origin).parent / "zig"


def run_zig(arguments: Sequence[str], cache_dir: Path, what: str) -> None:
    """Runs zig. Raises InputError with its first message when it fails."""
    environment = {
        "ZIG_GLOBAL_CACHE_DIR": str(cache_dir / "zig"),
        "ZIG_LOCAL_CACHE_DIR": str(cache_dir / "zig"),
        "PATH": "/usr/bin:/bin",
        "HOME": str(cache_dir),
    }
    done = subprocess.run([str(zig_path()), *arguments], env=environment, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        if shutil.disk_usage(cache_dir).free < LEAST_FREE_BYTES:
            raise InputError("AOTD2104", f"{what} failed: no space left in the cache folder '{cache_dir}'")
        lines = [line for line in done.stderr.splitlines() if line.strip()] or [f"exit code {done.returncode}"]
        raise InputError("AOTD2104", f"{what} failed: {lines[0].strip()}")
