"""Findings in assemblies that a program refers to: one for all of an assembly, or each, and only what the program reaches."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.conftest import RunAotd
from tests.run.projects import write_project

ENVIRONMENT = {"AOTD_NO_DAEMON": "1"}
LIBRARY = """using System;
namespace Acme
{
    public static class Tools
    {
        public static object Make(Type type) => Activator.CreateInstance(type);
        public static object Instantiate(Type type) => typeof(System.Collections.Generic.List<>).MakeGenericType(type);
        public static object Load(string name) => System.Reflection.Assembly.LoadFrom(name);
    }
}
"""
PLAIN = "<OutputType>Library</OutputType><PublishAot>false</PublishAot><DebugType>none</DebugType><Nullable>disable</Nullable>"


@pytest.fixture(scope="module")
def assembly(aotd: RunAotd, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that only its assembly is known of."""
    folder = tmp_path_factory.mktemp("acme")
    project = write_project(folder, name="Acme.Tools", source=LIBRARY, properties=PLAIN)
    assert aotd("build", project, env=ENVIRONMENT).exit_code == 0
    return next((folder / "bin").rglob("Acme.Tools.dll"))


def check(aotd: RunAotd, folder: Path, assembly: Path, source: str, *switches: str, metadata: str = "") -> list[str]:
    """What is said of a program that uses the assembly, without the project's name."""
    items = f'<Reference Include="Acme.Tools"><HintPath>{assembly}</HintPath>{metadata}</Reference>'
    project = write_project(folder, source=source, items=items)
    result = aotd("check", project, *switches, env=ENVIRONMENT)
    return [line.rpartition(" [")[0].replace(str(assembly.parent) + "/", "") for line in result.stdout.splitlines()]


def test_findings_of_an_assembly_are_one(aotd: RunAotd, tmp_path: Path, assembly: Path) -> None:
    lines = check(aotd, tmp_path, assembly, "Acme.Tools.Make(typeof(string)); Acme.Tools.Instantiate(typeof(int));\n")
    assert lines == [
        "Acme.Tools.dll: warning IL2104: Assembly 'Acme.Tools' produced trim warnings. For more information see https://aka.ms/il2104",
        "Acme.Tools.dll: warning IL3053: Assembly 'Acme.Tools' produced AOT analysis warnings.",
    ]


def test_only_what_is_reached_counts(aotd: RunAotd, tmp_path: Path, assembly: Path) -> None:
    assert check(aotd, tmp_path, assembly, "Console.WriteLine(typeof(Acme.Tools).Name);\n") == []
    lines = check(aotd, tmp_path, assembly, "Acme.Tools.Make(typeof(string));\n", "-p:TrimmerSingleWarn=false")
    [line] = lines
    assert line.startswith("Acme.Tools.dll: warning IL2067: Acme.Tools.Make(Type): 'type' argument does not satisfy ")


def test_metadata_of_the_reference_expands_one_assembly(aotd: RunAotd, tmp_path: Path, assembly: Path) -> None:
    expanded = "<TrimmerSingleWarn>false</TrimmerSingleWarn>"
    source = "Acme.Tools.Instantiate(typeof(string));\n"
    codes = [line.split(": ")[1] for line in check(aotd, tmp_path, assembly, source, metadata=expanded)]
    assert codes == ["warning IL3050"]


def test_the_summary_has_a_severity_of_its_own(aotd: RunAotd, tmp_path: Path, assembly: Path) -> None:
    source = "Acme.Tools.Make(typeof(string));\n"
    assert check(aotd, tmp_path, assembly, source, "-p:NoWarn=IL2104") == []
    assert check(aotd, tmp_path, assembly, source, "-p:NoWarn=IL2067") == []
    [line] = check(aotd, tmp_path, assembly, source, "-p:WarningsAsErrors=IL2104")
    assert ": error IL2104: " in line


def test_restored_packages_are_compiled_with_and_reported_on(aotd: RunAotd, tmp_path: Path, assembly: Path) -> None:
    project = write_project(
        tmp_path, source="Acme.Tools.Make(typeof(string));\n", items='<PackageReference Include="Acme.Tools" Version="1.0.0" />'
    )
    missing = aotd("check", project, env=ENVIRONMENT)
    assert missing.exit_code == 1 and "error NETSDK1004: Assets file " in missing.stdout
    folder = tmp_path / "packages" / "acme.tools" / "1.0.0" / "lib" / "netstandard2.0"
    folder.mkdir(parents=True)
    shutil.copy(assembly, folder)
    file = "lib/netstandard2.0/Acme.Tools.dll"
    assets = {
        "version": 3,
        "targets": {"net9.0": {"Acme.Tools/1.0.0": {"type": "package", "compile": {file: {}}, "runtime": {file: {}}}}},
        "libraries": {"Acme.Tools/1.0.0": {"type": "package", "path": "acme.tools/1.0.0", "files": [file]}},
        "packageFolders": {f"{tmp_path}/packages/": {}},
        "project": {"frameworks": {"net9.0": {"targetAlias": "net9.0"}}},
    }
    (tmp_path / "obj").mkdir(exist_ok=True)
    (tmp_path / "obj" / "project.assets.json").write_text(json.dumps(assets))
    result = aotd("check", project, env=ENVIRONMENT)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(f"{folder}/Acme.Tools.dll: warning IL2104: Assembly 'Acme.Tools' produced trim warnings.")


def test_what_partial_trimming_keeps_counts_as_reached(aotd: RunAotd, tmp_path: Path, assembly: Path) -> None:
    """Assemblies that do not say that they may be trimmed are kept as a whole, unless the project says it for them."""
    source, partial = "Console.WriteLine(typeof(Acme.Tools).Name);\n", "-p:TrimMode=partial"
    codes = [line.split(": ")[1] for line in check(aotd, tmp_path, assembly, source, partial)]
    assert codes == ["warning IL2104", "warning IL3053"]
    named = '</Reference><TrimmableAssembly Include="Acme.Tools" /><Reference Include="System">'
    assert check(aotd, tmp_path, assembly, source, partial, metadata=named) == []


def test_a_project_that_is_referred_to_may_have_one_warning(aotd: RunAotd, tmp_path: Path) -> None:
    library = write_project(tmp_path / "acme", name="acme", source=LIBRARY, properties=PLAIN)
    for metadata, expected in (("", ["IL2067", "IL2026", "IL3050"]), ('TrimmerSingleWarn="true"', ["IL2104", "IL3053"])):
        items = f'<ProjectReference Include="../acme/acme.csproj" {metadata} />'
        project = write_project(tmp_path / "app", source="Acme.Tools.Make(typeof(string));\n", items=items)
        result = aotd("check", project, "--reporter", "publish", env=ENVIRONMENT)
        assert sorted(line.partition(": warning ")[2][:6] for line in result.stdout.splitlines()) == sorted(expected), result.output
    assert f"{library}: warning IL2104: " in result.stdout


def test_of_two_assemblies_of_one_name_the_first_counts(aotd: RunAotd, tmp_path: Path, assembly: Path) -> None:
    second = tmp_path / "second" / assembly.name
    second.parent.mkdir()
    shutil.copy(assembly, second)
    other = f'</Reference><Reference Include="{second}">'
    for source, expected in (("Acme.Tools.Make(typeof(string));\n", ["warning IL2104"]), ("Console.WriteLine();\n", [])):
        assert [line.split(": ")[1] for line in check(aotd, tmp_path, assembly, source, metadata=other)] == expected
