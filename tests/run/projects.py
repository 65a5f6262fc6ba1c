"""Texts to project folders, for tests of the command line."""

from __future__ import annotations

from pathlib import Path

PROJECT = """<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net9.0</TargetFramework>
    <ImplicitUsings>enable</ImplicitUsings>
    <Nullable>enable</Nullable>
    <PublishAot>true</PublishAot>
    <InvariantGlobalization>true</InvariantGlobalization>
{properties}  </PropertyGroup>
{items}</Project>
"""

HELLO = 'Console.WriteLine("hello");\n'


def write_project(folder: Path, *, name: str = "app", source: str = HELLO, properties: str = "", items: str = "") -> Path:
    """A console project in `folder`; the path of its project file. `properties` and `items` are XML."""
    folder.mkdir(parents=True, exist_ok=True)
    project = folder / f"{name}.csproj"
    wrapped = f"  <ItemGroup>{items}</ItemGroup>\n" if items else ""
    project.write_text(PROJECT.format(properties=properties, items=wrapped))
    (folder / "Program.cs").write_text(source)
    return project


def files_below(folder: Path) -> dict[str, bytes]:
    """Relative path -> content of every file below `folder`, the empty mapping when it is not there."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
