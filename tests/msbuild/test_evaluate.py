"""Evaluation of SDK-style projects with our own SDK: text of project files in, properties and items out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from compiler.diagnostics import InputError
from server.msbuild.model import ProjectInstance
from server.msbuild.project import ProjectEvaluator
from server.msbuild.sdks import own_toolset

PROGRAM = """<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net9.0</TargetFramework>
    {more}
  </PropertyGroup>
  {items}
</Project>
"""


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def evaluate(folder: Path, properties: Mapping[str, str] | None = None, **parts: str) -> ProjectInstance:
    project = folder / "app.csproj"
    if not project.exists():
        project.write_text(PROGRAM.format(more=parts.get("more", ""), items=parts.get("items", "")))
    evaluator = ProjectEvaluator({"HOME": "/home/nobody"}, str(folder), toolset=own_toolset())
    return evaluator.evaluate(project, properties or {})


def test_defaults_of_a_console_program(tmp_path: Path) -> None:
    write_files(tmp_path, {"Program.cs": "", "sub/Other.cs": "", "obj/Debug/Made.cs": "", ".git/x.cs": "", "notes.txt": ""})
    project = evaluate(tmp_path)
    assert [item.identity for item in project.items_of("Compile")] == ["Program.cs", "sub/Other.cs"]
    assert [item.identity for item in project.items_of("None")] == ["notes.txt"]
    names = "AssemblyName RootNamespace OutputPath IntermediateOutputPath PublishDir TargetFrameworkMoniker Optimize LangVersion".split()
    assert [project.property(name) for name in names] == [
        "app",
        "app",
        project.property("OutputPath"),
        "obj/Debug/net9.0/",
        project.property("OutputPath") + "publish/",
        ".NETCoreApp,Version=v9.0",
        "false",
        "12.0",
    ]
    assert project.path_property("OutputPath") == f"{tmp_path}/bin/Debug/net9.0/"
    assert "NET9_0_OR_GREATER" in project.property("DefineConstants").split(";")
    assert project.property("DefineConstants").startswith("TRACE;DEBUG;NET;NET9_0;")


def test_aot_compatible_sets_its_four_defaults(tmp_path: Path) -> None:
    project = evaluate(tmp_path, more="<IsAotCompatible>true</IsAotCompatible><EnableAotAnalyzer>false</EnableAotAnalyzer>")
    names = ("IsTrimmable", "EnableTrimAnalyzer", "EnableSingleFileAnalyzer", "EnableAotAnalyzer")
    assert [project.property(name) for name in names] == ["true", "true", "true", "false"]


def test_feature_switches_of_a_native_publish(tmp_path: Path) -> None:
    project = evaluate(tmp_path, more="<PublishAot>true</PublishAot><InvariantGlobalization>true</InvariantGlobalization>")
    switches = {item.identity: (item.value("Value"), item.value("Trim")) for item in project.items_of("RuntimeHostConfigurationOption")}
    assert switches["System.Diagnostics.Tracing.EventSource.IsSupported"] == ("false", "true")
    assert switches["System.Globalization.Invariant"] == ("true", "true")
    assert switches["System.Linq.Enumerable.IsSizeOptimized"] == ("true", "true")
    assert "System.Diagnostics.Debugger.IsSupported" not in switches


def test_directory_build_files_and_command_line(tmp_path: Path) -> None:
    write_files(
        tmp_path,
        {
            "Directory.Build.props": "<Project><PropertyGroup><Early>props</Early><Nullable>enable</Nullable></PropertyGroup></Project>",
            "Directory.Build.targets": "<Project><PropertyGroup><Late>$(AssemblyName)</Late></PropertyGroup></Project>",
            "app/Program.cs": "",
        },
    )
    folder = tmp_path / "app"
    project = evaluate(folder, {"Configuration": "Release", "RuntimeIdentifier": "linux-x64"}, more="<Early>$(Early)+project</Early>")
    assert project.property("Early") == "props+project"
    assert project.property("Late") == "app"
    assert project.property("Nullable") == "enable"
    assert project.path_property("PublishDir") == f"{folder}/bin/Release/net9.0/linux-x64/publish/"
    assert f"{tmp_path}/Directory.Build.props" in project.imports


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "<Project>\n  <PropertyGroup>\n    <A>1</B>\n",
            "(3,11) MSB4025 The project file could not be loaded. The 'A' start tag on line 3 ",
        ),
        (
            "<Project>\n  <PropertyGroup Condition=\"'a' = 'a'\" />\n</Project>",
            "(2,18) MSB4105 Found an unexpected character ' ' at position 6 ",
        ),
        ('<Project>\n  <Import Project="gone.props" />\n</Project>', "(2,3) MSB4019 The imported project "),
        ("", "(0,0) MSB4025 The project file could not be loaded. Root element is missing."),
        ('<Project Sdk="No.Such.Sdk" />', "(0,0) MSB4236 The SDK 'No.Such.Sdk' specified could not be found."),
        ("<Project>\n<PropertyGroup><A>$(B.NoSuch())</A></PropertyGroup></Project>", "(2,16) MSB4184 "),
    ],
)
def test_faults_have_code_and_position(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "app.csproj").write_text(text)
    with pytest.raises(InputError) as caught:
        evaluate(tmp_path)
    place = caught.value.location
    assert place is not None
    assert f"({place.line},{place.column}) {caught.value.code} {caught.value.message}".startswith(expected)


def test_spelling_of_names(tmp_path: Path) -> None:
    """A property is spelled as it was set last; metadata as by the first that gave the value, as MSBuild's own evaluation has it."""
    items = '<I Include="a" v="1" /><Same Include="@(I)" V="1" /><Other Include="@(I)" V="2" />'
    project = evaluate(tmp_path, more="<myProperty>1</myProperty><MyProperty>2</MyProperty>", items=f"<ItemGroup>{items}</ItemGroup>")
    assert project.properties.values["myproperty"].name == "MyProperty"
    names = [[name for name, _ in item.metadata.values()] for kind in ("I", "Same", "Other") for item in project.items_of(kind)]
    assert names == [["v"], ["v"], ["V"]]
    assert evaluate(tmp_path).property("MSBuildAllProjects").split(";")[0] == f"{tmp_path}/app.csproj"
