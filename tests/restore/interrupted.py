"""`aotd restore` of a project with a hundred packages, killed somewhere and run again, and what is there then."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT
from tests.restore.feed_server import FeedServer
from tests.restore.raw_zip import RawEntry, raw_zip

PACKAGES = 100
_FILES = 8
_FILE_BYTES = 40_000

# Name -> mode, time of change and hash of a file; None for a folder.
Tree = dict[str, tuple[int, int, str] | None]

# Files with a time of their own, and those in which paths count: their hash is over the text with a mark in place of the folder.
_KEPT_TIME = (".nupkg", ".sha512", ".metadata", ".json", ".props", ".targets")
_LEFT_OUT = (".nuget.cache", ".dgspec.json")


@dataclass(frozen=True, slots=True)
class Interruption:
    """Where a restore was killed: how many requests the server had, how many packages were installed."""

    requests: int
    installed: int


def hundred_packages() -> dict[str, dict[str, bytes]]:
    """A tree of packages, each with some files: number n needs number n // 2."""
    chance = random.Random(11)
    found = {}
    for number in range(1, PACKAGES + 1):
        needed = f'<dependencies><dependency id="Load.{number // 2}" version="1.0.0" /></dependencies>' if number > 1 else ""
        manifest = f"<package><metadata><id>Load.{number}</id><version>1.0.0</version>{needed}</metadata></package>"
        entries = [RawEntry(f"Load.{number}.nuspec".encode(), manifest.encode())]
        entries += [RawEntry(b"lib/netstandard2.0/f%d.dll" % file, chance.randbytes(_FILE_BYTES)) for file in range(_FILES)]
        found[f"load.{number}"] = {"1.0.0": raw_zip(entries)}
    return found


def restore(feed: FeedServer, work: Path) -> subprocess.Popen[bytes]:
    """A process that restores a project in `work`, where home and packages are too. It refers to the leaves of the tree."""
    work.mkdir(parents=True, exist_ok=True)
    references = "".join(
        f'<PackageReference Include="Load.{number}" Version="1.0.0" />' for number in range(PACKAGES // 2 + 1, PACKAGES + 1)
    )
    properties = "<PropertyGroup><TargetFramework>net9.0</TargetFramework></PropertyGroup>"
    (work / "App.csproj").write_text(f'<Project Sdk="Microsoft.NET.Sdk">{properties}<ItemGroup>{references}</ItemGroup></Project>')
    source = f'<add key="feed" value="{feed.index}" allowInsecureConnections="true" />'
    (work / "NuGet.Config").write_text(f"<configuration><packageSources><clear />{source}</packageSources></configuration>")
    command = [sys.executable, "-m", "server.cli.main", "restore", "App.csproj"]
    return subprocess.Popen(command, cwd=work, env=_environment(work), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def _environment(work: Path) -> Mapping[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(("NUGET", "DOTNET"))}
    own = {"HOME": str(work / "home"), "NUGET_SCRATCH": str(work / "scratch"), "PYTHONPATH": str(ROOT), "AOTD_NO_DAEMON": "1"}
    return {**kept, **own}


def finished(process: subprocess.Popen[bytes]) -> None:
    """Waits for the process and demands that it went well."""
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output.decode()


def killed_at(feed: FeedServer, work: Path, requests: int, wait_seconds: float) -> Interruption | None:
    """Starts a restore and kills it `wait_seconds` after its request number `requests`; None when it had ended by then."""
    feed.requests.clear()
    process = restore(feed, work)
    while process.poll() is None and len(feed.requests) < requests:
        time.sleep(0.001)
    time.sleep(wait_seconds)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    if process.returncode != -signal.SIGKILL:
        return None
    return Interruption(len(feed.requests), len(list(packages_folder(work).glob("*/*/.nupkg.metadata"))))


def packages_folder(work: Path) -> Path:
    """The packages folder of a restore in `work`."""
    return work / "home" / ".nuget" / "packages"


def tree(work: Path) -> Tree:
    """Everything that a restore in `work` left in the packages folder and the project's own. Times count for files from packages."""
    found: Tree = {}
    for folder in (packages_folder(work), work / "obj"):
        for path in sorted(folder.rglob("*")):
            name = str(path.relative_to(work))
            if path.is_dir():
                found[name] = None
            elif not name.endswith(_LEFT_OUT):
                status = path.lstat()
                changed = 0 if name.endswith(_KEPT_TIME) else int(status.st_mtime)
                content = path.read_bytes()
                text = content.replace(str(work).encode(), b"{WORK}") if folder.name == "obj" else content
                found[name] = (status.st_mode, changed, hashlib.sha256(text).hexdigest())
    return found


def interruptions(chance: random.Random, points: int, installing_seconds: float) -> list[tuple[int, float]]:
    """Points to kill at: after some request, or a while after the last one, when packages are still being extracted."""
    last = 2 * PACKAGES + 1
    chosen = [chance.randrange(1, last + last // 2) for _ in range(points)]
    return [(min(point, last), chance.random() * (0.01 if point < last else installing_seconds)) for point in chosen]


def is_clean(work: Path) -> bool:
    """Whether nothing that was begun is left beside the packages."""
    return not any(name.startswith(".") for name in os.listdir(packages_folder(work)))
