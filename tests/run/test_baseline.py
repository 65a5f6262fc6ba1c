"""`aotd check --baseline`: accepted findings are not shown, new ones fail, fixed ones are said."""

from __future__ import annotations

import json
from pathlib import Path

from tests.conftest import CommandResult, RunAotd
from tests.run.projects import write_project

ENVIRONMENT = {"AOTD_NO_DAEMON": "1"}
SOURCE = """using System.Diagnostics.CodeAnalysis;
Plugins.Twice();

static class Plugins
{
    [RequiresUnreferencedCode("by name")]
    public static void Load(string name) => Console.WriteLine(name);

    public static void Twice()
    {
        Load("x");
        Load("y");
    }
}
"""


class Checked:
    """A project with a baseline."""

    def __init__(self, aotd: RunAotd, folder: Path) -> None:
        self._aotd = aotd
        self.folder = folder
        self.file = folder / "known.json"
        self.project = write_project(folder, source=SOURCE)

    def check(self, *switches: str, source: str = SOURCE) -> CommandResult:
        """What `aotd check` says of a source."""
        (self.folder / "Program.cs").write_text(source)
        return self._aotd("check", self.project, "--baseline", self.file, *switches, env=ENVIRONMENT)


def test_a_baseline_accepts_what_is_known_and_fails_on_what_is_new(aotd: RunAotd, tmp_path: Path) -> None:
    checked = Checked(aotd, tmp_path)
    written = checked.check("--write-baseline")
    assert (written.exit_code, written.stdout) == (0, "  findings: 0 errors, 0 warnings, 2 suppressed by the baseline\n")
    entries = json.loads(checked.file.read_text())["findings"]
    assert [(entry["id"], entry["member"], entry["count"]) for entry in entries] == [("IL2026", "Plugins.Twice()", 2)]
    moved = checked.check(source=SOURCE.replace("static class", "// one\n// two\nstatic class"))
    assert (moved.exit_code, moved.stdout) == (0, written.stdout)
    one_more = 'Load("y");\n        Load("z");'
    more = checked.check(source=SOURCE.replace('Load("y");', one_more) + "class C { void M() => Plugins.Load(null!); }\n")
    assert more.exit_code == 1
    assert [line.partition(": ")[0].rpartition("/")[2] for line in more.stdout.splitlines()[:-1]] == [
        "Program.cs(13,9)",
        "Program.cs(16,23)",
    ]


def test_fixed_findings_are_said(aotd: RunAotd, tmp_path: Path) -> None:
    checked = Checked(aotd, tmp_path)
    checked.check("--write-baseline")
    result = checked.check(source=SOURCE.replace('        Load("y");\n', ""))
    assert result.exit_code == 0
    first, last = result.stdout.splitlines()
    assert first.startswith(
        f"{checked.file}: message AOTD1102: fixed, remove it from the baseline: IL2026 in Plugins.Twice(): Using member"
    )
    assert last == "  findings: 0 errors, 0 warnings, 1 suppressed by the baseline, 1 fixed"
    content = json.loads(checked.check("--format", "json", source=SOURCE.replace('        Load("y");\n', "")).stdout)
    assert content["findings"] == [] and [each["member"] for each in content["fixed"]] == ["Plugins.Twice()"]


def test_errors_that_are_accepted_do_not_fail(aotd: RunAotd, tmp_path: Path) -> None:
    checked = Checked(aotd, tmp_path)
    checked.check("--write-baseline")
    assert checked.check("-p:TreatWarningsAsErrors=true").exit_code == 0
    checked.file.write_text('{"version": 1, "reporter": "build", "findings": []}')
    assert "written with --reporter build" in checked.check().stderr
