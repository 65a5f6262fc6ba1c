"""`aotd check` on the samples: canonical lines and a build's exit codes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import RunAotd
from tests.run.projects import write_project

ENVIRONMENT = {"AOTD_NO_DAEMON": "1"}
EXPECTED = re.compile(r"// (IL[0-9]{4}.*)$")
FINDING = re.compile(r"^(?P<file>.*Program\.cs)\((?P<line>[0-9]+),[0-9]+\): warning (?P<id>IL[0-9]{4}): .+ \[(?P<project>.+)\]$")


@pytest.mark.parametrize("sample", ["hello", "wordcount"])
def test_clean_samples(aotd: RunAotd, repository: Path, sample: str) -> None:
    result = aotd("check", repository / "samples" / sample, env=ENVIRONMENT)
    assert (result.exit_code, result.output) == (0, "")


def test_findings_sample_has_the_findings_that_its_comments_say(aotd: RunAotd, repository: Path) -> None:
    source = repository / "samples" / "findings" / "Program.cs"
    wanted = {
        (number, code)
        for number, line in enumerate(source.read_text().splitlines(), start=1)
        if (comment := EXPECTED.search(line)) is not None
        for code in re.findall("IL[0-9]{4}", comment.group(1))
    }
    assert {code for _, code in wanted} == {"IL2026", "IL3050", "IL3002", "IL3000", "IL3001"}
    result = aotd("check", source.parent, env=ENVIRONMENT)
    found = [FINDING.match(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 0, result.output
    assert all(found), result.stdout
    assert {(int(match["line"]), match["id"]) for match in found if match is not None} == wanted


@pytest.mark.parametrize("switch", ["-p:TreatWarningsAsErrors=true", "-p:WarningsAsErrors=IL3050"])
def test_warnings_as_errors(aotd: RunAotd, repository: Path, switch: str) -> None:
    result = aotd("check", repository / "samples" / "findings", switch, env=ENVIRONMENT)
    assert result.exit_code == 1 and "error IL3050" in result.stdout


@pytest.mark.parametrize(
    ("switches", "build", "publish", "exit_codes"),
    [
        ("-p:SuppressTrimAnalysisWarnings=true", "IL3000 IL3050", "IL3000 IL3050", (0, 0)),
        ("-p:TreatWarningsAsErrors=true -p:IlcTreatWarningsAsErrors=false", "", "IL2026 IL3000 IL3050", (1, 0)),
        ("-p:TreatWarningsAsErrors=true -p:WarningsNotAsErrors=IL2026", "IL2026", "IL2026", (1, 1)),
    ],
)
def test_switches_of_severity(aotd: RunAotd, tmp_path: Path, switches: str, build: str, publish: str, exit_codes: tuple[int, int]) -> None:
    """`build` and `publish` are what each reports as warnings."""
    project = write_project(tmp_path, source=SEVERITIES)
    found = []
    for reporter in ("build", "publish", "all"):
        result = aotd("check", project, "--reporter", reporter, *switches.split(), env=ENVIRONMENT)
        found.append((" ".join(sorted(re.findall(r": warning (IL\d{4})", result.stdout))), result.exit_code))
    assert found[:2] == [(build, exit_codes[0]), (publish, exit_codes[1])]
    # Together, a finding is an error when one of the two makes it one.
    assert found[2][1] == max(exit_codes)


SEVERITIES = """using System.Diagnostics.CodeAnalysis;
Plugins.Load();
Console.WriteLine(System.Reflection.Assembly.GetExecutingAssembly().Location);
Plugins.Make();

