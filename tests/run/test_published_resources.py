"""Resources of a project in its native program: strings of a .resx file and files as they are, the same as on CoreCLR."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from compiler.csharp.coreclr import coreclr_command, coreclr_environment, write_runtimeconfig
from compiler.csharp.toolchain import Toolchain
from tests.conftest import RunAotd
from tests.run.projects import write_project

STRINGS = """<root>
  <resheader name="resmimetype"><value>text/microsoft-resx</value></resheader>
  <resheader name="version"><value>2.0</value></resheader>
  <data name="Greeting" xml:space="preserve"><value>Grüße, {0}</value></data>
  <data name="Empty" xml:space="preserve"><value></value></data>
</root>
"""
SOURCE = """using System.Reflection;
using System.Resources;
var assembly = Assembly.GetExecutingAssembly();
Console.WriteLine(string.Join(" ", assembly.GetManifestResourceNames()));
var strings = new ResourceManager("app.Strings", assembly);
var greeting = strings.GetString("Greeting")!;
Console.WriteLine(string.Format(greeting, "you") + $" [{strings.GetString("Empty")}] {strings.GetString("None") is null}");
using var reader = new StreamReader(assembly.GetManifestResourceStream("plain")!);
Console.WriteLine(reader.ReadToEnd());
Console.WriteLine(assembly.GetManifestResourceInfo("plain")!.ResourceLocation + $" {assembly.GetManifestResourceStream("none") is null}");
try { new ResourceManager("app.Missing", assembly).GetString("Greeting"); }
catch (MissingManifestResourceException) { Console.WriteLine("missing"); }
"""


@pytest.mark.run
def test_a_published_program_reads_its_resources(aotd: RunAotd, toolchain: Toolchain, tmp_path: Path) -> None:
    """Two publishes: what changes in a resource alone is in the second program."""
    strings = tmp_path / "Strings.resx"
    strings.write_text(STRINGS, encoding="utf-8")
    (tmp_path / "plain.txt").write_text("as it is")
    project = write_project(tmp_path, source=SOURCE, items='<EmbeddedResource Include="plain.txt" LogicalName="plain" />')
    first = _printed(aotd, project)
    assembly = next((tmp_path / "obj").rglob("linux-x64/app.dll"))
    write_runtimeconfig(toolchain, assembly, {"System.Globalization.Invariant": True})
    environment = {**os.environ, **coreclr_environment(toolchain, {})}
    assert first == _output(coreclr_command(toolchain, assembly, ()), environment)
    assert "Grüße, you [] True\n" in first
    strings.write_text(STRINGS.replace("Grüße", "Ciao"), encoding="utf-8")
    assert _printed(aotd, project) == first.replace("Grüße", "Ciao")


def _printed(aotd: RunAotd, project: Path) -> str:
    """What the program prints that a publish makes."""
    result = aotd("publish", project, "-c", "Debug", env={"AOTD_NO_DAEMON": "1"}, timeout=600)
    assert result.exit_code == 0, result.output
    return _output([str(project.parent / "bin/Debug/net9.0/linux-x64/publish/app")], os.environ)


def _output(command: Sequence[str], environment: Mapping[str, str]) -> str:
    return subprocess.run(command, env=environment, capture_output=True, check=True, encoding="utf-8", timeout=30).stdout
