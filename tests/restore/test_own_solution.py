"""Restore of a solution by our own SDK's targets: all projects at once, those that cannot be restored named."""

from __future__ import annotations

from pathlib import Path

from tests.msbuild.test_build_with_own_sdk import Build
from tests.restore.test_own_sdk import CONFIG, assets, project, put

SOLUTION = '<Solution><Project Path="App/App.csproj" /><Project Path="Lib/Lib.csproj" /><Project Path="Plain/Plain.csproj" /></Solution>'


def test_a_solution_is_restored_once_for_all_projects(tmp_path: Path) -> None:
    build = Build(tmp_path)
    build.write("NuGet.Config", CONFIG)
    put(build, "Outer", "1.0.0", "Inner")
    put(build, "Inner", "1.0.0")
    build.write("App/App.csproj", project("net9.0", '<ProjectReference Include="../Lib/Lib.csproj" />'))
    build.write("Lib/Lib.csproj", project("netstandard2.0", '<PackageReference Include="Outer" Version="1.0.0" />'))
    build.write("Plain/Plain.csproj", '<Project><Target Name="Build" /></Project>')
    build.write("all.slnx", SOLUTION)
    assert build.run("all.slnx", "Restore")
    text = "\n".join(build.lines)
    assert text.count("Determining projects to restore...") == 1
    assert text.count("Restored ") == 2
    assert text.count("warning NU1503: ") == 1
    assert sorted(assets(build, "App")["libraries"]) == ["Inner/1.0.0", "Lib/1.0.0", "Outer/1.0.0"]
    assert build.files("packages") and not (build.folder / "Plain" / "obj").exists()
    assert build.run("all.slnx", "Restore")
    assert "All projects are up-to-date for restore." in "\n".join(build.lines)


def test_a_solution_filter_restores_its_projects_only(tmp_path: Path) -> None:
    build = Build(tmp_path)
    build.write("NuGet.Config", CONFIG)
    for name in ("App", "Lib"):
        build.write(f"{name}/{name}.csproj", project("net9.0", ""))
    build.write("all.slnx", '<Solution><Project Path="App/App.csproj" /><Project Path="Lib/Lib.csproj" /></Solution>')
    build.write("some/one.slnf", '{"solution": {"path": "..\\\\all.slnx", "projects": ["Lib\\\\Lib.csproj"]}}')
    assert build.run("some/one.slnf", "Restore")
    assert (build.folder / "Lib" / "obj").exists() and not (build.folder / "App" / "obj").exists()
    build.write("some/two.slnf", '{"solution": {"path": "../all.slnx", "projects": ["Other/Other.csproj"]}}')
    assert not build.run("some/two.slnf", "Restore")
    assert "error MSB5028: " in "\n".join(build.lines)
