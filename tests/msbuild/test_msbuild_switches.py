"""MSBuild's command line: what the words mean, and MSBuild's own texts when they mean nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.cli.msbuild import run
from server.cli.msbuild_switches import MSBuildSwitches, SwitchError, parse_msbuild_switches
from server.cli.switch_gathering import split_unquoted, unquote


def parsed(directory: Path, *args: str, **variables: str) -> MSBuildSwitches:
    """The command line of a folder that holds one project."""
    (directory / "a.proj").write_text("<Project />", encoding="utf-8")
    return parse_msbuild_switches(args, directory, variables)


def test_switches_of_every_spelling(tmp_path: Path) -> None:
    """Slashes, double dashes, quotes and lists."""
    switches = parsed(tmp_path, "/t:A;B", "--target:C,a", '-p:X="1;2";Y=3', "-v:diag", "-nowarn:x1,X2", "-warnaserror", "-warnnotaserror:z")
    assert switches.targets == ("A", "B", "C", "a")
    assert switches.properties == {"X": "1;2", "Y": "3"}
    assert (switches.loggers.rank, switches.warnings.as_messages) == (4, frozenset({"X1", "X2"}))
    assert (switches.warnings.as_errors, switches.warnings.not_as_errors) == (frozenset(), frozenset({"Z"}))


def test_response_files_by_precedence(tmp_path: Path) -> None:
    """The command line wins over MSBuild.rsp beside the project, which wins over the nearest Directory.Build.rsp."""
    (tmp_path / "MSBuild.rsp").write_text("-p:A=beside -p:B=beside\n", encoding="utf-8")
    (tmp_path / "Directory.Build.rsp").write_text("# words\n-p:B=above -p:C=%HOME%\n-p:D=%MSBuildThisFileDirectory%x\n", encoding="utf-8")
    (tmp_path / "more.rsp").write_text('-p:"E=a b"', encoding="utf-8")
    switches = parsed(tmp_path, "-p:F=1", "@more.rsp", HOME="/home/me")
    assert switches.properties == {"A": "beside", "B": "beside", "C": "/home/me", "D": f"{tmp_path}/x", "E": "a b", "F": "1"}
    assert parsed(tmp_path, "-noautorsp").properties == {}


@pytest.mark.parametrize(
    ("args", "code", "prompts"),
    [
        (["-nosuch"], "MSB1001", True),
        (["-fl:3"], "MSB1002", True),
        (["-t:"], "MSB1004", True),
        (["-p"], "MSB1005", True),
        (["-p:A"], "MSB1006", True),
        (["a.proj", "a.proj"], "MSB1008", True),
        (["none.proj"], "MSB1009", False),
        (["-getProperty:"], "MSB1010", True),
        (["@"], "MSB1012", True),
        (["-getItem"], "MSB1014", True),
        (["-v:"], "MSB1016", True),
        (["-getTargetResult:"], "MSB1017", True),
        (["-v:loud"], "MSB1018", True),
        (["@none.rsp"], "MSB1022", False),
        (["-restore:perhaps"], "MSB1052", True),
        (["-warnnotaserror:X"], "MSB1062", True),
        (["-t:a$b"], "MSB5016", True),
    ],
)
def test_mistakes(tmp_path: Path, args: list[str], code: str, prompts: bool) -> None:  # noqa: FBT001
    """MSBuild's code, and its prompt when it is the switches that are wrong."""
    with pytest.raises(SwitchError) as raised:
        parsed(tmp_path, *args)
    assert raised.value.text.startswith(f"MSBUILD : error {code}: ")
    assert raised.value.text.endswith('type "MSBuild -help"\n') == prompts


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (["a.csproj"], "a.csproj"),
        (["a.csproj", "a.sln"], "a.sln"),
        (["a.csproj", "b.sln"], "MSB1011"),
        (["a.csproj", "b.proj"], "b.proj"),
        (["a.csproj", "b.csproj"], "MSB1011"),
        (["a.sln", "b.slnx"], "MSB1011"),
        (["a.txt"], "MSB1003"),
        (["a.slnf"], "a.slnf"),
    ],
)
def test_project_of_a_folder(tmp_path: Path, files: list[str], found: str) -> None:
    """The one project or solution that a folder stands for."""
    for name in files:
        (tmp_path / name).write_text("", encoding="utf-8")
    try:
        assert parse_msbuild_switches([], tmp_path, {}).project.name == found
    except SwitchError as error:
        assert f"error {found}: " in error.text  # noqa: PT017


def test_quoting_as_msbuild() -> None:
    """The examples in MSBuild's own source."""
    assert unquote(r"abc\"d") == 'abc"d'
    assert unquote('a"b;c"d') == "ab;cd"
    assert unquote('a"""b') == 'a"b'
    assert split_unquoted('a;"b;c";d', ";") == ["a", '"b;c"', "d"]


def test_answers_into_files(tmp_path: Path) -> None:
    """-getResultOutputFile and -targets write where they are told; a file that cannot be written is an error."""
    (tmp_path / "a.proj").write_text(
        '<Project><PropertyGroup><A>1</A></PropertyGroup><Target Name="T" /><Target Name="U" /></Project>', encoding="utf-8"
    )
    project = str(tmp_path / "a.proj")
    assert run([project, "-getProperty:A", f"-getResultOutputFile:{tmp_path}/out"]) == 0
    assert (tmp_path / "out").read_text(encoding="utf-8") == "1\n"
    assert run([project, f"-targets:{tmp_path}/targets"]) == 0
    assert (tmp_path / "targets").read_text(encoding="utf-8") == "T\nU\n"
    assert run([project, "-getProperty:A", f"-getResultOutputFile:{tmp_path}/none/out"]) == 1
