"""What copies of items remember of the items that they were made from, and the links of files from outside a project's folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import RunAotd

# task, its parameters, its output -> the identities and OriginalItemSpecs that MSBuild 16.4 gives for a.txt and sub/b.txt.
COPIES = {
    "AssignCulture": ('Files="@(F)"', "AssignedFiles", "a.txt=a.txt;sub/b.txt=sub/b.txt"),
    "AssignTargetPath": ('Files="@(F)" RootFolder="$(MSBuildProjectDirectory)"', "AssignedFiles", "a.txt=a.txt;sub/b.txt=sub/b.txt"),
    "Copy": ('SourceFiles="@(F)" DestinationFolder="to"', "DestinationFiles", "to/a.txt=a.txt;to/b.txt=sub/b.txt"),
    "Move": ('SourceFiles="@(F)" DestinationFiles="x;y"', "MovedFiles", "x=a.txt;y=sub/b.txt"),
    "CreateItem": ('Include="sub/*.txt"', "Include", "sub/b.txt=sub/*.txt"),
    "Delete": ('Files="@(F)"', "DeletedFiles", "a.txt=a.txt;sub/b.txt=sub/b.txt"),
    "RemoveDir": ('Directories="sub"', "RemovedDirectories", "sub=sub"),
    "RemoveDuplicates": ('Inputs="@(F);@(F)"', "Filtered", "a.txt=;sub/b.txt="),
    "Touch": ('Files="@(F)"', "TouchedFiles", "a.txt=;sub/b.txt="),
    "GetFileHash": ('Files="@(F)"', "Items", "a.txt=;sub/b.txt="),
}


@pytest.mark.parametrize("task", COPIES)
def test_original_item_spec(task: str, aotd: RunAotd, tmp_path: Path) -> None:
    parameters, output, expected = COPIES[task]
    (tmp_path / "sub").mkdir()
    for name in ("a.txt", "sub/b.txt"):
        (tmp_path / name).write_text("text\n")
    (tmp_path / "copies.proj").write_text(
        f'<Project><ItemGroup><F Include="a.txt;sub/b.txt" /></ItemGroup><Target Name="T"><{task} {parameters}><Output '
        f'TaskParameter="{output}" ItemName="O" /></{task}><Message Importance="high" Text="[@(O->\'%(Identity)=%(OriginalItemSpec)\')]" />'
        "</Target></Project>"
    )
    assert f"[{expected}]" in aotd("msbuild", str(tmp_path / "copies.proj"), "-nologo", "-v:m").stdout


def test_a_destination_keeps_what_it_says_itself(aotd: RunAotd, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text\n")
    (tmp_path / "copies.proj").write_text(
        '<Project><ItemGroup><F Include="a.txt" Of="source" Own="source" /><D Include="b.txt" Own="target" /></ItemGroup><Target Name="T">'
        '<Copy SourceFiles="@(F)" DestinationFiles="@(D)"><Output TaskParameter="CopiedFiles" ItemName="O" /></Copy>'
        "<Message Importance=\"high\" Text=\"[@(O->'%(Identity) %(Of) %(Own)')]\" /></Target></Project>"
    )
    assert "[b.txt source target]" in aotd("msbuild", str(tmp_path / "copies.proj"), "-nologo", "-v:m").stdout


def test_links_of_files_from_outside(aotd: RunAotd, tmp_path: Path) -> None:
    (tmp_path / "shared" / "deep").mkdir(parents=True)
    for name in ("shared/deep/x.txt", "shared/y.txt"):
        (tmp_path / name).write_text("text\n")
    (tmp_path / "app").mkdir()
    project = tmp_path / "app" / "app.csproj"
    project.write_text(
        '<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>net9.0</TargetFramework></PropertyGroup><ItemGroup>'
        '<None Include="../shared/**/*.txt" LinkBase="base" /><Content Include="../shared/y.txt" /><Content Include="in.txt" />'
        "</ItemGroup></Project>"
    )
    items = json.loads(aotd("evaluate", str(project), "-getItem:None,Content", env={"DOTNET_ROOT": ""}).stdout)["Items"]
    links = {kind: [(item["Identity"], item.get("Link")) for item in items[kind]] for kind in ("None", "Content")}
    assert links == {
        "None": [("../shared/deep/x.txt", "base/deep/x.txt"), ("../shared/y.txt", "base/y.txt")],
        "Content": [("../shared/y.txt", "y.txt"), ("in.txt", None)],
    }
