"""Stage `switches`: one command line per line of `input.txt` -> what the verbs get, or the one-line error."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from compiler.diagnostics import InputError
from compiler.render import canonical_line
from server.cli.switches import parse_project_switches
from tests.cases_runner import Case, case_id, cases, check_case


@pytest.mark.parametrize("case", cases("switches"), ids=case_id)
def test_switches(case: Case, bless: bool, tmp_path: Path) -> None:
    (tmp_path / "App.csproj").touch()
    shown = [show(line, tmp_path) for line in case.text("input.txt").splitlines()]
    check_case(case, {"expect.txt": "\n".join(shown) + "\n"}, bless=bless)


def show(line: str, folder: Path) -> str:
    """The parsed form of one command line, with the temporary folder written as `$`."""
    try:
        parsed = parse_project_switches(shlex.split(line), folder)
    except InputError as error:
        text = canonical_line(error.to_diagnostic())
    else:
        properties = " ".join(f"{name}={value!r}" for name, value in parsed.properties.items())
        flags = " ".join(sorted(parsed.flags))
        text = f"{parsed.project} [{properties}] output={parsed.output} {parsed.verbosity.name} [{flags}]"
    return f"{line}\n    " + text.replace(str(folder), "$")
