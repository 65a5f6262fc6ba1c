"""`aotd check X.dll`: findings of assemblies of any compiler, against what .NET's native compiler reported for the same programs."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import RunAotd
from tests.run.projects import write_project

ENVIRONMENT = {"AOTD_NO_DAEMON": "1"}
SOURCE = """using System.Diagnostics.CodeAnalysis;
Plugins.Load("x");

static class Plugins
{
    [RequiresUnreferencedCode("by name")]
    public static void Load(string name) => Console.WriteLine(name);
}
"""


@pytest.mark.parametrize("program", ["VbInventory", "CsLatest"])
def test_programs_without_findings(aotd: RunAotd, shared: Path, program: str) -> None:
    result = aotd("check", shared / "corpus" / "assemblies" / program / f"{program}.dll", env=ENVIRONMENT)
    assert (result.exit_code, result.output) == (0, "")


def test_fsharp_program_has_the_findings_of_its_library(aotd: RunAotd, shared: Path) -> None:
    folder = shared / "corpus" / "assemblies"
    recorded = re.search(r"FSharp\.Core alone\s*\((.*?)\)", (folder / "README.md").read_text(), re.DOTALL)
    assert recorded is not None
    wanted = {code: int(count) for code, count in re.findall(r"(IL\d{4}) (\d+)", recorded[1])}
    result = aotd("check", folder / "FsShapes" / "FsShapes.dll", "-p:TrimmerSingleWarn=false", "--format", "json", env=ENVIRONMENT)
    assert result.exit_code == 0, result.output
    rows = json.loads(result.stdout)["findings"]
    found = Counter(row["id"] for row in rows)
    assert {row["explanation"]["assembly"] for row in rows} == {"FSharp.Core"}
    # The native compiler repeats a finding for each place in a member; without places they are one.
    assert found.pop("IL2075") <= wanted.pop("IL2075")
    assert found == wanted
    assert all(row["explanation"]["chain"] for row in rows)


def test_places_come_from_the_symbols(aotd: RunAotd, tmp_path: Path) -> None:
    project = write_project(tmp_path, source=SOURCE)
    assert aotd("build", project, env=ENVIRONMENT).exit_code == 0
    assembly = next((tmp_path / "bin").rglob("app.dll"))
    text = aotd("check", assembly, env=ENVIRONMENT)
    assert [line.partition(": Using")[0] for line in text.stdout.splitlines()] == [f"{tmp_path}/Program.cs(2,1): warning IL2026"]
    alone = tmp_path / "alone" / "app.dll"
    alone.parent.mkdir()
    shutil.copy(assembly, alone)
    result = aotd("check", alone, "-p:TreatWarningsAsErrors=true", "--explain", env=ENVIRONMENT)
    lines = result.stdout.splitlines()
    assert result.exit_code == 1
    assert lines[0].startswith(f"{alone}: error IL2026: Program.<Main>$(String[]): Using member 'Plugins.Load(String)'")
    assert lines[2] == "      Program.<Main>$(String[]) is the entry point"
    why = aotd("why", alone, "Plugins.Load", env=ENVIRONMENT)
    assert why.stdout.splitlines()[1:] == ["    Program.<Main>$(String[]) is the entry point", "    -> calls Plugins.Load(String)"]


def test_what_is_no_assembly_is_refused(aotd: RunAotd, tmp_path: Path) -> None:
    file = tmp_path / "x.dll"
    file.write_bytes(b"MZ nothing")
    result = aotd("check", file, env=ENVIRONMENT)
    assert result.exit_code == 1 and "error AOTD1001" in result.stderr and "Traceback" not in result.stderr
    assert "--reporter build" in aotd("check", file, "--reporter", "build", env=ENVIRONMENT).stderr


def test_what_is_missing_beside_it_is_told(aotd: RunAotd, shared: Path, tmp_path: Path) -> None:
    """As an error where nothing can be read without it."""
    alone = tmp_path / "FsShapes.dll"
    shutil.copy(shared / "corpus" / "assemblies" / "FsShapes" / alone.name, alone)
    result = aotd("check", alone, env=ENVIRONMENT)
    assert result.exit_code == 1
    assert f"{alone}: error AOTD1105: assembly 'FSharp.Core', which is needed, is neither beside it nor in " in result.stderr
