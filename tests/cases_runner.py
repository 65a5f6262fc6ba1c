"""Folders of tests/cases to text comparisons: `tests/cases/<stage>/<case>/{case.toml, input*, expect*}`.

A stage's test file gives a function from a `Case` to its outputs (name of the expect file -> text) and calls `check_case`, which
compares them or, with --bless, writes them. Strict on purpose: an expectation that is missing or stale, an input that nobody read, a
file of another name, and a stage without a test file all fail.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

CASES = Path(__file__).resolve().parent / "cases"
STAGES = Path(__file__).resolve().parent / "stages"


@dataclass(slots=True, eq=False)
class Case:
    """One case folder. `read` remembers what was asked for, so that unread inputs are found."""

    stage: str
    folder: Path
    read: set[str] = field(default_factory=set)

    def text(self, name: str) -> str:
        """The text of an input file of the case."""
        assert name.startswith("input"), f"{name} is not an input"
        self.read.add(name)
        return (self.folder / name).read_text(encoding="utf-8")

    def path(self, name: str) -> Path:
        """The path of an input file or folder of the case."""
        assert name.startswith("input"), f"{name} is not an input"
        self.read.add(name)
        return self.folder / name

    def settings(self) -> Mapping[str, object]:
        """The content of case.toml; empty when there is none."""
        file = self.folder / "case.toml"
        self.read.add("case.toml")
        return tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


def cases(stage: str) -> list[Case]:
    """The cases of a stage by name; at least one, for a stage without cases checks nothing."""
    found = [Case(stage, folder) for folder in sorted((CASES / stage).iterdir()) if folder.is_dir()]
    assert found, f"no case in tests/cases/{stage}"
    return found


def case_id(case: Case) -> str:
    """The name of a case in pytest's output."""
    return case.folder.name


def check_case(case: Case, outputs: Mapping[str, str], *, bless: bool) -> None:
    """Compares `outputs` with the expect files of the case, or rewrites these when `bless`.

    Raises AssertionError with a unified diff, and for every file of the folder that has no part in the case.
    """
    assert outputs, f"{case.folder.name}: the stage gave no output to compare"
    present = {path.name for path in case.folder.iterdir()}
    for name in sorted(present):
        if name.startswith("expect"):
            continue
        assert name == "case.toml" or name.startswith("input"), f"{case.folder.name}: what is {name} for?"
        assert name in case.read, f"{case.folder.name}: nobody read {name}"
    if bless:
        write_expectations(case, outputs, present)
        return
    for name, text in outputs.items():
        assert name.startswith("expect"), f"{name} is not an expectation"
        assert name in present, f"{case.folder.name}: {name} is missing; run with --bless and read what it writes:\n{text}"
        expected = (case.folder / name).read_text(encoding="utf-8")
        difference = "".join(difflib.unified_diff(expected.splitlines(True), text.splitlines(True), name, "now"))
        assert text == expected, f"{case.folder.name}:\n{difference}"
    stale = sorted(name for name in present if name.startswith("expect") and name not in outputs)
    assert not stale, f"{case.folder.name}: stale expectation {stale[0]}"


def write_expectations(case: Case, outputs: Mapping[str, str], present: set[str]) -> None:
    """Writes every output and removes the expectations that no output has."""
    for name in present:
        if name.startswith("expect") and name not in outputs:
            (case.folder / name).unlink()
    for name, text in outputs.items():
        (case.folder / name).write_text(text, encoding="utf-8")


def unclaimed_stages(cases_folder: Path, stages_folder: Path) -> list[str]:
    """Names under tests/cases that no tests/stages/test_<stage>.py runs."""
    return sorted(entry.name for entry in cases_folder.iterdir() if not (stages_folder / f"test_{entry.name}.py").is_file())
