"""Projects of F# and Visual Basic: refused where no SDK is installed; findings of what an SDK's targets built come from its IL."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from compiler.csharp.client import CSharpWorker
from compiler.csharp.options import CSharpOptions, OutputKind
from compiler.csharp.toolchain import Toolchain
from compiler.diagnostics import Diagnostic
from server.build.csharp_build import CSharpAssembly
from server.build.evaluation import disk_evaluator
from server.build.findings import Reporters, graph_findings
from server.build.graph import BuildProgress, BuildTools, OtherBuild, build_graph
from server.build.kept_findings import KeptFindings
from tests.conftest import RunAotd
from tests.csharp.conftest import Programs, cache_dir, programs, references, toolchain, worker

__all__ = ["cache_dir", "programs", "references", "toolchain", "worker"]

PROJECT = """<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net9.0</TargetFramework><PublishAot>true</PublishAot></PropertyGroup>
</Project>
"""
# What another language's compiler might make: the analyzers never see the source.
SOURCE = "class P { static void Main(string[] args) {\n System.Type.GetType(args[0]); } }\n"


class Silence:
    """Progress that nobody watches."""

    def step(self, text: str) -> None:
        """See BuildProgress."""

    def diagnostic(self, diagnostic: Diagnostic) -> None:
        """See BuildProgress."""


@pytest.mark.parametrize(("suffix", "language"), [(".fsproj", "F#"), (".vbproj", "Visual Basic")])
def test_without_an_sdk_the_refusal_says_what_to_do(aotd: RunAotd, tmp_path: Path, suffix: str, language: str) -> None:
    project = tmp_path / f"app{suffix}"
    project.write_text(PROJECT)
    nothing = {"AOTD_NO_DAEMON": "1", "DOTNET_ROOT": "", "PATH": "/nonexistent"}
    for verb in (("check",), ("why", "IL2026")):
        result = aotd(verb[0], project, *verb[1:], env=nothing)
        assert result.exit_code == 1 and f"{project}: error AOTD0304: the compiler of {language} is part of" in result.output


def test_findings_come_from_what_was_built(worker: CSharpWorker, programs: Programs, toolchain: Toolchain, tmp_path: Path) -> None:
    """Publishing reports on any language, at the symbols' lines; the build's analyzers read C# alone."""
    compiled = worker.compile(programs.request("other", SOURCE, options=CSharpOptions(output_kind=OutputKind.EXE, lang_version="12")))
    assert compiled.pe is not None and compiled.pdb is not None
    assembly, symbols, project = tmp_path / "app.dll", tmp_path / "app.pdb", tmp_path / "app.fsproj"
    assembly.write_bytes(compiled.pe)
    symbols.write_bytes(compiled.pdb)
    project.write_text(PROJECT)
    asked: list[Path] = []

    def build(path: Path, _properties: Mapping[str, str], _progress: BuildProgress) -> OtherBuild:
        asked.append(path)
        return OtherBuild(CSharpAssembly(assembly, symbols, (), was_current=False), ())

    tools = BuildTools(disk_evaluator(toolchain, {}, tmp_path), toolchain, worker, Silence(), build)
    projects = build_graph(project, {}, tools)
    assert asked == [project]
    found = {each: graph_findings(projects, worker, each, KeptFindings(tmp_path / "kept"))[-1].findings for each in Reporters}
    rows = [(each.id, each.location.line if each.location is not None else 0) for each in found[Reporters.ALL]]
    assert rows == [("IL2057", 2)] and found[Reporters.PUBLISH] == found[Reporters.ALL] and not found[Reporters.BUILD]
