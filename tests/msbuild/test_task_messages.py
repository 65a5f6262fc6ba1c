"""What built-in tasks and calls between projects say and do, as `dotnet msbuild` was seen to: targets in, lines and files out."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from server.build.console_logger import ConsoleLogger
from server.build.events import BuildLog
from server.build.session import BuildSession
from server.msbuild.project import ProjectEvaluator
from server.msbuild.sdks import own_toolset

SET = "Expression must evaluate to a node-set."
CONTEXT = "Unable to set XPath expression's Context."
DOCUMENT = (
    '<?xml version="1.0" encoding="UTF-8"?><!-- c -->\n<a  z=\'"&lt;&#10;\'><b/><c></c><d>  </d><e> t <f/><g>\n <h/></g></e>'
    '<k xml:space="preserve">  <l/> </k><m><!-- q --></m>\n</a>\n'
)
SAVED = (
    '\ufeff<?xml version="1.0" encoding="UTF-8"?>\n<!-- c -->\n<a z="&quot;&lt;&#xA;">\n  <b>v</b>\n  <c>\n  </c>\n  <d>\n  </d>\n'
    '  <e> t <f /><g><h /></g></e>\n  <k xml:space="preserve">  <l /> </k>\n  <m>\n    <!-- q -->\n  </m>\n</a>'
)


def run(folder: Path, body: str, targets: list[str], level: int = 1) -> list[str]:
    """The lines of a build of `body`, paths of the folder shortened; `level` is the verbosity."""
    (folder / "a.proj").write_text(f"<Project>{body}</Project>", encoding="utf-8")
    lines: list[str] = []
    evaluator = ProjectEvaluator({"PATH": "/usr/bin:/bin"}, str(folder), toolset=own_toolset())
    BuildSession(evaluator, BuildLog([ConsoleLogger(level, lines.append)])).build(str(folder / "a.proj"), {}, targets)
    return [line.strip().replace(str(folder), "DIR") for line in lines]


@pytest.mark.parametrize(
    ("task", "line"),
    [
        ("<Error />", "DIR/a.proj(1,27): error : (No message specified)"),
        ('<Warning Text="$(Nothing)" Code="W1" />', "DIR/a.proj(1,27): warning W1: (No message specified)"),
        ('<Message Text="zero" Importance=" 0 " />', "zero"),
        (
            '<Message Text="x" Importance="loud" />',
            'DIR/a.proj(1,27): error MSB3511: "loud" is an invalid value for the "Importance" parameter. '
            "Valid values are: High, Normal and Low.",
        ),
        ('<Copy SourceFiles="a.proj" DestinationFiles="b" Retries="-1" />', "error MSB3028: -1 is an invalid retry count."),
        ('<Copy SourceFiles="a.proj" DestinationFiles="b" ErrorIfLinkFails="true" />', "error MSB3892: ErrorIfLinkFails requires"),
        ('<Exec Command="echo x" EnvironmentVariables="A" />', 'error MSB6007: The "A" value passed to the Environment property is not'),
        ('<Exec Command="echo x" WorkingDirectory="gone" />', 'DirectoryNotFoundException: The working directory "gone" does not exist.'),
        (
            '<CreateItem Include="x" AdditionalMetadata="bad" />',
            'error MSB3100: Syntax for "AdditionalMetadata" parameter is not valid (bad).',
        ),
        ('<XmlPeek Query="/" />', "error MSB3741: Unable to load arguments for the XmlPeek task. One of XmlContent or"),
        ('<XmlPeek XmlContent="&lt;a/>" Query="//b[" />', f'error MSB3734: XPath Query "//b[" cannot be loaded. {SET}'),
        ('<XmlPeek XmlContent="&lt;a/>" Query="//b]" />', "cannot be loaded. '//b]' has an invalid token."),
        ('<XmlPeek XmlContent="&lt;a/>" Query="//n:b" />', f"error MSB3743: {CONTEXT} Namespace prefix 'n' is not defined."),
        ('<XmlPeek XmlContent="&lt;a/>" Query="f()" />', f"error MSB3743: {CONTEXT} XsltContext is needed for this query because"),
    ],
)
def test_what_tasks_say(tmp_path: Path, task: str, line: str) -> None:
    """Of one task, one line."""
    assert any(line in found for found in run(tmp_path, f'<Target Name="T">{task}</Target>', ["T"]))


def test_saved_xml(tmp_path: Path) -> None:
    """XmlPoke saves as .NET does: indented but for mixed content, with a mark when the encoding is declared."""
    (tmp_path / "d.xml").write_text(DOCUMENT, encoding="utf-8")
    lines = run(tmp_path, '<Target Name="T"><XmlPoke XmlInputPath="d.xml" Query="//b" Value="v" /></Target>', ["T"], 3)
    assert (tmp_path / "d.xml").read_text(encoding="utf-8") == SAVED
    assert {'Replaced "b" with "v".', "Made 1 replacement(s)."} <= set(lines)


def test_given_out_xml(tmp_path: Path) -> None:
    """XmlPeek gives elements out indented, with namespaces behind the attributes."""
    text = '<a><e></e><f>  </f><c> t <d/></c><n xmlns="u"><m xmlns:p="q" p:z="1"/></n></a>'.replace("<", "&lt;").replace('"', "'")
    task = f'<XmlPeek XmlContent="{text}" Query="/a"><Output TaskParameter="Result" PropertyName="R" /></XmlPeek>'
    lines = run(tmp_path, f'<Target Name="T">{task}<Message Text="$(R)" Importance="high" /></Target>', ["T"])
    shown = ["<a>", "<e></e>", "<f></f>", "<c> t <d /></c>", '<n xmlns="u">', '<m p:z="1" xmlns:p="q" />', "</n>", "</a>"]
    assert [part.strip() for line in lines for part in line.splitlines() if part.strip()] == shown


def test_whole_folders_are_copied(tmp_path: Path) -> None:
    """A source folder goes into a folder of its name."""
    (tmp_path / "d" / "e").mkdir(parents=True)
    (tmp_path / "d" / "e" / "y").write_text("1")
    lines = run(tmp_path, '<Target Name="T"><Copy SourceFolders="d" DestinationFolder="out" /></Target>', ["T"], 3)
    assert 'Copying file from "DIR/d/e/y" to "DIR/out/d/e/y".' in lines
    assert (tmp_path / "out" / "d" / "e" / "y").read_text() == "1"


def test_a_circle_through_projects_is_the_calling_tasks_fault(tmp_path: Path) -> None:
    """A target that is active cannot be asked for: the error names the task that asks, and its target."""
    circle = 'error MSB4006: There is a circular dependency in the target dependency graph involving target "X".'
    child = '<Project><Target Name="X">\n <MSBuild Projects="a.proj" Targets="A" /></Target></Project>'
    (tmp_path / "child.proj").write_text(child, encoding="utf-8")
    body = '<Target Name="A"><MSBuild Projects="child.proj" Targets="X" /></Target>'
    assert [line for line in run(tmp_path, body, ["A"]) if line] == [f"DIR/child.proj(2,2): {circle}"]


def test_what_the_system_refuses_is_the_tasks_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tool that is no program, and a folder for temporary files that is gone: the task fails, and the build goes on as it says."""
    (tmp_path / "tool").write_text("no program")
    task = f'<Exec Command="echo a" ToolPath="{tmp_path}" ToolExe="tool" />'
    lines = run(tmp_path, f'<Target Name="T">{task}</Target>', ["T"])
    refused = 'DIR/a.proj(1,27): error MSB6003: The specified task executable "tool" could not be run. '
    assert refused + "System.ComponentModel.Win32Exception (13): Permission denied" in lines
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    body = '<Target Name="T"><Exec Command="echo a" ContinueOnError="true" /><Message Text="after" Importance="high" /></Target>'
    lines = run(tmp_path, body, ["T"])
    assert 'DIR/a.proj(1,27): warning MSB4018: The "Exec" task failed unexpectedly.' in lines[0] and "after" in lines
