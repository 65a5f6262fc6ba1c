"""Parameters of the built-in tasks that projects rarely use, with what MSBuild's own tasks said and did for the same calls."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.msbuild.test_resources_and_xml import run

OUTPUT = '<Exec Command="{}" ConsoleToMSBuild="true"{}><Output TaskParameter="ConsoleOutput" ItemName="O" /></Exec>'
SHOW = "<Message Importance=\"high\" Text=\"[@(O,'|')]\" />"
MULTIPLE = '<Exec Command="&#10;echo one&#10;exit 4&#10;" ContinueOnError="true" />'
EXEC = {
    "lines end with CR, LF or both": (OUTPUT.format(r"printf 'a\rb\n\n c \r\n'", ""), "[a|b| c]"),
    "an encoding": (OUTPUT.format(r"printf 'h\351\n'", ' StdOutEncoding="iso-8859-1"'), "[hé]"),
    "an encoding that is none": ('<Exec Command="x" StdErrEncoding="nosuch" />', 'MSB3098: "Exec" task received an invalid value'),
    "variables": (OUTPUT.format("echo $A $B", ' EnvironmentVariables="A=1;B=two words"'), "[1 two words]"),
    "variables that are none": ('<Exec Command="x" EnvironmentVariables="A" />', 'MSB6007: The "A" value passed to'),
    "an importance that is none": ('<Exec Command="x" StandardOutputImportance="loud" />', 'MSB3511: "loud" is an invalid value'),
    "no such shell": ('<Exec Command="x" ToolPath="/bin" ToolExe="nosuch" />', "MSB6004: The specified task executable location"),
    "a quiet failure": ('<Exec Command="exit 3" EchoOff="true" />', 'MSB3073: The command "..." exited with code 3.'),
    "several lines": (MULTIPLE, "exited with code 4."),
    "expressions have cases": ('<Exec Command="echo bad" CustomErrorRegularExpression="BAD" />', "bad"),
    "no folder": ('<Exec Command="x" WorkingDirectory="nosuch" />', "MSB6003: The specified task executable"),
}


@pytest.mark.parametrize("name", EXEC)
def test_exec(tmp_path: Path, name: str) -> None:
    body, expected = EXEC[name]
    assert expected in run(tmp_path, body + SHOW)[-1] or any(expected in line for line in run(tmp_path, body))


def test_a_command_that_takes_too_long(tmp_path: Path) -> None:
    output = '<Output TaskParameter="ExitCode" PropertyName="E" />'
    body = f'<Exec Command="sleep 9" Timeout="200" ContinueOnError="true">{output}</Exec><Message Importance="high" Text="$(E)" />'
    lines = run(tmp_path, body)
    assert any("MSB5002" in line for line in lines) and lines[-1] == "137"


COPY = {
    "retries": ('DestinationFiles="b.txt/x" Retries="2" RetryDelayMilliseconds="1"', ["MSB3026", "MSB3026", "MSB3027", "MSB3021"]),
    "no retries into a file": ('DestinationFolder="b.txt" Retries="2"', ["MSB3021"]),
    "a count that is none": ('DestinationFolder="o" Retries="-1"', ["MSB3028"]),
    "a delay that is none": ('DestinationFolder="o" RetryDelayMilliseconds="-1"', ["MSB3029"]),
    "no link to fail": ('DestinationFolder="o" ErrorIfLinkFails="true"', ["MSB3892"]),
    "a link": ('DestinationFolder="o" UseHardlinksIfPossible="true" ErrorIfLinkFails="true"', []),
}


@pytest.mark.parametrize("name", COPY)
def test_copy(tmp_path: Path, name: str) -> None:
    for file in ("a.txt", "b.txt"):
        (tmp_path / file).write_text(file)
    attributes, codes = COPY[name]
    lines = run(tmp_path, f'<Copy SourceFiles="a.txt" {attributes} />')
    assert [line.partition(": ")[2].split()[1].rstrip(":") for line in lines if "MSB" in line] == codes
    assert (tmp_path / "a.txt").stat().st_nlink == (1 if codes else 2)


def test_read_only_files(tmp_path: Path) -> None:
    for file in ("a.txt", "b.txt", "c.txt"):
        (tmp_path / file).write_text(file)
        os.chmod(tmp_path / file, 0o444)
    lines = run(tmp_path, '<Copy SourceFiles="a.txt" DestinationFolder="o" /><Move SourceFiles="a.txt" DestinationFiles="b.txt" />')
    assert stat.S_IMODE((tmp_path / "o/a.txt").stat().st_mode) == 0o644
    assert lines[-1].endswith('MSB3677: Unable to move file "a.txt" to "b.txt". Moving target is read-only')
    assert run(tmp_path, '<Move SourceFiles="a.txt" DestinationFiles="c.txt" OverwriteReadOnlyFiles="true" />') == []


def test_unzip(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "s/a.sh").write_text("x")
    os.chmod(tmp_path / "s/a.sh", 0o755)
    os.utime(tmp_path / "s/a.sh", (1600000000, 1600000000))
    run(tmp_path, '<ZipDirectory SourceDirectory="s" DestinationFile="z.zip" /><Unzip SourceFiles="z.zip" DestinationFolder="o" />')
    status = (tmp_path / "o/a.sh").stat()
    assert status.st_mtime == 1600000000 and stat.S_IMODE(status.st_mode) == 0o755
    (tmp_path / "o/a.sh").write_text("y")
    os.utime(tmp_path / "o/a.sh", (1600000000, 1600000000))
    run(tmp_path, '<Unzip SourceFiles="z.zip" DestinationFolder="o" />')
    assert (tmp_path / "o/a.sh").read_text() == "y"
    lines = run(tmp_path, '<Unzip SourceFiles="z.zip" DestinationFolder="o" SkipUnchangedFiles="false" FailIfNotIncremental="true" />')
    assert 'Unzipping file "a.sh" to' in lines[-1]


XML = '<?xml version="1.0" encoding="utf-8"?>\n<r b="1" xmlns:p="urn:p" a="2"><i id="1">one</i><e></e>\n <p:q v="&amp;"/><m>t<n/></m></r>'
SAVED = """<?xml version="1.0" encoding="utf-8"?>
<r b="1" xmlns:p="urn:p" a="9">
  <i id="1">{}</i>
  <e>\n  </e>
  <p:q v="&amp;" />
  <m>t<n /></m>
