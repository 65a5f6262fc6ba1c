"""Explanations: the chain from a root, what asked, the ways out; by `aotd why`, `aotd check --explain`, in JSON and in SARIF."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import RunAotd
from tests.run.projects import write_project

ENVIRONMENT = {"AOTD_NO_DAEMON": "1"}
LIBRARY = """using System.Diagnostics.CodeAnalysis;
namespace Lib;
public interface IJob { void Run(); }
public static class Plugins
{
    [RequiresUnreferencedCode("by name")]
    public static void Load(string name) => Console.WriteLine(name);
}
"""
SOURCE = """using System.Diagnostics.CodeAnalysis;
using Lib;

await Task.Yield();
Jobs.All(new Job());

static class Jobs
{
    public static void All(IJob job) => job.Run();
}

sealed class Job : IJob
{
    public void Run()
    {
        Action later = () => Plugins.Load("x");
        later();
        Print(typeof(Job));
        Console.WriteLine(System.Reflection.Assembly.GetExecutingAssembly().Location);
    }

    static void Print(Type type)
    {
        Console.WriteLine(type.GetMethods().Length);
        Console.WriteLine(System.Text.Json.JsonSerializer.Serialize(new object()));
    }

    static void Unused() => Plugins.Load("y");
}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("why")
    write_project(folder / "lib", name="lib", source=LIBRARY, properties="    <OutputType>Library</OutputType>\n")
    return write_project(folder / "app", source=SOURCE, items='<ProjectReference Include="../lib/lib.csproj" />')


def rows(aotd: RunAotd, project: Path) -> dict[tuple[str, int], dict[str, Any]]:
    """The findings in JSON, by id and line."""
    result = aotd("check", project, "--format", "json", env=ENVIRONMENT)
    assert result.exit_code == 0, result.output
    content = json.loads(result.stdout)
    assert content["summary"] == {"errors": 0, "warnings": len(content["findings"]), "messages": 0}
    return {(row["id"], row["line"]): row for row in content["findings"]}


def test_json_has_chain_demand_and_fixes(aotd: RunAotd, project: Path) -> None:
    found = rows(aotd, project)
    load = found["IL2026", 16]["explanation"]
    assert [(step["member"], step["how"], step["at"] and step["at"]["line"]) for step in load["chain"]] == [
        ("Program.<Main>$(String[])", "is the entry point", 4),
        ("Jobs.All(IJob)", "calls", 5),
        ("Job.Run()", "calls an override: Lib.IJob.Run() is", 9),
    ]
    assert load["asked"] == "'Lib.Plugins.Load(String)' of lib is declared with [RequiresUnreferencedCode(\"by name\")]"
    assert load["member"] == "M:Job.Run"
    assert found["IL2026", 28]["explanation"]["chain"] == []
    flow = found["IL2070", 24]
    assert "is declared with [DynamicallyAccessedMembers(PublicMethods)]" in flow["explanation"]["asked"]
    kinds = [(fix["kind"], fix["title"], fix["text"]) for fix in flow["fixes"]]
    assert kinds[0] == (
        "annotate",
        "Add [DynamicallyAccessedMembers(PublicMethods)] to parameter 'type'",
        "DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicMethods)",
    )
    assert flow["fixes"][0]["at"] == {"file": "Program.cs", "line": 22, "column": 23, "endLine": 22, "endColumn": 32}
    assert [kind for kind, _, _ in kinds] == ["annotate", "require", "suppress"]
    assert [fix["kind"] for fix in found["IL3050", 25]["fixes"]] == ["replace", "guard", "require", "suppress"]
    assert "JsonSerializerContext" in found["IL3050", 25]["fixes"][0]["title"]
    assert found["IL3000", 19]["fixes"][0]["text"] == "System.AppContext.BaseDirectory"
    assert found["IL3000", 19]["helpLink"].endswith("/single-file/warnings/il3000")


def test_text_explains_below_each_finding(aotd: RunAotd, project: Path) -> None:
    result = aotd("check", project, "--explain", env=ENVIRONMENT, cwd=project.parent)
    lines = result.stdout.splitlines()
    first = next(index for index, line in enumerate(lines) if "Program.cs(16," in line)
    assert lines[first + 1 : first + 6] == [
        "    in the program because",
        "      Program.<Main>$(String[]) is the entry point  Program.cs(4,1)",
        "      -> calls Jobs.All(IJob)  Program.cs(5,1)",
        "      -> calls an override: Lib.IJob.Run() is Job.Run()  Program.cs(9,41)",
        "    asked for: 'Lib.Plugins.Load(String)' of lib is declared with [RequiresUnreferencedCode(\"by name\")]",
    ]


def test_why_explains_members_and_findings(aotd: RunAotd, project: Path) -> None:
    chain = aotd("why", project, "Plugins.Load", env=ENVIRONMENT, cwd=project.parent)
    assert chain.exit_code == 0 and chain.stdout.splitlines() == [
        "Lib.Plugins.Load(String) of lib",
        "    Program.<Main>$(String[]) is the entry point  Program.cs(4,1)",
        "    -> calls Jobs.All(IJob)  Program.cs(5,1)",
        "    -> calls an override: Lib.IJob.Run() is Job.Run()  Program.cs(9,41)",
        "    -> calls Lib.Plugins.Load(String)  Program.cs(16,30)",
    ]
    place = aotd("why", project, "Program.cs(19)", env=ENVIRONMENT)
    assert place.exit_code == 0 and "IL3000" in place.stdout and "replace: Use 'System.AppContext.BaseDirectory'" in place.stdout
    unused = aotd("why", project, "M:Job.Unused", env=ENVIRONMENT)
    assert (unused.exit_code, unused.stdout) == (0, "Job.Unused() of app is used by nothing that is known\n")
    nothing = aotd("why", project, "IL9999", env=ENVIRONMENT)
    assert nothing.exit_code == 1 and "AOTD1103" in nothing.stderr


def test_sarif_has_the_chain_as_a_code_flow(aotd: RunAotd, project: Path, tmp_path: Path) -> None:
    log = tmp_path / "f.sarif"
    assert aotd("check", project, "--errorlog", log, env=ENVIRONMENT).exit_code == 0
    results = json.loads(log.read_text())["runs"][0]["results"]
    load = next(each for each in results if each["locations"][0]["physicalLocation"]["region"]["startLine"] == 16)
    [thread] = load["codeFlows"][0]["threadFlows"]
    assert [place["location"]["physicalLocation"]["region"]["startLine"] for place in thread["locations"]] == [4, 5, 9, 16]
    assert [remedy["kind"] for remedy in load["properties"]["remedies"]] == ["require", "suppress"]
