"""Projects of languages whose compiler is not there: they evaluate, and a build says what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.diagnostics import InputError
from server.cli.console import Progress
from server.cli.target_building import build_by_targets
from server.msbuild.project import ProjectEvaluator
from server.msbuild.sdks import own_toolset
from tests.msbuild.test_build_with_own_sdk import LIBRARY, Build


@pytest.mark.parametrize(("extension", "language", "sources"), [("vb", "Visual Basic", ["A.vb"]), ("fs", "F#", [])])
def test_is_named(tmp_path: Path, extension: str, language: str, sources: list[str]) -> None:
    build = Build(tmp_path)
    name = f"lib.{extension}proj"
    build.write(name, LIBRARY.format(""))
    build.write(f"A.{extension}", "")
    build.write("B.cs", "")
    instance = ProjectEvaluator({}, str(build.folder), toolset=own_toolset()).evaluate(build.folder / name, {})
    assert [item.identity for item in instance.items_of("Compile")] == sources
    assert not build.run(name)
    assert build.lines == [
        f"{build.folder}/{name} : error AOTD0304: the {language} compiler is not in the embedded tool chain, which has that of C# alone: "
        f"install a .NET SDK to build '{name}'\n"
    ]


def test_targets_that_leave_no_assembly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sdk = tmp_path / "dotnet" / "sdk" / "9.0.100" / "Sdks" / "Microsoft.NET.Sdk" / "Sdk"
    sdk.mkdir(parents=True)
    (sdk / "Sdk.props").write_text("<Project/>")
    monkeypatch.setenv("DOTNET_ROOT", str(tmp_path / "dotnet"))
    project = tmp_path / "lib.fsproj"
    project.write_text('<Project><Target Name="Restore"/><Target Name="Build"/></Project>')
    with pytest.raises(InputError, match="there is no assembly"):
        build_by_targets(project, {}, Progress(quiet=True))
