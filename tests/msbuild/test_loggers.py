"""Loggers of the command line: what each verbosity and parameter shows, log files, and MSBuild's texts for what cannot be."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path

import pytest

from server.build.warm import WarmTools
from server.cli import msbuild
from server.cli.caller import Caller, Channel, never_cancelled, serving

PROJECT = """<Project DefaultTargets="Main">
  <Target Name="Main" DependsOnTargets="First">
    <Exec Command="echo said" />
    <MSBuild Projects="inner.proj" />
    <Warning Text="careful" Code="W1" />
    <Error Text="bad" Code="E1" />
  </Target>
  <Target Name="First"><Message Text="normal" /><Message Text="high" Importance="high" /><Message Text="low" Importance="low" /></Target>
</Project>
"""
NORMAL = """Build started TIME.
Project "DIR/a.proj" on node 1 (default targets).
First:
  normal
  high
Main:
  echo said
  said
Project "DIR/a.proj" (1) is building "DIR/inner.proj" (2) on node 1 (default targets).
Inner:
  inner
Done Building Project "DIR/inner.proj" (default targets).
DIR/a.proj(5,5): warning W1: careful
DIR/a.proj(6,5): error E1: bad
Done Building Project "DIR/a.proj" (default targets) -- FAILED.

Build FAILED.

"DIR/a.proj" (default target) (1) ->
(Main target) ->\x20
  DIR/a.proj(5,5): warning W1: careful


"DIR/a.proj" (default target) (1) ->
(Main target) ->\x20
  DIR/a.proj(6,5): error E1: bad

    1 Warning(s)
    1 Error(s)

Time Elapsed TIME
"""


class Build:
    """`aotd msbuild` in a folder; times and the folder's name are replaced in what it prints."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.code = 0
        (folder / "a.proj").write_text(PROJECT, encoding="utf-8")
        inner = '<Project><Target Name="Inner"><Message Text="inner" Importance="high" /></Target></Project>'
        (folder / "inner.proj").write_text(inner, encoding="utf-8")

    def run(self, *args: str, terminal: bool = False, colours: bool = False) -> str:
        out, err = io.StringIO(), io.StringIO()
        channels = Channel(out, terminal, colours), Channel(err, terminal, colours)
        variables = {"HOME": str(self.folder), "PATH": os.environ["PATH"]}
        with serving(Caller(*channels, lambda: 80, self.folder, variables, never_cancelled, WarmTools())):
            self.code = msbuild.run(["a.proj", "-nologo", *args])
        return self.plain(out.getvalue() + err.getvalue())

    def plain(self, text: str) -> str:
        text = text.replace(str(self.folder), "DIR")
        text = re.sub(r"Build started [^\n]*\.", "Build started TIME.", text)
        return re.sub(r"Time Elapsed \S+", "Time Elapsed TIME", text)

    def file(self, name: str) -> str:
        return self.plain((self.folder / name).read_text(encoding="utf-8"))


@pytest.fixture
def build(tmp_path: Path) -> Build:
    return Build(tmp_path)


def test_minimal_is_usual(build: Build) -> None:
    text = "  high\n  said\n  inner\nDIR/a.proj(5,5): warning W1: careful\nDIR/a.proj(6,5): error E1: bad\n"
    assert build.run("-m:1") == text
    assert (build.code, build.run("-m:8")) == (1, text)


def test_normal(build: Build) -> None:
    assert build.run("-v:n", "-m:1") == NORMAL


def test_projects_have_numbers_when_there_are_several_nodes(build: Build) -> None:
    lines = build.run("-v:n", "-m:2", "-clp:NoSummary").splitlines()
    assert lines[1:6] == [
        '     1>Project "DIR/a.proj" on node 1 (default targets).',
        "     1>First:",
        "         normal",
        "         high",
        "       Main:",
    ]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ("ErrorsOnly", "DIR/a.proj(6,5): error E1: bad\n"),
        ("WarningsOnly", "DIR/a.proj(5,5): warning W1: careful\n"),
        ("ErrorsOnly;WarningsOnly", "DIR/a.proj(5,5): warning W1: careful\nDIR/a.proj(6,5): error E1: bad\n"),
        ("ErrorsOnly;Summary", None),
        ("v=q", "DIR/a.proj(5,5): warning W1: careful\nDIR/a.proj(6,5): error E1: bad\n"),
        ("NoSummary;Verbosity=normal", NORMAL[: NORMAL.index("\nBuild FAILED.")]),
        ("NoSummary;ShowCommandLine=false", NORMAL[: NORMAL.index("\nBuild FAILED.")].replace("  echo said\n", "")),
    ],
)
def test_console_logger_parameters(build: Build, parameters: str, expected: str | None) -> None:
    printed = build.run("-v:n", "-m:1", f"-clp:{parameters}")
    assert printed == expected if expected is not None else "Build FAILED.\n    1 Warning(s)" in printed


