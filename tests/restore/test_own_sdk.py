"""Restore by our own SDK's targets: a project's evaluation to assets file, generated build files and installed packages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.msbuild.test_build_with_own_sdk import Build
from tests.restore.raw_zip import RawEntry, raw_zip

CONFIG = """<configuration>
  <packageSources><clear /><add key="feed" value="feed" /></packageSources>
  <config><add key="globalPackagesFolder" value="packages" /></config>
</configuration>"""


def put(build: Build, name: str, version: str, dependency: str = "", *files: str) -> None:
    """A package in the feed; `dependency` is an id, asked for from 1.0.0 on."""
    dependencies = f'<dependencies><dependency id="{dependency}" version="1.0.0" /></dependencies>' if dependency else ""
    manifest = f"<package><metadata><id>{name}</id><version>{version}</version>{dependencies}</metadata></package>"
    entries = [RawEntry(f"{name}.nuspec".encode(), manifest.encode()), RawEntry(f"lib/netstandard2.0/{name}.dll".encode(), b"library")]
    entries += [
        RawEntry(file.encode(), b"<Project><PropertyGroup><FromPackage>yes</FromPackage></PropertyGroup></Project>") for file in files
    ]
    path = build.folder / "feed" / f"{name}.{version}.nupkg"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(raw_zip(entries))


def project(frameworks: str, items: str) -> str:
    several = "s" if ";" in frameworks else ""
    properties = f"<TargetFramework{several}>{frameworks}</TargetFramework{several}>"
    return f'<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup>{properties}</PropertyGroup><ItemGroup>{items}</ItemGroup></Project>'


def assets(build: Build, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((build.folder / name / "obj" / "project.assets.json").read_text())
    return found


@pytest.fixture
def build(tmp_path: Path) -> Build:
    found = Build(tmp_path)
    found.write("NuGet.Config", CONFIG)
    put(found, "Outer", "1.0.0", "Inner", "build/Outer.props")
    put(found, "Inner", "1.0.0")
    put(found, "Inner", "2.0.0")
    return found


def test_a_project_and_the_one_that_it_refers_to(build: Build) -> None:
    library = '<ProjectReference Include="../Lib/Lib.csproj" ExcludeAssets="runtime" />'
    build.write("App/App.csproj", project("net9.0", f'{library}<PackageReference Include="Inner" Version="2.*" />'))
    build.write("Lib/Lib.csproj", project("netstandard2.0", '<PackageReference Include="Outer" Version="1.0.0" />'))
    assert build.run("App/App.csproj", "Restore")
    app = assets(build, "App")
    assert sorted(app["targets"]["net9.0"]) == ["Inner/2.0.0", "Lib/1.0.0", "Outer/1.0.0"]
    assert list(app["targets"]["net9.0"]["Lib/1.0.0"]["runtime"]) == ["bin/placeholder/_._"]
    # What a reference says of its assets is not said of the packages of the project that it names.
    assert list(assets(build, "Lib")["targets"]["netstandard2.0"]["Outer/1.0.0"]["runtime"]) == ["lib/netstandard2.0/Outer.dll"]
    assert app["project"]["restore"]["packagesPath"] == str(build.folder / "packages")
    assert sorted(assets(build, "Lib")["targets"]["netstandard2.0"]) == ["Inner/1.0.0", "Outer/1.0.0"]
    assert "Outer.props" in (build.folder / "Lib/obj/Lib.csproj.nuget.g.props").read_text()
    assert sorted(path.parent.name for path in (build.folder / "packages").glob("*/*/.nupkg.metadata")) == ["1.0.0", "1.0.0", "2.0.0"]


def test_packages_bring_properties_to_the_build_but_not_to_restore(build: Build) -> None:
    text = project("net9.0", '<PackageReference Include="Outer" Version="1.0.0" />')
    message = '<Message Importance="High" Text="FromPackage=$(FromPackage)" />'
    hook = f'<Target Name="Tell" BeforeTargets="CollectPackageReferences">{message}</Target>'
    build.write("App/App.csproj", text.replace("</Project>", f"{hook}</Project>"))
    for _ in range(2):
        build.lines.clear()
        assert build.run("App/App.csproj", "Restore")
        assert "FromPackage=" in "\n".join(build.lines) and "FromPackage=yes" not in "\n".join(build.lines)
    build.lines.clear()
    assert build.run("App/App.csproj", "CollectPackageReferences")
    assert "FromPackage=yes" in "\n".join(build.lines)


def test_several_frameworks_and_central_versions(build: Build) -> None:
    central = "<PropertyGroup><ManagePackageVersionsCentrally>true</ManagePackageVersionsCentrally></PropertyGroup>"
    put(build, "Global", "1.0.0")
    versions = '<GlobalPackageReference Include="Global" Version="1.0.0" /><PackageVersion Include="Inner" Version="2.0.0" />'
    build.write("Directory.Packages.props", f"<Project>{central}<ItemGroup>{versions}</ItemGroup></Project>")
    build.write("App/App.csproj", project("net9.0;netstandard2.0", '<PackageReference Include="Inner" />'))
    assert build.run("App/App.csproj", "Restore")
    assert {name: list(target) for name, target in assets(build, "App")["targets"].items()} == {
        "net9.0": ["Global/1.0.0", "Inner/2.0.0"],
        "netstandard2.0": ["Global/1.0.0", "Inner/2.0.0"],
    }
    assert build.run("App/App.csproj", "Restore")
    assert "All projects are up-to-date for restore." in "\n".join(build.lines)


def test_what_cannot_be_found_is_an_error_of_the_project(build: Build) -> None:
    build.write("App/App.csproj", project("net9.0", '<PackageReference Include="Nowhere" Version="1.0.0" />'))
    assert not build.run("App/App.csproj", "Restore")
    assert "App.csproj : error NU1101: Unable to find package Nowhere." in "\n".join(build.lines)


def test_what_the_framework_holds_is_pruned_from_net_10_on(build: Build) -> None:
    put(build, "Needs", "1.0.0", "System.Text.Json")
    put(build, "System.Text.Json", "8.0.0")
    build.write("App/App.csproj", project("net10.0", '<PackageReference Include="Needs" Version="1.0.0" />'))
    assert build.run("App/App.csproj", "Restore"), build.lines
    assert list(assets(build, "App")["targets"]["net10.0"]) == ["Needs/1.0.0"]
    build.write("Older/Older.csproj", project("net9.0", '<PackageReference Include="Needs" Version="1.0.0" />'))
    assert build.run("Older/Older.csproj", "Restore"), build.lines
    assert sorted(assets(build, "Older")["targets"]["net9.0"]) == ["Needs/1.0.0", "System.Text.Json/8.0.0"]


def test_windows_without_a_version_is_windows_7(build: Build) -> None:
    build.write("App/App.csproj", project("net9.0-windows", ""))
    assert build.run("App/App.csproj", "Restore")
    assert assets(build, "App")["project"]["frameworks"]["net9.0-windows"]["framework"] == "net9.0-windows7.0"


def test_a_general_dependency_group_comes_before_the_asset_fallback(build: Build) -> None:
    groups = '<group><dependency id="Inner" version="2.0.0" /></group><group targetFramework="net461" />'
    manifest = f"<package><metadata><id>Grouped</id><version>1.0.0</version><dependencies>{groups}</dependencies></metadata></package>"
    content = raw_zip([RawEntry(b"Grouped.nuspec", manifest.encode()), RawEntry(b"lib/netstandard2.0/Grouped.dll", b"library")])
    (build.folder / "feed/Grouped.1.0.0.nupkg").write_bytes(content)
    build.write("app/app.csproj", project("net9.0", '<PackageReference Include="Grouped" Version="1.0.0" />'))
    assert build.run("app/app.csproj", "Restore"), build.lines
    assert set(assets(build, "app")["targets"]["net9.0"]) == {"Grouped/1.0.0", "Inner/2.0.0"}


@pytest.mark.parametrize(("properties", "severity"), [("", "error"), ("<WarningsAsErrors>NU1603</WarningsAsErrors>", "warning")])
def test_a_downgrade_is_an_error_unless_the_project_lists_its_own(build: Build, properties: str, severity: str) -> None:
    put(build, "Newer", "1.0.0", "Outer")
    put(build, "Outer", "0.9.0")
    items = '<PackageReference Include="Newer" Version="1.0.0" /><PackageReference Include="Outer" Version="0.9.0" />'
    build.write("app/app.csproj", project("net9.0", items).replace("</PropertyGroup>", f"{properties}</PropertyGroup>"))
    assert build.run("app/app.csproj", "Restore") == (severity == "warning")
    assert any(f": {severity} NU1605: " in line for line in build.lines)


def test_no_source_at_all_is_said(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(build.folder))
    build.write("app/app.csproj", project("net9.0", '<PackageReference Include="Outer" Version="1.0.0" />'))
    assert build.run("app/app.csproj", "Restore")
    assert not any("AOTD0405" in line for line in build.lines)
    (build.folder / "NuGet.Config").unlink()
    build.write("app/app.csproj", project("net9.0", '<PackageReference Include="Outer" Version="1.0.1" />'))
    assert not build.run("app/app.csproj", "Restore")
    assert any("AOTD0405" in line for line in build.lines) and any("NU1100" in line for line in build.lines)
