"""Resources as .NET reads them: values of .resources files, and the resources of cultures in a built program."""

from __future__ import annotations

import io
import os
from pathlib import Path

from compiler.csharp.coreclr import run_program
from compiler.csharp.frameworks import Toolchain
from server.build.warm import WarmTools
from server.cli import msbuild
from server.cli.caller import Caller, Channel, serving
from tests.dotnet_tasks.conftest import Project

READ = """
foreach (System.Collections.DictionaryEntry entry in new System.Resources.ResourceReader(System.IO.Path.GetFullPath("R.resources")))
    Log.LogMessage(MessageImportance.High, entry.Key + "="
        + System.Convert.ToString(entry.Value, System.Globalization.CultureInfo.InvariantCulture)
        + " " + (entry.Value == null ? "" : entry.Value.GetType().Name));
"""
VALUES = {
    "System.Int32": "-42",
    "System.Char": "é",
    "System.Boolean": "true",
    "System.Decimal": "-12345678901234567890.125",
    "System.Double": "0.1",
    "System.TimeSpan": "1.02:03:04.5000000",
    "System.UInt64": "18446744073709551615",
}


def test_class_library_reads_typed_values(project: Project) -> None:
    rows = "".join(f'<data name="{name}" type="{name}, mscorlib"><value>{text}</value></data>' for name, text in VALUES.items())
    date = '<data name="D" type="System.DateTime, mscorlib"><value>2024-01-02T03:04:05</value></data>'
    (project.folder / "R.resx").write_text(f'<root><data name="S"><value>text</value></data>{date}{rows}</root>', encoding="utf-8")
    factory = 'TaskFactory="RoslynCodeTaskFactory" AssemblyFile="$(MSBuildToolsPath)\\Microsoft.Build.Tasks.Core.dll"'
    task = f'<UsingTask TaskName="X" {factory}><Task><Code><![CDATA[{READ}]]></Code></Task></UsingTask>'
    generate = (
        '<GenerateResource Sources="R.resx" OutputResources="R.resources" UsePreserializedResources="true" '
        'References="System.Resources.Extensions.dll" />'
    )
    lines = [line.strip() for line in project.run(f'{task}<Target Name="T">{generate}<X /></Target>')]
    expected = [f"{name}={text.replace('true', 'True')} {name.partition('.')[2]}" for name, text in VALUES.items()]
    assert sorted(lines) == sorted([*expected, "S=text String", "D=01/02/2024 03:04:05 DateTime"])


def test_resources_of_cultures(tmp_path: Path, toolchain: Toolchain, tools: WarmTools) -> None:
    (tmp_path / "case.csproj").write_text(
        '<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net9.0</TargetFramework>'
        "<Version>2.1.0</Version></PropertyGroup></Project>"
    )
    (tmp_path / "Program.cs").write_text(
        'var m = new System.Resources.ResourceManager("case.Strings", typeof(Program).Assembly);'
        'foreach (var name in new[] { "", "de", "fr" })'
        ' System.Console.Write(m.GetString("Hello", new System.Globalization.CultureInfo(name)) + ";");'
    )
    for culture, text in (("", "hello"), ("de.", "hallo"), ("fr.", "salut")):
        (tmp_path / f"Strings.{culture}resx").write_text(f'<root><data name="Hello"><value>{text}</value></data></root>')
    out = io.StringIO()
    environment = {name: value for name, value in os.environ.items() if name != "DOTNET_ROOT"}
    with serving(Caller(Channel(out, False, False), Channel(out, False, False), lambda: 80, tmp_path, environment, lambda: False, tools)):
        assert msbuild.run(["case.csproj", "-nologo", "-v:m"]) == 0, out.getvalue()
    output = tmp_path / "bin" / "Debug" / "net9.0"
    assert sorted(path.relative_to(output).as_posix() for path in output.rglob("*.resources.dll")) == [
        "de/case.resources.dll",
        "fr/case.resources.dll",
    ]
    ran = run_program(toolchain, output / "case.dll", [], {**environment, "DOTNET_SYSTEM_GLOBALIZATION_PREDEFINED_CULTURES_ONLY": "0"})
    assert ran.stdout == b"hello;hallo;salut;"
    with serving(Caller(Channel(out, False, False), Channel(out, False, False), lambda: 80, tmp_path, environment, lambda: False, tools)):
        assert msbuild.run(["case.csproj", "-nologo", "-v:m", "-t:Clean"]) == 0
    assert not list(tmp_path.rglob("*.resources*"))