def test_summary_at_minimal(build: Build) -> None:
    assert build.run("-m:1", "-clp:Summary").endswith(
        "\nBuild FAILED.\n\nDIR/a.proj(5,5): warning W1: careful\nDIR/a.proj(6,5): error E1: bad\n"
        "    1 Warning(s)\n    1 Error(s)\n\nTime Elapsed TIME\n"
    )


def test_performance_summary(build: Build) -> None:
    lines = build.run("-m:1", "-clp:PerformanceSummary").splitlines()
    titles = [line for line in lines if line.endswith("Performance Summary:")]
    assert titles == [f"{kind} Performance Summary:" for kind in ("Project Evaluation", "Project", "Target", "Task")]
    assert any(re.fullmatch(r" +\d+ ms  Message +4 calls", line) for line in lines)


def test_log_files(build: Build) -> None:
    """Each has its own verbosity; parameters alone make a logger."""
    printed = build.run("-m:1", "-fl", "-flp1:v=m;logfile=sub/min.log", "-flp2:errorsonly;append", "-flp2:logfile=errors.log", "-noconlog")
    assert printed == ""
    head = build.file("msbuild.log").splitlines()[:2]
    assert head[0] == "Build started TIME." and head[1].startswith('Logging verbosity is set to: Detailed.Process = "')
    assert 'Task "Exec"' in build.file("msbuild.log")
    assert build.file("sub/min.log").startswith("  high\n  said\n")
    build.run("-m:1", "-flp2:errorsonly;append;logfile=errors.log")
    assert build.file("errors.log") == "DIR/a.proj(6,5): error E1: bad\n" * 2


def test_summary_names_log_files(build: Build) -> None:
    printed = build.run("-m:1", "-bl:x.binlog", "-fl", "-clp:Summary")
    assert "\nBinaryLogger wrote to: DIR/x.binlog\nFileLogger wrote to: DIR/msbuild.log\n\nTime Elapsed" in printed


@pytest.mark.parametrize(
    ("switch", "text"),
    [
        ("-bl:x.log", 'MSBUILD : Logger error MSB4234: Invalid binary logger parameter(s): "x.log". Expected: ProjectImports='),
        ("-clp:v=loud", 'MSBUILD : Logger error MSB4103: "loud" is not a valid logger verbosity level.'),
        ("-flp:encoding=none", "MSBUILD : Logger error MSB4128: 'none' is not a supported encoding name."),
        ("-flp:logfile=a.proj/x.log", 'MSBUILD : Logger error MSB4104: Failed to write to log file "DIR/a.proj/x.log".'),
        ("-l:L,my.dll", "MSBUILD : error MSB1021: Cannot create an instance of the logger L."),
        ("-dl:;x", "MSBUILD : error MSB1019: Logger switch was not correctly formed."),
        ("-m:0", "MSBUILD : error MSB1032: Maximum CPU count is not valid."),
        ("-m:x", "MSBUILD : error MSB1030: Maximum CPU count is not valid."),
        ("-tl:perhaps", "MSBUILD : error MSB1065: Terminal logger value is not valid."),
        ("-pp:none/x.xml", "MSBUILD : error MSB1047: File to preprocess to is not valid. Could not find a part of the path"),
        ("-ts:none/x.txt", "MSBUILD : error MSB1059: Targets could not be printed. Could not find a part of the path"),
        ("-isolate:perhaps", "MSBUILD : error MSB1056: Isolate projects value is not valid."),
        ("-graph:perhaps", "MSBUILD : error MSB1057: Graph build value is not valid."),
    ],
)
def test_what_cannot_be(build: Build, switch: str, text: str) -> None:
    assert build.run(switch).startswith(text)
    assert build.code == 1


def test_progress_on_a_terminal(build: Build) -> None:
    """A moving line with the target, which every line of output takes away; none with -tl:off."""
    assert "a.proj: Main" in build.run("-m:1", terminal=True)
    assert "a.proj: Main" not in build.run("-m:1", "-tl:off", terminal=True)