static class Plugins
{
    [RequiresUnreferencedCode("by name")]
    public static void Load() => Console.WriteLine(1);
    [RequiresDynamicCode("at run time")]
    public static void Make() => Console.WriteLine(2);
}
"""


def test_no_warn(aotd: RunAotd, repository: Path) -> None:
    switch = "-p:NoWarn=IL2026%3BIL3050%3BIL3000%3BIL3001%3BIL3002"
    result = aotd("check", repository / "samples" / "findings", switch, env=ENVIRONMENT)
    assert (result.exit_code, result.output) == (0, "")


LIBRARY = """using System.Diagnostics.CodeAnalysis;
public static class L
{
    [RequiresUnreferencedCode("by name")]
    public static void Make() { }
    public static void Use() => Make();
}
"""


def test_a_referenced_project_is_checked_as_well(aotd: RunAotd, tmp_path: Path) -> None:
    reference = '<ProjectReference Include="../lib/lib.csproj" />'
    write_project(tmp_path / "lib", name="lib", source=LIBRARY, properties="    <OutputType>Library</OutputType>\n")
    app = write_project(tmp_path / "app", source="L.Make();\n", items=reference)
    result = aotd("check", app, env=ENVIRONMENT)
    assert result.exit_code == 0, result.output
    found = [line.partition(": warning IL2026: ")[0] for line in result.stdout.splitlines()]
    assert found == [f"{tmp_path}/lib/Program.cs(6,33)", f"{tmp_path}/app/Program.cs(1,1)"]


def test_a_second_check_compiles_nothing_and_says_the_same(aotd: RunAotd, tmp_path: Path) -> None:
    project = write_project(tmp_path, source="int unused = 1;\n")
    first = aotd("check", project, env=ENVIRONMENT)
    assembly = tmp_path / "obj/Debug/net9.0/app.dll"
    written = assembly.stat().st_mtime_ns
    second = aotd("check", project, env=ENVIRONMENT)
    assert "Program.cs(1,5): warning CS0219: " in first.stdout and first.exit_code == 0
    assert (second.exit_code, second.stdout) == (0, first.stdout)
    assert assembly.stat().st_mtime_ns == written
    (tmp_path / "Program.cs").write_text("\n\nint unused = 1;\n")
    assert "Program.cs(3,5): warning CS0219: " in aotd("check", project, env=ENVIRONMENT).stdout


def test_json_has_each_finding_once_and_who_reports_it(aotd: RunAotd, repository: Path) -> None:
    sample = repository / "samples" / "findings"
    rows = {reporter: json_rows(aotd, sample, reporter) for reporter in ("build", "publish", "all")}
    assert [row["reportedBy"] for row in rows["build"]] == [["build"]] * len(rows["build"])
    assert {tuple(row["reportedBy"]) for row in rows["publish"]} == {("publish",)}
    both = [row for row in rows["all"] if row["reportedBy"] == ["build", "publish"]]
    keys = [(row["id"], row["line"], row["column"]) for row in rows["all"]]
    assert both and len(set(keys)) == len(keys)
    assert {(row["id"], row["line"], row["endColumn"]) for row in rows["build"]} <= {
        (row["id"], row["line"], row["endColumn"]) for row in rows["all"] if "build" in row["reportedBy"]
    }
    first = rows["build"][0]
    plain = {"id", "level", "file", "line", "column", "endLine", "endColumn", "member", "message", "reportedBy"}
    assert set(first) == {*plain, "helpLink", "explanation", "fixes"}
    assert (first["file"], first["level"]) == ("Program.cs", "warning")


def test_places_are_those_of_operations(aotd: RunAotd, repository: Path) -> None:
    sample = repository / "samples" / "findings"
    lines = (sample / "Program.cs").read_text().splitlines()
    for row in json_rows(aotd, sample, "build"):
        assert row["line"] == row["endLine"]
        text = lines[row["line"] - 1][row["column"] - 1 : row["endColumn"] - 1]
        assert text and not text.endswith(";") and not text.startswith((" ", "var ", "return "))


def test_reporter_needs_a_known_name(aotd: RunAotd, repository: Path) -> None:
    result = aotd("check", repository / "samples" / "hello", "--reporter", "someone", env=ENVIRONMENT)
    assert result.exit_code == 1 and "AOTD0002" in result.output


def json_rows(aotd: RunAotd, project: Path, reporter: str) -> list[dict[str, Any]]:
    result = aotd("check", project, "--reporter", reporter, "--format", "json", env=ENVIRONMENT)
    assert result.exit_code == 0, result.output
    rows = json.loads(result.stdout)["findings"]
    assert isinstance(rows, list)
    return rows


def test_descriptors_that_the_project_names(aotd: RunAotd, tmp_path: Path) -> None:
    """What a descriptor names and is not there stands at its place in that file; a build does not read it."""
    (tmp_path / "roots.xml").write_text(
        '<linker>\n  <assembly fullname="Nowhere" />\n  <assembly fullname="app">\n    <type fullname="No.Type" />\n  </assembly>\n'
        "</linker>\n"
    )
    project = write_project(tmp_path, source="System.Console.WriteLine();\n", items='<TrimmerRootDescriptor Include="roots.xml" />')
    result = aotd("check", project, "--reporter", "publish", env=ENVIRONMENT)
    assert [line.partition(": ")[0] + line.partition("warning")[2][:8] for line in result.stdout.splitlines()] == [
        f"{tmp_path}/roots.xml(2,4) IL2007:",
        f"{tmp_path}/roots.xml(4,6) IL2008:",
    ]
    assert aotd("check", project, "--reporter", "build", env=ENVIRONMENT).stdout == ""


def test_xml_that_cannot_be_read_is_an_error_at_its_place(aotd: RunAotd, tmp_path: Path) -> None:
    """Neither NoWarn nor the switches of trimming hide what ends a publish."""
    (tmp_path / "roots.xml").write_text("<linker>\n  <assembly>\n</linker>\n")
    (tmp_path / "rd.xml").write_text('<Directives>\n  <Application><Assembly Name="app" Dynamic="Some" /></Application></Directives>\n')
    (tmp_path / "ILLink.Substitutions.xml").write_text("<linker>&what;</linker>\n")
    items = (
        '<TrimmerRootDescriptor Include="roots.xml;gone.xml" /><RdXmlFile Include="rd.xml" />'
        '<EmbeddedResource Include="ILLink.Substitutions.xml" LogicalName="%(Identity)" />'
    )
    project = write_project(tmp_path, source="System.Console.WriteLine();\n", items=items)
    quiet = ("-p:NoWarn=IL1003%3BIL1013%3BIL1033", "-p:SuppressTrimAnalysisWarnings=true")
    for verb in (("check",), ("check", "--reporter", "publish"), ("publish",)):
        result = aotd(*verb, project, *quiet, env=ENVIRONMENT)
        places = re.findall(r"^(.+?) ?: error (IL[0-9]{4}):", result.stdout, re.MULTILINE)
        rows = sorted({f"{place} {code}:" for place, code in places})
        substitutions = "name" if "publish" in verb[1:] else f"{tmp_path}/ILLink.Substitutions.xml"
        assert result.exit_code == 1 and rows == sorted(
            [
                f"{project} IL1033:",
                f"{substitutions}(1,9) IL1003:",
                f"{tmp_path}/rd.xml(2,17) IL1013:",
                f"{tmp_path}/roots.xml(3,3) IL1003:",
            ]
        ), result.output
