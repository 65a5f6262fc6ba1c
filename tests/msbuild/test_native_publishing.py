"""What a publish over an installed SDK makes a native program, and that it restores no package of .NET's own native compiler."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest

from server.build.warm import WarmTools
from server.cli.caller import Caller, Channel, never_cancelled, serving
from server.cli.msbuild import run_msbuild
from server.msbuild.project import ProjectEvaluator
from server.msbuild.sdks import installed_toolset, publishing_toolset
from tests.msbuild.test_corpus import SDK_TEXT

TOOLSET = installed_toolset(str(SDK_TEXT), "10.0.401")
PROGRAM = "<TargetFramework>net10.0</TargetFramework><OutputType>Exe</OutputType>"


def write_project(folder: Path, properties: str) -> Path:
    project = folder / "a.csproj"
    project.write_text(f'<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup>{properties}</PropertyGroup></Project>', encoding="utf-8")
    return project


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        (PROGRAM, ("true", "linux-x64", "false", "false")),
        ("<TargetFramework>net8.0</TargetFramework><OutputType>WinExe</OutputType>", ("true", "linux-x64", "false", "false")),
        (f"{PROGRAM}<PublishAot>false</PublishAot>", ("false", "", "false", "true")),
        ("<TargetFramework>net6.0</TargetFramework><OutputType>Exe</OutputType>", ("", "", "false", "true")),
        ("<TargetFramework>net10.0</TargetFramework>", ("", "", "", "")),
        (f"{PROGRAM}<IsTestProject>true</IsTestProject>", ("", "", "false", "true")),
        (
            "<TargetFramework>net9.0</TargetFramework><OutputType>Exe</OutputType><PublishAot>true</PublishAot>"
            "<RuntimeIdentifier>linux-arm64</RuntimeIdentifier><SelfContained>true</SelfContained>",
            ("true", "linux-arm64", "false", "false"),
        ),
    ],
)
def test_what_is_native(tmp_path: Path, properties: str, expected: tuple[str, ...]) -> None:
    """PublishAot, RuntimeIdentifier, SelfContained and UseAppHost of a publish."""
    project = write_project(tmp_path, properties)
    evaluator = ProjectEvaluator({}, str(tmp_path), toolset=publishing_toolset(TOOLSET))
    instance = evaluator.evaluate(project, {"_IsPublishing": "true"})
    assert tuple(instance.property(name) for name in ("PublishAot", "RuntimeIdentifier", "SelfContained", "UseAppHost")) == expected
    # Without a publish nothing is different.
    built = evaluator.evaluate(project, {})
    plain = ProjectEvaluator({}, str(tmp_path), toolset=TOOLSET).evaluate(project, {})
    changed = {name for name in built.properties.values if built.property(name) != plain.property(name)}
    assert changed <= {"_aotdisprogram", "msbuildallprojects"}


def test_restore_of_a_publish(tmp_path: Path) -> None:
    project = write_project(tmp_path, f"{PROGRAM}<PublishAot>true</PublishAot>")
    (tmp_path / "nuget.config").write_text("<configuration><packageSources><clear /></packageSources></configuration>", encoding="utf-8")
    variables = {"HOME": str(tmp_path), "DOTNET_ROOT": str(SDK_TEXT), "AOTD_CACHE_DIR": str(tmp_path / "cache"), "PATH": os.defpath}
    codes: dict[bool, int] = {}
    for is_published in (True, False):
        channel, tools = Channel(io.StringIO(), is_terminal=False, shows_colour=False), WarmTools()
        with serving(Caller(channel, channel, lambda: 80, tmp_path, variables, never_cancelled, tools)):
            args = ["-nologo", "-t:Restore", str(project), *(["-p:_IsPublishing=true"] if is_published else [])]
            codes[is_published] = run_msbuild(args, as_verb=False, publishes_native=is_published)
        tools.close()
        assets = json.loads((tmp_path / "obj" / "project.assets.json").read_text(encoding="utf-8"))
        wanted = assets["project"]["frameworks"]["net10.0"].get("dependencies", {})
        assert any("ILCompiler" in name for name in wanted) != is_published
    # Without sources the packages of the SDK's own publish cannot be had.
    assert codes == {True: 0, False: 1}
