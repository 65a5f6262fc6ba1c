"""`aotd version`: prints the version of aotd."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import metadata

from server.cli import console
from server.cli.switches import reject_arguments

USAGE = """Usage: aotd version

Prints the version of aotd.
"""


def run(args: Sequence[str]) -> int:
    """Prints one line; exit code 0."""
    reject_arguments("version", args)
    console.write(version_line() + "\n")
    return 0


def version_line() -> str:
    """`aotd X.Y.Z`, from the metadata of the installed package; a source tree that is not installed says so."""
    version = program_version()
    return f"aotd {version}" if version else "aotd (not installed, run from source)"


def program_version() -> str:
    """The version of the installed package; empty for a source tree that is not installed."""
    try:
        return metadata.version("aotd")
    except metadata.PackageNotFoundError:
        return ""
