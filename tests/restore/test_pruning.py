"""Packages that a framework holds: which lists there are for which frameworks."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.build.tasks.prune_lists import framework_packages
from tests.msbuild.test_build_with_own_sdk import Build
from tests.restore.test_own_sdk import CONFIG, assets, project, put

NOWHERE = Path("nowhere")


def test_packages_are_pruned_for_all_frameworks_of_a_project_with_one_that_prunes(tmp_path: Path) -> None:
    build = Build(tmp_path)
    build.write("NuGet.Config", CONFIG)
    put(build, "Inner", "1.0.0")
    build.write("App/App.csproj", project("net10.0;net9.0;netstandard2.1", '<PackageReference Include="Inner" Version="1.0.0" />'))
    assert build.run("App/App.csproj", "Restore")
    pruned = {name: one["packagesToPrune"] for name, one in assets(build, "App")["project"]["frameworks"].items()}
    assert pruned["net10.0"]["System.Text.Encoding.CodePages"] == "(,10.0.32767]"
    assert pruned["net9.0"]["System.Text.Encoding.CodePages"] == "(,9.0.32767]"
    assert pruned["netstandard2.1"]["System.Threading"] == "(,4.3.0]"


@pytest.mark.parametrize("version", ["3.0", "3.1", "5.0", "6.0", "7.0", "8.0", "9.0", "10.0"])
def test_every_framework_has_its_lists(version: str) -> None:
    for framework in ("Microsoft.NETCore.App", "Microsoft.AspNetCore.App", "Microsoft.WindowsDesktop.App"):
        assert framework_packages(".NETCoreApp", version, framework, NOWHERE, ())


def test_a_list_of_the_sdk_comes_first(tmp_path: Path) -> None:
    file = tmp_path / "9.0" / "Microsoft.NETCore.App" / "PackageOverrides.txt"
    file.parent.mkdir(parents=True)
    file.write_text("Odd|1.2.3\n")
    assert framework_packages(".NETCoreApp", "9.0", "Microsoft.NETCore.App", tmp_path, ()) == {"Odd": "1.2.3"}
