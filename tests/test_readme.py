"""README's two commands are the ones that CI runs and that the samples' output folders are named for."""

from __future__ import annotations

import re
from pathlib import Path

from server.cli.main import VERBS


def commands(repository: Path) -> list[str]:
    """The indented lines of the section `Try it`."""
    section = (repository / "README.md").read_text().partition("## Try it")[2].partition("\n## ")[0]
    return [line.strip() for line in section.splitlines() if line.startswith("    ")]


def test_there_are_exactly_two(repository: Path) -> None:
    assert len(commands(repository)) == 2


def test_ci_runs_the_second(repository: Path) -> None:
    script = (repository / ".ci" / "run").read_text()
    assert commands(repository)[1] in script.splitlines()


def test_the_first_runs_what_it_publishes(repository: Path) -> None:
    first = commands(repository)[0]
    sample = re.search(r"aotd publish (samples/[a-z]+) && (\S+)$", first)
    assert sample is not None, first
    name = Path(sample.group(1)).name
    assert (repository / sample.group(1) / f"{name}.csproj").is_file()
    assert sample.group(2) == f"{sample.group(1)}/bin/Release/net9.0/linux-x64/publish/{name}"


def test_every_verb_that_readme_shows_exists(repository: Path) -> None:
    section = (repository / "README.md").read_text().partition("## Use it")[2].partition("\n## ")[0]
    shown = re.findall(r"^    aotd ([a-z]+)", section, re.MULTILINE)
    assert shown and set(shown) <= {*VERBS, "help"}