</r>"""
NAMESPACES = "Namespaces=\"&lt;Namespace Prefix='p' Uri='urn:p' /&gt;\""
PEEK = {
    "//i": '[<i id="1">one</i>]',
    "//p:q": '[<p:q v="&amp;" xmlns:p="urn:p" />]',
    "//i/text()|//p:q/@v": "[one;&]",
    "//nothing": "[]",
    "count(//i)": "MSB4018",
    "//x:i": "MSB3743: Unable to set XPath expression's Context. Namespace prefix 'x' is not defined.",
    "//i[": "Expression must evaluate to a node-set.",
    "a b": "'a b' has an invalid token.",
}


@pytest.mark.parametrize("query", PEEK)
def test_xml_peek(tmp_path: Path, query: str) -> None:
    (tmp_path / "x.xml").write_text(XML)
    result = '<Output TaskParameter="Result" ItemName="R" />'
    body = f'<XmlPeek XmlInputPath="x.xml" Query="{query}" {NAMESPACES}>{result}</XmlPeek><Message Importance="high" Text="[@(R)]" />'
    assert any(PEEK[query] in line for line in run(tmp_path, body))


def test_xml_poke(tmp_path: Path) -> None:
    (tmp_path / "x.xml").write_text(XML)
    (tmp_path / "plain.xml").write_text("<a><b>1</b></a>")
    poke = '<XmlPoke XmlInputPath="x.xml" Query="/r/{}" Value="{}" />'
    lines = run(tmp_path, poke.format("@a", "9") + poke.format("i", "&lt;k/&gt;") + poke.format("i/text()", "x"))
    assert (tmp_path / "x.xml").read_text(encoding="utf-8-sig") == SAVED.format("\n    <k />\n  ")
    assert lines == []
    lines = run(tmp_path, '<XmlPoke XmlInputPath="plain.xml" Query="//b/text()" Value="2" />')
    assert "MSB3735" in lines[0] and (tmp_path / "plain.xml").read_bytes() == b"<a><b>1</b></a>"
    run(tmp_path, '<XmlPoke XmlInputPath="plain.xml" Query="//b" Value="2" />')
    assert (tmp_path / "plain.xml").read_bytes() == b"<a>\n  <b>2</b>\n</a>"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('<AL OutputAssembly="x" EmbedResources="y" ContinueOnError="true"/>', "warning MSB4803: The task \"AL\" is not supported"),
        ("<Warning />", "warning : (No message specified)"),
        ('<CreateItem Include="a" AdditionalMetadata="M" />', 'MSB3100: Syntax for "AdditionalMetadata" parameter is not valid (M).'),
        ('<Message Text="m" Importance="zz" />', "Valid values are: High, Normal and Low."),
    ],
)
def test_words(tmp_path: Path, body: str, expected: str) -> None:
    assert expected in run(tmp_path, body)[0]
