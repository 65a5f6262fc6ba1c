"""A process of its own that installs packages from one source: `python -m tests.restore.install_all WORK INDEX_URL ID...`.

WORK is the folder of the project, with `home` for the packages and the HTTP cache in it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from server.restore.feeds import SourceOptions, open_sources
from server.restore.restore_settings import RestoreInputs, SourceProperties, restore_settings
from server.restore.versions import parse_range


def main(work: Path, index: str, package_ids: list[str]) -> None:
    """Finds the newest version of each package and installs all of them, several at a time."""
    environment = {"HOME": str(work / "home"), "NUGET_SCRATCH": str(work / "scratch")}
    inputs = RestoreInputs(project_file=work / "App.csproj", startup_folder=work, command_line=SourceProperties((index,)))
    sources = open_sources(restore_settings(inputs, environment), environment, SourceOptions())
    newest = parse_range("*-*")
    assert newest is not None
    sources.prefetch((package_id, newest) for package_id in package_ids)
    matches = [sources.find(package_id, newest) for package_id in package_ids]
    sources.install_all((match, None) for match in matches if match is not None)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