def test_colours(build: Build) -> None:
    """Where the terminal shows them, or where they are asked for."""
    red = "\x1b[31;1mDIR/a.proj(6,5): error E1: bad\n\x1b[m"
    assert red in build.run("-m:1", colours=True)
    assert red in build.run("-m:1", "-clp:ForceConsoleColor")
    assert "\x1b" not in build.run("-m:1", "-clp:DisableConsoleColor", colours=True)


def test_command_line_at_diagnostic_verbosity(build: Build) -> None:
    first = build.run("-v:diag", "-m:1").splitlines()[0]
    assert first.endswith("/MSBuild.dll -nologo -v:diag -m:1 DIR/a.proj")


def test_question(build: Build) -> None:
    """Only what is up to date may be built."""
    text = '<Project><Target Name="T" Inputs="inner.proj" Outputs="o"><Message Text="ran" Importance="high" /></Target></Project>'
    (build.folder / "a.proj").write_text(text, encoding="utf-8")
    assert build.run("-m:1", "-question", "-clp:Summary").startswith('MSBUILD : error : Building target "T" completely.')
    assert build.code == 1
    (build.folder / "o").write_text("", encoding="utf-8")
    assert "Question build succeeded. Up-to-date checks passed." in build.run("-m:1", "-question", "-clp:Summary")
    assert build.code == 0


def test_preprocess(build: Build) -> None:
    """One text with the imports in their places; a namespace is declared where it changes."""
    schema = "http://schemas.microsoft.com/developer/msbuild/2003"
    (build.folder / "a.proj").write_text(
        '<?xml version="1.0"?><!--top--><Project DefaultTargets="T">\n  <!-- note -->\n  <Import Project="p.props" />\n'
        '  <Import Project="no" Condition="false" />\n'
        '  <Target Name="T"><Message Text="@(A->\'%(B)\') -> @(A->Count()) &amp; &lt;"></Message></Target>\n</Project>\n<!--end-->',
        encoding="utf-8",
    )
    props = f'<!--in--><Project InitialTargets="I" xmlns="{schema}"><PropertyGroup><P>v</P></PropertyGroup></Project>'
    (build.folder / "p.props").write_text(props, encoding="utf-8")
    rule = "=" * 140
    assert build.run("-pp") == (
        f"<!--\r\n{rule}\r\nDIR/a.proj\r\n{rule}\r\n-->\n<!--top-->\n"
        '<Project DefaultTargets="T" InitialTargets="I">\n  <!-- note -->\n'
        f'  <!--\r\n{rule}\r\n  <Import Project="p.props">\r\n\r\nDIR/p.props\r\n{rule}\r\n-->\n'
        f'  <!--in-->\n  <PropertyGroup xmlns="{schema}">\n    <P>v</P>\n  </PropertyGroup>\n'
        f"  <!--\r\n{rule}\r\n  </Import>\r\n\r\nDIR/a.proj\r\n{rule}\r\n-->\n"
        '  <!--<Import Project="no" Condition="false" />-->\n'
        '  <Target Name="T">\n    <Message Text="@(A->\'%(B)\') -&gt; @(A-&gt;Count()) &amp; &lt;" />\n  </Target>\n</Project>\n<!--end-->'
    )


def test_profile_of_evaluations(build: Build) -> None:
    """A report with a row for each pass, in Markdown or in columns."""
    assert build.run("-t:Main", "-profileEvaluation:o.md", "-v:q", "-clp:ErrorsOnly").splitlines()[-2:] == [
        "Writing profiler report to 'o.md'...",
        "Done writing report.",
    ]
    rows = [line.split("|") for line in build.file("o.md").splitlines()]
    assert rows[0][:6] == ["Id", "ParentId", "Pass", "File", "Line #", "Expression"]
    passes = ["Total evaluation", "Initial properties (pass 0)", "Properties (pass 1)", "Item definition groups (pass 2)"]
    assert [row[2] for row in rows[2:9]] == [*passes, "Lazy items (pass 3.1)", "Using tasks (pass 4)", "Targets (pass 5)"]
    build.run("-t:Main", "-prof:o.tsv", "-v:q")
    assert build.file("o.tsv").splitlines()[1].split("\t")[1:6] == ["", "Total evaluation", "", "", ""]
    assert "MSBUILD : error MSB4239: Error writing profiling report. " in build.run("-t:Main", "-prof:none/o.tsv", "-v:q")
