"""`aotd check` as a tool: solutions, projects in which nothing is looked for, JSON for programs, explanations by id, mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import RunAotd
from tests.run.projects import write_project

ENVIRONMENT = {"AOTD_NO_DAEMON": "1"}
LIBRARY = """<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>net9.0</TargetFramework></PropertyGroup></Project>
"""
FINDING = "System.Type.GetType(System.Console.ReadLine()!);\n"


def test_projects_of_a_solution_are_each_checked_once(aotd: RunAotd, tmp_path: Path) -> None:
    """A library counts as part of the program that has it, and says by itself that nothing is looked for only where no program has it."""
    library = tmp_path / "lib" / "lib.csproj"
    library.parent.mkdir()
    library.write_text(LIBRARY)
    (library.parent / "L.cs").write_text("public static class L { public static object M(string s) => System.Type.GetType(s)!; }\n")
    alone = tmp_path / "alone" / "alone.csproj"
    alone.parent.mkdir()
    alone.write_text(LIBRARY)
    source = f"L.M(args[0]);\n{FINDING}"
    app = write_project(tmp_path / "app", source=source, items='<ProjectReference Include="../lib/lib.csproj" />')
    projects = "".join(f'<Project Path="{each.relative_to(tmp_path)}" />' for each in (library, app, alone))
    (tmp_path / "all.slnx").write_text(f"<Solution>{projects}</Solution>\n")
    for target in ((tmp_path,), (tmp_path / "all.slnx",)):
        result = aotd("check", *target, env=ENVIRONMENT)
        found = [(line.partition("(")[0].partition(": message")[0], line.partition(" IL")[2][:4]) for line in result.stdout.splitlines()]
        assert result.exit_code == 0, result.output
        assert found == [(str(alone), ""), (f"{library.parent}/L.cs", "2057"), (f"{app.parent}/Program.cs", "2057")]
    assert aotd("check", library, env=ENVIRONMENT).stdout.startswith(f"{library}: message AOTD1104: trim and AOT findings are not looked")


def test_json_is_written_whatever_happens(aotd: RunAotd, tmp_path: Path) -> None:
    project = write_project(tmp_path, source="class {\n")
    nowhere = tmp_path / "nowhere.csproj"
    for args, code, file in (((project,), "CS1001", "Program.cs"), ((nowhere,), "MSB1009", None), ((project, "--nope"), "MSB1001", None)):
        result = aotd("check", *args, "--format", "json", env=ENVIRONMENT)
        content = json.loads(result.stdout)
        first = next(each for each in content["diagnostics"] if each["id"] == code)
        assert (result.exit_code, content["succeeded"], content["findings"]) == (1, False, [])
        assert (first["level"], first["file"]) == ("error", file)
        assert code in result.stderr


def test_explanations_of_one_id(aotd: RunAotd, tmp_path: Path) -> None:
    project = write_project(tmp_path, source=FINDING + "System.Type T() => typeof(int);\nT().GetMethods();\n")
    result = aotd("check", project, "--explain", "il2075", env=ENVIRONMENT)
    ids = [line.partition(": warning ")[2][:6] for line in result.stdout.splitlines() if ": warning " in line]
    assert result.exit_code == 0 and ids == ["IL2075"] and "    in the program because\n" in result.stdout, result.output
    nothing = aotd("check", project, "--explain:IL3050", env=ENVIRONMENT)
    assert (nothing.exit_code, nothing.stderr) == (1, "aotd: error AOTD1103: there is no finding 'IL3050'\n")
    wrong = aotd("check", project, "--explain=everything", env=ENVIRONMENT)
    assert "AOTD0002" in wrong.stderr and "like IL2026" in wrong.stderr


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("chekc",), "Unknown command 'chekc'. Did you mean 'check'? Run 'aotd help' for the list of commands."),
        (("check", "--fromat", "json"), "Unknown switch '--fromat'. 'aotd check --help' lists the switches."),
    ],
)
def test_mistakes_name_what_was_meant(aotd: RunAotd, args: tuple[str, ...], message: str) -> None:
    result = aotd(*args, env=ENVIRONMENT)
    assert (result.exit_code, result.stderr) == (1, f"aotd: error MSB1001: {message}\n")


def test_lines_have_no_colour_but_on_a_terminal_and_no_order_but_their_own(aotd: RunAotd, tmp_path: Path) -> None:
    (tmp_path / "A.cs").write_text("class A { static object M(string s) => System.Type.GetType(s)!; }\n")
    project = write_project(tmp_path, source=FINDING)
    first = aotd("check", project, env=ENVIRONMENT).stdout
    assert "\x1b" not in first and [line.partition("(")[0] for line in first.splitlines()] == [
        f"{tmp_path}/A.cs",
        f"{tmp_path}/Program.cs",
    ]
    assert aotd("check", project, env={**ENVIRONMENT, "PYTHONHASHSEED": "7"}).stdout == first
